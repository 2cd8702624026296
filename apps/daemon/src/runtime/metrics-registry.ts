import {
  AGENT_STATUSES,
  AUDIT_EVENTS,
  type Clock,
  KILL_SWITCH_STATUSES,
  type KillSwitchStatus,
  unixSeconds,
} from '@waiaas/core';
import type { Keystore } from '@waiaas/keystore';
import type { Pipeline } from '@waiaas/pipeline';
import type { AuditTrail } from '@waiaas/safety';
import {
  countAgents,
  countAllLiveSessions,
  countAuditAfter,
  countNotifications,
  countOpenTransactions,
  type Storage,
} from '@waiaas/storage';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../version.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import type { Workers } from './workers.ts';

/** What the figures are taken from. */
export interface MetricsParts {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly keystore: Pick<Keystore, 'isUnlocked'>;
  readonly adapters: Pick<AdapterRegistry, 'status'>;
  readonly pipeline: Pick<Pipeline, 'underWay' | 'circuits'>;
  readonly workers: Pick<Workers, 'states'>;
  readonly auditTrail: Pick<AuditTrail, 'isIntact' | 'anchoredAt'>;
  readonly killSwitchStatus: () => KillSwitchStatus;
  readonly reachableChannels: () => number;
}

/** States of a transaction that are no end. */
const OPEN = ['PENDING', 'QUEUED', 'EXECUTING', 'SUBMITTED'] as const;
/** Rows of other names were written by another version, or by somebody else. */
const KNOWN: ReadonlySet<string> = new Set(AUDIT_EVENTS);

/** Answers of one route and status. */
export interface AnswerCount {
  readonly route: string;
  readonly status: string;
  readonly n: number;
  /** Time until all of them together. */
  readonly seconds: number;
}

/** What has been counted since the process began. */
export interface SinceStart {
  /** The last row of the audit log there was then. */
  readonly lastAuditRow: Promise<number>;
  readonly answers: () => Iterable<AnswerCount>;
}

/**
 * The figures an operator alarms on, taken when they are asked for (00 §3). No label has more values than there are words in
 * this code: no agent, address or path is ever one. Asking costs by what is open, not by what ever was.
 */
export function createMetricsRegistry(parts: MetricsParts, sinceStart: SinceStart): Registry {
  const { clock, storage, keystore, adapters, pipeline, workers, auditTrail, killSwitchStatus, reachableChannels } =
    parts;
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });

  /** A figure that is taken whenever somebody asks. */
  function gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    take: (set: (labels: Readonly<Record<Label, string>>, value: number) => void) => Promise<void> | void,
  ): void {
    new Gauge({
      name: `waiaas_${name}`,
      help,
      labelNames: [...labelNames],
      registers,
      async collect() {
        this.reset();
        await take((labels, value) => this.set({ ...labels }, value));
      },
    });
  }
  const plain = (name: string, help: string, value: () => number | null | Promise<number>): void =>
    gauge(name, help, [], async (set) => {
      const now = await value();
      if (now !== null) set({}, now);
    });
  const flag = (value: boolean): number => (value ? 1 : 0);
  const seconds = (milliseconds: number): number => milliseconds / 1000;

  gauge('info', 'The version that runs', ['version'], (set) => set({ version: VERSION }, 1));
  gauge('kill_switch', 'Whether the kill switch is in this state', ['status'], (set) => {
    for (const status of KILL_SWITCH_STATUSES) set({ status }, flag(killSwitchStatus() === status));
  });
  plain('keystore_unlocked', 'Whether the keys are there to sign with', () => flag(keystore.isUnlocked));
  gauge('agents', 'Agents in each state', ['status'], async (set) => {
    const counts = new Map((await countAgents(storage.read)).map(({ status, n }) => [status, n]));
    for (const status of AGENT_STATUSES) set({ status }, counts.get(status) ?? 0);
  });
  plain('sessions_live', 'Sessions that are neither expired nor revoked', () =>
    countAllLiveSessions(storage.read, unixSeconds(clock)),
  );
  gauge('transactions_open', 'Payments that are not at their end', ['status'], async (set) => {
    const counts = new Map((await countOpenTransactions(storage.read)).map(({ status, n }) => [status, n]));
    for (const status of OPEN) set({ status }, counts.get(status) ?? 0);
  });
  gauge(
    'transactions_oldest_seconds',
    'Age of the oldest payment in a state that is no end',
    ['status'],
    async (set) => {
      const now = unixSeconds(clock);
      for (const { status, oldest } of await countOpenTransactions(storage.read))
        set({ status }, Math.max(0, now - oldest));
    },
  );
  gauge('payments_under_way', 'Payments that this process works on', ['step'], (set) => {
    const { executing, confirming } = pipeline.underWay;
    set({ step: 'executing' }, executing);
    set({ step: 'confirming' }, confirming);
  });
  gauge('chain_up', 'Whether a network in use can be reached', ['chain', 'network'], (set) => {
    for (const { chain, network, healthy } of adapters.status()) set({ chain, network }, flag(healthy));
  });
  gauge('chain_latency_seconds', 'Answer time of the last probe of a network', ['chain', 'network'], (set) => {
    for (const { chain, network, latencyMs } of adapters.status()) {
      if (latencyMs !== null) set({ chain, network }, seconds(latencyMs));
    }
  });
  gauge(
    'circuit_closed',
    'Whether payments to a network go on; 0 while it is left alone',
    ['chain', 'network'],
    (set) => {
      for (const { chain, network, state } of pipeline.circuits()) set({ chain, network }, flag(state === 'CLOSED'));
    },
  );
  gauge('worker_last_run_timestamp_seconds', 'End of the last round of a background worker', ['worker'], (set) => {
    for (const [worker, { lastRun }] of Object.entries(workers.states())) {
      if (lastRun !== null) set({ worker }, seconds(lastRun));
    }
  });
  plain('audit_log_intact', 'Whether the audit log is as this process has left it', () => flag(auditTrail.isIntact));
  plain('audit_head_kept_timestamp_seconds', 'When the end of the audit log was last kept outside the database', () =>
    auditTrail.anchoredAt === null ? null : seconds(auditTrail.anchoredAt),
  );
  plain('notification_channels_reachable', 'Channels that can reach the owner', reachableChannels);
  plain('notifications_waiting', 'Events the owner has not been told of yet', () => countNotifications(storage.read));
  gauge('database_bytes', 'Size of the database', ['file'], (set) => {
    const { sizeBytes, walSizeBytes } = storage.facts();
    set({ file: 'main' }, sizeBytes);
    set({ file: 'wal' }, walSizeBytes);
  });

  /** Up to which row events are counted. */
  let counted = sinceStart.lastAuditRow;
  new Counter({
    name: 'waiaas_events_total',
    help: 'Rows of the audit log since the start, by event',
    labelNames: ['event'],
    registers,
    async collect() {
      const before = counted;
      const next = before.then(async (from) => {
        const rows = await countAuditAfter(storage.read, from);
        for (const { event_type, n } of rows) this.inc({ event: KNOWN.has(event_type) ? event_type : 'other' }, n);
        return Math.max(from, ...rows.map(({ last }) => last));
      });
      // One after another, so that no row is counted twice; one that fails is made again by the next.
      counted = next.catch(() => before);
      await next;
    },
  });
  const answers = (name: string, help: string, value: (count: AnswerCount) => number): void => {
    new Counter({
      name: `waiaas_${name}`,
      help,
      labelNames: ['route', 'status'],
      registers,
      collect() {
        this.reset();
        for (const count of sinceStart.answers()) this.inc({ route: count.route, status: count.status }, value(count));
      },
    });
  };
  answers('http_requests_total', 'Answers since the start, by route and status', ({ n }) => n);
  answers('http_request_seconds_total', 'Time until these answers', ({ seconds: time }) => time);
  return register;
}
