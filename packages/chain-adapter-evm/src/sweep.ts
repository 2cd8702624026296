import { type Chain, type Holding, type ISweeper, isChainError, type Logger, type NativeSweep } from '@waiaas/core';
import type { Address } from 'viem';
import { committed, readAccount, without } from './account.ts';
import type { AdapterContext } from './adapter-context.ts';
import { readBalance } from './balance.ts';
import type { ChainView } from './chain-view.ts';
import { displacingPrice, findStuck } from './displace.ts';
import type { EvmNode } from './endpoint-pool.ts';
import { refusesEther, type TriedPayment } from './ether-probe.ts';
import { gasPrice } from './fee.ts';
import { NodeFault } from './node-fault.ts';
import type { EvmSettings } from './options.ts';
import { quoteFee } from './quote.ts';
import type { Refuse } from './refuse.ts';
import { besides } from './replace.ts';
import { checkRequest } from './request-check.ts';
import { dataOf } from './rpc-answer.ts';
import { readTokenBalance, UNKNOWN_SYMBOL } from './token-registry.ts';

/** Gas that the transfer of an unusual token may take. */
const LATER_GAS = 150_000n;

/** What a look at a wallet needs beside its address. */
interface LookContext {
  readonly view: ChainView;
  readonly chain: Chain;
  readonly refuse: Refuse;
  readonly logger: Logger;
}

/**
 * What a wallet holds of the given tokens, the native asset last. The chain cannot list tokens, so only the given ones are
 * looked at; one that cannot be paid is named, and so is one that cannot be read. What has no contract is left out.
 * @throws ChainError RPC_ERROR, NETWORK_ERROR.
 */
export async function listHoldings(
  { view, chain, refuse, logger }: LookContext,
  owner: Address,
  tokens: readonly Address[],
): Promise<readonly Holding[]> {
  const { pool } = view;
  const plain = { account: null, wrapped: false } as const;
  const holdingOf = async (mint: Address): Promise<Holding | null> => {
    try {
      const balance = await pool.run((node) => readTokenBalance(refuse, node, mint, owner));
      if (balance === 0n) return null;
      return { ...plain, mint, token: await view.tokens.get(mint), balance, obstacle: null };
    } catch (error) {
      if (isChainError(error, 'UNSUPPORTED_TOKEN')) {
        const balance = await pool.run((node) => readTokenBalance(refuse, node, mint, owner));
        return { ...plain, mint, token: null, balance, obstacle: 'UNSUPPORTED' };
      }
      if (!isChainError(error, 'INVALID_TOKEN')) throw error;
      // What a contract does not tell now may be in the wallet all the same.
      if (await pool.run((node) => hasCode(node, mint))) {
        logger.warn({ token: mint, error: error.message }, 'A token cannot be read');
        return { ...plain, mint, token: null, balance: 0n, obstacle: 'UNREADABLE' };
      }
      logger.debug({ token: mint, error: error.message }, 'What is said to be a token is left out');
      return null;
    }
  };
  const held: Holding[] = [];
  // One after the other: a recall has time, and a node has limits.
  for (const token of new Set(tokens)) {
    const holding = await holdingOf(token);
    if (holding !== null) held.push(holding);
  }
  const { balance } = await readBalance(pool, chain, owner);
  return [...held, { ...plain, mint: null, token: null, balance, obstacle: null }];
}

/**
 * How much of the native asset can be moved away: what is neither kept nor in flight nor the bound of the fee. What the fee
 * stays below its bound is left; it cannot be known before.
 *
 * Of what is stuck, the one that is due makes way. Those after it are left what they may take, as nodes that have them want it to
 * be there, and make way in their turn; where they may take all that there is, they are left nothing.
 * @throws ChainError INVALID_ADDRESS also for the contract of a token, and for one that takes no native asset; INSUFFICIENT_BALANCE when what is in flight and makes no way
 * may take all; BUILD_FAILED, RPC_ERROR, NETWORK_ERROR
 */
export async function quoteSweep(
  context: AdapterContext,
  view: ChainView,
  { from, to, keep, stuck = [] }: Parameters<ISweeper['quoteSweep']>[0],
): Promise<NativeSweep | null> {
  const { refuse, parameters, pending } = context.settings;
  const request = checkRequest(refuse, { from, to, amount: 1n, priority: 'medium' });
  await refuseTokenContract(view, refuse, request.to);
  const recorded = await pending.of(request.from);
  const account = await readAccount(context, view.pool, request.from, recorded);
  const { balance } = account;
  await refuseUnpayable(view, context.settings, { ...request, value: balance === 0n ? 1n : balance });
  if (balance === 0n) return null;
  const quote = await quoteFee(view, parameters, refuse, request);
  const displaced = await findStuck(request.from, { to: request.to, value: balance, data: '0x' }, stuck, account);
  const { inFlight } = displaced === null ? account : besides(account, displaced.nonce);
  // The fee for the data may rise until it is built, and what is displaced leaves no room to give way in the price.
  const fee = displaced === null ? quote.fee : displacingPrice(quote, displaced, parameters).fee + quote.dataFee / 4n;
  const free = balance - fee - keep;
  if (free <= 0n) return null;
  const beside = free - committed(inFlight).native;
  if (beside > 0n) return { amount: beside, fee };
  const held = committed(displaced === null ? inFlight : without(inFlight, stuck)).native;
  if (free > held) return { amount: free - held, fee };
  // Not null: that would say of all there is that it is too little to be moved.
  throw refuse('INSUFFICIENT_BALANCE', 'What is under way may take all that the wallet holds', {
    details: { available: balance.toString(), inFlight: held.toString(), fee: fee.toString() },
  });
}

/** Whether there is a contract at an address. @throws NodeFault */
const hasCode = async (node: EvmNode, address: Address): Promise<boolean> =>
  dataOf(await node.request('eth_getCode', [address, 'latest']), 'code') !== '0x';

/**
 * What is sent to the contract of a token is mostly lost. One that tells digits and a symbol is taken for such; a wallet that is
 * a contract may answer anything with nothing or zeros.
 * @throws ChainError INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR
 */
async function refuseTokenContract({ tokens }: ChainView, refuse: Refuse, to: Address): Promise<void> {
  try {
    if ((await tokens.get(to)).symbol === UNKNOWN_SYMBOL) return;
  } catch (error) {
    if (isChainError(error, 'INVALID_TOKEN') || isChainError(error, 'UNSUPPORTED_TOKEN')) return;
    throw error;
  }
  throw refuse('INVALID_ADDRESS', 'The recipient is the contract of a token, not a wallet', {
    details: { field: 'to' },
  });
}

/** Whether a node will not answer such a question later either; some say so by their HTTP status. */
const isUnknownTo = ({ fault }: NodeFault): boolean => fault.kind === 'incapable' || fault.retryable === false;

/**
 * A contract need not take the native asset. Where no node can tell, that of a payment itself will.
 * @throws ChainError INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR
 */
async function refuseUnpayable(
  { pool }: ChainView,
  { refuse, logger, sendMs }: Pick<EvmSettings, 'refuse' | 'logger' | 'sendMs'>,
  { from, to, value }: TriedPayment,
): Promise<void> {
  if (!(await pool.run((node) => hasCode(node, to)))) return;
  let isUnable = false;
  try {
    const isRefused = await pool.run(async (node) => {
      try {
        return await refusesEther(node, { from, to, value }, sendMs);
      } catch (error) {
        if (error instanceof NodeFault && isUnknownTo(error)) isUnable = true;
        throw error;
      }
    });
    if (!isRefused) return;
  } catch (error) {
    if (!isUnable) throw error;
    logger.debug({ to, error: String(error) }, 'Whether a contract takes the native asset cannot be told');
    return;
  }
  throw refuse('INVALID_ADDRESS', 'The recipient is a contract that does not take the native asset', {
    details: { field: 'to' },
  });
}

/** What has to stay so that a token can be moved away some day, at today's prices, wei. @throws ChainError */
export async function gasForLater({ settings }: AdapterContext, { fees }: ChainView): Promise<bigint> {
  const { baseFee, tips } = await fees.get();
  const price = gasPrice(baseFee, tips.medium, LATER_GAS, settings.parameters);
  return price === null ? settings.parameters.maxFee : LATER_GAS * price.maxFeePerGas;
}
