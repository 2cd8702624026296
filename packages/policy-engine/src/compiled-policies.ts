import type { AgentId, AssetId, Chain, PolicyId } from '@waiaas/core';
import type { DenyReason, PolicyReference } from './decision.ts';

/**
 * Why nothing may be allowed: a stored policy that cannot be applied denies every payment it might have limited, and so do
 * counters of spending that somebody else has written.
 */
export type Blocker = {
  readonly reason: Extract<
    DenyReason,
    'POLICY_MALFORMED' | 'POLICY_NOT_AUTHENTIC' | 'POLICY_TYPE_UNKNOWN' | 'COUNTERS_NOT_AUTHENTIC'
  >;
  /** Null where no single policy is at fault, such as a set from which one was removed. */
  readonly policyId: PolicyId | null;
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
  readonly policy: PolicyReference;
  readonly window: 'rolling' | 'calendar';
  /** Null: the configuration's default. */
  readonly delaySeconds: number | null;
  /** Null: the configuration's default. */
  readonly approvalTimeoutSeconds: number | null;
  /** Thousandths of the balance above which a payment needs an approval. Null: no such guard. */
  readonly maxBalanceShare: bigint | null;
  /** By asset id; own properties only. */
  readonly limits: Readonly<Record<AssetId, CompiledLimits>>;
};

/** The WHITELIST policy in force. */
export type CompiledWhitelist = {
  readonly policy: PolicyReference;
  /** Addresses of another chain are not on the list. */
  readonly chain: Chain;
  /** Entries of the list; 0 switches the policy off. */
  readonly size: number;
  /** By the address in the form in which it is compared; own properties only. */
  readonly addresses: Readonly<Record<string, true>>;
};

/** The TIME_RESTRICTION policy in force. */
export type CompiledTimeRestriction = {
  readonly policy: PolicyReference;
  readonly timezone: string;
  /** First hour that is allowed, 0–23. */
  readonly start: number;
  /** First hour that is not, 0–24; before `start`: of the next day. */
  readonly end: number;
  /** Days that are allowed in ascending order, 0 is Sunday; never empty. */
  readonly days: readonly number[];
};

/** The RATE_LIMIT policy in force. */
export type CompiledRateLimit = {
  readonly policy: PolicyReference;
  /** Transactions in any 3600 s. Null: no limit. */
  readonly perHour: number | null;
  /** Transactions in any 86,400 s. Null: no limit. */
  readonly perDay: number | null;
};

/** The policies in force for one agent, ready to be evaluated: deeply frozen and plain. Made by `compilePolicies`. */
export type CompiledPolicies = {
  readonly agentId: AgentId;
  /** When present, every payment of the agent is denied. */
  readonly blocker: Blocker | null;
  readonly whitelist: CompiledWhitelist | null;
  readonly timeRestriction: CompiledTimeRestriction | null;
  readonly rateLimit: CompiledRateLimit | null;
  /** Null where no limit is in force: every payment then needs an approval. */
  readonly spendingLimit: CompiledSpendingLimit | null;
};

/** The limits of an asset, or null. Looks at own properties only, so that no inherited name passes for a limit. */
export const limitsOf = (rule: CompiledSpendingLimit | null, asset: AssetId): CompiledLimits | null =>
  rule !== null && Object.hasOwn(rule.limits, asset) ? (rule.limits[asset] ?? null) : null;
