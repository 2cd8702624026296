/** No master password could be obtained. The message says where one is looked for; it never holds one. */
export class PasswordError extends Error {
  override readonly name = 'PasswordError';
}

/** The user pressed Ctrl-C at the prompt; the command ends with exit code 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('Interrupted.');
  }
}
