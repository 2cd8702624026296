import type { AgentId, AgentStatus, Chain, SuspensionReason } from '@waiaas/core';
import { type Selectable, sql } from 'kysely';
import { type AgentState, draftOf } from '../heads/head.ts';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { AgentsTable } from '../schema.ts';
import { firstOf } from '../statement.ts';
import { isActiveRow } from './sessions.ts';

/** A row of `agents`. */
export type AgentRow = Selectable<AgentsTable>;

/** An agent with what lists show beside it. */
export type AgentOverview = AgentRow & { readonly session_count: number; readonly transaction_count: number };

/** Inserts an agent, and begins its head: that nothing has happened yet is known from the start. */
export async function insertAgent(db: Db, row: AgentRow): Promise<void> {
  await db.insertInto('agents').values(row).execute();
  headsOf(db).create(row.id, { ...draftOf(), agent: stateOf(row) });
}

const stateOf = ({ status, suspension_reason }: Pick<AgentRow, 'status' | 'suspension_reason'>): AgentState => ({
  status,
  reason: suspension_reason,
});

/**
 * Whether the state of an agent is the one the daemon has sealed last: one that somebody has set to another in the file may
 * do nothing.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
 */
export function isAgentAuthentic(db: Db, row: Pick<AgentRow, 'id' | 'status' | 'suspension_reason'>): boolean {
  const sealed = headsOf(db).read(row.id)?.agent ?? null;
  return sealed !== null && sealed.status === row.status && sealed.reason === row.suspension_reason;
}

/**
 * Seals the state of an agent with its head; where that cannot be believed, nothing of the agent is acted upon anyway. An end
 * is final, whatever the file says by now.
 */
function sealState(db: Db, id: string, state: AgentState): void {
  const head = headsOf(db).read(id);
  if (head === null || head.agent?.status === 'TERMINATED') return;
  if (head.agent?.status === 'TERMINATING' && state.status !== 'TERMINATED') return;
  headsOf(db).edit(id).agent = state;
}

/**
 * Seals the states of agents as they are found. For bringing a database up to date and for nothing else. Answers how many
 * there were.
 */
export async function sealStatesAsFound(db: Db): Promise<number> {
  let sealed = 0;
  for (const row of await listAgents(db)) {
    if (headsOf(db).read(row.id)?.agent !== null) continue;
    sealState(db, row.id, stateOf(row));
    sealed += 1;
  }
  return sealed;
}

export const findAgent = (db: Db, id: string): Promise<AgentRow | undefined> =>
  firstOf<AgentRow>(db, 'SELECT * FROM agents WHERE id = ?', [id]);

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

/**
 * Moves an agent from one state to another. False when it was not in that state: the caller lost a race.
 */
export async function moveAgent(
  db: Db,
  change: { id: AgentId; from: AgentStatus; to: AgentStatus; now: number; reason: SuspensionReason | null },
): Promise<boolean> {
  const state = { status: change.to, reason: change.to === 'SUSPENDED' ? change.reason : null };
  const { numUpdatedRows } = await db
    .updateTable('agents')
    .set({
      status: state.status,
      updated_at: change.now,
      suspended_at: change.to === 'SUSPENDED' ? change.now : null,
      suspension_reason: state.reason,
    })
    .where('id', '=', change.id)
    .where('status', '=', change.from)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  sealState(db, change.id, state);
  return true;
}

/**
 * Suspends every agent that could pay, now or soon. Answers which they were. One that was suspended before, and made out to be
 * active in the file, is suspended for its own reason again.
 */
export async function suspendAllAgents(db: Db, now: number, reason: SuspensionReason): Promise<{ id: string }[]> {
  const agents = await db.selectFrom('agents').select('id').where('status', 'in', ['CREATING', 'ACTIVE']).execute();
  const wasSuspended = (id: string): boolean => headsOf(db).read(id)?.agent?.status === 'SUSPENDED';
  const former = agents.filter(({ id }) => wasSuspended(id));
  for (const { id } of agents) if (!wasSuspended(id)) sealState(db, id, { status: 'SUSPENDED', reason });
  await db
    .updateTable('agents')
    .set({ status: 'SUSPENDED', updated_at: now, suspended_at: now, suspension_reason: reason })
    .where('status', 'in', ['CREATING', 'ACTIVE'])
    .execute();
  for (const { id } of former) await restoreSuspension(db, id);
  return agents;
}

/** Gives a suspended agent the reason again that was sealed, where somebody has put another one in its place. */
export async function restoreSuspension(db: Db, id: string): Promise<void> {
  const sealed = headsOf(db).read(id)?.agent;
  if (sealed?.status !== 'SUSPENDED') return;
  await db
    .updateTable('agents')
    .set({ suspension_reason: sealed.reason })
    .where('id', '=', id)
    .where('status', '=', 'SUSPENDED')
    .execute();
}

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
