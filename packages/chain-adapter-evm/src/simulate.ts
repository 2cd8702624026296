import type { SimulationResult, UnsignedTransaction } from '@waiaas/core';
import type { AdapterContext } from './adapter-context.ts';
import { probeTransfer } from './balance-probe.ts';
import type { ChainView } from './chain-view.ts';
import type { EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { decodePayment, type PaymentFields } from './payment-bytes.ts';
import { type CheckedRequest, checkRequest } from './request-check.ts';
import { dataOf, toQuantity } from './rpc-answer.ts';

const failure = (error: string, extra: Partial<SimulationResult> = {}): SimulationResult => ({
  success: false,
  logs: [],
  error,
  ...extra,
});

/** Runs the transaction's call as it is. @throws NodeFault */
const call = async (node: EvmNode, from: string, fields: PaymentFields, timeoutMs: number): Promise<string> => {
  const { to, value, data, gas, maxFeePerGas, maxPriorityFeePerGas } = fields;
  const transaction = {
    from,
    to,
    value: toQuantity(value),
    data,
    gas: toQuantity(gas),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
  };
  return dataOf(await node.request('eth_call', [transaction, 'latest'], timeoutMs), 'result');
};

/** A transfer succeeds by returning nothing, as USDT does, or true. Anything else is a refusal without a revert. */
const saysYes = (result: string): boolean => result === '0x' || /^0x0{63}1(?:[0-9a-f]{2})*$/i.test(result);

/** Simulates a token transfer: that it is carried out, and that it moves what it says, no more and no less. */
async function simulateToken(
  node: EvmNode,
  fields: PaymentFields,
  { from, to, amount }: CheckedRequest,
  timeoutMs: number,
): Promise<SimulationResult> {
  const result = await call(node, from, fields, timeoutMs);
  if (!saysYes(result)) return failure('The token refuses the transfer');
  const change = await probeTransfer(node, { from, token: fields.to, to, amount }, timeoutMs);
  if (change === null) throw cannotTell(node);
  if (change.received !== amount || change.paid !== amount) {
    return failure(
      `The token takes ${change.paid} from the sender and gives ${change.received} to the recipient where ${amount} is asked for; tokens that charge for transfers are not supported`,
    );
  }
  return { success: true, logs: [] };
}

/** What a token transfer changes must be seen before it is signed: a node that cannot show it is not used for it. */
const cannotTell = (node: EvmNode): NodeFault =>
  new NodeFault(
    {
      kind: 'incapable',
      code: 'SIMULATION_FAILED',
      message: 'The node cannot show what a token transfer would change (it ignores state overrides)',
      outcome: 'open',
      retryable: false,
    },
    { host: node.host, method: 'eth_call' },
    new Error('No state overrides'),
  );

/**
 * Runs a transaction without a signature (02 §19.2). That it would be reverted, that the wallet cannot pay it, or that a
 * token moves another amount than asked for are results, not errors.
 * @throws ChainError SIMULATION_FAILED, RPC_ERROR, NETWORK_ERROR when it cannot be run; CHAIN_NOT_SUPPORTED.
 */
export async function simulatePayment(
  { settings }: AdapterContext,
  { pool }: ChainView,
  transaction: UnsignedTransaction,
): Promise<SimulationResult> {
  const { refuse, chain, sendMs } = settings;
  if (transaction.chain !== chain) {
    throw refuse('CHAIN_NOT_SUPPORTED', `This adapter does not handle transactions of ${transaction.chain}`);
  }
  const request = checkRequest(refuse, transaction.request);
  const decoded = decodePayment(transaction.serialized);
  if (decoded === null) throw refuse('SIMULATION_FAILED', 'The bytes are no transaction');
  const { fields } = decoded;
  return pool.run(async (node) => {
    try {
      if (request.token !== undefined) return await simulateToken(node, fields, request, sendMs);
      await call(node, request.from, fields, sendMs);
      return { success: true, logs: [], unitsConsumed: fields.gas };
    } catch (error) {
      if (!(error instanceof NodeFault)) throw error;
      const { fault } = error;
      if (fault.revertReason !== undefined) return failure(fault.message);
      if (fault.code === 'INSUFFICIENT_BALANCE') return failure(fault.message, { insufficientFunds: true });
      throw error;
    }
  });
}
