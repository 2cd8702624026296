import type { FeePriority } from '@waiaas/core';
import { callOf } from './call-of.ts';
import type { ChainView } from './chain-view.ts';
import { readDataFee } from './data-fee.ts';
import type { EvmNetwork } from './evm-network.ts';
import { type GasPrice, gasPrice, MOST_GAS, TWIN_ROOM } from './fee.ts';
import { estimateGasLimit } from './gas-estimate.ts';
import { encodePayment } from './payment-bytes.ts';
import type { Refuse } from './refuse.ts';
import type { CheckedRequest } from './request-check.ts';

/** What a payment may cost. */
export interface Quote extends GasPrice {
  readonly gas: bigint;
  /** Fee for the data on the layer below, wei; 0 where there is none. */
  readonly dataFee: bigint;
  /** Upper bound of the whole fee, wei. */
  readonly fee: bigint;
}

/** A price within the fee that a request names, so long as the very next block could take it; null when it could not. */
function within(
  fee: bigint | undefined,
  offered: GasPrice,
  { gas, dataFee, baseFee }: { readonly gas: bigint; readonly dataFee: bigint; readonly baseFee: bigint },
): GasPrice | null {
  if (fee === undefined || gas * offered.maxFeePerGas + dataFee <= fee) return offered;
  const maxFeePerGas = (fee - dataFee) / gas;
  const least = baseFee + baseFee / 8n + 1n + offered.maxPriorityFeePerGas + TWIN_ROOM;
  return maxFeePerGas < least ? null : { ...offered, maxFeePerGas };
}

/** A nonce of as many digits as any will have, for measuring. */
const ANY_NONCE = 2n ** 32n;

/**
 * What a payment may cost now. The estimate and the build both use it, so that they cannot diverge.
 * @throws ChainError BUILD_FAILED, retryable, when the network is dearer than a payment may be, and not, when the recipient takes
 * more gas than a transaction may have; RPC_ERROR, NETWORK_ERROR.
 */
export async function quoteFee(
  { pool, fees }: ChainView,
  parameters: EvmNetwork,
  refuse: Refuse,
  request: CheckedRequest,
): Promise<Quote> {
  const call = callOf(request);
  const priority: FeePriority = request.priority ?? 'medium';
  const [market, gas] = await Promise.all([fees.get(), pool.run((node) => estimateGasLimit(node, request.from, call))]);
  if (gas > MOST_GAS) {
    throw refuse('BUILD_FAILED', 'The contract that is paid takes more gas than a transaction may have', {
      details: { gas: gas.toString(), maxGas: MOST_GAS.toString() },
    });
  }
  const dear = (fee: bigint) =>
    refuse('BUILD_FAILED', 'The network is dearer now than a payment may be', {
      details: { maxFee: parameters.maxFee.toString(), fee: fee.toString() },
      retryable: true,
    });
  const offered = gasPrice(market.baseFee, market.tips[priority], gas, parameters);
  if (offered === null) throw dear(gas * (market.baseFee + market.tips[priority]));
  const { chainId, hasDataFee } = parameters;
  const measured = () => encodePayment({ ...call, ...offered, chainId, gas, nonce: ANY_NONCE });
  const dataFee = hasDataFee ? await pool.run((node) => readDataFee(node, measured())) : 0n;
  if (dataFee > parameters.maxFee) throw dear(gas * offered.maxFeePerGas + dataFee);
  const price = within(request.fee, offered, { gas, dataFee, baseFee: market.baseFee });
  if (price === null) {
    throw refuse('BUILD_FAILED', 'The network is dearer now than the fee that was reckoned with', {
      details: { fee: String(request.fee), baseFee: market.baseFee.toString() },
      retryable: true,
    });
  }
  const fee = gas * price.maxFeePerGas + dataFee;
  return { ...price, gas, dataFee, fee };
}
