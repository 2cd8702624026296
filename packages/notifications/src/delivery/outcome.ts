import {
  type AuditSeverity,
  type IdGenerator,
  type NotificationEvent,
  type NotificationRule,
  notificationReference,
} from '@waiaas/core';
import {
  appendAudit,
  appendNotificationLog,
  keepDeadLetter,
  postponeNotification,
  recordChannelHealth,
  removeDeadLetter,
  removeNotification,
  type SealedNotification,
  type UnitOfWork,
} from '@waiaas/storage';
import { UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import type { Attempt } from './attempt.ts';

/** What is to be stored about a round, in one unit of work. */
export interface Outcome {
  readonly id: string;
  readonly event: NotificationEvent;
  readonly rule: NotificationRule;
  /** Unix seconds. */
  readonly at: number;
  readonly attempts: readonly Attempt[];
  /** The event as it is stored. */
  readonly letter: Omit<SealedNotification, 'id'>;
  /** Webhooks over which it is not tried any more, and why: kept for them, so that it can be sent again. */
  readonly deadFor: readonly { readonly channelId: string; readonly error: string }[];
  /** Nobody could be reached in this round, or a channel is given up; null otherwise. */
  readonly failure: {
    readonly error: string;
    readonly severity: AuditSeverity;
    readonly title: string;
    readonly tried: number;
  } | null;
  /** Whether that is new, and so goes into the audit log. */
  readonly isNews: boolean;
  /** When to try again; null: the event is over. */
  readonly next: { readonly at: number; readonly attempts: number; readonly deliveredTo: readonly string[] } | null;
}

/**
 * Stores what became of a round: the log, how the channels are, what is kept to be sent again, and whether the event stays in the outbox. A channel that
 * has just become unreachable is an event of its own, told over the others, once per outage (05 §2.13).
 */
export async function saveOutcome({ db, notify }: UnitOfWork, ids: IdGenerator, outcome: Outcome): Promise<void> {
  const { id, event, rule, at, attempts, failure, next } = outcome;
  const entry = {
    notificationId: id,
    event: event.event,
    level: rule.level,
    referenceId: notificationReference(event),
    sentAt: at,
  };
  for (const { channel, status, error, retries, health } of attempts) {
    await appendNotificationLog(db, {
      ...entry,
      id: ids.next(),
      channelId: channel.id,
      status,
      error,
      retryCount: retries,
    });
    if (status === 'DELIVERED') await removeDeadLetter(db, channel.id, id);
    if (health === null) continue;
    await recordChannelHealth(db, channel.id, { ...health, at });
    if (!health.ok && health.failures === UNREACHABLE_AFTER) {
      const { id: channelId, name: channelName } = channel;
      await notify({ event: 'CHANNEL_UNHEALTHY', channelId, channelName, failures: health.failures });
    }
  }
  for (const { channelId, error } of outcome.deadFor) {
    const { sequence, payload, createdAt, seal } = outcome.letter;
    await keepDeadLetter(db, {
      channel_id: channelId,
      id,
      sequence,
      payload,
      created_at: createdAt,
      given_up_at: at,
      error,
      seal,
    });
  }
  if (failure !== null) {
    const { error, severity, title, tried } = failure;
    await appendNotificationLog(db, {
      ...entry,
      id: ids.next(),
      channelId: null,
      status: 'ALL_FAILED',
      error,
      retryCount: 0,
    });
    if (outcome.isNews) {
      await appendAudit(db, at, {
        event: 'NOTIFICATION_ALL_FAILED',
        actor: 'system',
        severity,
        details: { event: event.event, notificationId: id, title, channels: tried, error },
      });
    }
  }
  if (next === null) await removeNotification(db, id);
  else await postponeNotification(db, id, next);
}
