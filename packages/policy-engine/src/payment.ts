import type { AssetId, Chain } from '@waiaas/core';

/** What is to be paid. */
export interface Payment {
  readonly chain: Chain;
  readonly asset: AssetId;
  /** Base units of the asset, greater than zero. Fees are not part of it (04 §9). */
  readonly amount: bigint;
  /** Recipient's address: of a token payment the wallet that is paid, never the token account derived from it. */
  readonly to: string;
}

/**
 * What the engine has to know besides the rules. Read in the same database transaction that stores the decision, so
 * that two payments can never be judged by the same head-room (04 §13). `factsNeeded` tells which of them it will ask for.
 */
export interface PaymentFacts {
  /** Unix seconds. */
  readonly now: number;
  /**
   * What the agent spent of this asset in the windows `factsNeeded` asked for, base units. Null: unknown, which denies
   * where a cap needs it.
   */
  readonly spent: { readonly day: bigint | null; readonly week: bigint | null };
  /** Live reservations of the agent in this asset, whatever their age, without this payment; base units. */
  readonly reserved: bigint;
  /**
   * Transactions of the agent, of any asset, created in the windows `factsNeeded` asked for: without this payment, and
   * without those that are CANCELLED or EXPIRED. Null or absent: unknown, which denies where a rate limit needs it.
   */
  readonly recentTransactions?: { readonly hour: number | null; readonly day: number | null };
  /**
   * What is free of this asset, base units: what the agent's wallet holds and has promised to no other payment, so without
   * what is reserved and what has settled since the balance was read. Null or absent: unknown, which counts as too little where
   * a share of the balance is the limit. Decisions of earlier versions had all that the wallet held in this place.
   */
  readonly balance?: bigint | null;
  /** Notification channels that can reach the owner now. */
  readonly reachableChannels: number;
  /** Channels needed before anything but INSTANT is paid without a signature; 0 switches the rule off (00 §3). */
  readonly minChannels: number;
  /** Timings of the configuration, used where a rule leaves them out. */
  readonly defaults: { readonly delaySeconds: number; readonly approvalTimeoutSeconds: number };
}

/** What the engine has to know when a payment that waited is about to be carried out (04 §19). */
export type ClaimFacts = Pick<PaymentFacts, 'now' | 'spent' | 'reserved'>;
