import type { WireTransaction } from './wire-transaction.ts';

/** What becomes of a transaction once the node has accepted it. */
export type Landing =
  | { readonly when: 'now' }
  | { readonly when: 'never' }
  | {
      readonly when: 'late';
      /** Slots between acceptance and landing. */
      readonly slots: number;
      /** Land even though the blockhash has expired meanwhile. No honest cluster does that. */
      readonly evenIfExpired: boolean;
    };

/** An accepted transaction on its way to a block. */
export interface PendingTransaction {
  readonly wire: WireTransaction;
  readonly landAtSlot: number;
  readonly evenIfExpired: boolean;
}

/** The transactions that wait for their slot. */
export interface PendingQueue {
  add(pending: PendingTransaction): void;
  /** Takes out what is due at `slot`, in order of acceptance. */
  takeDue(slot: number): readonly PendingTransaction[];
  size(): number;
}

export function createPendingQueue(): PendingQueue {
  let waiting: PendingTransaction[] = [];
  return {
    add(pending) {
      waiting.push(pending);
    },
    takeDue(slot) {
      if (waiting.length === 0) return [];
      const due = waiting.filter((pending) => pending.landAtSlot <= slot);
      waiting = waiting.filter((pending) => pending.landAtSlot > slot);
      return due;
    },
    size: () => waiting.length,
  };
}
