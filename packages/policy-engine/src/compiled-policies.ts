import type { AgentId, AssetId, PolicyId } from '@waiaas/core';
import type { DenyReason } from './decision.ts';

/** A stored policy that cannot be applied, and so denies every payment it might have limited. */
export type Blocker = {
  readonly reason: Extract<DenyReason, 'POLICY_MALFORMED' | 'POLICY_NOT_AUTHENTIC' | 'POLICY_TYPE_UNKNOWN'>;
  readonly policyId: PolicyId;
  /** Null where the row's own version is not a number that could be told. */
  readonly policyVersion: number | null;
};

/** Limits of one asset, base units, all bounds inclusive (04 §11). */
export type CompiledLimits = {
  readonly instantMax: bigint;
  readonly notifyMax: bigint;
  readonly delayMax: bigint;
  /** Null: no cap. */
  readonly dailyMax: bigint | null;
  /** Null: no cap. */
  readonly weeklyMax: bigint | null;
};

/** The SPENDING_LIMIT policy in force. */
export type CompiledSpendingLimit = {
  readonly policyId: PolicyId;
  readonly policyVersion: number;
  readonly window: 'rolling' | 'calendar';
  /** Null: the configuration's default. */
  readonly delaySeconds: number | null;
  /** Null: the configuration's default. */
  readonly approvalTimeoutSeconds: number | null;
  /** By asset id; own properties only. */
  readonly limits: Readonly<Record<AssetId, CompiledLimits>>;
};

/** The policies in force for one agent, ready to be evaluated: deeply frozen and plain. Made by `compilePolicies`. */
export type CompiledPolicies = {
  readonly agentId: AgentId;
  /** When present, every payment of the agent is denied. */
  readonly blocker: Blocker | null;
  /** Null where no limit is in force: every payment then needs an approval. */
  readonly spendingLimit: CompiledSpendingLimit | null;
};

/** The limits of an asset, or null. Looks at own properties only, so that no inherited name passes for a limit. */
export const limitsOf = (rule: CompiledSpendingLimit | null, asset: AssetId): CompiledLimits | null =>
  rule !== null && Object.hasOwn(rule.limits, asset) ? (rule.limits[asset] ?? null) : null;
