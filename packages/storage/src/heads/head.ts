import {
  AGENT_STATUSES,
  type AgentStatus,
  canonicalJson,
  SUSPENSION_REASONS,
  type SuspensionReason,
  TIERS,
  type Tier,
  TRANSACTION_STATUSES,
  type TransactionStatus,
} from '@waiaas/core';
import { z } from 'zod';
import type { Admissions } from './recent-admissions.ts';
import type { SpendRun } from './spend-runs.ts';

/** A transaction with something still to come: it holds a reservation, or is looked up once more. */
export interface OpenTransaction {
  /** Seal of its newest state: a row with another one is not what the daemon wrote last. */
  readonly seal: string;
  /** Null for a recall, which no session has asked for. */
  readonly sessionId: string | null;
  readonly asset: string;
  /** Base units; null once nothing is reserved any more, and for a recall: what goes back to the owner is no spending. */
  readonly reserved: bigint | null;
  readonly tier: Tier | null;
  readonly status: TransactionStatus;
}

/** The newest row of the ledger for an asset. */
export interface LastSpend {
  /** Unix seconds. */
  readonly settledAt: number;
  /** Running total, base units. */
  readonly cumulative: bigint;
  /** Seal of that row. */
  readonly seal: string;
  /** Which runs of the daemon have appended what is in a window; empty in heads from before that was told. */
  readonly runs: readonly SpendRun[];
}

/** What was put into accounts opened for recipients, as one sum for those opened close together. */
export interface AccountRent {
  /** When the last of them was signed, Unix seconds. */
  readonly at: number;
  /** Base units of the native asset. */
  readonly amount: bigint;
}

/** What is sealed with a version that a head pins: sets of rows, and the settings. */
const MARKS = ['policies', 'sessions', 'settings', 'autoStop'] as const;
export type Mark = (typeof MARKS)[number];

/** What an agent may do at all: whether it may, and why not. */
export interface AgentState {
  readonly status: AgentStatus;
  /** Null unless it is suspended. */
  readonly reason: SuspensionReason | null;
}

/** A row of the audit log, with the link of all rows up to it. */
export interface LogPosition {
  readonly auditId: number;
  readonly hash: string;
}

/** What the head of a scope says: the newest state of everything in it that grants or limits, sealed as one. */
export interface Head {
  readonly open: ReadonlyMap<string, OpenTransaction>;
  readonly spent: ReadonlyMap<string, LastSpend>;
  readonly marks: ReadonlyMap<Mark, number>;
  /** Oldest first; null in heads from before they were counted here: then the transactions tell. */
  readonly rents: readonly AccountRent[] | null;
  /**
   * Payments that count towards rates, oldest first; null in heads from before they were counted here: then the transactions
   * tell, until the next one is admitted.
   */
  readonly recent: readonly Admissions[] | null;
  /** Null in the head of what holds for all, and in those from before the state of an agent was sealed. */
  readonly agent: AgentState | null;
  /**
   * How far the audit log had come when all heads that could be believed were last sealed anew: an older one is of no account,
   * so that a start reads what came after that row. Null in the heads of agents, and where it was not noted yet.
   */
  readonly readFrom: LogPosition | null;
}

/** A head that is being changed. */
export interface HeadDraft extends Head {
  readonly open: Map<string, OpenTransaction>;
  readonly spent: Map<string, LastSpend>;
  readonly marks: Map<Mark, number>;
  rents: readonly AccountRent[] | null;
  recent: readonly Admissions[] | null;
  agent: AgentState | null;
  readFrom: LogPosition | null;
}

/** A copy to change; without an argument, the head of a scope in which nothing has happened yet. */
export const draftOf = (head?: Head): HeadDraft => ({
  open: new Map(head?.open),
  spent: new Map(head?.spent),
  marks: new Map(head?.marks),
  rents: head === undefined ? [] : head.rents,
  recent: head === undefined ? [] : head.recent,
  agent: head?.agent ?? null,
  readFrom: head?.readFrom ?? null,
});

/** Texts of the admissions that heads hold: hundreds of entries, which change once for every few times a head is sealed. */
const admissionTexts = new WeakMap<readonly Admissions[], string>();

function encodeAdmissions(recent: readonly Admissions[]): string {
  const known = admissionTexts.get(recent);
  if (known !== undefined) return known;
  const entries = Array.from(recent, ({ at, count }) => `[${canonicalJson(at)},${canonicalJson(count)}]`);
  const text = `[${entries.join(',')}]`;
  admissionTexts.set(recent, text);
  return text;
}

const encodeOpen = (open: Head['open']): string =>
  canonicalJson(
    Array.from(open, ([id, { seal, sessionId, asset, reserved, tier, status }]) => [
      id,
      seal,
      sessionId,
      asset,
      reserved,
      tier,
      status,
    ]),
  );

const encodeSpent = (spent: Head['spent']): string =>
  canonicalJson(
    Array.from(spent, ([asset, { settledAt, cumulative, seal, runs }]) => [
      asset,
      settledAt,
      cumulative,
      seal,
      ...(runs.length === 0 ? [] : [runs.map(({ run, from, until }) => [run, from, until])]),
    ]),
  );

/**
 * The text of a head, as it is stored and sealed: canonical JSON, of which the fields are put together here, in the order of
 * their names.
 */
export const encodeHead = ({ open, spent, marks, rents, recent, agent, readFrom }: Head): string => {
  const fields = [
    agent === null ? null : `"agent":${canonicalJson([agent.status, agent.reason])}`,
    `"marks":${canonicalJson(Array.from(marks, ([name, version]) => [name, version]))}`,
    `"open":${encodeOpen(open)}`,
    readFrom === null ? null : `"readFrom":${canonicalJson([readFrom.auditId, readFrom.hash])}`,
    recent === null ? null : `"recent":${encodeAdmissions(recent)}`,
    rents === null ? null : `"rents":${canonicalJson(rents.map(({ at, amount }) => [at, amount]))}`,
    `"spent":${encodeSpent(spent)}`,
  ];
  return `{${fields.filter((field) => field !== null).join(',')}}`;
};

const amount = z.string().regex(/^(0|[1-9]\d*)$/);

const spentFields = [z.string(), z.int(), amount, z.string()] as const;
const spendRuns = z.array(z.tuple([z.string().nullable(), amount, z.int()]));

const headSchema = z.strictObject({
  open: z.array(
    z.tuple([
      z.string(),
      z.string(),
      z.string().nullable(),
      z.string(),
      amount.nullable(),
      z.enum(TIERS).nullable(),
      z.enum(TRANSACTION_STATUSES),
    ]),
  ),
  spent: z.array(z.union([z.tuple(spentFields), z.tuple([...spentFields, spendRuns])])),
  marks: z.array(z.tuple([z.enum(MARKS), z.int()])),
  rents: z.array(z.tuple([z.int(), amount])).optional(),
  recent: z.array(z.tuple([z.int(), z.int()])).optional(),
  agent: z.tuple([z.enum(AGENT_STATUSES), z.enum(SUSPENSION_REASONS).nullable()]).optional(),
  readFrom: z.tuple([z.int().min(1), z.string().regex(/^[0-9a-f]{64}$/)]).optional(),
});

/** Reads the text of a head back, once its seal was checked. @throws when it is no such text */
export function decodeHead(text: string): Head {
  const { open, spent, marks, rents, recent, agent, readFrom } = headSchema.parse(JSON.parse(text));
  return {
    open: new Map(
      open.map(([id, seal, sessionId, asset, reserved, tier, status]) => [
        id,
        { seal, sessionId, asset, reserved: reserved === null ? null : BigInt(reserved), tier, status },
      ]),
    ),
    spent: new Map(
      spent.map(([asset, settledAt, cumulative, seal, runs = []]) => [
        asset,
        {
          settledAt,
          cumulative: BigInt(cumulative),
          seal,
          runs: runs.map(([run, from, until]) => ({ run, from: BigInt(from), until })),
        },
      ]),
    ),
    marks: new Map(marks),
    rents: rents?.map(([at, sum]) => ({ at, amount: BigInt(sum) })) ?? null,
    recent: recent?.map(([at, count]) => ({ at, count })) ?? null,
    agent: agent === undefined ? null : { status: agent[0], reason: agent[1] },
    readFrom: readFrom === undefined ? null : { auditId: readFrom[0], hash: readFrom[1] },
  };
}
