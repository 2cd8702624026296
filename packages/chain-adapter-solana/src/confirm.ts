import type { Signature } from '@solana/kit';
import {
  type Clock,
  type ConfirmationOptions,
  type ConfirmationVerdict,
  isChainError,
  type TransactionStatusReport,
} from '@waiaas/core';
import { executedFee } from './executed-fee.ts';
import type { NodeView } from './node-view.ts';
import { createPollPace } from './poll-pace.ts';
import { Abandoned, raceAbort } from './race-abort.ts';
import type { Sleep } from './sleep.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

/** What waiting needs beside the transaction. */
export interface ConfirmContext {
  readonly view: NodeView;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly pollMs: number;
  readonly timeoutMs: number;
}

/** A verdict but for the fee, which is asked for afterwards. */
type Proven = Exclude<ConfirmationVerdict, { verdict: 'unknown' }>;

/** Verdict on something the chain knows; none while it is not deep enough, because a shallow block can still vanish. */
function verdictOf(status: TransactionStatusReport, target: 'confirmed' | 'finalized'): Proven | null {
  if (status.state === 'not_found' || status.commitment === 'processed') return null;
  if (target === 'finalized' && status.commitment !== 'finalized') return null;
  const { commitment, blockNumber, error } = status;
  return error === null ? { verdict: 'confirmed', commitment, blockNumber } : { verdict: 'failed', error, blockNumber };
}

/**
 * Looks once. `expired` is proven in this order: the finalized block height is past the bound; only then a look-up with
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

/**
 * Waits for a proven verdict (02 §16, 04 §6.6). Quick looks first, then every `pollMs`; faults of the node slow it down
 * and are never a verdict. Time running out, an aborted signal and a disconnect are `unknown`, not errors.
 */
export async function confirmPayment(
  context: ConfirmContext,
  signature: Signature,
  options: ConfirmationOptions,
): Promise<ConfirmationVerdict> {
  const { view, clock, sleep, pollMs } = context;
  const { target = 'confirmed', timeoutMs = DEFAULT_TIMEOUT_MS, lastValidBlockHeight: bound } = options;
  const { closed } = view.session;
  const signal = options.signal === undefined ? closed : AbortSignal.any([closed, options.signal]);
  const deadline = clock.now() + timeoutMs;
  const pace = createPollPace(pollMs);

  while (!signal.aborted) {
    let pause: number;
    try {
      const proven = await raceAbort(look(view, signature, target, bound), signal);
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
    await sleep(Math.min(pause, left), signal);
  }
  return { verdict: 'unknown' };
}

/** Adds the fee that was paid. The verdict stands whether or not the fee can be had. */
async function withFee(
  { view, timeoutMs }: ConfirmContext,
  signature: Signature,
  proven: Proven,
  target: 'confirmed' | 'finalized',
  signal: AbortSignal,
): Promise<ConfirmationVerdict> {
  if (proven.verdict === 'expired') return proven;
  try {
    const fee = await raceAbort(executedFee(view.session, signature, target, timeoutMs), signal);
    return fee === undefined ? proven : { ...proven, fee };
  } catch (error) {
    if (error instanceof Abandoned) return proven;
    throw error;
  }
}
