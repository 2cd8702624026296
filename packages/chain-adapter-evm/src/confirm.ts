import { type Clock, type ConfirmationOptions, type ConfirmationVerdict, isChainError } from '@waiaas/core';
import { getAddress, isAddressEqual } from 'viem';
import type { AdapterContext } from './adapter-context.ts';
import type { ChainView } from './chain-view.ts';
import type { EndpointPool, EvmNode } from './endpoint-pool.ts';
import type { EvmNetwork } from './evm-network.ts';
import { proveNonceTaken } from './expiry-proof.ts';
import { NodeFault } from './node-fault.ts';
import { isNonceUsed, type Place, STATE_GONE } from './nonce-user.ts';
import { readSigned, transactionHash } from './payment-bytes.ts';
import { createPollPace } from './poll-pace.ts';
import { Abandoned, raceAbort } from './race-abort.ts';
import { lookUp, type TransactionLook } from './transaction-look.ts';

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

/** Hosts that keep a verdict from being proven. */
interface Dispute {
  readonly contradictedBy: readonly string[];
  readonly silent: readonly string[];
}

interface Look {
  readonly verdict: Proven | null;
  readonly dispute?: Dispute;
}

/** What another endpoint has against a verdict: one of its own that counts, or that it is not so. */
type Objection = Landed | 'contradicts';

/** Answers what the verdict on one of several is: it says which it was. */
const named = ({ txHashes }: Awaited, txHash: string, verdict: Landed): Landed =>
  txHashes.length === 1 && txHashes[0] === txHash ? verdict : { ...verdict, txHash };

/**
 * What another endpoint has against a verdict that a payment was not made: that it was made, which counts as soon as it is deep
 * enough; that it has landed, where it is said to be no part of the chain; or that its nonce is still free, which is used for good
 * where a verdict is true.
 * @returns null when it has nothing against it
 * @throws NodeFault
 */
async function objectionAt(
  node: EvmNode,
  denied: Exclude<Proven, { verdict: 'confirmed' }>,
  awaited: Awaited,
  { target, parameters }: { readonly target: 'confirmed' | 'finalized'; readonly parameters: EvmNetwork },
): Promise<Objection | null> {
  const { txHashes, place } = awaited;
  let hasLanded = false;
  const unlisted = denied.verdict === 'failed' && denied.txHash !== undefined ? [denied.txHash] : [];
  for (const txHash of new Set([...txHashes, ...unlisted])) {
    const looked = await lookUp(node, txHash, parameters);
    if (looked.status.state === 'not_found') continue;
    hasLanded = true;
    if (looked.status.error !== null) continue;
    const verdict = verdictOf(looked, target);
    return verdict === null ? 'contradicts' : named(awaited, txHash, verdict);
  }
  if (hasLanded) return denied.verdict === 'expired' ? 'contradicts' : null;
  return place === null || (await isNonceUsed(node, place, 'latest')) ? null : 'contradicts';
}

/**
 * What the other endpoints make of a verdict that a payment was not made. One node that is wrong, or lies, must not free what
 * was reserved for it: the one that saw it paid counts. One that does not answer has a say for a while as if it had something
 * against it.
 * @returns null when none has anything against it
 */
async function overruled(
  pool: EndpointPool,
  { asked, clock }: { readonly asked: string; readonly clock: Clock },
  objection: (node: EvmNode) => Promise<Objection | null>,
): Promise<Look | null> {
  const contradictedBy: string[] = [];
  const silent: string[] = [];
  for (const member of pool.candidates()) {
    const { host, silence } = member;
    if (host === asked) {
      silence.answered();
      continue;
    }
    try {
      const told = await pool.at(member, objection);
      silence.answered();
      if (told === 'contradicts') contradictedBy.push(host);
      else if (told !== null) return { verdict: told };
    } catch (error) {
      if (isChainError(error, 'WRONG_NETWORK')) continue;
      if (!(error instanceof NodeFault)) throw error;
      if (silence.askedInVain(clock.now())) silent.push(host);
    }
  }
  const isDisputed = contradictedBy.length + silent.length > 0;
  return isDisputed ? { verdict: null, dispute: { contradictedBy, silent } } : null;
}

/** Looks at what the network has decided. */
async function look(
  { settings }: AdapterContext,
  pool: EndpointPool,
  awaited: Awaited,
  target: 'confirmed' | 'finalized',
): Promise<Look> {
  const { parameters } = settings;
  const { txHashes, place } = awaited;
  const atNode = async (node: EvmNode): Promise<Look & { readonly host: string }> => {
    const { host } = node;
    let hasLanded = false;
    for (const txHash of txHashes) {
      const looked = await lookUp(node, txHash, parameters);
      const verdict = verdictOf(looked, target);
      if (verdict !== null) return { verdict: named(awaited, txHash, verdict), host };
      if (looked.status.state === 'landed') hasLanded = true;
    }
    if (hasLanded || place === null) return { verdict: null, host };
    const taken = await proveNonceTaken(node, txHashes, place, parameters);
    if (taken === null) return { verdict: null, host };
    const { samePayment, finalizedBlockHeight } = taken;
    if (samePayment === null) return { verdict: { verdict: 'expired', finalizedBlockHeight }, host };
    // A variant that whoever asks no longer knows of.
    const verdict = verdictOf(await lookUp(node, samePayment, parameters), target);
    return { verdict: verdict === null ? null : named(awaited, samePayment, verdict), host };
  };
  const found = await pool.run(atNode, true);
  const { verdict, host } = found;
  if (verdict === null || verdict.verdict === 'confirmed') return found;
  const objection = (node: EvmNode) => objectionAt(node, verdict, awaited, { target, parameters });
  return (await overruled(pool, { asked: host, clock: settings.clock }, objection)) ?? found;
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
      const { verdict, dispute } = await raceAbort(look(context, pool, awaited, target), signal);
      if (dispute !== undefined && !isTold) {
        isTold = true;
        logger.warn(
          { txHash, ...dispute },
          'An RPC endpoint says that a payment was not made, and another one contradicts it or does not answer; it stays open',
        );
      }
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
