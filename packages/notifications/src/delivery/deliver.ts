import type { Clock, NotificationRule } from '@waiaas/core';
import type { ChannelBook, LoadedChannel } from '../channels/channel-book.ts';
import type { Message } from '../text/message.ts';
import { type Attempt, attempt, passedOver, type Timers, usableAt } from './attempt.ts';

/** An event to be told, with what became of earlier rounds. */
export interface Delivery {
  readonly rule: NotificationRule;
  /** Channels that have taken it already. */
  readonly deliveredTo: ReadonlySet<string>;
  /** Channels that must not be tried: they have refused this very message, or it is about them. */
  readonly except: ReadonlySet<string>;
  /** The message for a channel, in its language. */
  readonly message: (channel: LoadedChannel) => Message;
}

/** What one round of telling an event did. */
export interface Round {
  readonly attempts: readonly Attempt[];
  /** Channels that still should get it. */
  readonly missing: readonly LoadedChannel[];
}

/** The two ways of telling (05 §2.6, §2.7). */
export interface Deliver {
  /** Channels that should get an event and have not. */
  missing(delivery: Omit<Delivery, 'message'>): readonly LoadedChannel[];
  /** Whether one of these channels is one that people read. */
  hasReached(deliveredTo: ReadonlySet<string>): boolean;
  /** Sends an event over the channels that should have it. */
  round(delivery: Delivery, signal: AbortSignal): Promise<Round>;
}

/** Whether a channel tells a program. Nobody has read what only a program has taken. */
export const isHook = ({ type }: LoadedChannel): boolean => type === 'WEBHOOK';

/**
 * `fallback`: one channel after the other, by priority, until one has taken it. `broadcast`: all at once. Webhooks belong
 * to programs that need every event, so they get it either way.
 */
export function createDeliver(dependencies: {
  readonly book: Pick<ChannelBook, 'enabled' | 'find' | 'redact'>;
  readonly clock: Clock;
  readonly timers: Timers;
}): Deliver {
  const { book, clock, timers } = dependencies;
  const means = { clock, timers, redact: book.redact };

  function missing({ rule, deliveredTo, except }: Omit<Delivery, 'message'>): readonly LoadedChannel[] {
    const open = book.enabled().filter(({ id }) => !deliveredTo.has(id) && !except.has(id));
    if (rule.delivery === 'broadcast') return open;
    return hasReached(deliveredTo) ? open.filter(isHook) : open;
  }

  /** A channel that is no more may have been a webhook: then the owner is told once more rather than never. */
  const hasReached = (deliveredTo: ReadonlySet<string>): boolean =>
    [...deliveredTo].some((id) => {
      const channel = book.find(id);
      return channel !== undefined && !isHook(channel);
    });

  return {
    missing,
    hasReached,
    async round(delivery, signal) {
      const { rule, deliveredTo, message } = delivery;
      const urgent = rule.level === 'CRITICAL';
      const one = async (channel: LoadedChannel): Promise<Attempt> =>
        usableAt(channel, clock.now(), urgent) <= clock.now()
          ? attempt(channel, message(channel), means, signal)
          : passedOver(channel);
      const chain = async (channels: readonly LoadedChannel[]): Promise<Attempt[]> => {
        const made: Attempt[] = [];
        for (const channel of channels) {
          if (signal.aborted) break;
          const last = await one(channel);
          made.push(last);
          if (last.status === 'DELIVERED') break;
        }
        return made;
      };

      const open = missing(delivery);
      const inChain = rule.delivery === 'fallback' ? open.filter((channel) => !isHook(channel)) : [];
      const [chained, others] = await Promise.all([
        chain(inChain),
        Promise.all(open.filter((channel) => !inChain.includes(channel)).map(one)),
      ]);
      const attempts = [...chained, ...others];
      const idsWith = (accepts: (one: Attempt) => boolean): string[] =>
        attempts.filter(accepts).map(({ channel }) => channel.id);
      const left = missing({
        rule,
        deliveredTo: new Set([...deliveredTo, ...idsWith(({ status }) => status === 'DELIVERED')]),
        except: new Set([...delivery.except, ...idsWith(({ final }) => final)]),
      });
      return { attempts, missing: left };
    },
  };
}
