/** A cap: base units, and whether it looks back at a day or a week. */
export interface ReferenceCap {
  readonly days: 1 | 7;
  readonly max: bigint;
}

/**
 * One agent and one asset, kept as a list of what happened: what caps promise, without counters or window arithmetic.
 * Calendar windows are told apart by the date itself.
 */
export function referenceLedger(caps: readonly ReferenceCap[], window: 'rolling' | 'calendar') {
  const settled: { readonly amount: bigint; readonly at: number }[] = [];
  const inFlight: bigint[] = [];

  const sameWindow = (at: number, now: number, days: 1 | 7): boolean => {
    if (window === 'rolling') return now - at < days * 24 * 60 * 60;
    const start = new Date(now * 1000);
    start.setUTCHours(0, 0, 0, 0);
    while (days === 7 && start.getUTCDay() !== 1) start.setUTCDate(start.getUTCDate() - 1);
    return at * 1000 >= start.getTime();
  };
  const committed = (now: number, days: 1 | 7): bigint => {
    let sum = 0n;
    for (const amount of inFlight) sum += amount;
    for (const { amount, at } of settled) if (sameWindow(at, now, days)) sum += amount;
    return sum;
  };

  return {
    /** Whether an amount still fits under every cap. */
    fits: (amount: bigint, now: number) => caps.every(({ days, max }) => committed(now, days) + amount <= max),
    /** Whether the promise holds right now. */
    holds: (now: number) => caps.every(({ days, max }) => committed(now, days) <= max),
    admit: (amount: bigint) => inFlight.push(amount),
    settle: (index: number, at: number) => {
      for (const amount of inFlight.splice(index, 1)) settled.push({ amount, at });
    },
    release: (index: number) => inFlight.splice(index, 1),
  };
}
