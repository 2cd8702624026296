import {
  type Clock,
  type DeadLetter,
  type DeadLetterListResponse,
  type DeadLetterQuery,
  type IdGenerator,
  isoFromSeconds,
  type NotificationChannelId,
  type NotificationEvent,
  notificationReference,
  notificationRule,
  type Redeliver,
  type RedeliverResponse,
  type Redelivery,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { auditOrigin, confirmOrigin, type RequestOrigin, refuseWhileLocked } from '@waiaas/management';
import {
  appendAudit,
  appendNotificationLog,
  DEAD_LETTERS_FOR,
  type DeadLetterRow,
  findAgent,
  findDeadLetter,
  findNotificationChannel,
  listDeadLetters,
  noteDeadLetterError,
  recordChannelHealth,
  removeDeadLetter,
  type SealedNotification,
  type Storage,
} from '@waiaas/storage';
import { type ChannelBook, type LoadedChannel, UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import { type Attempt, attempt, type Timers } from '../delivery/attempt.ts';
import { isEventAuthentic, isEventShown } from '../delivery/authentic-event.ts';
import { agentOf, messageOf, readEvent } from '../delivery/dispatcher.ts';

/** What webhooks have not taken: looking at it, and sending it again (08 §2.10). */
export interface DeadLetters {
  /** @throws WaiaasError CHANNEL_NOT_FOUND */
  deadLetters(id: NotificationChannelId, query: DeadLetterQuery): Promise<DeadLetterListResponse>;
  /**
   * Sends events again, oldest first, under the ids they had, so that a receiver recognises what it has after all; the
   * signature is of now. What is taken is not kept any longer. An event that is refused itself is passed over; where the
   * receiver takes none at all, those behind it keep their places. Whether whoever asks still may is asked before each.
   *
   * It answers within about ten seconds: who asks waits no longer than half a minute. A daemon that stops begins none, and
   * waits for none that is under way.
   *
   * @throws WaiaasError CHANNEL_NOT_FOUND, DEAD_LETTER_NOT_FOUND, INVALID_CHANNEL_CONFIG, SYSTEM_LOCKED, SHUTTING_DOWN, and as
   *   `confirmOrigin`
   */
  redeliver(id: NotificationChannelId, input: Redeliver, origin: RequestOrigin): Promise<RedeliverResponse>;
}

/** Events that are sent for one request, and for how long new ones are begun, ms: whoever asks is waiting. */
const BATCH = 20;
const BATCH_MS = 4_000;

/** Makes what looks at dead letters and sends them again. */
export function createDeadLetters(dependencies: {
  readonly storage: Storage;
  readonly book: Pick<ChannelBook, 'find' | 'redact'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdGenerator;
  /** Has sealed what is kept. */
  readonly sealer: RowSealer;
  /** Aborted when the daemon stops. */
  readonly shutdown: AbortSignal;
}): DeadLetters {
  const { storage, book, clock, timers, ids, sealer, shutdown } = dependencies;
  // A pause that the receiver asks for is told to whoever waits for the answer.
  const means = { clock, timers, redact: book.redact, shortPause: 0 };
  const oldest = (): number => unixSeconds(clock) - DEAD_LETTERS_FOR;

  async function assertChannel(channelId: NotificationChannelId): Promise<void> {
    const row = await findNotificationChannel(storage.read, channelId);
    if (row === undefined) throw new WaiaasError('CHANNEL_NOT_FOUND', { details: { channelId } });
  }

  async function oneOf(channelId: NotificationChannelId, deliveryId: string): Promise<DeadLetterRow> {
    const row = await findDeadLetter(storage.read, { channelId, id: deliveryId, after: oldest() });
    if (row === undefined) throw new WaiaasError('DEAD_LETTER_NOT_FOUND', { details: { channelId, deliveryId } });
    return row;
  }

  /** Null when it was not sent, because time was over before the channel took a message, or when that is not known. */
  async function send(
    row: DeadLetterRow,
    event: NotificationEvent,
    { channel, until }: { readonly channel: LoadedChannel; readonly until: number },
  ): Promise<Attempt | null> {
    const agent = agentOf(event);
    const name = agent === null ? undefined : (await findAgent(storage.read, agent))?.name;
    const about = { id: row.id, sequence: row.sequence, at: row.created_at };
    const message = messageOf(event, about, channel, (id) => (id === agent ? name : undefined));
    while (!shutdown.aborted && clock.now() < until) {
      const wait = channel.state.bucket.nextAt(clock.now()) - clock.now();
      if (wait > 0) await timers.sleep(wait, shutdown);
      const made = await attempt(channel, message, means, shutdown);
      // Others, at work over the same channel, may have been faster.
      if (made.asked) return made;
    }
    return null;
  }

  /** One that somebody else has stored is sent to nobody; that there was such a one is told. */
  const dropPlanted = (row: DeadLetterRow, { event }: NotificationEvent): Promise<void> =>
    storage.write(async ({ db }) => {
      const details = { what: 'dead letter', ids: [row.id], events: [event], channelId: row.channel_id };
      await appendAudit(db, unixSeconds(clock), { event: 'SEAL_BROKEN', actor: 'system', details });
      await removeDeadLetter(db, row.channel_id, row.id);
    });

  /** In the very step that sends something: much may have ended since the request, or the last of its events. */
  async function mayGoOn(origin: RequestOrigin): Promise<void> {
    await refuseWhileLocked(storage.read);
    await confirmOrigin(storage.read, sealer, origin);
  }

  /** Stores what became of it. What was taken goes in the same unit of work. */
  async function record(
    { id, channel_id }: DeadLetterRow,
    event: NotificationEvent,
    { channel, status, error, retries, health }: Attempt,
    origin: RequestOrigin,
  ): Promise<void> {
    await storage.write(async ({ db, notify }) => {
      const now = unixSeconds(clock);
      await appendNotificationLog(db, {
        id: ids.next(),
        notificationId: id,
        channelId: channel_id,
        event: event.event,
        level: notificationRule(event).level,
        referenceId: notificationReference(event),
        status,
        error,
        retryCount: retries,
        sentAt: now,
      });
      if (error === null) await removeDeadLetter(db, channel_id, id);
      else await noteDeadLetterError(db, channel_id, id, error);
      if (health !== null) await recordChannelHealth(db, channel_id, { ...health, at: now });
      if (health !== null && !health.ok && health.failures === UNREACHABLE_AFTER) {
        const { name: channelName } = channel;
        await notify({ event: 'CHANNEL_UNHEALTHY', channelId: channel_id, channelName, failures: health.failures });
      }
      await appendAudit(db, now, {
        event: 'CHANNEL_REDELIVERED',
        ...auditOrigin(origin),
        details: { channelId: channel_id, notificationId: id, event: event.event, success: error === null, error },
      });
    });
  }

  return {
    async deadLetters(id, { limit, ...query }) {
      await assertChannel(id);
      const rows = await listDeadLetters(storage.read, {
        ...query,
        channelId: id,
        after: oldest(),
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      return {
        deadLetters: page.flatMap((row) => toView(row, sealer)),
        nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async redeliver(id, { deliveryId, cursor }, origin) {
      await mayGoOn(origin);
      await assertChannel(id);
      const channel = book.find(id);
      if (channel === undefined) {
        const reason = 'The stored channel is not the one that the daemon wrote';
        throw new WaiaasError('INVALID_CHANNEL_CONFIG', { details: { reason } });
      }
      const query = { channelId: id, after: oldest(), cursor, order: 'asc', limit: BATCH + 1 } as const;
      const rows =
        deliveryId === undefined ? await listDeadLetters(storage.read, query) : [await oneOf(id, deliveryId)];
      const pause = (): number => Math.max(0, channel.state.pausedUntil - clock.now()) / 1000;
      const deliveries: Redelivery[] = [];
      const until = clock.now() + BATCH_MS;
      let last: string | null = null;
      let takesMore = pause() === 0;
      for (const row of rows.slice(0, BATCH)) {
        if (!takesMore || clock.now() >= until) break;
        const event = readEvent(row);
        if (event !== null && !isEventAuthentic(sealer, sealedOf(row), event)) await dropPlanted(row, event);
        else if (event !== null) {
          await mayGoOn(origin);
          const made = await send(row, event, { channel, until });
          if (made === null) break;
          await record(row, event, made, origin);
          deliveries.push(shown(row, event, made));
          takesMore = made.final;
        }
        last = row.id;
      }
      if (shutdown.aborted && deliveries.length === 0) throw new WaiaasError('SHUTTING_DOWN');
      const retryAfter = pause();
      return {
        channelId: id,
        deliveries,
        nextCursor: takesMore && last !== rows.at(-1)?.id ? last : null,
        ...(retryAfter > 0 ? { retryAfter } : {}),
      };
    },
  };
}

const shown = ({ id }: DeadLetterRow, { event }: NotificationEvent, { status, error, httpStatus }: Attempt) => ({
  deliveryId: id,
  event,
  success: status === 'DELIVERED',
  ...(httpStatus === undefined ? {} : { status: httpStatus }),
  ...(error === null ? {} : { error }),
});

const sealedOf = ({ id, sequence, payload, created_at, seal }: DeadLetterRow): SealedNotification => ({
  id,
  sequence,
  payload,
  createdAt: created_at,
  seal,
});

/** One that cannot be read could not be sent, either, nor could one that somebody else has stored. */
function toView(row: DeadLetterRow, sealer: RowSealer): readonly DeadLetter[] {
  const event = readEvent(row);
  if (event === null || !isEventShown(sealer, sealedOf(row), event)) return [];
  return [
    {
      deliveryId: row.id,
      channelId: row.channel_id,
      sequence: row.sequence,
      event: event.event,
      level: notificationRule(event).level,
      referenceId: notificationReference(event),
      createdAt: isoFromSeconds(row.created_at),
      givenUpAt: isoFromSeconds(row.given_up_at),
      keptUntil: isoFromSeconds(row.given_up_at + DEAD_LETTERS_FOR),
      error: row.error,
    },
  ];
}
