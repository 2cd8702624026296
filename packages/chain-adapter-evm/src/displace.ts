import type { SignedVariant, TransferRequest, UnsignedTransaction } from '@waiaas/core';
import { type Address, isAddressEqual } from 'viem';
import { type Account, readAccount, without } from './account.ts';
import type { AdapterContext } from './adapter-context.ts';
import { describe } from './build.ts';
import { type Call, callOf } from './call-of.ts';
import type { ChainView } from './chain-view.ts';
import type { EvmNetwork } from './evm-network.ts';
import { larger } from './extremes.ts';
import { type GasPrice, raised, TWIN_ROOM } from './fee.ts';
import { checkFunds, checkTokenFunds } from './funds-check.ts';
import { encodePayment, type PaymentFields, readSigned, transactionHash } from './payment-bytes.ts';
import { type Quote, quoteFee } from './quote.ts';
import { besides, dearest } from './replace.ts';
import { checkRequest } from './request-check.ts';
import { readTokenBalance } from './token-registry.ts';

/** What has the nonce that is due, and lets nothing of its wallet land before it. */
export interface Stuck {
  readonly nonce: bigint;
  readonly signed: readonly SignedVariant[];
  readonly fields: readonly PaymentFields[];
}

const isSameCall = (one: Call, other: Call): boolean =>
  one.value === other.value && one.data === other.data && isAddressEqual(one.to, other.to);

/**
 * Finds, among signed transactions, those that have the nonce that is due.
 *
 * @returns null where there are none; where something else on record has that nonce, too, of which whoever asks knows nothing; and
 * where one is of the very call it would have to make way for, since nobody could tell which of both was made
 */
export async function findStuck(
  from: Address,
  call: Call,
  candidates: readonly SignedVariant[],
  { executed, inFlight }: Account,
): Promise<Stuck | null> {
  const signed: SignedVariant[] = [];
  const fields: PaymentFields[] = [];
  for (const { txHash, bytes } of candidates) {
    const read = await readSigned(Uint8Array.from(bytes));
    if (read === null || transactionHash(bytes) !== txHash || !isAddressEqual(read.sender, from)) return null;
    if (read.fields.nonce !== executed) continue;
    if (isSameCall(read.fields, call)) return null;
    signed.push({ txHash, bytes });
    fields.push(read.fields);
  }
  const named = new Set(signed.map(({ txHash }) => txHash));
  // What is only watched is on no record of what may be sent, and may be in a pool all the same.
  const isAllNamed = inFlight.every(({ nonce, txHash }) => nonce !== executed || named.has(txHash));
  return signed.length > 0 && isAllNamed ? { nonce: executed, signed, fields } : null;
}

/**
 * What to offer in the place of something stuck: what a new payment would, and so much more that pools which have it take this
 * one; where that would be more than a payment may cost, no more than a new one: pools that turned the other one away do not
 * have it.
 */
export function displacingPrice(
  quote: Quote,
  stuck: Pick<Stuck, 'fields'>,
  { maxTip, maxFee }: Pick<EvmNetwork, 'maxTip' | 'maxFee'>,
): GasPrice & { readonly fee: bigint } {
  const offered = dearest(stuck.fields);
  const maxPriorityFeePerGas = larger(quote.maxPriorityFeePerGas, raised(offered.maxPriorityFeePerGas));
  const maxFeePerGas = larger(
    larger(quote.maxFeePerGas, raised(offered.maxFeePerGas)),
    maxPriorityFeePerGas + TWIN_ROOM,
  );
  const fee = quote.gas * maxFeePerGas + quote.dataFee;
  if (fee <= maxFee && maxPriorityFeePerGas <= maxTip) return { maxFeePerGas, maxPriorityFeePerGas, fee };
  return quote;
}

/**
 * Builds a payment with the nonce of something that is stuck, so that at most one of both lands (08 §2.5.4).
 *
 * @returns null when nothing of it has the nonce that is due
 * @throws ChainError as `buildTransaction`
 */
export async function buildDisplacing(
  context: AdapterContext,
  view: ChainView,
  asked: TransferRequest,
  candidates: readonly SignedVariant[],
): Promise<UnsignedTransaction | null> {
  const { refuse, parameters, chain, pending } = context.settings;
  const request = checkRequest(refuse, { ...asked });
  const { from, amount, token } = request;
  const call = callOf(request);
  const recorded = await pending.of(from);
  const account = await readAccount(context, view.pool, from, recorded);
  const stuck = await findStuck(from, call, candidates, account);
  if (stuck === null) return null;
  // What is stuck after it need not be left anything: it makes way, too, once it is due.
  const free = { ...account, inFlight: without(besides(account, stuck.nonce).inFlight, candidates) };
  const quote = await quoteFee(view, parameters, refuse, request);
  const price = displacingPrice(quote, stuck, parameters);
  if (request.fee !== undefined && price.fee > request.fee) {
    throw refuse('BUILD_FAILED', 'What is stuck takes more to displace now than was reckoned with', {
      details: { fee: request.fee.toString(), needed: price.fee.toString() },
      retryable: true,
    });
  }
  if (token !== undefined) {
    const balance = await view.pool.run((node) => readTokenBalance(refuse, node, token.address, from));
    checkTokenFunds(refuse, free, { token: token.address, balance, amount });
  }
  checkFunds(refuse, free, { value: call.value, fee: price.fee });
  const fields: PaymentFields = {
    ...call,
    ...{ chainId: parameters.chainId, nonce: stuck.nonce, gas: quote.gas },
    maxFeePerGas: price.maxFeePerGas,
    maxPriorityFeePerGas: price.maxPriorityFeePerGas + context.twins.next(),
  };
  return {
    chain,
    serialized: encodePayment(fields),
    estimatedFee: price.fee,
    request: { ...asked },
    displaces: stuck.signed,
    metadata: describe(request, fields),
  };
}

/** Why a payment may not be signed in the place of something stuck; null when it may. */
export async function displacementFault(
  fields: PaymentFields,
  from: Address,
  displaced: readonly SignedVariant[],
  account: Account,
): Promise<'nonce' | 'record' | null> {
  if (account.executed !== fields.nonce) return 'nonce';
  return (await findStuck(from, fields, displaced, account)) === null ? 'record' : null;
}
