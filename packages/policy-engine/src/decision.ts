import type { PolicyId, PolicyType, Tier } from '@waiaas/core';

/** Names one version of a policy. */
export type PolicyReference = {
  readonly type: PolicyType;
  readonly id: PolicyId;
  readonly version: number;
};

/** Name of something that was checked: that of the rule, where it is one. */
export type CriterionRule =
  | 'policies'
  | 'facts'
  | 'allowed_addresses'
  | 'allowed_days'
  | 'allowed_hours'
  | 'max_tx_per_hour'
  | 'max_tx_per_day'
  | 'daily_max'
  | 'weekly_max'
  | 'asset_limits'
  | 'instant_max'
  | 'notify_max'
  | 'delay_max'
  | 'max_balance_share'
  | 'min_channels';

/**
 * One check of a decision: of which policy, what was seen, what it was held against, and how it came out. Amounts are
 * base units; the canonical encoding writes them as decimal strings.
 */
export type Criterion = {
  /** The policy the rule is of; null where the check belongs to none. */
  readonly policy: PolicyReference | null;
  readonly rule: CriterionRule;
  readonly observed: bigint | number | string;
  /** Null where there is nothing to hold it against, such as an asset without limits or a balance that is unknown. */
  readonly limit: bigint | number | string | null;
  readonly passed: boolean;
};

/** Why a payment was refused. Every unknown denies (09 no. 4). */
export type DenyReason =
  | 'WHITELIST_DENIED'
  | 'OUTSIDE_ALLOWED_DAYS'
  | 'OUTSIDE_ALLOWED_HOURS'
  | 'RATE_LIMIT_HOUR'
  | 'RATE_LIMIT_DAY'
  | 'DAILY_CAP'
  | 'WEEKLY_CAP'
  | 'POLICY_MALFORMED'
  | 'POLICY_NOT_AUTHENTIC'
  | 'POLICY_TYPE_UNKNOWN'
  | 'COUNTERS_NOT_AUTHENTIC'
  | 'FACTS_UNKNOWN';

/** A cap that would be exceeded. Base units. */
export type ExceededCap = {
  readonly name: 'daily_max' | 'weekly_max';
  readonly limit: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
  readonly requested: bigint;
  /** What could still be paid now; never negative. */
  readonly remaining: bigint;
};

/** A rate limit that is reached. */
export type ReachedRate = {
  readonly name: 'max_tx_per_hour' | 'max_tx_per_day';
  readonly limit: number;
  /** Transactions of the window that count. */
  readonly count: number;
  readonly windowSeconds: number;
};

/** The payment may go ahead, with as much of a say for the owner as the tier gives. */
export type AllowDecision = {
  readonly outcome: 'ALLOW';
  readonly tier: Tier;
  /** The spending limit that gave the tier; null where none is in force. */
  readonly policyId: PolicyId | null;
  readonly policyVersion: number | null;
  /** Cool-down; DELAY only. */
  readonly delaySeconds: number | null;
  /** How long the owner has to approve; APPROVAL only. */
  readonly approvalTimeoutSeconds: number | null;
  /** Why the tier is stricter than the amount alone asks for; null where it is not. */
  readonly raisedBy: 'BALANCE_SHARE' | 'NOTIFICATION_GATE' | 'NO_LIMITS' | null;
  readonly criteria: readonly Criterion[];
};

/** The payment is refused. */
export type DenyDecision = {
  readonly outcome: 'DENY';
  /** Code of the error catalogue. */
  readonly code: 'WHITELIST_DENIED' | 'SPENDING_LIMIT_EXCEEDED' | 'POLICY_DENIED';
  readonly reason: DenyReason;
  /** The policy that refused; null where none did. The engine always gives its type. */
  readonly policyType?: PolicyType | null;
  readonly policyId: PolicyId | null;
  readonly policyVersion: number | null;
  /** Present for DAILY_CAP and WEEKLY_CAP. */
  readonly cap?: ExceededCap;
  /** Present for RATE_LIMIT_HOUR and RATE_LIMIT_DAY. */
  readonly rate?: ReachedRate;
  /** Up to the check that refused, which is the last one. */
  readonly criteria: readonly Criterion[];
};

/**
 * What the engine answers: a deeply frozen plain object with one canonical encoding, so that it can be stored, sealed
 * and compared with a later replay (09 no. 9).
 */
export type Decision = AllowDecision | DenyDecision;
