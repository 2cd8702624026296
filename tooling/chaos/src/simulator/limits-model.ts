/** Everything a spending limit of the simulation says of one asset, base units. */
export interface Limits {
  readonly instantMax: bigint;
  readonly notifyMax: bigint;
  readonly delayMax: bigint;
  readonly dailyMax: bigint | null;
  readonly weeklyMax: bigint | null;
  readonly window: 'rolling' | 'calendar';
  readonly delaySeconds: number;
  /** Whether what the agent holds decides as well. */
  readonly readsBalance: boolean;
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
