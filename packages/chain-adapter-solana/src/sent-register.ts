/** Far more than can be under way within the minute in which a transaction can land. */
const CAPACITY = 20_000;

/** Remembers which transactions were handed to the network, so that a refusal of a repeated one proves nothing. */
export interface SentRegister {
  /** Notes a transaction; true when it is the first time. */
  add(txHash: string): boolean;
  has(txHash: string): boolean;
}

/**
 * Creates the register of one adapter. It does not survive a restart: whoever sends a transaction again after one knows
 * that from the database.
 */
export function createSentRegister(): SentRegister {
  const hashes = new Set<string>();
  return {
    has: (txHash) => hashes.has(txHash),
    add(txHash) {
      if (hashes.has(txHash)) return false;
      hashes.add(txHash);
      const [oldest] = hashes;
      if (hashes.size > CAPACITY && oldest !== undefined) hashes.delete(oldest);
      return true;
    },
  };
}
