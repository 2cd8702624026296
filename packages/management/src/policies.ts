import {
  type AgentId,
  agentId as brandAgentId,
  type Clock,
  type IdGenerator,
  isoFromSeconds,
  type NewPolicy,
  type NotificationEventOf,
  type PolicyChange,
  type PolicyId,
  type PolicyListResponse,
  type PolicyResponse,
  type PolicyRules,
  type PolicySummary,
  parsePolicyRules,
  policyId,
  type RowSealer,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import {
  appendAudit,
  arePoliciesAuthentic,
  type Db,
  deletePolicy,
  findAgent,
  findPolicy,
  listPolicies,
  loadAllPolicies,
  type PolicyRow,
  type Storage,
  storePolicy,
} from '@waiaas/storage';
import { confirmGovernor, refuseWhileLocked } from './authority.ts';
import { canonicalText } from './canonical-text.ts';
import { loosening, type PolicyState } from './policy-loosening.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

export type { NewPolicy, PolicyChange };

/** What policy management works with. */
export interface PolicyManagementDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/**
 * Creating, changing, deleting and listing policies (04 §22). Each change is a new version; it holds from the next request
 * on, and moves neither tier nor clock of what waits already.
 *
 * Whoever changes one must be the owner, or, as long as none is connected, the operator (00 §3). No change is made to a
 * set that somebody else has changed in the database: it would be sealed as if the daemon had written it.
 */
export interface PolicyManagement {
  /** @throws WaiaasError AGENT_NOT_FOUND, VALIDATION_ERROR, POLICY_DENIED, OWNER_AUTH_REQUIRED, OWNER_MISMATCH */
  create(input: NewPolicy, origin: RequestOrigin): Promise<PolicyResponse>;
  /**
   * Changes a policy; where the change names the version it was made to, only that one.
   * @throws WaiaasError POLICY_NOT_FOUND, POLICY_CONFLICT, VALIDATION_ERROR, POLICY_DENIED, OWNER_AUTH_REQUIRED,
   *   OWNER_MISMATCH
   */
  update(id: PolicyId, input: PolicyChange, origin: RequestOrigin): Promise<PolicyResponse>;
  /**
   * Deletes a policy; where a version is named, only that one. Its versions stay readable.
   * @throws WaiaasError POLICY_NOT_FOUND, POLICY_CONFLICT, VALIDATION_ERROR, POLICY_DENIED, OWNER_AUTH_REQUIRED,
   *   OWNER_MISMATCH
   */
  remove(
    id: PolicyId,
    input: { readonly confirm?: boolean | undefined; readonly version?: number | undefined },
    origin: RequestOrigin,
  ): Promise<void>;
  /** All policies, with whether they are as the daemon stored them. */
  list(): Promise<PolicyListResponse>;
}

/** Rules as stored; none where somebody has left there what is no JSON. Such a row denies, and is shown all the same. */
function readRules(text: string): Record<string, unknown> {
  try {
    const rules: unknown = JSON.parse(text);
    return typeof rules === 'object' && rules !== null ? { ...rules } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const toSummary = (row: PolicyRow): PolicySummary => ({
  id: row.id,
  version: row.version,
  agentId: row.agent_id,
  type: row.type,
  rules: readRules(row.rules),
  priority: row.priority,
  enabled: row.enabled === 1,
  createdAt: isoFromSeconds(row.created_at),
  updatedAt: isoFromSeconds(row.updated_at),
});

/** What the owner is told of a change to the rules. */
const changed = (
  change: 'created' | 'updated' | 'deleted',
  { id, type, agent_id }: PolicyRow,
  origin: RequestOrigin,
): NotificationEventOf<'POLICY_CHANGED'> => ({
  event: 'POLICY_CHANGED',
  change,
  policyId: id,
  policyType: type,
  agentId: agent_id,
  by: actorName(origin),
});

/** Limits in one chain's base units, or recipients on it, must not be put on an agent of another. */
async function checkAgent(db: Db, agentId: AgentId | null, rules: PolicyRules): Promise<void> {
  if (agentId === null) return;
  const agent = await findAgent(db, agentId);
  if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });
  if ('chain' in rules && agent.chain !== rules.chain) {
    throw validationError([
      { path: 'rules.chain', code: 'custom', message: `must be "${agent.chain}", the chain of the agent` },
    ]);
  }
}

const stateOf = (row: PolicyRow): PolicyState => ({
  id: row.id,
  agentId: row.agent_id,
  type: row.type,
  rules: readRules(row.rules),
  priority: row.priority,
  enabled: row.enabled === 1,
});

/**
 * Taking a limit off agents must be meant (04 §22). Answers whether the change does.
 * @throws WaiaasError VALIDATION_ERROR at `confirm` where it does and was not confirmed
 */
async function checkLoosening(
  db: Db,
  change: { readonly before: PolicyState | null; readonly after: PolicyState | null },
  confirm: boolean | undefined,
): Promise<boolean> {
  const others = (await listPolicies(db)).map(stateOf);
  const message = loosening(change.before, change.after, others);
  if (message === null) return false;
  if (confirm !== true) throw validationError([{ path: 'confirm', code: 'custom', message }]);
  return true;
}

/** Rules are replaced, and end, as a whole: what somebody else has tightened since must not go unseen. */
function checkVersion({ id, version }: PolicyRow, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new WaiaasError('POLICY_CONFLICT', { details: { policyId: id, version, expected } });
}

/** Builds policy management. */
export function createPolicyManagement(dependencies: PolicyManagementDependencies): PolicyManagement {
  const { storage, sealer, clock, ids } = dependencies;

  async function checkSet(db: Db, agentId: AgentId | null): Promise<void> {
    if (await arePoliciesAuthentic(db, sealer, agentId)) return;
    throw new WaiaasError('POLICY_DENIED', {
      message: 'The stored policies were not written by this daemon; they cannot be changed, and nothing is paid.',
      details: { reason: 'POLICY_NOT_AUTHENTIC', agentId },
      hint: 'Restore the database from a backup; see the audit log.',
    });
  }

  /** A stored policy, in a set that may be changed by whoever asks. */
  async function present(db: Db, id: PolicyId, origin: RequestOrigin): Promise<PolicyRow> {
    await confirmGovernor(db, sealer, origin);
    await refuseWhileLocked(db);
    const row = await findPolicy(db, id);
    if (row === undefined) throw new WaiaasError('POLICY_NOT_FOUND', { details: { policyId: id } });
    await checkSet(db, row.agent_id === null ? null : brandAgentId(row.agent_id));
    return row;
  }

  return {
    create: (input, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const { type, priority, enabled } = input;
        const agentId = input.agentId === undefined ? null : brandAgentId(input.agentId);
        await confirmGovernor(db, sealer, origin);
        await refuseWhileLocked(db);
        await checkAgent(db, agentId, input.rules);
        await checkSet(db, agentId);
        const id = policyId(ids.next());
        const rules = canonicalText(input.rules);
        const after = { id, agentId, type, rules: readRules(rules), priority, enabled };
        const loosened = await checkLoosening(db, { before: null, after }, input.confirm);
        const fields = { id, agentId, type, rules, priority, enabled };
        const row = await storePolicy(db, sealer, fields, { now, actor: actorName(origin) });
        await appendAudit(db, now, {
          event: 'POLICY_CREATED',
          ...auditOrigin(origin),
          ...(agentId === null ? {} : { agentId }),
          ...(loosened ? { severity: 'warning' } : {}),
          details: { policyId: id, version: row.version, ...after, ...(loosened ? { loosened } : {}) },
        });
        await notify(changed('created', row, origin));
        return { policy: toSummary(row) };
      }),

    update: (id, input, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const before = await present(db, id, origin);
        checkVersion(before, input.version);
        const agentId = before.agent_id === null ? null : brandAgentId(before.agent_id);
        const rules = input.rules === undefined ? undefined : parsePolicyRules(before.type, input.rules);
        if (rules !== undefined) await checkAgent(db, agentId, rules);
        const fields = {
          id,
          agentId,
          type: before.type,
          rules: rules === undefined ? before.rules : canonicalText(rules),
          priority: input.priority ?? before.priority,
          enabled: input.enabled ?? before.enabled === 1,
        };
        const { priority, enabled } = fields;
        const after = { ...stateOf(before), rules: readRules(fields.rules), priority, enabled };
        const loosened = await checkLoosening(db, { before: stateOf(before), after }, input.confirm);
        const row = await storePolicy(db, sealer, fields, { now, actor: actorName(origin) });
        const disabled = before.enabled === 1 && row.enabled === 0;
        await appendAudit(db, now, {
          event: disabled ? 'POLICY_DISABLED' : 'POLICY_UPDATED',
          ...auditOrigin(origin),
          ...(agentId === null ? {} : { agentId }),
          severity: disabled || loosened ? 'warning' : 'info',
          details: {
            policyId: id,
            version: row.version,
            type: row.type,
            changes: { before: toSummary(before), after: toSummary(row) },
            ...(loosened ? { loosened } : {}),
          },
        });
        await notify(changed('updated', row, origin));
        return { policy: toSummary(row) };
      }),

    remove: (id, input, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const before = await present(db, id, origin);
        checkVersion(before, input.version);
        const loosened = await checkLoosening(db, { before: stateOf(before), after: null }, input.confirm);
        await deletePolicy(db, sealer, id);
        const { id: policyId, agentId, ...state } = toSummary(before);
        await appendAudit(db, now, {
          event: 'POLICY_DELETED',
          ...auditOrigin(origin),
          ...(agentId === null ? {} : { agentId }),
          severity: 'warning',
          details: { policyId, agentId, ...state, ...(loosened ? { loosened } : {}) },
        });
        await notify(changed('deleted', before, origin));
      }),

    async list() {
      const { policies, notAuthentic } = await loadAllPolicies(storage.read, sealer);
      return {
        policies: policies.map((row) => ({ ...toSummary(row), authentic: !notAuthentic.includes(row.agent_id) })),
        notAuthentic: [...notAuthentic],
      };
    },
  };
}
