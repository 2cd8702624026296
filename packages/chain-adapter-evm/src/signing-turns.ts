import { createBoundedSet } from './bounded-set.ts';

/** Far more than can be remembered usefully; what is forgotten is known to the record by then. */
const CAPACITY = 20_000;

/** A wallet waited too long for its other payments. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
}

/** The right to choose a nonce for a wallet, held by one payment at a time. */
export interface Turn {
  /**
   * Signed: the turn stays taken until these bytes are handed in, or given up.
   * @param isNew whether the nonce is theirs alone; one that others were signed with before is never free by a refusal
   */
  signed(txHash: string, isNew?: boolean): void;
  /** Nothing was signed: the next one may go. */
  leave(): void;
}

/**
 * Keeps the payments of one wallet in single file from the choice of a nonce until it is known whether the network took the
 * transaction. So a nonce is only ever given to a payment when all before it are with the network, and none can be
 * left out: no gap, behind which later payments would wait for ever, and no nonce given twice.
 */
export interface SigningTurns {
  /** Waits for the turn of a wallet. @throws TooBusy */
  enter(address: string): Promise<Turn>;
  /** Whether this adapter signed a transaction and it was not handed in yet: nobody else can have its bytes. */
  isFresh(txHash: string): boolean;
  /**
   * Takes the mark of one that was handed in, and that nobody can have who has not refused it; whoever sends it sets the mark anew
   * where that is still so.
   * @returns whether it had the mark
   */
  takeUnheld(txHash: string): boolean;
  /** Marks a transaction that this adapter signed as one that nobody can have who has not refused it. */
  markUnheld(txHash: string): void;
  /** Whether a transaction has lost its nonce to another, or is about to: it must never be sent (again). */
  isGivenUp(txHash: string): boolean;
  /**
   * To be called in a wallet's turn, before a nonce is chosen: gives up what was signed and not handed in in time, but for what
   * is recorded, for that may still be handed in.
   */
  giveUpLapsed(address: string, recorded: readonly string[]): void;
  /** A transaction was handed in and may land: its nonce is taken, and the next one may go. */
  sent(txHash: string): void;
  /** A transaction was refused, or will never be handed in: its nonce is free, and the next one may go. */
  giveUp(txHash: string): void;
}

/**
 * Creates the turns of one adapter.
 * @param signedMs how long signed bytes may take to be handed in before the next one may go. Whoever asked for them may have
 * dropped them, and the wallet's other payments must not wait for ever: unless they are recorded by then, they are given up.
 * @param turnMs longest wait for a turn
 */
export function createSigningTurns(signedMs: number, turnMs: number): SigningTurns {
  const lastOf = new Map<string, Promise<void>>();
  const open = new Map<string, () => void>();
  const fresh = createBoundedSet(CAPACITY);
  const unheld = createBoundedSet(CAPACITY);
  const givenUp = createBoundedSet(CAPACITY);
  /** Signed and not handed in in time, by wallet. */
  const lapsed = new Map<string, string>();

  const end = (txHash: string): void => {
    open.get(txHash)?.();
    open.delete(txHash);
  };
  const giveUp = (txHash: string): void => {
    givenUp.add(txHash);
    lapsed.delete(txHash);
    end(txHash);
  };

  async function waitFor(before: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new TooBusy('Too many payments of this wallet at once')), turnMs);
    try {
      await Promise.race([before, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    isFresh: fresh.has,
    takeUnheld(txHash) {
      const isUnheld = unheld.has(txHash);
      unheld.remove(txHash);
      return isUnheld;
    },
    markUnheld: (txHash) => void unheld.add(txHash),
    isGivenUp: givenUp.has,
    giveUp,
    sent(txHash) {
      fresh.remove(txHash);
      lapsed.delete(txHash);
      end(txHash);
    },
    giveUpLapsed(address, recorded) {
      for (const [txHash, owner] of lapsed) {
        if (owner !== address) continue;
        if (recorded.includes(txHash)) lapsed.delete(txHash);
        else giveUp(txHash);
      }
    },
    async enter(address) {
      const before = lastOf.get(address) ?? Promise.resolve();
      const over = Promise.withResolvers<void>();
      // Whoever leaves without having had a turn lets the next one wait for the one before.
      const last = before.then(() => over.promise);
      lastOf.set(address, last);
      const leave = (): void => {
        over.resolve();
        if (lastOf.get(address) === last) lastOf.delete(address);
      };
      try {
        await waitFor(before);
      } catch (error) {
        over.resolve();
        throw error;
      }
      return {
        leave,
        signed(txHash, isNew = true) {
          const timer = setTimeout(() => {
            lapsed.set(txHash, address);
            end(txHash);
          }, signedMs);
          // A process that is done must not be kept alive by it.
          timer.unref();
          if (isNew) fresh.add(txHash);
          open.set(txHash, () => {
            clearTimeout(timer);
            leave();
          });
        },
      };
    },
  };
}
