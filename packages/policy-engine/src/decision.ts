import type { PolicyId, Tier } from '@waiaas/core';

/** Name of something that was checked. */
export type CriterionRule =
  | 'policies'
  | 'facts'
  | 'daily_max'
  | 'weekly_max'
  | 'asset_limits'
  | 'instant_max'
  | 'notify_max'
  | 'delay_max'
  | 'min_channels';

/** One check of a decision: what was seen, what it was held against, and how it came out. Amounts are base units. */
export type Criterion = {
  readonly rule: CriterionRule;
  readonly observed: bigint | number | string;
  /** Null where there is nothing to hold it against, such as an asset without limits. */
  readonly limit: bigint | number | null;
  readonly passed: boolean;
};

/** Why a payment was refused. All but the caps are unknowns, and every unknown denies (09 no. 4). */
export type DenyReason =
  | 'DAILY_CAP'
  | 'WEEKLY_CAP'
  | 'POLICY_MALFORMED'
  | 'POLICY_NOT_AUTHENTIC'
  | 'POLICY_TYPE_UNKNOWN'
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

/** The payment may go ahead, with as much of a say for the owner as the tier gives. */
export type AllowDecision = {
  readonly outcome: 'ALLOW';
  readonly tier: Tier;
  /** The policy that was consulted; null where none is in force. */
  readonly policyId: PolicyId | null;
  readonly policyVersion: number | null;
  /** Cool-down; DELAY only. */
  readonly delaySeconds: number | null;
  /** How long the owner has to approve; APPROVAL only. */
  readonly approvalTimeoutSeconds: number | null;
  /** Why the tier is stricter than the amount alone asks for; null where it is not. */
  readonly raisedBy: 'NOTIFICATION_GATE' | 'NO_LIMITS' | null;
  readonly criteria: readonly Criterion[];
};

/** The payment is refused. */
export type DenyDecision = {
  readonly outcome: 'DENY';
  /** Code of the error catalogue. */
  readonly code: 'SPENDING_LIMIT_EXCEEDED' | 'POLICY_DENIED';
  readonly reason: DenyReason;
  /** The policy that refused; null where none did. */
  readonly policyId: PolicyId | null;
  readonly policyVersion: number | null;
  /** Present for DAILY_CAP and WEEKLY_CAP. */
  readonly cap?: ExceededCap;
  readonly criteria: readonly Criterion[];
};

/**
 * What the engine answers: a deeply frozen plain object with one canonical encoding, so that it can be stored, sealed
 * and compared with a later replay (09 no. 9).
 */
export type Decision = AllowDecision | DenyDecision;
