/** What was signed for one payment: all its variants. */
interface Send {
  /** Whether a node has said that it has one of them. */
  hasWord: boolean;
  /** Whether the kill switch was engaged before any node had said so. */
  isLeft: boolean;
}

/**
 * What was signed, and whether it may be sent: never again what no node had said to have when the kill switch was engaged
 * (04 §20).
 */
export interface Sends {
  /** @param replaces hash of the variant it takes the place of, for the same payment */
  signed(hash: string, replaces: string | undefined): void;
  /** A node has said to the daemon that it has it. */
  taken(hash: string): void;
  /** The kill switch has answered. */
  stop(): void;
  mayBeSent(hash: string): boolean;
  /** All that was signed. */
  hashes(): Iterable<string>;
}

/** Makes it, with nothing signed. */
export function createSends(): Sends {
  const sends = new Map<string, Send>();
  return {
    signed(hash, replaces) {
      const before = replaces === undefined ? undefined : sends.get(replaces);
      sends.set(hash, before ?? { hasWord: false, isLeft: false });
    },
    taken(hash) {
      const send = sends.get(hash);
      if (send !== undefined) send.hasWord = true;
    },
    stop() {
      for (const send of sends.values()) send.isLeft ||= !send.hasWord;
    },
    mayBeSent(hash) {
      const send = sends.get(hash);
      return send !== undefined && (!send.isLeft || send.hasWord);
    },
    hashes: () => sends.keys(),
  };
}
