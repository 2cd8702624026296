import { requestedBudget } from './compute-budget.ts';
import type { TransactionAccount, WireTransaction } from './wire-transaction.ts';

interface BlockPrices {
  lowest: bigint;
  readonly lowestByWritable: Map<string, bigint>;
}

/** The cheapest compute-unit price, in micro-lamports, that landed in each block. */
export interface PriorityFees {
  record(slot: number, wire: WireTransaction, accounts: readonly TransactionAccount[]): void;
  /** The price a transaction locking all of `writable` had to beat in `slot`; 0 when nothing landed there. */
  price(slot: number, writable: readonly string[]): bigint;
  forgetBefore(slot: number): void;
}

export function createPriorityFees(): PriorityFees {
  const blocks = new Map<number, BlockPrices>();
  return {
    record(slot, wire, accounts) {
      const { unitPrice } = requestedBudget(wire.message);
      const block = blocks.get(slot) ?? { lowest: unitPrice, lowestByWritable: new Map<string, bigint>() };
      blocks.set(slot, block);
      if (unitPrice < block.lowest) block.lowest = unitPrice;
      for (const { address, writable } of accounts) {
        if (!writable) continue;
        const lowest = block.lowestByWritable.get(address);
        if (lowest === undefined || unitPrice < lowest) block.lowestByWritable.set(address, unitPrice);
      }
    },
    price(slot, writable) {
      const block = blocks.get(slot);
      if (block === undefined) return 0n;
      let highest = block.lowest;
      for (const address of writable) {
        const price = block.lowestByWritable.get(address) ?? 0n;
        if (price > highest) highest = price;
      }
      return highest;
    },
    forgetBefore(slot) {
      for (const known of blocks.keys()) {
        if (known >= slot) break;
        blocks.delete(known);
      }
    },
  };
}
