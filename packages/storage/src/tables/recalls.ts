import type { AgentId, RecallStatus, RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { RecallsTable, RecoveryAddressesTable, TerminationsTable } from '../schema.ts';
import { recallContent, recoveryAddressContent, terminationContent } from '../seals.ts';
import { appendAudit } from './audit-log.ts';

/** A row of `recalls`. */
export type RecallRow = Selectable<RecallsTable>;
/** A row of `recovery_addresses`. */
export type RecoveryAddressRow = Selectable<RecoveryAddressesTable>;
/** A row of `terminations`. */
export type TerminationRow = Selectable<TerminationsTable>;

declare const authentic: unique symbol;
/** A recall in a state that this daemon's vault has sealed. Only such a one is carried out. */
export type AuthenticRecall = RecallRow & { readonly [authentic]: true };

const isAuthentic = (sealer: RowSealer, row: RecallRow): row is AuthenticRecall =>
  sealer.verify(recallContent(row), row.seal);

/** A recall as one that may be carried out; null when it is not what the daemon has sealed. */
export const authenticRecall = (sealer: RowSealer, row: RecallRow): AuthenticRecall | null =>
  isAuthentic(sealer, row) ? row : null;

/** Rows this file has just sealed need no check of their own. */
const isJustSealed = (row: RecallRow): row is AuthenticRecall => row.seal !== '';

function sealed(sealer: RowSealer, row: Omit<RecallRow, 'seal'>): AuthenticRecall {
  const written: RecallRow = { ...row, seal: sealer.seal(recallContent(row)) };
  if (!isJustSealed(written)) throw new Error('A seal is never empty');
  return written;
}

/** Reports a recall that somebody else has changed: as critical, and once for each start of it. */
export const reportBrokenRecall = (db: Db, row: RecallRow, now: number): Promise<void> =>
  appendAudit(db, now, {
    event: 'SEAL_BROKEN',
    actor: 'system',
    agentId: row.agent_id,
    details: { what: 'recall', recallId: row.id, status: row.status },
  });

/** What a recall is for. */
export type NewRecall = Omit<
  RecallRow,
  'seal' | 'version' | 'status' | 'started_at' | 'ended_at' | 'error' | 'remaining'
>;

const PENDING = {
  status: 'PENDING',
  started_at: null,
  ended_at: null,
  error: null,
  remaining: null,
  version: 1,
} as const;

/** Seals and inserts a recall as PENDING. The database refuses a second one of an agent that has not ended. */
export async function insertRecall(db: Db, sealer: RowSealer, recall: NewRecall): Promise<void> {
  await db
    .insertInto('recalls')
    .values(sealed(sealer, { ...recall, ...PENDING }))
    .execute();
}

export const findRecall = (db: Db, id: string): Promise<RecallRow | undefined> =>
  db.selectFrom('recalls').selectAll().where('id', '=', id).executeTakeFirst();

/** The recall of an agent that has not ended, if there is one. */
export const findLiveRecall = (db: Db, agentId: AgentId): Promise<RecallRow | undefined> =>
  db
    .selectFrom('recalls')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('status', 'in', ['PENDING', 'EXECUTING'])
    .executeTakeFirst();

/** All recalls that have not ended, oldest first. */
export const listLiveRecalls = (db: Db): Promise<RecallRow[]> =>
  db.selectFrom('recalls').selectAll().where('status', 'in', ['PENDING', 'EXECUTING']).orderBy('id').execute();

/** Recalls of an agent, newest first. */
export const listRecallsOfAgent = (db: Db, agentId: AgentId, limit: number): Promise<RecallRow[]> =>
  db.selectFrom('recalls').selectAll().where('agent_id', '=', agentId).orderBy('id', 'desc').limit(limit).execute();

type RecallChanges = Partial<Pick<RecallRow, 'status' | 'started_at' | 'ended_at' | 'error' | 'remaining'>>;

async function moveOn(
  db: Db,
  sealer: RowSealer,
  before: AuthenticRecall,
  changes: RecallChanges,
): Promise<AuthenticRecall | null> {
  const after = sealed(sealer, { ...before, ...changes, version: before.version + 1 });
  const { version, seal } = after;
  const { numUpdatedRows } = await db
    .updateTable('recalls')
    .set({ ...changes, version, seal })
    .where('id', '=', before.id)
    .where('version', '=', before.version)
    .where('seal', '=', before.seal)
    .executeTakeFirst();
  return numUpdatedRows === 1n ? after : null;
}

/**
 * Moves a recall to its next state, sealed, compare-and-set. Answers it as it is then, or null when it is no longer the one
 * that was handed in.
 */
export const moveRecall = (
  db: Db,
  sealer: RowSealer,
  before: AuthenticRecall,
  to: RecallStatus,
  fields: Omit<RecallChanges, 'status'>,
): Promise<AuthenticRecall | null> => moveOn(db, sealer, before, { ...fields, status: to });

/**
 * Notes that a recall goes no further, and why: it makes no further transaction, and ends once those it has sent have. Null
 * when it is no longer the one that was handed in.
 */
export const stopRecall = (
  db: Db,
  sealer: RowSealer,
  before: AuthenticRecall,
  error: string,
): Promise<AuthenticRecall | null> => moveOn(db, sealer, before, { error });

/** Transactions of a recall, oldest first. */
export const listTransactionsOfRecall = (db: Db, id: string) =>
  db.selectFrom('transactions').selectAll().where('recall_id', '=', id).orderBy('id').execute();

/** Registers an address that an agent's funds may be taken to from a moment on. */
export async function appendRecoveryAddress(
  db: Db,
  sealer: RowSealer,
  address: Omit<RecoveryAddressRow, 'seal' | 'version'>,
): Promise<void> {
  const last = await db
    .selectFrom('recovery_addresses')
    .select('version')
    .where('agent_id', '=', address.agent_id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const row = { ...address, version: (last?.version ?? 0) + 1 };
  await db
    .insertInto('recovery_addresses')
    .values({ ...row, seal: sealer.seal(recoveryAddressContent(row)) })
    .execute();
}

/** The recovery address of an agent, and the one that takes its place. */
export interface RecoveryAddresses {
  /** In force now; null when there is none. */
  readonly active: RecoveryAddressRow | null;
  /** Registered and not in force yet. */
  readonly next: RecoveryAddressRow | null;
}

/**
 * Reads the recovery address of an agent as of a moment. Rows that are not authentic, and those another owner has
 * registered, count as if they were not there.
 */
export async function loadRecoveryAddresses(
  db: Db,
  sealer: RowSealer,
  agentId: AgentId,
  { ownerId, now }: { readonly ownerId: string; readonly now: number },
): Promise<RecoveryAddresses> {
  const rows = await db
    .selectFrom('recovery_addresses')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('owner_id', '=', ownerId)
    .orderBy('version', 'desc')
    .execute();
  const authentic = rows.filter((row) => sealer.verify(recoveryAddressContent(row), row.seal));
  const [newest] = authentic;
  return {
    active: authentic.find((row) => row.active_from <= now) ?? null,
    next: newest !== undefined && newest.active_from > now ? newest : null,
  };
}

/** Begins the end of an agent, or waives more at it. */
export async function writeTermination(
  db: Db,
  sealer: RowSealer,
  termination: Pick<TerminationRow, 'agent_id' | 'requested_by' | 'created_at' | 'waived'>,
): Promise<void> {
  const present = await findTermination(db, termination.agent_id);
  const version = (present?.version ?? 0) + 1;
  const seal = sealer.seal(terminationContent({ ...termination, version }));
  if (present === undefined) {
    await db
      .insertInto('terminations')
      .values({ ...termination, version, seal, alerted_at: null, ended_at: null, seen: null })
      .execute();
    return;
  }
  await db
    .updateTable('terminations')
    .set({ waived: termination.waived, version, seal, alerted_at: null })
    .where('agent_id', '=', termination.agent_id)
    .execute();
}

export const findTermination = (db: Db, agentId: string): Promise<TerminationRow | undefined> =>
  db.selectFrom('terminations').selectAll().where('agent_id', '=', agentId).executeTakeFirst();

/** Whether what may stay behind is what was waived. */
export const isTerminationAuthentic = (sealer: RowSealer, row: TerminationRow): boolean =>
  sealer.verify(terminationContent(row), row.seal);

/** Notes something about the end of an agent. */
export async function markTermination(
  db: Db,
  agentId: AgentId,
  fields: Partial<Pick<TerminationRow, 'alerted_at' | 'ended_at' | 'seen'>>,
): Promise<void> {
  await db.updateTable('terminations').set(fields).where('agent_id', '=', agentId).execute();
}
