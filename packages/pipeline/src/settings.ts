import type { BreakerSettings } from './network-breaker.ts';

/** When, and how often, the transaction of a payment is replaced by a dearer one. */
export interface ReplacementSettings {
  /** How long the first one may wait, seconds; each further one twice as long as the one before. */
  readonly afterSeconds: number;
  /** Most times that one payment is signed again; 0 for never. */
  readonly most: number;
}

/** Settings of the pipeline; defaults of 04 §24. */
export interface PipelineSettings {
  /** Most queued DELAY and APPROVAL transactions of an agent. */
  readonly maxPendingTransactions: number;
  /** Renewals of a session that does not choose a number; shown in budgets. */
  readonly defaultMaxRenewals: number;
  /** Channels that must be able to reach the owner before NOTIFY and DELAY are used; 0 switches the rule off (00 §3). */
  readonly minChannels: number;
  /** Cool-down of rules that leave it out, seconds. */
  readonly delaySeconds: number;
  /** Approval time of rules that leave it out, seconds. */
  readonly approvalTimeoutSeconds: number;
  /**
   * Most that payments of an agent may put into accounts they open for recipients in any 24 hours, base units of the native asset;
   * what an owner approved does not count.
   */
  readonly maxAccountRentDaily: bigint;
  /** Longest time from start to signature, ms. */
  readonly executionCapMs: number;
  /** Pause before the same bytes are sent a second time, ms. */
  readonly resubmitAfterMs: number;
  /** How long one round of waiting for a confirmation lasts before the bytes are sent again, ms. */
  readonly confirmationRoundMs: number;
  /** How long after its end a transaction that did not land is looked up one last time, seconds. */
  readonly lateCheckSeconds: number;
  /** When a payment that was sent is signed again for a higher fee, on chains where it would wait for ever. */
  readonly replacement: ReplacementSettings;
  /** When a network is left alone for a while. */
  readonly breaker: BreakerSettings;
}

/** Defaults of 04 §24 and 08 §2.6.1. */
export const DEFAULT_PIPELINE_SETTINGS: PipelineSettings = {
  maxPendingTransactions: 10,
  defaultMaxRenewals: 30,
  minChannels: 2,
  delaySeconds: 900,
  approvalTimeoutSeconds: 3600,
  maxAccountRentDaily: 20_000_000n,
  executionCapMs: 30_000,
  resubmitAfterMs: 500,
  confirmationRoundMs: 5000,
  lateCheckSeconds: 600,
  replacement: { afterSeconds: 180, most: 5 },
  breaker: { failures: 5, withinSeconds: 300, openSeconds: 600, trials: 3 },
};
