import type { IChainAdapter, SignedTransaction, UnsignedTransaction } from '@waiaas/core';
import { signedPayment } from '../payment.ts';
import type { ContractWallet, ContractWorld } from '../world.ts';

/** A payment at every stage, made while the network was well. */
export interface PreparedPayment {
  readonly from: ContractWallet;
  readonly built: UnsignedTransaction;
  readonly signed: SignedTransaction;
}

export async function preparePayment(world: ContractWorld, from: ContractWallet): Promise<PreparedPayment> {
  const to = await world.createWallet();
  return { from, ...(await signedPayment(world.adapter, from, { to: to.address, amount: world.payment })) };
}

/** Everything an adapter asks the network, by name; the wait is cut short. */
export const networkCalls = (
  adapter: IChainAdapter,
  { from, built, signed }: PreparedPayment,
): readonly (readonly [string, () => Promise<unknown>])[] => [
  ['getBalance', () => adapter.getBalance(from.address)],
  ['estimateFee', () => adapter.estimateFee(built.request)],
  ['buildTransaction', () => adapter.buildTransaction(built.request)],
  ['simulateTransaction', () => adapter.simulateTransaction(built)],
  ['submitTransaction', () => adapter.submitTransaction(signed)],
  ['getTransactionStatus', () => adapter.getTransactionStatus(signed.txHash)],
];
