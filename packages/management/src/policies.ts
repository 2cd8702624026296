import {
  agentId as brandAgentId,
  type Clock,
  type IdGenerator,
  isoFromSeconds,
  type PolicyId,
  type PolicyListResponse,
  type PolicyResponse,
  type PolicySummary,
  policyId,
  type RowSealer,
  type SpendingLimitRules,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import {
  appendAudit,
  type Db,
  findAgent,
  findPolicy,
  listPolicies,
  type PolicyRow,
  type Storage,
  storePolicy,
} from '@waiaas/storage';
import { canonicalText } from './canonical-text.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

/** A new policy, validated. */
export interface NewPolicy {
  readonly agentId?: string | undefined;
  readonly type: 'SPENDING_LIMIT';
  readonly rules: SpendingLimitRules;
  readonly priority: number;
  readonly enabled: boolean;
}

/** A change of a policy, validated. */
export interface PolicyChange {
  readonly rules?: SpendingLimitRules | undefined;
  readonly priority?: number | undefined;
  readonly enabled?: boolean | undefined;
  readonly confirm?: boolean | undefined;
}

/** What policy management works with. */
export interface PolicyManagementDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** Creating, changing and listing policies (04 §22). Each change is a new version; it holds from the next request on. */
export interface PolicyManagement {
  /** @throws WaiaasError AGENT_NOT_FOUND, VALIDATION_ERROR */
  create(input: NewPolicy, origin: RequestOrigin): Promise<PolicyResponse>;
  /** @throws WaiaasError POLICY_NOT_FOUND, VALIDATION_ERROR */
  update(id: PolicyId, input: PolicyChange, origin: RequestOrigin): Promise<PolicyResponse>;
  list(): Promise<PolicyListResponse>;
}

const readRules = (text: string): Record<string, unknown> => {
  const rules: unknown = JSON.parse(text);
  return typeof rules === 'object' && rules !== null ? { ...rules } : {};
};

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

/** Limits of one chain's base units must not be put on an agent of another. */
async function checkAgent(db: Db, agentId: string | null, rules: SpendingLimitRules): Promise<void> {
  if (agentId === null) return;
  const agent = await findAgent(db, agentId);
  if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });
  if (agent.chain !== rules.chain) {
    throw validationError([
      { path: 'rules.chain', code: 'custom', message: `must be "${agent.chain}", the chain of the agent` },
    ]);
  }
}

/** Builds policy management. */
export function createPolicyManagement(dependencies: PolicyManagementDependencies): PolicyManagement {
  const { storage, sealer, clock, ids } = dependencies;

  /** Taking the last limit off all agents must be meant (04 §22). */
  async function checkLoosening(db: Db, row: PolicyRow, change: PolicyChange): Promise<void> {
    if (change.enabled !== false || row.enabled === 0 || row.agent_id !== null || change.confirm === true) return;
    const others = (await listPolicies(db)).filter(
      (other) => other.id !== row.id && other.agent_id === null && other.type === row.type && other.enabled === 1,
    );
    if (others.length > 0) return;
    throw validationError([
      {
        path: 'confirm',
        code: 'custom',
        message: 'must be true: this is the last spending limit in force for all agents',
      },
    ]);
  }

  return {
    create: (input, origin) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const agentId = input.agentId === undefined ? null : brandAgentId(input.agentId);
        await checkAgent(db, agentId, input.rules);
        const id = policyId(ids.next());
        const { type, priority, enabled } = input;
        const fields = { id, agentId, type, rules: canonicalText(input.rules), priority, enabled };
        const row = await storePolicy(db, sealer, fields, { now, actor: actorName(origin) });
        await appendAudit(db, now, {
          event: 'POLICY_CREATED',
          ...auditOrigin(origin),
          ...(agentId === null ? {} : { agentId }),
          details: {
            policyId: id,
            version: row.version,
            type,
            agentId,
            rules: readRules(row.rules),
            priority,
            enabled,
          },
        });
        return { policy: toSummary(row) };
      }),

    update: (id, input, origin) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const before = await findPolicy(db, id);
        if (before === undefined) throw new WaiaasError('POLICY_NOT_FOUND', { details: { policyId: id } });
        const agentId = before.agent_id === null ? null : brandAgentId(before.agent_id);
        if (input.rules !== undefined) await checkAgent(db, agentId, input.rules);
        await checkLoosening(db, before, input);
        const fields = {
          id,
          agentId,
          type: before.type,
          rules: input.rules === undefined ? before.rules : canonicalText(input.rules),
          priority: input.priority ?? before.priority,
          enabled: input.enabled ?? before.enabled === 1,
        };
        const row = await storePolicy(db, sealer, fields, { now, actor: actorName(origin) });
        const disabled = before.enabled === 1 && row.enabled === 0;
        await appendAudit(db, now, {
          event: disabled ? 'POLICY_DISABLED' : 'POLICY_UPDATED',
          ...auditOrigin(origin),
          ...(agentId === null ? {} : { agentId }),
          severity: disabled ? 'warning' : 'info',
          details: {
            policyId: id,
            version: row.version,
            type: row.type,
            changes: { before: toSummary(before), after: toSummary(row) },
          },
        });
        return { policy: toSummary(row) };
      }),

    async list() {
      return { policies: (await listPolicies(storage.read)).map(toSummary) };
    },
  };
}
