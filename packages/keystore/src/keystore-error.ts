/**
 * What can be wrong with a vault, a key file, a password or a permit. States that reach HTTP while the daemon runs are
 * not here: they are `WaiaasError` KEYSTORE_LOCKED, AGENT_NOT_FOUND, SYSTEM_LOCKED and STORAGE_UNAVAILABLE.
 *
 * - `WRONG_PASSWORD`: the vault does not open; deliberately the same for a wrong password and for altered ciphertext.
 * - `UNSUITABLE_PASSWORD`: a new password breaks the rules of `passwordProblem`.
 * - `CORRUPT`: a file is damaged or was altered; `file` names it.
 * - `UNSUPPORTED_VERSION`: a file was written by a later version; `file` names it.
 * - `NOT_INITIALISED`, `ALREADY_INITIALISED`: there is no vault, or there is one already.
 * - `ALREADY_UNLOCKED`: unlock while open.
 * - `KEY_EXISTS`: the agent has a key file already.
 * - `PERMIT_REFUSED`: not a permit of this keystore, or one that was used before.
 */
export type KeystoreErrorCode =
  | 'WRONG_PASSWORD'
  | 'UNSUITABLE_PASSWORD'
  | 'CORRUPT'
  | 'UNSUPPORTED_VERSION'
  | 'NOT_INITIALISED'
  | 'ALREADY_INITIALISED'
  | 'ALREADY_UNLOCKED'
  | 'KEY_EXISTS'
  | 'PERMIT_REFUSED';

/** An error of the keystore. Never carries key material, passwords or file contents. */
export class KeystoreError extends Error {
  override readonly name = 'KeystoreError';
  readonly code: KeystoreErrorCode;
  /** Base name of the file it is about, where it is about one. */
  readonly file: string | undefined;

  constructor(code: KeystoreErrorCode, message: string, file?: string) {
    super(file === undefined ? message : `${file}: ${message}`);
    this.code = code;
    this.file = file;
  }
}
