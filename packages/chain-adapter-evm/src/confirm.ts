import { type ConfirmationOptions, type ConfirmationVerdict, isChainError } from '@waiaas/core';
import { getAddress, isAddressEqual } from 'viem';
import type { AdapterContext } from './adapter-context.ts';
import type { ChainView } from './chain-view.ts';
import type { EndpointPool, EvmNode } from './endpoint-pool.ts';
import type { EvmNetwork } from './evm-network.ts';
import { proveNonceTaken } from './expiry-proof.ts';
import { NodeFault } from './node-fault.ts';
import { type Place, STATE_GONE } from './nonce-user.ts';
import { readSigned, transactionHash } from './payment-bytes.ts';
import { createPollPace } from './poll-pace.ts';
import { Abandoned, raceAbort } from './race-abort.ts';
import { hasReceipt, lookUp, type TransactionLook } from './transaction-look.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

type Proven = Exclude<ConfirmationVerdict, { verdict: 'unknown' }>;
type Landed = Exclude<Proven, { verdict: 'expired' }>;

/**
 * Verdict on something the chain knows; none while it is not deep enough, because a shallow block can still vanish. What has
 * failed must be final: in another block it may still be executed, and what it reserved would be free by then.
 */
function verdictOf({ status, fee }: TransactionLook, target: 'confirmed' | 'finalized'): Landed | null {
  if (status.state === 'not_found' || status.commitment === 'processed') return null;
  const isFinal = status.commitment === 'finalized';
  if (!isFinal && (target === 'finalized' || status.error !== null)) return null;
  const { commitment, blockNumber, error } = status;
  const landing = { blockNumber, ...(fee === undefined ? {} : { fee }) };
  return error === null ? { verdict: 'confirmed', commitment, ...landing } : { verdict: 'failed', error, ...landing };
}

/**
 * Whether something holds at another endpoint. One node that is wrong, or lies, must not make a payment look dead that another
 * one knows to be alive; those that do not answer have no say.
 */
async function holdsElsewhere(
  pool: EndpointPool,
  asked: string,
  holds: (node: EvmNode) => Promise<boolean>,
): Promise<boolean> {
  for (const member of pool.candidates()) {
    if (member.host === asked) continue;
    try {
      if (await pool.at(member, holds)) return true;
    } catch (error) {
      if (!(error instanceof NodeFault) && !isChainError(error, 'WRONG_NETWORK')) throw error;
    }
  }
  return false;
}

/** What contradicts a verdict: of one that has expired, that it was executed; of one that has failed, that it has not. */
function contradiction(
  verdict: Exclude<Proven, { verdict: 'confirmed' }>,
  txHashes: readonly string[],
  parameters: EvmNetwork,
): (node: EvmNode) => Promise<boolean> {
  return async (node) => {
    if (verdict.verdict === 'expired') {
      for (const txHash of txHashes) if (await hasReceipt(node, txHash)) return true;
      return false;
    }
    const [only = ''] = txHashes;
    const { status } = await lookUp(node, verdict.txHash ?? only, parameters);
    return status.state === 'landed' && status.error === null;
  };
}

/** What is waited for: one transaction, or several of which at most one can land. */
interface Awaited {
  readonly txHashes: readonly string[];
  /** The sender and the nonce they have in common; null when nobody can tell. */
  readonly place: Place | null;
}

const readPlace = async (txHash: string, bytes: Uint8Array | undefined): Promise<Place | null> => {
  const read = bytes !== undefined && transactionHash(bytes) === txHash ? await readSigned(bytes) : null;
  return read === null ? null : { sender: read.sender, nonce: read.fields.nonce, call: read.fields };
};

/**
 * Reads what all variants have in common. Without the bytes of each of them, or the place of the only one, nobody can say that
 * none will land.
 */
async function readAwaited(
  txHash: string,
  { bytes, place: told, variants = [] }: ConfirmationOptions,
): Promise<Awaited> {
  const txHashes = [txHash, ...variants.map((variant) => variant.txHash)];
  if (bytes === undefined && told !== undefined && variants.length === 0) {
    return { txHashes, place: { sender: getAddress(told.from), nonce: told.nonce, call: null } };
  }
  const places = await Promise.all(
    [bytes, ...variants.map((variant) => variant.bytes)].map((each, index) => readPlace(txHashes[index] ?? '', each)),
  );
  const [first = null] = places;
  const agree = (other: Place | null): boolean =>
    first !== null && other !== null && isAddressEqual(other.sender, first.sender) && other.nonce === first.nonce;
  return { txHashes, place: places.every(agree) ? first : null };
}

interface Look {
  readonly verdict: Proven | null;
}

/** Looks at what the network has decided. */
async function look(
  { settings }: AdapterContext,
  pool: EndpointPool,
  { txHashes, place }: Awaited,
  target: 'confirmed' | 'finalized',
): Promise<Look> {
  const { parameters } = settings;
  const atNode = async (node: EvmNode): Promise<Look & { readonly host: string }> => {
    const { host } = node;
    let hasLanded = false;
    for (const txHash of txHashes) {
      const looked = await lookUp(node, txHash, parameters);
      const verdict = verdictOf(looked, target);
      if (verdict !== null) return { verdict: txHashes.length === 1 ? verdict : { ...verdict, txHash }, host };
      if (looked.status.state === 'landed') hasLanded = true;
    }
    if (hasLanded || place === null) return { verdict: null, host };
    const taken = await proveNonceTaken(node, txHashes, place, parameters);
    if (taken === null) return { verdict: null, host };
    const { samePayment, finalizedBlockHeight } = taken;
    if (samePayment === null) return { verdict: { verdict: 'expired', finalizedBlockHeight }, host };
    // A variant that whoever asks no longer knows of.
    const verdict = verdictOf(await lookUp(node, samePayment, parameters), target);
    return { verdict: verdict === null ? null : { ...verdict, txHash: samePayment }, host };
  };
  const found = await pool.run(atNode, true);
  const { verdict, host } = found;
  if (verdict === null || verdict.verdict === 'confirmed') return found;
  const isDenied = await holdsElsewhere(pool, host, contradiction(verdict, txHashes, parameters));
  return isDenied ? { verdict: null } : found;
}

/**
 * Waits for a proven verdict (02 §16, §19.2). Quick looks first, then every `pollMs`; faults of the nodes slow it down and
 * are never a verdict. Time running out, an aborted signal and a disconnect are `unknown`, not errors. Without the signed
 * bytes of each variant, or the place of the only one, `expired` is never answered: it is proven by the nonce.
 */
export async function confirmPayment(
  context: AdapterContext,
  { pool }: ChainView,
  txHash: string,
  options: ConfirmationOptions,
): Promise<ConfirmationVerdict> {
  const { settings, floor } = context;
  const { clock, sleep, logger, parameters } = settings;
  const { target = 'confirmed', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const awaited = await readAwaited(txHash, options);
  const { place } = awaited;
  const { closed } = pool;
  const signal = options.signal === undefined ? closed : AbortSignal.any([closed, options.signal]);
  const deadline = clock.now() + timeoutMs;
  const pace = createPollPace(parameters.pollMs);
  let isTold = false;

  while (!signal.aborted) {
    let pause: number;
    try {
      const { verdict } = await raceAbort(look(context, pool, awaited, target), signal);
      if (verdict !== null) {
        if (verdict.verdict !== 'expired' && place !== null) floor.saw(place.sender, place.nonce + 1n);
        return verdict;
      }
      pause = pace.afterAnswer();
    } catch (error) {
      if (error instanceof Abandoned) break;
      if (!isChainError(error)) throw error;
      if (error.details?.reason === STATE_GONE && !isTold) {
        isTold = true;
        const fields = { txHash, error: error.message };
        logger.warn(
          fields,
          'No endpoint can tell which transaction used the nonce of a payment; one with old states can',
        );
      }
      const asked = error.details?.retryAfterMs;
      pause = pace.afterFault(typeof asked === 'number' ? asked : 0);
    }
    const left = deadline - clock.now();
    if (left <= 0) break;
    await sleep(Math.min(pause, left), signal);
  }
  return { verdict: 'unknown' };
}
