/** A transaction that was signed and recorded, and whose end is not proven: it may still land. */
export interface PendingTransaction {
  readonly txHash: string;
  readonly bytes: Uint8Array;
}

/**
 * The record of what may still land, kept by whoever stores signed bytes before they are sent. The nonces in those bytes
 * are taken; that is the only place where a nonce is recorded, so that record and transaction cannot disagree.
 */
export interface PendingTransactions {
  /** All of an address, read anew: a transaction recorded before the call must be in the answer. */
  of(address: string): Promise<readonly PendingTransaction[]>;
}
