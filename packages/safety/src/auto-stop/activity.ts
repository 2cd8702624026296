import { type AgentId, agentId as brandAgentId } from '@waiaas/core';
import {
  type AuditRow,
  countRequestedSince,
  type Db,
  findTopRecipient,
  listAgentEvents,
  type PaymentEvent,
} from '@waiaas/storage';
import type { Activity, DailyUse } from './evaluate.ts';

/**
 * Failures that are the agent's own doing (08 §2.6.2). What the chain, the node, the disk or a restart did is counted by
 * the breaker of the network, and must not stop an agent.
 */
const OWN_FAILURES: ReadonlySet<string> = new Set([
  'SIMULATION_FAILED',
  'INSUFFICIENT_BALANCE',
  'INSUFFICIENT_TOKEN_BALANCE',
  'ONCHAIN_FAILURE',
  'INVALID_ADDRESS',
  'INVALID_MEMO',
  'INVALID_TOKEN',
  'UNSUPPORTED_TOKEN',
]);

const HOUR = 3600;
/** Rows read at a time when looking back. */
const PAGE = 50;
/** Rows looked back at most: more failures than any rule's threshold can ask for. */
const HORIZON = 5000;

/** The `error` of a row's details; null where there is none, also in a row that somebody else has written. */
function errorOf(row: AuditRow): string | null {
  try {
    const details: unknown = JSON.parse(row.details);
    return typeof details === 'object' && details !== null && 'error' in details ? String(details.error) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether a row says that a payment failed by the agent's own doing. */
const isOwnFailure = (row: AuditRow): boolean => {
  const [token = ''] = (errorOf(row) ?? '').split(':');
  return row.event_type === 'TX_FAILED' && OWN_FAILURES.has(token);
};

/** Failures since the last success or the last resumption; what neither succeeded nor failed by itself counts for nothing. */
async function failuresInARow(db: Db, agentId: AgentId): Promise<number> {
  let before = Number.MAX_SAFE_INTEGER;
  let failures = 0;
  for (let seen = 0; seen < HORIZON; seen += PAGE) {
    const events = ['TX_CONFIRMED', 'TX_FAILED', 'AGENT_ACTIVATED'] as const;
    const rows = await listAgentEvents(db, agentId, { events, before, limit: PAGE });
    for (const row of rows) {
      if (row.event_type !== 'TX_FAILED') return failures;
      if (isOwnFailure(row)) failures += 1;
      before = Math.min(before, row.id);
    }
    if (rows.length < PAGE) break;
  }
  return failures;
}

/**
 * What an agent has been doing in the last hour, from committed rows; null where nothing has happened that counts. What was
 * before the agent was last resumed does not: whoever resumed it has looked at that.
 *
 * @param events what happened to its payments since the last look
 */
export async function readActivity(
  db: Db,
  agentId: string,
  {
    now,
    events,
    dailyUse,
  }: { readonly now: number; readonly events: readonly PaymentEvent[]; readonly dailyUse: readonly DailyUse[] },
): Promise<Activity | null> {
  const id = brandAgentId(agentId);
  const [resumed] = await listAgentEvents(db, id, { events: ['AGENT_ACTIVATED'], since: now - HOUR, limit: 1 });
  const start = { time: now - HOUR, row: resumed?.id ?? 0 };
  const counted = events.filter((event) => event.id > start.row);
  if (counted.length === 0) return null;
  const ended = counted.filter(({ event_type }) => event_type !== 'TX_REQUESTED');
  const top = await findTopRecipient(db, id, start);
  return {
    hasPaid: counted.some(({ event_type }) => event_type === 'TX_CONFIRMED'),
    hasFailed: counted.some(({ event_type }) => event_type === 'TX_FAILED'),
    failuresInARow: await failuresInARow(db, id),
    askedForInAnHour: await countRequestedSince(db, id, start),
    topRecipient: top === undefined ? null : { to: top.to_address, payments: top.n },
    dailyUse,
    hours: [...new Set(ended.map(({ timestamp }) => new Date(timestamp * 1000).getUTCHours()))],
  };
}
