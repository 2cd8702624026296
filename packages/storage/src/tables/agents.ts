import type { AgentId, AgentStatus, Chain, SuspensionReason } from '@waiaas/core';
import { type Selectable, sql } from 'kysely';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { AgentsTable } from '../schema.ts';
import { isActiveRow } from './sessions.ts';

/** A row of `agents`. */
export type AgentRow = Selectable<AgentsTable>;

/** An agent with what lists show beside it. */
export type AgentOverview = AgentRow & { readonly session_count: number; readonly transaction_count: number };

/** Inserts an agent, and begins its head: that nothing has happened yet is known from the start. */
export async function insertAgent(db: Db, row: AgentRow): Promise<void> {
  await db.insertInto('agents').values(row).execute();
  headsOf(db).create(row.id);
}

export const findAgent = (db: Db, id: string): Promise<AgentRow | undefined> =>
  db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst();

/** The agent whose wallet an address is, if it is one's. Contracts of EVM chains are compared without regard to letter case. */
export const findAgentByAddress = (db: Db, chain: Chain, address: string): Promise<AgentRow | undefined> => {
  const select = db.selectFrom('agents').selectAll();
  return (
    chain === 'solana'
      ? select.where('public_key', '=', address)
      : select.where(sql`lower(public_key)`, '=', address.toLowerCase())
  ).executeTakeFirst();
};

/** Agents in one state, oldest first. */
export const listAgentsInState = (db: Db, status: AgentStatus): Promise<AgentRow[]> =>
  db.selectFrom('agents').selectAll().where('status', '=', status).orderBy('id').execute();

export const listAgents = (db: Db): Promise<AgentRow[]> => db.selectFrom('agents').selectAll().orderBy('id').execute();

/** Agents, oldest first, with their live sessions and all their transactions counted. */
export const listAgentOverviews = (db: Db, now: number, only?: AgentId): Promise<AgentOverview[]> =>
  db
    .selectFrom('agents')
    .selectAll('agents')
    .select([
      sql<number>`(SELECT count(*) FROM sessions WHERE sessions.agent_id = agents.id AND ${isActiveRow(now)})`.as(
        'session_count',
      ),
      sql<number>`(SELECT count(*) FROM transactions t WHERE t.agent_id = agents.id)`.as('transaction_count'),
    ])
    .$if(only !== undefined, (query) => query.where('agents.id', '=', only ?? ''))
    .orderBy('agents.id')
    .execute();

/** Moves an agent from one state to another. False when it was not in that state: the caller lost a race. */
export async function moveAgent(
  db: Db,
  change: { id: AgentId; from: AgentStatus; to: AgentStatus; now: number; reason: SuspensionReason | null },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('agents')
    .set({
      status: change.to,
      updated_at: change.now,
      suspended_at: change.to === 'SUSPENDED' ? change.now : null,
      suspension_reason: change.to === 'SUSPENDED' ? change.reason : null,
    })
    .where('id', '=', change.id)
    .where('status', '=', change.from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Suspends every agent that could pay, now or soon. Answers which they were. */
export const suspendAllAgents = (db: Db, now: number, reason: SuspensionReason): Promise<{ id: string }[]> =>
  db
    .updateTable('agents')
    .set({ status: 'SUSPENDED', updated_at: now, suspended_at: now, suspension_reason: reason })
    .where('status', 'in', ['CREATING', 'ACTIVE'])
    .returning('id')
    .execute();

/** Agents that are suspended for one reason. */
export const listSuspendedFor = (db: Db, reason: SuspensionReason): Promise<AgentRow[]> =>
  db
    .selectFrom('agents')
    .selectAll()
    .where('status', '=', 'SUSPENDED')
    .where('suspension_reason', '=', reason)
    .orderBy('id')
    .execute();

/** How many agents are in each state. */
export const countAgents = (db: Db): Promise<{ status: AgentStatus; n: number }[]> =>
  db
    .selectFrom('agents')
    .select(['status', (eb) => eb.fn.countAll<number>().as('n')])
    .groupBy('status')
    .execute();
