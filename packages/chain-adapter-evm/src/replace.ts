import type { SignedVariant, TransferRequest, UnsignedTransaction } from '@waiaas/core';
import { type Address, isAddressEqual } from 'viem';
import { type Account, committed, readAccount } from './account.ts';
import type { AdapterContext } from './adapter-context.ts';
import { describe } from './build.ts';
import { callOf } from './call-of.ts';
import type { ChainView } from './chain-view.ts';
import { readDataFee } from './data-fee.ts';
import { larger, smaller } from './extremes.ts';
import { type GasPrice, isLeftBehind, raised, replacementPrice } from './fee.ts';
import { encodePayment, type PaymentFields, readSigned, transactionHash } from './payment-bytes.ts';
import type { Refuse } from './refuse.ts';
import { checkRequest } from './request-check.ts';

const isSamePayment = (one: PaymentFields, other: PaymentFields): boolean =>
  one.chainId === other.chainId &&
  one.nonce === other.nonce &&
  one.gas === other.gas &&
  one.value === other.value &&
  one.data === other.data &&
  isAddressEqual(one.to, other.to);

/**
 * Reads the variants of a payment from their bytes. They must be transactions of one sender that differ in nothing but their
 * prices: a nonce is all that keeps a payment from being made twice.
 *
 * @returns newest first; null when they are not
 */
async function readVariants(
  from: Address,
  signed: readonly SignedVariant[],
): Promise<readonly [PaymentFields, ...PaymentFields[]] | null> {
  const read: PaymentFields[] = [];
  for (const { bytes, txHash } of signed) {
    const payment = await readSigned(Uint8Array.from(bytes));
    if (payment === null || transactionHash(bytes) !== txHash || !isAddressEqual(payment.sender, from)) return null;
    read.push(payment.fields);
  }
  const [newest, ...earlier] = read;
  return newest !== undefined && earlier.every((other) => isSamePayment(newest, other)) ? [newest, ...earlier] : null;
}

/** The largest of both prices that were signed: a pool may have any of the variants. */
export const dearest = (variants: readonly PaymentFields[]): GasPrice => ({
  maxFeePerGas: variants.map((each) => each.maxFeePerGas).reduce(larger, 0n),
  maxPriorityFeePerGas: variants.map((each) => each.maxPriorityFeePerGas).reduce(larger, 0n),
});

/** An account without the transactions of one nonce. */
export const besides = (account: Account, taken: bigint): Account => ({
  ...account,
  inFlight: account.inFlight.filter(({ nonce }) => nonce !== taken),
});

/**
 * Reads what a payment has taken the place of. It must have that payment's nonce and be another payment, or nobody could tell
 * which of both was made.
 *
 * @returns null when it does not
 */
async function readDisplaced(
  payment: PaymentFields,
  from: Address,
  displaced: readonly SignedVariant[],
): Promise<readonly PaymentFields[] | null> {
  const read: PaymentFields[] = [];
  for (const { bytes, txHash } of displaced) {
    const other = await readSigned(Uint8Array.from(bytes));
    if (other === null || transactionHash(bytes) !== txHash || !isAddressEqual(other.sender, from)) return null;
    const { fields } = other;
    if (fields.chainId !== payment.chainId || fields.nonce !== payment.nonce) return null;
    if (fields.value === payment.value && fields.data === payment.data && isAddressEqual(fields.to, payment.to)) {
      return null;
    }
    read.push(fields);
  }
  return read;
}

/**
 * Why a transaction may not be signed in the place of others; null when it may. What it replaces must be recorded and still
 * to come, be the same payment, and be cheaper; and nothing else on record may have its nonce but what that payment has
 * displaced.
 */
export async function replacementFault(
  fields: PaymentFields,
  from: Address,
  {
    replaces,
    displaces = [],
  }: { readonly replaces: readonly SignedVariant[]; readonly displaces?: readonly SignedVariant[] },
  { inFlight }: Pick<Account, 'inFlight'>,
): Promise<'variants' | 'record' | 'payment' | 'price' | null> {
  const variants = await readVariants(from, replaces);
  if (variants === null || (await readDisplaced(fields, from, displaces)) === null) return 'variants';
  const recorded = inFlight.filter(({ nonce }) => nonce === fields.nonce).map(({ txHash }) => txHash);
  const own = new Set(replaces.map(({ txHash }) => txHash));
  const named = new Set([...own, ...displaces.map(({ txHash }) => txHash)]);
  if (!recorded.some((txHash) => own.has(txHash)) || !recorded.every((txHash) => named.has(txHash))) return 'record';
  if (!isSamePayment(variants[0], fields)) return 'payment';
  const { maxFeePerGas, maxPriorityFeePerGas } = dearest(variants);
  const isDearer =
    fields.maxFeePerGas >= raised(maxFeePerGas) && fields.maxPriorityFeePerGas >= raised(maxPriorityFeePerGas);
  return isDearer ? null : 'price';
}

/**
 * Builds what takes the place of signed variants of a payment (02 §22): the same in everything but its prices. Only for the
 * nonce that is due, as all others wait for that one; and only when the market has left them behind, or nodes turn the newest
 * away. It costs no more than a payment may, than the request names, and than the wallet can pay beside what else is in flight.
 *
 * @throws ChainError SIGN_FAILED when the variants are not of this payment; BUILD_FAILED, retryable, INSUFFICIENT_BALANCE,
 * RPC_ERROR, NETWORK_ERROR
 */
export async function buildReplacement(
  context: AdapterContext,
  view: ChainView,
  asked: TransferRequest,
  {
    signed,
    refused,
    displaced,
  }: {
    readonly signed: readonly SignedVariant[];
    readonly refused: boolean;
    readonly displaced: readonly SignedVariant[];
  },
): Promise<UnsignedTransaction | null> {
  const { refuse, parameters, chain, pending } = context.settings;
  const request = checkRequest(refuse, { ...asked });
  const replaces = signed.map(({ txHash, bytes }) => ({ txHash, bytes: Uint8Array.from(bytes) }));
  const displaces = displaced.map(({ txHash, bytes }) => ({ txHash, bytes: Uint8Array.from(bytes) }));
  const unlike = () =>
    refuse('SIGN_FAILED', 'What was signed is not this payment', { details: { mismatch: 'variants' } });
  const variants = await readVariants(request.from, replaces);
  if (variants === null || !isCallOf(request, variants[0])) throw unlike();
  const [newest] = variants;
  const others = await readDisplaced(newest, request.from, displaces);
  if (others === null) throw unlike();
  const recorded = await pending.of(request.from);
  const account = await readAccount(context, view.pool, request.from, recorded);
  if (account.executed !== newest.nonce) return null;
  const market = await view.fees.get();
  const offered = dearest(variants);
  if (!refused && !isLeftBehind(offered, market, parameters)) return null;

  const dataFee = parameters.hasDataFee ? await view.pool.run((node) => readDataFee(node, encodePayment(newest))) : 0n;
  const { gas, value } = newest;
  const wanted = { baseFee: market.baseFee, tip: market.tips[request.priority ?? 'medium'] };
  const bound = smaller(request.fee ?? parameters.maxFee, parameters.maxFee);
  const above = (signed: GasPrice, most: bigint) =>
    replacementPrice(signed, wanted, { gas, most: most - dataFee }, parameters);
  // A pool may still have what was displaced; where that would be too dear to outbid, the others take this one.
  const within = (most: bigint) => above(dearest([...variants, ...others]), most) ?? above(offered, most);
  if (within(bound) === null) throw tooDear(refuse, bound, market.baseFee);
  // What has displaced something comes before all that may be stuck behind it.
  const held = displaces.length > 0 ? 0n : committed(besides(account, newest.nonce).inFlight).native;
  const available = account.balance - held - value;
  const price = within(smaller(available, bound));
  if (price === null) {
    throw refuse('INSUFFICIENT_BALANCE', 'The wallet holds too little for a higher fee', {
      details: { available: account.balance.toString(), inFlight: held.toString(), amount: value.toString() },
    });
  }
  const fields: PaymentFields = { ...newest, ...price };
  return {
    chain,
    serialized: encodePayment(fields),
    estimatedFee: gas * price.maxFeePerGas + dataFee,
    request: { ...asked },
    replaces,
    ...(displaces.length === 0 ? {} : { displaces }),
    metadata: describe(request, fields),
  };
}

function isCallOf(request: ReturnType<typeof checkRequest>, { to, value, data }: PaymentFields): boolean {
  const call = callOf(request);
  return isAddressEqual(call.to, to) && call.value === value && call.data === data;
}

const tooDear = (refuse: Refuse, maxFee: bigint, baseFee: bigint) =>
  refuse('BUILD_FAILED', 'The network is dearer now than a payment may be', {
    details: { maxFee: maxFee.toString(), baseFee: baseFee.toString() },
    retryable: true,
  });
