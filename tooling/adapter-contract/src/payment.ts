import { strict as assert } from 'node:assert';
import {
  type ConfirmationOptions,
  type ConfirmationVerdict,
  type IChainAdapter,
  isChainError,
  type SignedTransaction,
  type TransferRequest,
  type UnsignedTransaction,
} from '@waiaas/core';
import type { ContractWallet, ContractWorld } from './world.ts';

/** Enough for any chain to settle what it has taken. */
export const ROUNDS = 100;
const ROUND_MS = 250;

/** A wallet that can make so many ordinary payments and keep an ordinary payment for itself. */
export async function fundedWallet(world: ContractWorld, payments = 4): Promise<ContractWallet> {
  const wallet = await world.createWallet();
  await world.fund(wallet.address, world.payment * BigInt(payments + 1) * 2n);
  return wallet;
}

/** What the network must know of a transaction to answer for it. */
export const boundsOf = (signed: SignedTransaction): ConfirmationOptions => ({
  bytes: signed.bytes,
  ...(signed.lastValidBlockHeight === undefined ? {} : { lastValidBlockHeight: signed.lastValidBlockHeight }),
});

/** Builds and signs a payment. */
export async function signedPayment(
  adapter: IChainAdapter,
  from: ContractWallet,
  request: Omit<TransferRequest, 'from'>,
): Promise<{ readonly built: UnsignedTransaction; readonly signed: SignedTransaction }> {
  const built = await adapter.buildTransaction({ ...request, from: from.address });
  return { built, signed: await adapter.signTransaction(built, from.sign) };
}

/** Waits for a verdict, while blocks pass. */
export async function settle(
  world: ContractWorld,
  signed: SignedTransaction,
  options: Pick<ConfirmationOptions, 'target'> = {},
): Promise<ConfirmationVerdict> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const verdict = await world.adapter.waitForConfirmation(signed.txHash, {
      ...boundsOf(signed),
      ...options,
      timeoutMs: ROUND_MS,
    });
    if (verdict.verdict !== 'unknown') return verdict;
    await world.advance(1);
  }
  return { verdict: 'unknown' };
}

/** Waits until a payment is confirmed. */
export async function confirmed(
  world: ContractWorld,
  signed: SignedTransaction,
): Promise<Extract<ConfirmationVerdict, { verdict: 'confirmed' }>> {
  const verdict = await settle(world, signed);
  if (verdict.verdict !== 'confirmed') assert.fail(`the verdict is ${verdict.verdict}, not confirmed`);
  return verdict;
}

/** Sends the same bytes until the chain confirms them, as whoever hears nothing must; a busy node may let a time limit pass. */
export async function pushThrough(world: ContractWorld, signed: SignedTransaction): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    try {
      await world.adapter.submitTransaction(signed);
    } catch (error) {
      assert.ok(isChainError(error) && error.mayHaveLanded, `the network refused a good payment: ${String(error)}`);
    }
    const options = { ...boundsOf(signed), timeoutMs: ROUND_MS };
    const { verdict } = await world.adapter.waitForConfirmation(signed.txHash, options);
    if (verdict === 'confirmed') return;
    assert.equal(verdict, 'unknown');
    await world.advance(1);
  }
  assert.fail('not confirmed, however often it was sent');
}

export const nativeBalance = async ({ adapter }: ContractWorld, address: string): Promise<bigint> =>
  (await adapter.getBalance(address)).balance;
