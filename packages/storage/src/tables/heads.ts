import { type AgentId, isAgentId, type TransactionStatus } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import { GLOBAL_SCOPE } from '../heads/scope.ts';
import type { Db } from '../query-executor.ts';
import { appendAudit, hasAuditEvent } from './audit-log.ts';
import { hasPolicyHistory } from './policies.ts';

/**
 * Whether what is stored of an agent can be believed: which of its transactions are open, what it has spent, which policies
 * and sessions count. Where it cannot, nothing of the agent is acted upon.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when it cannot be told yet
 */
export const isHeadAuthentic = (db: Db, agentId: AgentId): boolean => headsOf(db).read(agentId) !== null;

/** Reports that what is stored of an agent, or of all, cannot be believed: as critical, once in a run of the daemon. */
export async function reportBrokenHead(db: Db, scope: string, now: number): Promise<void> {
  if (!headsOf(db).reportOnce(scope)) return;
  await appendAudit(db, now, {
    event: 'SEAL_BROKEN',
    actor: 'system',
    ...(isAgentId(scope) ? { agentId: scope } : {}),
    details: { what: 'head', scope },
  });
}

/** Reports a transaction that somebody else has changed or removed: as critical, and once, however often it is met. */
export async function reportBrokenTransaction(
  db: Db,
  { id, agentId, status }: { readonly id: string; readonly agentId: string; readonly status: TransactionStatus },
  now: number,
): Promise<void> {
  if (await hasAuditEvent(db, ['SEAL_BROKEN'], id)) return;
  const details = { what: 'transaction', status };
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, txId: id, details });
}

/**
 * Reports that somebody has written what was decided at the claim of a payment that is still to be claimed: as critical, and
 * once, as of a transaction.
 */
export async function reportPlantedClaim(
  db: Db,
  { id, agentId }: { readonly id: string; readonly agentId: string },
  now: number,
): Promise<void> {
  if (await hasAuditEvent(db, ['SEAL_BROKEN'], id)) return;
  const details = { what: 'claim_decisions' };
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, txId: id, details });
}

/** Reports that rows of the ledger were changed: as critical, once in a run of the daemon for each agent and asset. */
export async function reportBrokenLedger(db: Db, agentId: string, asset: string, now: number): Promise<void> {
  if (!headsOf(db).reportOnce(`${agentId} ${asset}`)) return;
  const details = { what: 'spend_ledger', asset };
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, details });
}

/** Reports that policies are not what was stored: as critical, once in a run of the daemon for each state of them. */
export async function reportBrokenPolicies(
  db: Db,
  found: {
    readonly agentId: string;
    readonly txId: string;
    /** Those whose own seal does not hold. */
    readonly policies: readonly string[];
    /** Whether the sets are whole. */
    readonly complete: boolean;
  },
  now: number,
): Promise<void> {
  const { agentId, txId, policies, complete } = found;
  if (!headsOf(db).reportOnce(`policies ${agentId} ${complete} ${policies.toSorted().join(' ')}`)) return;
  const details = { what: 'policy', policies, complete };
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, txId, details });
}

/** Reports that a session is not what was granted: as critical, once in a run of the daemon. */
export async function reportBrokenSession(
  db: Db,
  { id, agentId, txId }: { readonly id: string; readonly agentId: string; readonly txId: string },
  now: number,
): Promise<void> {
  if (!headsOf(db).reportOnce(`session ${id}`)) return;
  const details = { what: 'session' };
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, sessionId: id, txId, details });
}

/** Reports that the state of an agent is not the one that was sealed: as critical, once in a run of the daemon. */
export async function reportBrokenAgent(db: Db, agentId: string, now: number): Promise<void> {
  if (headsOf(db).read(agentId) === null) return reportBrokenHead(db, agentId, now);
  if (!headsOf(db).reportOnce(`agent ${agentId}`)) return;
  await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', agentId, details: { what: 'agent' } });
}

/** Whether a scope has a head, whatever it is worth. */
export const hasHead = async (db: Db, scope: string): Promise<boolean> =>
  (await db.selectFrom('heads').select('scope').where('scope', '=', scope).executeTakeFirst()) !== undefined;

/** Begins the head of what holds for all, in a database that is new: one that ever had policies has had a head. */
export async function beginHeads(db: Db): Promise<void> {
  if ((await hasPolicyHistory(db)) || (await hasHead(db, GLOBAL_SCOPE))) return;
  headsOf(db).create(GLOBAL_SCOPE);
}
