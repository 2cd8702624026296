import type { AssetId, Chain } from '@waiaas/core';

/** What is to be paid. */
export interface Payment {
  readonly chain: Chain;
  readonly asset: AssetId;
  /** Base units of the asset, greater than zero. Fees are not part of it (04 §9). */
  readonly amount: bigint;
  /** Recipient's address. */
  readonly to: string;
}

/**
 * What the engine has to know besides the rules. Read in the same database transaction that stores the decision, so
 * that two payments can never be judged by the same head-room (04 §13).
 */
export interface PaymentFacts {
  /** Unix seconds. */
  readonly now: number;
  /**
   * What the agent spent of this asset in the windows `spendWindows` asked for, base units. Null: unknown, which denies
   * where a cap needs it.
   */
  readonly spent: { readonly day: bigint | null; readonly week: bigint | null };
  /** Live reservations of the agent in this asset, whatever their age, without this payment; base units. */
  readonly reserved: bigint;
  /** Notification channels that can reach the owner now. */
  readonly reachableChannels: number;
  /** Channels needed before anything but INSTANT is paid without a signature; 0 switches the rule off (00 §3). */
  readonly minChannels: number;
  /** Timings of the configuration, used where a rule leaves them out. */
  readonly defaults: { readonly delaySeconds: number; readonly approvalTimeoutSeconds: number };
}
