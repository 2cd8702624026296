import { type Blockhash, isBlockhash, type Signature } from '@solana/kit';
import {
  type Clock,
  type ConfirmationOptions,
  type ConfirmationVerdict,
  isChainError,
  type Logger,
  type TransactionStatusReport,
} from '@waiaas/core';
import { blamesNode, type ClusterNode } from './cluster-node.ts';
import { executedFee } from './executed-fee.ts';
import type { NodePool } from './node-pool.ts';
import type { NodeView } from './node-view.ts';
import { type Ending, isOverByOwnWord } from './own-word.ts';
import { createPollPace } from './poll-pace.ts';
import { Abandoned, raceAbort } from './race-abort.ts';
import { readMessage } from './raw-message.ts';
import type { Sleep } from './sleep.ts';
import { readWire, transactionId } from './wire-transaction.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Looks in vain after which another endpoint is asked: the first one may have stopped following the chain. */
const LOOKS_PER_NODE = 4;

/** What waiting needs beside the transaction. */
export interface ConfirmContext {
  readonly pool: NodePool;
  readonly clock: Clock;
  readonly logger: Logger;
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

/** What is waited for: how deep, and until which block it can land. */
interface Awaited extends Ending {
  readonly target: 'confirmed' | 'finalized';
}

/**
 * Looks once, at one node. `expired` is proven in this order: the finalized block height is past the bound, and where there are other
 * nodes the transaction is over by the own word of this one; only then a look-up with full history starts; it finds nothing; and
 * the node that answered had come at least as far as that finalized block, so that what it does not know did not happen (04 §6.6).
 */
async function look(view: NodeView, awaited: Awaited, isSole: boolean): Promise<Proven | null> {
  const { signature, target, bound } = awaited;
  const { status } = await view.signature(signature);
  if (status.state === 'landed' || bound === undefined) return verdictOf(status, target);
  const tip = await view.finalizedTip.get();
  const isOver = isSole ? tip.blockHeight > bound : await isOverByOwnWord(view, tip, awaited);
  if (!isOver) return null;
  const last = await view.signature(signature);
  if (last.status.state === 'landed') return verdictOf(last.status, target);
  return last.asOfSlot < tip.slot ? null : { verdict: 'expired', finalizedBlockHeight: tip.blockHeight };
}

/** The blockhash in signed bytes; null where they are not those of the transaction. */
function blockhashIn(bytes: Uint8Array | undefined, signature: Signature): Blockhash | null {
  const parts = bytes === undefined ? null : readWire(bytes);
  if (parts === null || transactionId(parts.signature) !== signature) return null;
  const { blockhash } = readMessage(parts.message);
  return isBlockhash(blockhash) ? blockhash : null;
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
  awaited: Awaited,
): Promise<Objection | null> {
  const { signature, target } = awaited;
  // Asked first: what it does not know by then has not happened up to there.
  const tip = await view.finalizedTip.get();
  const isOver = await isOverByOwnWord(view, tip, awaited);
  const { status, asOfSlot } = await view.signature(signature);
  if (status.state === 'landed') {
    if (status.error === null) return { verdict: verdictOf(status, target) };
    return denied.verdict === 'failed' && verdictOf(status, target) !== null ? null : { verdict: null };
  }
  return isOver && asOfSlot >= tip.slot ? null : { verdict: null };
}

/** What the endpoints have against a verdict, and which of them. */
interface Objections extends Objection {
  readonly hosts: readonly string[];
}

/**
 * What the endpoints make of a verdict that a payment was not made. One node that has lost its history, or lies, must not
 * free what was reserved for it: the one that saw it paid counts. One that does not answer has a say for a while as if it had
 * something against it.
 * @returns null when none has anything against it
 */
async function overruled(
  { usable }: Pick<NodePool, 'usable'>,
  proven: Proven,
  awaited: Awaited,
): Promise<Objections | null> {
  if (proven.verdict === 'confirmed' || usable.length < 2) return null;
  const silent = ({ silence }: ClusterNode): Objection | null => (silence.kept() ? { verdict: null } : null);
  const objections = await Promise.all(
    usable.map(async (node) => {
      if (!node.isWell) return silent(node);
      try {
        await node.verify();
        const objection = await objectionAt(node.view, proven, awaited);
        node.silence.broken();
        return objection;
      } catch (error) {
        if (blamesNode(error)) node.failed(error);
        else if (!isChainError(error)) throw error;
        return silent(node);
      }
    }),
  );
  const raised = objections.filter((objection) => objection !== null);
  if (raised.length === 0) return null;
  const verdict = raised.find((objection) => objection.verdict !== null)?.verdict ?? null;
  return { verdict, hosts: usable.filter((_, index) => objections[index] !== null).map(({ host }) => host) };
}

/**
 * Notes at every endpoint that a transaction is asked about, so that its own word on it counts in time, should it be needed. Holds
 * nobody up, and needs no success: what could not be noted is noted when the word is asked for.
 */
function noteEverywhere({ pool, logger }: Pick<ConfirmContext, 'pool' | 'logger'>, signature: Signature): void {
  const { usable } = pool;
  if (usable.length < 2) return;
  const note = async (node: ClusterNode): Promise<void> => {
    try {
      await node.verify();
      node.view.firstHeights.note(signature, (await node.view.finalizedTip.get()).blockHeight);
    } catch (error) {
      logger.debug({ err: error, host: node.host }, 'The height of an RPC endpoint could not be noted');
    }
  };
  for (const node of usable) if (node.isWell) void note(node);
}

/**
 * Waits for a proven verdict (02 §16, 04 §6.6). Quick looks first, then every `pollMs`, and at once when a node tells over
 * WebSocket that there is something to see; faults of nodes slow it down and are never a verdict. Without time to wait, each node
 * is looked at once. Time running out, an aborted signal and a disconnect are `unknown`, not errors.
 */
export async function confirmPayment(
  context: ConfirmContext,
  signature: Signature,
  options: ConfirmationOptions,
): Promise<ConfirmationVerdict> {
  const { pool, clock, logger, sleep, pollMs } = context;
  const { target = 'confirmed', timeoutMs = DEFAULT_TIMEOUT_MS, lastValidBlockHeight: bound } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([pool.closed, over.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const awaited: Awaited = { signature, target, bound, blockhash: blockhashIn(options.bytes, signature) };
  const deadline = clock.now() + timeoutMs;
  // One that lies must not hide a landing from who looks once: then each is asked.
  const looksPerNode = timeoutMs > 0 ? LOOKS_PER_NODE : 1;
  let isTold = false;
  let pace = createPollPace(pollMs);
  let bell = new AbortController();
  void pool.signals.listen(signature, target, signal, () => bell.abort());

  try {
    for (let looks = 0; !signal.aborted; looks += 1) {
      let pause: number;
      try {
        const turn = Math.floor(looks / looksPerNode);
        const looking = pool.run((view) => look(view, awaited, pool.usable.length < 2), turn);
        const told = await raceAbort(looking, signal);
        const objection = told === null ? null : await raceAbort(overruled(pool, told, awaited), signal);
        if (objection !== null && !isTold) {
          isTold = true;
          logger.warn(
            { txHash: signature, hosts: objection.hosts },
            'An RPC endpoint says that a payment was not made, and these contradict it, do not answer, or cannot tell yet',
          );
        }
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
      if (looks + 1 === LOOKS_PER_NODE || left <= 0) noteEverywhere(context, signature);
      if (timeoutMs <= 0 && looks + 1 < pool.usable.length) continue;
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
