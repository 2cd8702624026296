import {
  type Clock,
  type IdGenerator,
  type NotificationChannelId,
  type NotificationChannelTestResponse,
  type NotificationEvent,
  notificationRule,
  unixSeconds,
} from '@waiaas/core';
import { actorName, auditOrigin, type RequestOrigin, refuseWhileLocked } from '@waiaas/management';
import { appendAudit, appendNotificationLog, recordChannelHealth, type Storage } from '@waiaas/storage';
import type { SendResult } from '../channels/channel.ts';
import type { ChannelBook } from '../channels/channel-book.ts';
import { learn } from '../delivery/attempt.ts';
import { messageOf } from '../delivery/dispatcher.ts';
import { invalidChannel } from './channel-config.ts';
import { findChannel } from './channel-rules.ts';
import { auditedChannel } from './channel-view.ts';

/** Seeing for oneself that a channel works. */
export interface ChannelTrial {
  /**
   * Sends a message over one channel, enabled or not, the way every message goes.
   * @throws WaiaasError CHANNEL_NOT_FOUND
   */
  test(id: NotificationChannelId, origin: RequestOrigin): Promise<NotificationChannelTestResponse>;
}

/** Makes it. */
export function createChannelTrial(dependencies: {
  readonly storage: Storage;
  readonly book: Pick<ChannelBook, 'find' | 'redact'>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}): ChannelTrial {
  const { storage, book, clock, ids } = dependencies;
  return {
    async test(id, origin) {
      await refuseWhileLocked(storage.read);
      const row = await findChannel(storage.read, id);
      const channel = book.find(id);
      if (channel === undefined) throw invalidChannel('The stored channel is not the one that the daemon wrote');
      const event: NotificationEvent = {
        event: 'CHANNEL_TEST',
        channelId: id,
        channelName: row.name,
        by: actorName(origin),
      };
      const about = { id: ids.next(), sequence: 0, at: unixSeconds(clock) };
      const startedAt = clock.now();
      const result: SendResult = channel.state.bucket.take(startedAt)
        ? await channel.sender.send(messageOf(event, about, channel, () => undefined))
        : { success: false, kind: 'rate_limited', error: 'Too many messages over this channel at the moment' };
      const latencyMs = Math.max(0, Math.round(clock.now() - startedAt));
      const health = learn(channel, result, clock.now());
      const error = result.success ? null : book.redact(result.error);
      await storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const status = result.success ? 'DELIVERED' : result.kind === 'rate_limited' ? 'RATE_LIMITED' : 'FAILED';
        await appendNotificationLog(db, {
          id: ids.next(),
          notificationId: about.id,
          channelId: id,
          event: event.event,
          level: notificationRule(event).level,
          referenceId: null,
          status,
          error,
          retryCount: 0,
          sentAt: now,
        });
        if (health !== null) await recordChannelHealth(db, id, { ...health, at: now });
        await appendAudit(db, now, {
          event: 'CHANNEL_TESTED',
          ...auditOrigin(origin),
          details: { ...auditedChannel(row), success: result.success, error },
        });
      });
      return {
        success: result.success,
        channelId: id,
        ...(result.status === undefined ? {} : { status: result.status }),
        latencyMs,
        ...(error === null ? {} : { error }),
        ...(result.success || result.retryAfter === undefined ? {} : { retryAfter: result.retryAfter }),
      };
    },
  };
}
