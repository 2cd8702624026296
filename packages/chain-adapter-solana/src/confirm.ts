import type { Signature } from '@solana/kit';
import {
  type Clock,
  type ConfirmationOptions,
  type ConfirmationVerdict,
  isChainError,
  type TransactionStatusReport,
} from '@waiaas/core';
import { blamesNode } from './cluster-node.ts';
import { executedFee } from './executed-fee.ts';
import type { NodePool } from './node-pool.ts';
import type { NodeView } from './node-view.ts';
import { createPollPace } from './poll-pace.ts';
import { Abandoned, raceAbort } from './race-abort.ts';
import type { Sleep } from './sleep.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Looks in vain after which another endpoint is asked: the first one may have stopped following the chain. */
const LOOKS_PER_NODE = 4;

/** What waiting needs beside the transaction. */
export interface ConfirmContext {
  readonly pool: NodePool;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly pollMs: number;
  readonly timeoutMs: number;
}

/** A verdict but for the fee, which is asked for afterwards. */
type Proven = Exclude<ConfirmationVerdict, { verdict: 'unknown' }>;

/**
 * Verdict on something the chain knows; none while it is not deep enough, because a shallow block can still vanish. What has
 * failed must be final: in another block it may still be executed, and what it reserved would be free by then.
 */
function verdictOf(status: TransactionStatusReport, target: 'confirmed' | 'finalized'): Proven | null {
  if (status.state === 'not_found' || status.commitment === 'processed') return null;
  const isFinal = status.commitment === 'finalized';
  if (!isFinal && (target === 'finalized' || status.error !== null)) return null;
  const { commitment, blockNumber, error } = status;
  return error === null ? { verdict: 'confirmed', commitment, blockNumber } : { verdict: 'failed', error, blockNumber };
}

/**
 * Looks once, at one node. `expired` is proven in this order: the finalized block height is past the bound; only then a look-up with
 * full history starts; it finds nothing; and the node that answered had come at least as far as that finalized block,
 * so that what it does not know did not happen (04 §6.6).
 */
async function look(
  view: NodeView,
  signature: Signature,
  target: 'confirmed' | 'finalized',
  bound: bigint | undefined,
): Promise<Proven | null> {
  const { status } = await view.signature(signature);
  if (status.state === 'landed' || bound === undefined) return verdictOf(status, target);
  const tip = await view.finalizedTip.get();
  if (tip.blockHeight <= bound) return null;
  const last = await view.signature(signature);
  if (last.status.state === 'landed') return verdictOf(last.status, target);
  return last.asOfSlot < tip.slot ? null : { verdict: 'expired', finalizedBlockHeight: tip.blockHeight };
}

/** What is waited for: how deep, and until which block it can land. */
interface Awaited {
  readonly signature: Signature;
  readonly target: 'confirmed' | 'finalized';
  readonly bound: bigint | undefined;
}

interface Objection {
  readonly verdict: Proven | null;
}

/**
 * What another endpoint has against a verdict that a payment was not made: that it was made, which counts as soon as it is deep
 * enough; that it has landed otherwise than is said; or that it can still land, by its own word and not by that of the one that
 * says it cannot.
 * @returns null when it has nothing against it
 */
async function objectionAt(
  view: NodeView,
  denied: Exclude<Proven, { verdict: 'confirmed' }>,
  { signature, target, bound }: Awaited,
): Promise<Objection | null> {
  // Asked first: what it does not know by then has not happened up to there.
  const tip = bound === undefined ? null : await view.finalizedTip.get();
  const { status, asOfSlot } = await view.signature(signature);
  if (status.state === 'landed') {
    if (status.error === null) return { verdict: verdictOf(status, target) };
    return denied.verdict === 'failed' && verdictOf(status, target) !== null ? null : { verdict: null };
  }
  if (tip === null || bound === undefined) return null;
  return tip.blockHeight > bound && asOfSlot >= tip.slot ? null : { verdict: null };
}

/**
 * What the other endpoints make of a verdict that a payment was not made. One node that has lost its history, or lies, must not
 * free what was reserved for it: the one that saw it paid counts. Those that do not answer are not waited for: a dead endpoint must
 * not keep money reserved for ever.
 * @returns null when none has anything against it
 */
async function overruled(pool: NodePool, proven: Proven, awaited: Awaited): Promise<Objection | null> {
  const others = pool.nodes.filter(({ isWell }) => isWell);
  if (proven.verdict === 'confirmed' || others.length < 2) return null;
  const objections = await Promise.all(
    others.map(async (node) => {
      try {
        await node.verify();
        return await objectionAt(node.view, proven, awaited);
      } catch (error) {
        if (blamesNode(error)) node.failed(error);
        else if (!isChainError(error)) throw error;
        return null;
      }
    }),
  );
  const raised = objections.filter((objection) => objection !== null);
  return raised.find(({ verdict }) => verdict !== null) ?? raised[0] ?? null;
}

/**
 * Waits for a proven verdict (02 §16, 04 §6.6). Quick looks first, then every `pollMs`, and at once when a node tells over
 * WebSocket that there is something to see; faults of nodes slow it down and are never a verdict. Time running out, an aborted
 * signal and a disconnect are `unknown`, not errors.
 */
export async function confirmPayment(
  context: ConfirmContext,
  signature: Signature,
  options: ConfirmationOptions,
): Promise<ConfirmationVerdict> {
  const { pool, clock, sleep, pollMs } = context;
  const { target = 'confirmed', timeoutMs = DEFAULT_TIMEOUT_MS, lastValidBlockHeight: bound } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([pool.closed, over.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const deadline = clock.now() + timeoutMs;
  let pace = createPollPace(pollMs);
  let bell = new AbortController();
  void pool.signals.listen(signature, target, signal, () => bell.abort());

  try {
    for (let looks = 0; !signal.aborted; looks += 1) {
      let pause: number;
      try {
        const turn = Math.floor(looks / LOOKS_PER_NODE);
        const looking = pool.run((view) => look(view, signature, target, bound), turn);
        const told = await raceAbort(looking, signal);
        const objection =
          told === null ? null : await raceAbort(overruled(pool, told, { signature, target, bound }), signal);
        const proven = objection === null ? told : objection.verdict;
        if (proven !== null) return await withFee(context, signature, proven, target, signal);
        pause = pace.afterAnswer();
      } catch (error) {
        if (error instanceof Abandoned) break;
        if (!isChainError(error)) throw error;
        const asked = error.details?.retryAfterMs;
        pause = pace.afterFault(typeof asked === 'number' ? asked : 0);
      }
      const left = deadline - clock.now();
      if (left <= 0) break;
      await sleep(Math.min(pause, left), AbortSignal.any([signal, bell.signal]));
      if (bell.signal.aborted) {
        // Word came. The node that is asked may hear of it a moment later than the one that told.
        bell = new AbortController();
        pace = createPollPace(pollMs);
      }
    }
    return { verdict: 'unknown' };
  } finally {
    over.abort();
  }
}

/** Adds the fee that was paid. The verdict stands whether or not the fee can be had. */
async function withFee(
  { pool, timeoutMs }: ConfirmContext,
  signature: Signature,
  proven: Proven,
  target: 'confirmed' | 'finalized',
  signal: AbortSignal,
): Promise<ConfirmationVerdict> {
  if (proven.verdict === 'expired') return proven;
  try {
    const asking = pool.run((view) => executedFee(view.session, signature, target, timeoutMs));
    const fee = await raceAbort(asking, signal);
    return fee === undefined ? proven : { ...proven, fee };
  } catch (error) {
    if (error instanceof Abandoned || isChainError(error)) return proven;
    throw error;
  }
}
