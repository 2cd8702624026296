import type { Clock, NotificationStatus } from '@waiaas/core';
import type { SendResult } from '../channels/channel.ts';
import { type LoadedChannel, UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import type { Message } from '../text/message.ts';

/** Waiting, injected so that tests drive it. */
export interface Timers {
  /** Resolves after a while, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One attempt to send a message over one channel. */
export interface Attempt {
  readonly channel: LoadedChannel;
  readonly status: Extract<NotificationStatus, 'DELIVERED' | 'FAILED' | 'RATE_LIMITED'>;
  /** Without secrets. */
  readonly error: string | null;
  /** HTTP status of the answer; undefined when there was none. */
  readonly httpStatus?: number | undefined;
  /** Whether the service was asked; false when the channel was passed over. */
  readonly asked: boolean;
  /** Repetitions within the attempt. */
  readonly retries: number;
  /** The very message was refused: it is not worth another attempt over this channel. */
  readonly final: boolean;
  /** The channel was tried for real, and this is how it is now. Null where nothing was learnt about it. */
  readonly health: { readonly ok: boolean; readonly failures: number } | null;
}

/** Longest pause a service may ask for that is waited for on the spot, seconds (05 §2.6). */
const SHORT_PAUSE = 10;
/** Longest pause that is believed, seconds: a service that names a greater one is asked again after that. */
const LONGEST_PAUSE = 3600;
/** First pause of a channel that has failed too often, ms; it doubles with every failure. */
const FIRST_BREAK_MS = 30_000;
const LONGEST_BREAK_MS = 600_000;

/**
 * When a channel takes a message, epoch ms; not after `now` when it does at once.
 * @param urgent broken channels are tried all the same, for an alarm is worth a failure more
 */
export function usableAt({ state }: LoadedChannel, now: number, urgent: boolean): number {
  return Math.max(state.pausedUntil, urgent ? 0 : state.brokenUntil, state.bucket.nextAt(now));
}

/** Learns from a result how a channel is. Null when it tells nothing about it. */
export function learn({ state }: LoadedChannel, result: SendResult, now: number): Attempt['health'] {
  if (result.success) {
    state.failures = 0;
    state.brokenUntil = 0;
    return { ok: true, failures: 0 };
  }
  if (result.kind === 'rate_limited') {
    state.pausedUntil = now + Math.min(result.retryAfter ?? 1, LONGEST_PAUSE) * 1000;
    return null;
  }
  // What an agent wrote must not be able to make a channel look broken.
  if (result.kind === 'message_refused') return null;
  state.failures += 1;
  if (state.failures >= UNREACHABLE_AFTER) {
    const doubled = FIRST_BREAK_MS * 2 ** Math.min(state.failures - UNREACHABLE_AFTER, 10);
    state.brokenUntil = now + Math.min(doubled, LONGEST_BREAK_MS);
  }
  return { ok: false, failures: state.failures };
}

/** A channel that takes no message at the moment. */
export const passedOver = (channel: LoadedChannel): Attempt => ({
  channel,
  status: 'RATE_LIMITED',
  error: 'The channel takes no message at the moment',
  asked: false,
  retries: 0,
  final: false,
  health: null,
});

/**
 * Sends a message over a channel. A service that asks for a short pause gets it and is asked once more; any longer pause
 * is kept without waiting (05 §2.6). Takes a token; without one nothing is sent.
 *
 * @param dependencies.shortPause longest pause that is waited for, seconds
 */
export async function attempt(
  channel: LoadedChannel,
  message: Message,
  dependencies: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly redact: (text: string) => string;
    readonly shortPause?: number;
  },
  signal: AbortSignal,
): Promise<Attempt> {
  const { clock, timers, redact, shortPause = SHORT_PAUSE } = dependencies;
  if (!channel.state.bucket.take(clock.now())) return passedOver(channel);
  let result = await channel.sender.send(message, signal);
  let retries = 0;
  if (!result.success && result.kind === 'rate_limited' && (result.retryAfter ?? shortPause + 1) <= shortPause) {
    await timers.sleep((result.retryAfter ?? 0) * 1000, signal);
    if (!signal.aborted) {
      result = await channel.sender.send(message, signal);
      retries = 1;
    }
  }
  // Given up because the daemon stops: that says nothing about the channel.
  if (signal.aborted && !result.success)
    return { ...passedOver(channel), status: 'FAILED', error: 'The daemon is stopping', retries };
  const health = learn(channel, result, clock.now());
  const { status: httpStatus } = result;
  if (result.success) {
    return { channel, status: 'DELIVERED', error: null, httpStatus, asked: true, retries, final: true, health };
  }
  return {
    channel,
    status: result.kind === 'rate_limited' ? 'RATE_LIMITED' : 'FAILED',
    error: redact(result.error),
    httpStatus,
    asked: true,
    retries,
    final: result.kind === 'message_refused',
    health,
  };
}
