import type { FeePriority } from '@waiaas/core';
import { callOf } from './call-of.ts';
import type { ChainView } from './chain-view.ts';
import { readDataFee } from './data-fee.ts';
import type { EvmNetwork } from './evm-network.ts';
import { type GasPrice, gasPrice } from './fee.ts';
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

/** A nonce of as many digits as any will have, for measuring. */
const ANY_NONCE = 2n ** 32n;

/**
 * What a payment may cost now. The estimate and the build both use it, so that they cannot diverge.
 * @throws ChainError BUILD_FAILED, retryable, when the network is dearer than a payment may be; RPC_ERROR, NETWORK_ERROR.
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
  const dear = (fee: bigint) =>
    refuse('BUILD_FAILED', 'The network is dearer now than a payment may be', {
      details: { maxFee: parameters.maxFee.toString(), fee: fee.toString() },
      retryable: true,
    });
  const price = gasPrice(market.baseFee, market.tips[priority], gas, parameters);
  if (price === null) throw dear(gas * (market.baseFee + market.tips[priority]));
  const { chainId, hasDataFee } = parameters;
  const measured = () => encodePayment({ ...call, ...price, chainId, gas, nonce: ANY_NONCE });
  const dataFee = hasDataFee ? await pool.run((node) => readDataFee(node, measured())) : 0n;
  const fee = gas * price.maxFeePerGas + dataFee;
  if (dataFee > parameters.maxFee) throw dear(fee);
  return { ...price, gas, dataFee, fee };
}
