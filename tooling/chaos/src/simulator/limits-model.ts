/** Everything a spending limit of the simulation says of one asset, base units. */
export interface Limits {
  readonly instantMax: bigint;
  readonly notifyMax: bigint;
  readonly delayMax: bigint;
  readonly dailyMax: bigint | null;
  readonly weeklyMax: bigint | null;
  readonly window: 'rolling' | 'calendar';
  readonly delaySeconds: number;
  /** Thousandths of what the agent holds and has not promised to another payment; null where that does not matter. */
  readonly share: number | null;
}

/** What became of a payment of an agent in that asset. */
export interface Spend {
  readonly amount: bigint;
  /** Unix seconds at which it was confirmed; null while it may still land. */
  readonly settledAt: number | null;
}

const DAY = 86_400;

/** Unix seconds, exclusive, from which spends count. Weeks begin on Monday; 1 January 1970 was a Thursday. */
export function since(window: Limits['window'], days: 1 | 7, now: number): number {
  if (window === 'rolling') return now - days * DAY;
  const midnight = now - (now % DAY);
  return days === 1 ? midnight - 1 : midnight - ((midnight / DAY + 3) % 7) * DAY - 1;
}

/** Which caps are broken. Written without a look at the daemon's code: the reference that it is held against. */
export function brokenCaps(limits: Limits, spends: readonly Spend[], now: number): readonly string[] {
  const total = (days: 1 | 7): bigint =>
    spends
      .filter(({ settledAt }) => settledAt === null || settledAt > since(limits.window, days, now))
      .reduce((sum, { amount }) => sum + amount, 0n);
  return [
    ...(limits.dailyMax !== null && total(1) > limits.dailyMax ? [`daily ${total(1)} > ${limits.dailyMax}`] : []),
    ...(limits.weeklyMax !== null && total(7) > limits.weeklyMax ? [`weekly ${total(7)} > ${limits.weeklyMax}`] : []),
  ];
}

/** A payment of an agent in an asset that was admitted, as far as it takes something from what is free. */
export interface Taken {
  readonly amount: bigint;
  /** When it landed: before the step, within it, or not yet. */
  readonly landed: 'before' | 'in the step' | null;
  /** Whether it was admitted before the one that is looked at. */
  readonly isEarlier: boolean;
}

/**
 * The most that can have been free when a payment was admitted in the step that has just ended, base units: what is there now and
 * what has left since, but for what earlier payments take. Those take it whether they have landed since or are still to.
 *
 * @param held what the ledger has now
 * @param others what has left in the step for no payment: fees, and what goes back to the owner
 */
export function mostFree(held: bigint, taken: readonly Taken[], others: bigint): bigint {
  const back = taken.filter(({ isEarlier, landed }) => !isEarlier && landed === 'in the step');
  const gone = taken.filter(({ isEarlier, landed }) => isEarlier && landed === null);
  const sum = (payments: readonly Taken[]): bigint => payments.reduce((total, { amount }) => total + amount, 0n);
  const free = held + others + sum(back) - sum(gone);
  return free > 0n ? free : 0n;
}

const TIERS = ['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL'];

/**
 * Whether a tier is at least as strict as the amount alone demands.
 * @param reachable whether enough channels reach the owner for tiers that rest on being noticed
 */
export function strictEnough(limits: Limits | null, amount: bigint, tier: string, reachable: boolean): boolean {
  const bounds = limits === null ? [] : [limits.instantMax, limits.notifyMax, limits.delayMax];
  const least = bounds.findIndex((bound) => amount <= bound);
  const demanded = least === -1 || (least > 0 && !reachable) ? 3 : least;
  return TIERS.indexOf(tier) >= demanded;
}
