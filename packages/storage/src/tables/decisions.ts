import type { AgentId, RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import { headsOf } from '../heads/head-keeper.ts';
import { countAdmissions } from '../heads/recent-admissions.ts';
import type { Db } from '../query-executor.ts';
import type { ClaimDecisionsTable, DecisionsTable, GrantedConstraintsTable } from '../schema.ts';
import { claimDecisionContent, decisionContent } from '../seals.ts';
import { changeRows, insertRow } from '../statement.ts';

/** A row of `decisions`. */
export type DecisionRow = Selectable<DecisionsTable>;

/** Records how a payment was decided, under a seal. Once for each payment, in the unit of work that decides it. */
export async function insertDecision(db: Db, sealer: RowSealer, record: Omit<DecisionRow, 'seal'>): Promise<void> {
  await insertRow(db, 'decisions', { ...record, seal: sealer.seal(decisionContent(record)) });
}

const KEEP = 'INSERT INTO granted_constraints (hash, constraints) VALUES (?, ?) ON CONFLICT DO NOTHING';

/** Keeps the limits of a session that a payment is judged by; those that are kept already are left. */
export async function keepConstraints(db: Db, row: Selectable<GrantedConstraintsTable>): Promise<void> {
  await changeRows(db, KEEP, [row.hash, row.constraints]);
}

/** Limits of a session by the hash of their text; undefined when somebody has taken them away. */
export const findConstraints = async (db: Db, hash: string): Promise<string | undefined> =>
  (await db.selectFrom('granted_constraints').select('constraints').where('hash', '=', hash).executeTakeFirst())
    ?.constraints;

/** How a payment was decided; undefined for payments from before decisions were recorded. */
export const findDecision = (db: Db, txId: string): Promise<DecisionRow | undefined> =>
  db.selectFrom('decisions').selectAll().where('tx_id', '=', txId).executeTakeFirst();

/** Whether a record is the one that was made. */
export const isDecisionAuthentic = (sealer: RowSealer, row: DecisionRow): boolean =>
  sealer.verify(decisionContent(row), row.seal);

/** A row of `claim_decisions`. */
export type ClaimDecisionRow = Selectable<ClaimDecisionsTable>;

/**
 * Records what was decided when a payment left the queue, under a seal. Once for each payment, in the unit of work that
 * begins or ends it.
 */
export async function insertClaimDecision(
  db: Db,
  sealer: RowSealer,
  record: Omit<ClaimDecisionRow, 'seal'>,
): Promise<void> {
  await db
    .insertInto('claim_decisions')
    .values({ ...record, seal: sealer.seal(claimDecisionContent(record)) })
    .execute();
}

/** What was decided when a payment left the queue; undefined for one that has not, or did so before that was recorded. */
export const findClaimDecision = (db: Db, txId: string): Promise<ClaimDecisionRow | undefined> =>
  db.selectFrom('claim_decisions').selectAll().where('tx_id', '=', txId).executeTakeFirst();

/** Whether a record is the one that was made. */
export const isClaimDecisionAuthentic = (sealer: RowSealer, row: ClaimDecisionRow): boolean =>
  sealer.verify(claimDecisionContent(row), row.seal);

/** Which decisions to list, and where to start. */
export interface DecisionQuery {
  readonly agentId?: string | undefined;
  /** Unix seconds, inclusive. */
  readonly from?: number | undefined;
  /** Unix seconds, inclusive. */
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Decisions in the order in which they were made, from after `cursor` on. Ids of transactions are in order of time. */
export function listDecisions(db: Db, query: DecisionQuery): Promise<DecisionRow[]> {
  let select = db.selectFrom('decisions').selectAll('decisions');
  if (query.agentId !== undefined) {
    select = select
      .innerJoin('transactions', 'transactions.id', 'decisions.tx_id')
      .where('transactions.agent_id', '=', query.agentId);
  }
  if (query.from !== undefined) select = select.where('decisions.decided_at', '>=', query.from);
  if (query.to !== undefined) select = select.where('decisions.decided_at', '<=', query.to);
  if (query.cursor !== undefined) select = select.where('decisions.tx_id', '>', query.cursor);
  return select.orderBy('decisions.tx_id').limit(query.limit).execute();
}

/** Transactions of which no decision is recorded, or none at the claim although they were claimed; by id, after one of them. */
export const listUnrecorded = (db: Db, query: { readonly cursor: string; readonly limit: number }) =>
  db
    .selectFrom('transactions')
    .leftJoin('decisions', 'decisions.tx_id', 'transactions.id')
    .leftJoin('claim_decisions', 'claim_decisions.tx_id', 'transactions.id')
    .selectAll('transactions')
    .select(['decisions.standing', 'decisions.tx_id as decided'])
    .where('transactions.id', '>', query.cursor)
    .where((eb) =>
      eb.or([
        eb('decisions.tx_id', 'is', null),
        eb.and([
          eb('claim_decisions.tx_id', 'is', null),
          eb('transactions.claimed_at', 'is not', null),
          eb('transactions.tier', 'in', ['DELAY', 'APPROVAL']),
        ]),
      ]),
    )
    .orderBy('transactions.id')
    .limit(query.limit)
    .execute();

/**
 * How many transactions of an agent were created after a moment (exclusive), without one of them and without those that
 * are CANCELLED or EXPIRED (04 §11). Told by the sealed head: a row can be given another time. Null when that cannot be
 * believed.
 *
 * @param without one that has just been created
 */
export async function countRecentTransactions(
  db: Db,
  agentId: AgentId,
  since: number,
  without: string | null,
): Promise<number | null> {
  const head = headsOf(db).read(agentId);
  if (head === null) return null;
  if (head.recent !== null) {
    const isCounted = without !== null && head.open.get(without)?.status === 'PENDING';
    return Math.max(0, countAdmissions(head.recent, since) - (isCounted ? 1 : 0));
  }
  let select = db
    .selectFrom('transactions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('created_at', '>', since)
    .where('status', 'not in', ['CANCELLED', 'EXPIRED'])
    .where('recall_id', 'is', null);
  if (without !== null) select = select.where('id', '<>', without);
  return (await select.executeTakeFirstOrThrow()).n;
}

/**
 * The same as it would have been counted when a transaction was created: of those before it, created after a moment
 * (exclusive). Those that were CANCELLED or EXPIRED since do not count, although they did then.
 */
export async function countTransactionsBefore(db: Db, agentId: AgentId, since: number, txId: string): Promise<number> {
  const counted = await db
    .selectFrom('transactions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('created_at', '>', since)
    .where('id', '<', txId)
    .where('status', 'not in', ['CANCELLED', 'EXPIRED'])
    .where('recall_id', 'is', null)
    .executeTakeFirstOrThrow();
  return counted.n;
}
