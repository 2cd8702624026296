import { hash } from 'node:crypto';
import { canonicalJson, decodeIntent, type RowSealer, type SealedContent } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type {
  AuditHeadTable,
  AutoStopRulesTable,
  ClaimDecisionsTable,
  DecisionsTable,
  HeadsTable,
  OwnerHeadTable,
  OwnerWalletsTable,
  PoliciesTable,
  RecallsTable,
  RecoveryAddressesTable,
  SessionsTable,
  SpendLedgerTable,
  TerminationsTable,
  TransactionsTable,
} from './schema.ts';

/** What of a session its seal covers. */
type SealedSession = Pick<
  SessionsTable,
  | 'id'
  | 'agent_id'
  | 'token_hash'
  | 'expires_at'
  | 'constraints'
  | 'usage_stats'
  | 'revoked_at'
  | 'created_at'
  | 'version'
  | 'renewal_count'
  | 'last_renewed_at'
  | 'absolute_expires_at'
>;

/**
 * What the seal of a session covers: everything that says what its token may do, for how long, how often it may be renewed,
 * what it has used, and whether it is revoked.
 */
export const sessionContent = (row: SealedSession): SealedContent => ({
  kind: 'session',
  id: row.id,
  version: row.version,
  payload: canonicalJson({
    agentId: row.agent_id,
    tokenHash: row.token_hash,
    expiresAt: row.expires_at,
    constraints: row.constraints,
    usage: row.usage_stats,
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
    renewalCount: row.renewal_count,
    lastRenewedAt: row.last_renewed_at,
    absoluteExpiresAt: row.absolute_expires_at,
  }),
});

/** What the seal of the sessions of an agent covers: which versions are not revoked. */
export const sessionSetContent = (
  agentId: string,
  version: number,
  sessions: readonly Pick<SessionsTable, 'id' | 'version' | 'seal'>[],
): SealedContent => ({
  kind: 'session_set',
  id: agentId,
  version,
  payload: canonicalJson(sessions.map((session) => [session.id, session.version, session.seal])),
});

/**
 * What the seal of a session covered before there were sets of sessions: neither its use nor its revocation; and nothing of
 * its renewals while there were none. Read once, when such a database is brought up to date.
 */
export const formerSessionContent = (row: SealedSession): SealedContent => ({
  kind: 'session',
  id: row.id,
  version: row.version,
  payload: canonicalJson({
    agentId: row.agent_id,
    tokenHash: row.token_hash,
    expiresAt: row.expires_at,
    constraints: row.constraints,
    createdAt: row.created_at,
    ...(row.absolute_expires_at === 0
      ? {}
      : {
          renewalCount: row.renewal_count,
          lastRenewedAt: row.last_renewed_at,
          absoluteExpiresAt: row.absolute_expires_at,
        }),
  }),
});

/** What the seal of the owner covers. */
export const ownerContent = (
  row: Pick<OwnerWalletsTable, 'id' | 'address' | 'chain' | 'connected_at' | 'version'>,
): SealedContent => ({
  kind: 'owner',
  id: row.id,
  version: row.version,
  payload: canonicalJson({ address: row.address, chain: row.chain, connectedAt: row.connected_at }),
});

/** What the seal of the owner's head covers: who is connected, or that nobody is. */
export const ownerHeadContent = (head: Pick<OwnerHeadTable, 'version' | 'owner_id'>): SealedContent => ({
  kind: 'owner_head',
  id: 'owner',
  version: head.version,
  payload: canonicalJson({ ownerId: head.owner_id }),
});

/** What the seal of a policy version covers. The rules are covered as the text that is stored. */
export const policyContent = (
  row: Pick<PoliciesTable, 'id' | 'version' | 'agent_id' | 'type' | 'rules' | 'priority' | 'enabled'>,
): SealedContent => ({
  kind: 'policy',
  id: row.id,
  version: row.version,
  payload: canonicalJson({
    agentId: row.agent_id,
    type: row.type,
    rules: row.rules,
    priority: row.priority,
    enabled: row.enabled,
  }),
});

/** What the seal of a set of policies covers: which versions it holds. A removed or older row no longer fits. */
export const policySetContent = (
  scope: string,
  version: number,
  policies: readonly Pick<PoliciesTable, 'id' | 'version' | 'seal'>[],
): SealedContent => ({
  kind: 'policy_set',
  id: scope,
  version,
  payload: canonicalJson(
    policies
      .map((policy) => [policy.id, policy.version, policy.seal])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ),
});

/** What the seal of a recall covers: where the funds go, what is taken, who asked for it, and how far it is. */
export const recallContent = (row: Omit<RecallsTable, 'seal'>): SealedContent => ({
  kind: 'recall',
  id: row.id,
  version: row.version,
  payload: canonicalJson([
    row.agent_id,
    row.kind,
    row.destination,
    row.include_unlisted,
    row.keep_gas,
    row.requested_by,
    row.created_at,
    row.status,
    row.started_at,
    row.ended_at,
    row.error,
    row.remaining,
  ]),
});

/** What the seal of a recovery address covers. */
export const recoveryAddressContent = (row: Omit<RecoveryAddressesTable, 'seal'>): SealedContent => ({
  kind: 'recovery_address',
  id: row.agent_id,
  version: row.version,
  payload: canonicalJson({
    address: row.address,
    ownerId: row.owner_id,
    activeFrom: row.active_from,
    createdAt: row.created_at,
    actor: row.actor,
  }),
});

/** What the seal of a termination covers: what may stay behind. */
export const terminationContent = (row: Pick<TerminationsTable, 'agent_id' | 'waived' | 'version'>): SealedContent => ({
  kind: 'termination',
  id: row.agent_id,
  version: row.version,
  payload: row.waived,
});

/** What the seal of a row of the ledger covers: all of it, and the row before it of its agent and asset. */
export function spendContent(row: Omit<Selectable<SpendLedgerTable>, 'seq' | 'seal'>): SealedContent {
  const fields = [row.agent_id, row.asset, row.settled_at, row.amount, row.cumulative, row.previous];
  // Rows from before runs were told apart were sealed without one.
  return row.run === ''
    ? { kind: 'spend', id: row.tx_id, version: 1, payload: canonicalJson(fields) }
    : { kind: 'spend', id: row.tx_id, version: 2, payload: canonicalJson([...fields, row.run]) };
}

/** Records from before there were standings were sealed without one. */
const withStanding = (
  { standing }: Pick<DecisionsTable, 'standing'>,
  fields: readonly (string | number | null)[],
): Pick<SealedContent, 'version' | 'payload'> =>
  standing === null
    ? { version: 1, payload: canonicalJson(fields) }
    : { version: 2, payload: canonicalJson([...fields, standing]) };

/** What the seal of a decision covers: all of it. */
export const decisionContent = (row: Omit<DecisionsTable, 'seal'>): SealedContent => ({
  kind: 'decision',
  id: row.tx_id,
  ...withStanding(row, [row.decided_at, row.session_criteria, row.decision, row.facts, row.policies]),
});

/** What the seal of a decision at a claim covers: all of it. */
export const claimDecisionContent = (row: Omit<ClaimDecisionsTable, 'seal'>): SealedContent => ({
  kind: 'claim_decision',
  id: row.tx_id,
  ...withStanding(row, [row.decided_at, row.refusal, row.decision, row.facts, row.policies]),
});

/** What the seal of the audit log's head covers: which row is the last one, and the links of all before it. */
export const auditHeadContent = (
  head: Pick<AuditHeadTable, 'version' | 'audit_id' | 'hash' | 'sealed_at'>,
): SealedContent => ({
  kind: 'audit_head',
  id: 'audit_log',
  version: head.version,
  payload: canonicalJson([head.audit_id, head.hash, head.sealed_at]),
});

/** What the seal of a head covers: all of it. */
export const headContent = (head: Omit<HeadsTable, 'seal'>): SealedContent => ({
  kind: 'head',
  id: head.scope,
  version: head.version,
  payload: canonicalJson([head.content, head.audit_id]),
});

/** What the seal of an auto-stop rule covers. The configuration is covered as the text that is stored. */
export const autoStopRuleContent = (
  row: Pick<AutoStopRulesTable, 'id' | 'version' | 'agent_id' | 'type' | 'config' | 'action' | 'enabled'>,
): SealedContent => ({
  kind: 'auto_stop_rule',
  id: row.id,
  version: row.version,
  payload: canonicalJson([row.agent_id, row.type, row.config, row.action, row.enabled]),
});

/** What the seal of the set of auto-stop rules covers: which versions it holds. */
export const autoStopSetContent = (
  version: number,
  rules: readonly Pick<AutoStopRulesTable, 'id' | 'version' | 'seal'>[],
): SealedContent => ({
  kind: 'auto_stop_rules',
  id: 'auto_stop',
  version,
  payload: canonicalJson(
    rules.map((rule) => [rule.id, rule.version, rule.seal]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ),
});

/** What of an event that is to be told, or was not taken, its seal covers. Its place as well: receivers go by it. */
export interface SealedNotification {
  readonly id: string;
  /** Its place among all events. */
  readonly sequence: number;
  readonly payload: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Null where the vault had not been opened when it was stored. */
  readonly seal: string | null;
}

/** What the seal of an event covers: what it says, when it happened and in which place. */
export const notificationContent = (row: Omit<SealedNotification, 'seal'>): SealedContent => ({
  kind: 'notification',
  id: row.id,
  version: row.sequence,
  payload: canonicalJson([row.createdAt, row.payload]),
});

/** Whether an event has a seal, and is the one that the daemon has stored. */
export const isNotificationAuthentic = (sealer: RowSealer, row: SealedNotification): boolean =>
  row.seal !== null && sealer.verify(notificationContent(row), row.seal);

/** What the seal of an intent covers: its canonical encoding. */
export const intentContent = (row: Pick<TransactionsTable, 'id' | 'intent'>): SealedContent => ({
  kind: 'intent',
  id: row.id,
  version: 1,
  payload: row.intent,
});

/** A whole row of `transactions` but for its seal. */
export type SealedTransaction = Omit<Selectable<TransactionsTable>, 'state_seal'>;

/**
 * The session that asked; null for a transaction of a recall. A row forgets it when the session is cleaned up; the intent
 * does not.
 * @throws TypeError when the intent cannot be read
 */
export const sessionOf = (row: Pick<SealedTransaction, 'session_id' | 'recall_id' | 'intent'>): string | null =>
  row.session_id ?? (row.recall_id === null ? decodeIntent(row.intent).sessionId : null);

const digest = (bytes: Uint8Array | null): string | null => (bytes === null ? null : hash('sha256', bytes));

/**
 * What the seal of a transaction covers: all of the row. Whatever decides something about it, its state, tier, times,
 * reservation, hash and bound, is as the daemon wrote it or the seal breaks.
 *
 * @throws TypeError for a row that no daemon has written
 */
export const transactionContent = (row: SealedTransaction): SealedContent => ({
  kind: 'transaction',
  id: row.id,
  version: row.state_version,
  payload: canonicalJson([
    row.agent_id,
    sessionOf(row),
    row.chain,
    row.type,
    row.asset,
    row.amount,
    row.to_address,
    row.memo,
    row.fee_priority,
    row.intent,
    row.intent_hash,
    row.intent_seal,
    row.idempotency_key,
    row.request_hash,
    row.created_at,
    row.status,
    row.tier,
    row.reserved_amount,
    row.policy_id,
    row.policy_version,
    row.delay_seconds,
    row.approval_timeout_seconds,
    row.queued_at,
    row.execute_after,
    row.approval_expires_at,
    row.claimed_at,
    row.submitted_at,
    row.executed_at,
    row.tx_hash,
    row.last_valid_block_height,
    digest(row.signed_tx),
    row.late_check_at,
    row.error,
    row.metadata,
    // Rows from before there were recalls, and from before there were variants, were sealed without them.
    ...(row.recall_id === null && row.variants === null ? [] : [row.recall_id]),
    ...(row.variants === null ? [] : [row.variants]),
  ]),
});

/** Whether a transaction's intent is the one that was admitted. */
export const isIntentAuthentic = (
  sealer: RowSealer,
  row: Pick<TransactionsTable, 'id' | 'intent' | 'intent_seal'>,
): boolean => sealer.verify(intentContent(row), row.intent_seal);
