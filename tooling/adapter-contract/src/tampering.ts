import { strict as assert } from 'node:assert';
import type { IChainAdapter, UnsignedTransaction } from '@waiaas/core';
import { fails } from './fails.ts';
import type { ContractWallet } from './world.ts';

/** Checks that a transaction is refused before the key is asked. */
export async function refusedUnsigned(
  adapter: IChainAdapter,
  from: ContractWallet,
  transaction: UnsignedTransaction,
  what: string,
): Promise<void> {
  let asked = 0;
  const error = await fails(
    adapter.signTransaction(transaction, (message) => {
      asked += 1;
      return from.sign(message);
    }),
    { retryable: false, mayHaveLanded: false },
  ).catch((problem: unknown) => {
    throw new assert.AssertionError({ message: `${what}: ${String(problem)}` });
  });
  assert.equal(asked, 0, `${what}: the key was asked, then ${error.code}`);
}

/**
 * Flips bits of a transaction, one at a time.
 * @param step 1 for every bit; 9 for a different one of each byte
 */
export async function flippedBitsAreRefused(
  adapter: IChainAdapter,
  from: ContractWallet,
  built: UnsignedTransaction,
  step: 1 | 9,
): Promise<void> {
  for (let bit = 0; bit < built.serialized.length * 8; bit += step) {
    const serialized = Uint8Array.from(built.serialized);
    serialized[bit >> 3] = (serialized[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await refusedUnsigned(adapter, from, { ...built, serialized }, `bit ${bit}`);
  }
}
