import type { Address } from 'viem';
import type { EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { toQuantity } from './rpc-answer.ts';

/** More than any wallet holds, so that it is not for want of funds that a payment fails. */
const PLENTY = toQuantity(2n ** 128n);

/** A payment of the native asset that is only tried. */
export interface TriedPayment {
  readonly from: Address;
  readonly to: Address;
  /** Wei. */
  readonly value: bigint;
}

/** @returns whether it would be executed; null when that is no matter of the recipient's. @throws NodeFault */
async function isExecuted(
  node: EvmNode,
  { from, to, value }: TriedPayment,
  timeoutMs: number,
): Promise<boolean | null> {
  const call = { from, to, value: toQuantity(value) };
  try {
    await node.request('eth_call', [call, 'latest', { [from]: { balance: PLENTY } }], timeoutMs);
    return true;
  } catch (error) {
    if (!(error instanceof NodeFault) || error.fault.kind !== 'answer') throw error;
    return error.fault.revertReason === undefined ? null : false;
  }
}

/**
 * Whether a contract refuses what is paid to it in the native asset, tried at a node without sending it, and with a balance that the
 * payer need not have (a state override, which the common nodes all have). A node that does not do this says the same of a wallet
 * without any program, which refuses nothing: then it says nothing of the contract.
 * @throws NodeFault, of the kind `incapable` where a node says that it cannot do this
 */
export async function refusesEther(node: EvmNode, payment: TriedPayment, timeoutMs: number): Promise<boolean> {
  if ((await isExecuted(node, payment, timeoutMs)) !== false) return false;
  return (await isExecuted(node, { ...payment, to: payment.from }, timeoutMs)) === true;
}
