/** A call was given up because its time was over. */
export class RpcTimeout extends Error {
  override readonly name = 'RpcTimeout';

  constructor(ms: number) {
    super(`No answer within ${ms} ms`);
  }
}

/** A call was given up because the adapter was disconnected. */
export class SessionClosed extends Error {
  override readonly name = 'SessionClosed';

  constructor() {
    super('The adapter was disconnected');
  }
}
