import {
  type AuditSeverity,
  type Clock,
  type IdGenerator,
  isoFromSeconds,
  type Logger,
  type NotificationEvent,
  type Notifier,
  notificationEventSchema,
  notificationReference,
  notificationRule,
  type RowSealer,
  unixSeconds,
} from '@waiaas/core';
import {
  appendAudit,
  findAgent,
  listDueNotifications,
  nextNotificationAt,
  type OutboxRow,
  postponeNotification,
  removeNotification,
  type Storage,
  sealedOf,
} from '@waiaas/storage';
import type { ChannelBook, LoadedChannel } from '../channels/channel-book.ts';
import { render } from '../templates/render.ts';
import type { Message } from '../text/message.ts';
import { type Timers, usableAt } from './attempt.ts';
import { isEventAuthentic } from './authentic-event.ts';
import { isOver, pauseAfter } from './backoff.ts';
import { createDeliver, isHook } from './deliver.ts';
import { type Outcome, saveOutcome } from './outcome.ts';
import { createRecentEvents } from './recent.ts';

/** What the dispatcher works with. */
export interface DispatcherDependencies {
  readonly storage: Storage;
  /** Has sealed what is stored. */
  readonly sealer: RowSealer;
  readonly book: ChannelBook;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdGenerator;
  readonly logger: Logger;
  /** Whether anything is sent at all. Asked each time, and not before the channels are loaded. */
  readonly isEnabled: () => boolean;
  /** While nothing is sent: since when, epoch seconds. What was stored up to then is still told. */
  readonly offSince: () => number;
  /** Time in which an equal event is told once, seconds. */
  readonly dedupTtl: number;
}

/** Tells the owner what the outbox holds, and takes reports. */
export interface Dispatcher extends Notifier {
  /** Begins to send. Before that, events are only stored. */
  start(): void;
  /**
   * Sends what is due within a grace, then gives up what is under way: it stays in the outbox, for the next start.
   * Resolves once nothing touches the database any more.
   */
  stop(graceMs: number): Promise<void>;
  /** Events that are being sent now. */
  readonly underWay: number;
}

/** Events under way at once; half of the places are kept for alarms. */
const PLACES = 16;
const ROUTINE_PLACES = 8;
/** Longest sleep, ms: what was stored by somebody who forgot to wake the dispatcher is told all the same. */
const LONGEST_SLEEP_MS = 30_000;
/** Pause after the database could not be used, ms. */
const FAULT_PAUSE_MS = 5_000;
/** How long at least events wait for a webhook that is being left alone, seconds: there may be days of them. */
const HOOK_PAUSE = 600;

/** Makes the message of an event for a channel. */
export function messageOf(
  event: NotificationEvent,
  about: { readonly id: string; readonly sequence: number; readonly at: number },
  channel: Pick<LoadedChannel, 'locale'>,
  agentName: (agentId: string) => string | undefined,
): Message {
  return {
    ...render(event, channel.locale, { at: about.at, agentName }),
    id: about.id,
    sequence: about.sequence,
    event,
    level: notificationRule(event).level,
    urgent: event.event === 'TX_APPROVAL_REQUEST',
    locale: channel.locale,
    createdAt: isoFromSeconds(about.at),
  };
}

/** The agent an event is about; null when it is about none. */
export function agentOf(event: NotificationEvent): string | null {
  if ('payment' in event) return event.payment.agentId;
  return 'agentId' in event ? event.agentId : null;
}

const readIds = (json: string): readonly string[] => {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
};

/** Channels that are not told of an event, because it is about them. */
export const exceptOf = (event: NotificationEvent): readonly string[] =>
  event.event === 'CHANNEL_UNHEALTHY' ? [event.channelId] : [];

/** The event that a row holds; null when this version cannot read it. */
export function readEvent(row: Pick<OutboxRow, 'payload'>): NotificationEvent | null {
  const parsed = notificationEventSchema.safeParse(JSON.parse(row.payload));
  return parsed.success ? parsed.data : null;
}

/**
 * Makes the dispatcher. It reads the outbox, most urgent first, and tells each event until somebody has been reached and
 * every webhook has it, or it is too old; whatever is given up is recorded. What it learns is stored in one unit of work with
 * the removal of the event: after a crash in between, an event is told again rather than lost (08 §2.10: at least once,
 * receivers know it by its id). What the daemon has not stored itself is told to nobody: it would be signed in its name.
 *
 * Nothing here is awaited by a payment. A channel that fails again and again is left alone for a while; while no channel
 * can be used, events wait where they are.
 */
export function createDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { storage, sealer, book, clock, timers, ids, logger, isEnabled, offSince } = dependencies;
  const deliver = createDeliver({ book, clock, timers });
  const recent = createRecentEvents({ clock, ttlSeconds: dependencies.dedupTtl });
  const inFlight = new Map<string, { readonly urgency: number; readonly done: Promise<void> }>();
  /** Outcomes that could not be stored yet. Their events have been sent and must not be sent again for that. */
  const unsaved = new Map<string, Outcome>();
  /**
   * Channels that have refused a message for good or were given up, by event. Forgotten at a restart, which costs one more
   * attempt.
   */
  const refusedBy = new Map<string, Set<string>>();
  /** Events of which it is recorded that they reach nobody any more. Forgotten at a restart, which costs one more record. */
  const recordedLost = new Set<string>();
  const ending = new AbortController();
  let closing = false;
  let woken = false;
  let sleep = new AbortController();
  let running: Promise<void> | null = null;

  function wake(): void {
    woken = true;
    sleep.abort();
  }

  async function namesFor(event: NotificationEvent): Promise<(agentId: string) => string | undefined> {
    const id = agentOf(event);
    const name = id === null ? undefined : (await findAgent(storage.read, id))?.name;
    return (agentId) => (agentId === id ? name : undefined);
  }

  /** Stores an outcome now, or keeps it to be stored later. */
  async function save(outcome: Outcome): Promise<void> {
    unsaved.set(outcome.id, outcome);
    try {
      await storage.write((work) => saveOutcome(work, ids, outcome));
      unsaved.delete(outcome.id);
      if (outcome.next === null) {
        refusedBy.delete(outcome.id);
        recordedLost.delete(outcome.id);
      }
    } catch (error) {
      logger.error(
        { event: outcome.event.event, error: String(error) },
        'What became of a notification is not stored yet',
      );
    }
  }

  /** Leaves an event for later as if nothing had been tried. */
  const putOff = (row: OutboxRow, at: number): Promise<void> =>
    storage.write(({ db }) =>
      postponeNotification(db, row.id, { at, attempts: row.attempts, deliveredTo: readIds(row.delivered_to) }),
    );

  /** Events that somebody else has stored are told to nobody; that there were such is. */
  async function dropPlanted(rows: readonly OutboxRow[]): Promise<void> {
    // Whoever has stored them may have put anything there.
    const ids = rows.map(({ id }) => id.slice(0, 64));
    const events = rows.map(({ event }) => event.slice(0, 64));
    logger.error({ ids, events }, 'Somebody else has stored notifications; they are not told');
    await storage.write(async ({ db }) => {
      const details = { what: 'notification', ids, events };
      await appendAudit(db, unixSeconds(clock), { event: 'SEAL_BROKEN', actor: 'system', details });
      for (const { id } of rows) await removeNotification(db, id);
    });
  }

  const remove = (id: string): Promise<void> => storage.write(({ db }) => removeNotification(db, id));

  /** One round for one event. */
  async function tell(row: OutboxRow, event: NotificationEvent): Promise<void> {
    const rule = notificationRule(event);
    const reference = notificationReference(event);
    const key = reference === null ? null : `${event.event}:${reference}`;
    if (key !== null && !recent.reserve(key, row.id)) return remove(row.id);

    const names = await namesFor(event);
    const refused = refusedBy.get(row.id) ?? new Set<string>();
    refusedBy.set(row.id, refused);
    const before = new Set(readIds(row.delivered_to));
    const about = { id: row.id, sequence: row.seq, at: row.created_at };
    const { attempts, missing } = await deliver.round(
      {
        rule,
        deliveredTo: before,
        except: new Set([...refused, ...exceptOf(event)]),
        message: (channel) => messageOf(event, about, channel, names),
      },
      ending.signal,
    );
    for (const one of attempts) if (one.final && one.status !== 'DELIVERED') refused.add(one.channel.id);
    const deliveredTo = [
      ...before,
      ...attempts.filter(({ status }) => status === 'DELIVERED').map(({ channel }) => channel.id),
    ];
    if (key !== null && deliveredTo.length === 0) recent.release(key, row.id);

    const at = unixSeconds(clock);
    // What was given up because the daemon stops is as if it had not been tried.
    if (ending.signal.aborted && deliveredTo.length === before.size) return;
    // Others took the last places of the channels in the same moment: nothing was tried, so nothing has failed.
    if (attempts.length > 0 && attempts.every(({ asked }) => !asked)) {
      return putOff(row, Math.max(at + 1, Math.ceil(earliest(missing, rule.level === 'CRITICAL') / 1000)));
    }
    const rounds = row.attempts + 1;
    const age = at - row.created_at;
    const readers = book.enabled().filter((one) => !isHook(one) && !exceptOf(event).includes(one.id));
    const taken = new Set(deliveredTo);
    // What a program has taken nobody has read, unless there are programs only.
    const reached = deliver.hasReached(taken) || (readers.length === 0 && taken.size > 0);
    const isGivenUp = (one: LoadedChannel): boolean =>
      isOver({ rounds, age, reached, isHook: isHook(one) }, rule.level);
    const givenUp = missing.filter(isGivenUp);
    for (const { id } of givenUp) refused.add(id);
    const errorOf = (id: string): string =>
      attempts.find(({ channel }) => channel.id === id)?.error ?? 'It was not taken in time';
    const deadFor = [
      ...attempts.filter(({ final, status }) => final && status !== 'DELIVERED').map(({ channel }) => channel),
      ...givenUp,
    ].filter(isHook);
    const left = missing.filter((one) => !isGivenUp(one));
    const over = left.length === 0;
    const isLost = !reached && (readers.length === 0 ? over : left.every(isHook));
    const hasFailed = !reached && (rounds === 1 || (isLost && !recordedLost.has(row.id)));
    if (isLost) recordedLost.add(row.id);
    const { title } = render(event, 'en', { at: row.created_at, agentName: names });
    let failure: { readonly error: string; readonly severity: AuditSeverity } | null = null;
    if (hasFailed) {
      const untold = isLost ? 'Given up' : 'No channel has taken it; it is tried again';
      failure = { error: attempts.length === 0 ? 'No channel is enabled' : untold, severity: 'critical' };
    } else if (givenUp.length > 0) {
      // People have it over another channel, but a program may have nothing else.
      const severity = givenUp.some(isHook) ? 'critical' : 'warning';
      failure = { error: `Given up for ${givenUp.map(({ name }) => name).join(', ')}`, severity };
    }
    await save({
      id: row.id,
      event,
      rule,
      at,
      // That a channel was passed over is logged once, not in every round.
      attempts: attempts.filter(({ asked }) => row.attempts === 0 || asked),
      letter: sealedOf(row),
      deadFor: deadFor.map(({ id }) => ({ channelId: id, error: errorOf(id) })),
      failure: failure === null ? null : { ...failure, title, tried: attempts.length },
      // That routine news reaches nobody where there is no channel at all was the operator's choice.
      isNews: failure !== null && (attempts.length > 0 || rule.level !== 'INFO'),
      next: over ? null : { at: at + pauseAfter(rounds, rule.level), attempts: rounds, deliveredTo },
    });
  }

  /**
   * Whether nobody is told of an event because notifications are off. What was stored before that is told, so that switching
   * them off takes nothing away; and so is that they are off, or that anything else was set while they are.
   */
  const isLeftOut = (row: OutboxRow, event: NotificationEvent): boolean =>
    !isEnabled() && event.event !== 'SETTINGS_CHANGED' && row.created_at > offSince();

  /** When one of these channels can be used, epoch ms; infinity when there is none. */
  const earliest = (channels: readonly LoadedChannel[], urgent: boolean): number =>
    Math.min(...channels.map((channel) => usableAt(channel, clock.now(), urgent)));

  /** Starts what can be started. Answers how long to sleep then, ms. */
  async function startDue(): Promise<number> {
    for (const outcome of [...unsaved.values()]) await save(outcome);
    if (unsaved.size > 0) return FAULT_PAUSE_MS;
    const now = unixSeconds(clock);
    // Without the vault there are no channels yet, nor does anybody know whether anything is sent; what happens meanwhile waits.
    if (!book.isLoaded) return LONGEST_SLEEP_MS;
    const due = await listDueNotifications(storage.read, {
      now,
      limit: PLACES - inFlight.size,
      except: [...inFlight.keys()],
    });
    const planted = due.filter((row) => {
      const event = readEvent(row);
      return event !== null && !isEventAuthentic(sealer, sealedOf(row), event);
    });
    if (planted.length > 0) {
      await dropPlanted(planted);
      return 0;
    }
    for (const row of due) {
      const event = readEvent(row);
      if (event === null) {
        logger.error({ notificationId: row.id }, 'A stored notification cannot be read; it is dropped');
        await remove(row.id);
        continue;
      }
      if (isLeftOut(row, event)) {
        const level = notificationRule(event).level === 'INFO' ? 'debug' : 'warn';
        logger[level](
          { notificationId: row.id, event: event.event },
          'Notifications are switched off: this is not told to anybody',
        );
        await remove(row.id);
        continue;
      }
      const urgent = row.urgency === 0;
      const routine = [...inFlight.values()].filter(({ urgency }) => urgency !== 0).length;
      if (!urgent && routine >= ROUTINE_PLACES) break;
      const channels = deliver.missing({
        rule: notificationRule(event),
        deliveredTo: new Set(readIds(row.delivered_to)),
        except: new Set([...(refusedBy.get(row.id) ?? []), ...exceptOf(event)]),
      });
      const at = channels.length === 0 ? clock.now() : earliest(channels, urgent);
      if (at > clock.now()) {
        const all = earliest(book.enabled(), urgent);
        // No channel is free: everything waits. Only those of this event are not: others may go first.
        if (all > clock.now()) return Math.min(all - clock.now(), LONGEST_SLEEP_MS);
        const isLeftAlone = channels.every((one) => isHook(one) && one.state.brokenUntil > clock.now());
        await putOff(row, Math.max(Math.ceil(at / 1000), isLeftAlone ? now + HOOK_PAUSE : 0));
        continue;
      }
      begin(row, event);
    }
    if (due.length === PLACES && inFlight.size < PLACES) return 0;
    const next = await nextNotificationAt(storage.read, now);
    return next === null ? LONGEST_SLEEP_MS : Math.min(Math.max(0, next * 1000 - clock.now()), LONGEST_SLEEP_MS);
  }

  function begin(row: OutboxRow, event: NotificationEvent): void {
    const done = tell(row, event)
      .catch((error: unknown) => {
        logger.error(
          { event: event.event, error: book.redact(String(error)) },
          'A notification failed; it is tried again',
        );
        return storage
          .write(({ db }) =>
            postponeNotification(db, row.id, {
              at: unixSeconds(clock) + pauseAfter(row.attempts + 1, 'INFO'),
              attempts: row.attempts + 1,
              deliveredTo: readIds(row.delivered_to),
            }),
          )
          .catch((fault: unknown) => logger.error({ error: String(fault) }, 'A notification could not be put off'));
      })
      .finally(() => {
        inFlight.delete(row.id);
        wake();
      });
    inFlight.set(row.id, { urgency: row.urgency, done });
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      woken = false;
      sleep = new AbortController();
      let pause = FAULT_PAUSE_MS;
      try {
        pause = await startDue();
      } catch (error) {
        logger.error({ error: String(error) }, 'The notifications that wait could not be read');
      }
      if (closing && inFlight.size === 0) return;
      if (!woken) await timers.sleep(pause, AbortSignal.any([sleep.signal, ending.signal]));
    }
  }

  storage.onNotification(wake);

  return {
    report(event) {
      storage
        .write(({ notify }) => notify(event))
        .catch((error: unknown) =>
          logger.error({ event: event.event, error: String(error) }, 'A notification could not be stored'),
        );
    },
    start() {
      running ??= run();
    },
    async stop(graceMs) {
      closing = true;
      wake();
      const grace = new AbortController();
      const finished = (running ?? Promise.resolve()).finally(() => grace.abort());
      if (graceMs > 0) await Promise.race([finished, timers.sleep(graceMs, grace.signal)]);
      ending.abort();
      await finished;
      await Promise.all([...inFlight.values()].map(({ done }) => done));
    },
    get underWay() {
      return inFlight.size;
    },
  };
}
