import type { ActiveRule } from './rules.ts';

/** How much of a daily cap an agent has spent, base units. */
export interface DailyUse {
  readonly asset: string;
  readonly spent: bigint;
  /** The agent's own daily cap. */
  readonly limit: bigint;
}

/** What is known of an agent when its rules are looked at. */
export interface Activity {
  /** Whether a payment has succeeded since the last look. */
  readonly hasPaid: boolean;
  /** Whether one has failed since then. */
  readonly hasFailed: boolean;
  /** Failures of the agent's own making since its last success or resumption. */
  readonly failuresInARow: number;
  /** Payments asked for in the last hour. */
  readonly askedForInAnHour: number;
  /** The recipient paid most often in the last hour. */
  readonly topRecipient: { readonly to: string; readonly payments: number } | null;
  /** Each asset with a daily cap. */
  readonly dailyUse: readonly DailyUse[];
  /** Hours of the day, UTC, at which payments ended since the last look. */
  readonly hours: readonly number[];
}

/** A rule that fired. */
export interface Verdict {
  readonly rule: ActiveRule;
  /** The rule's action; always WARN where only the warning level is reached. */
  readonly action: ActiveRule['action'];
  /** One sentence with the measured value and the limit. */
  readonly reason: string;
}

const isActiveHour = (hour: number, start: number, end: number): boolean =>
  start <= end ? start <= hour && hour < end : hour >= start || hour < end;

/** What one rule makes of an agent's activity; null when nothing (05 §4.3). */
export function evaluateRule(rule: ActiveRule, activity: Activity): Verdict | null {
  const stop = (reason: string): Verdict => ({ rule, action: rule.action, reason });
  const warn = (reason: string): Verdict => ({ rule, action: 'WARN', reason });
  switch (rule.type) {
    case 'CONSECUTIVE_FAILURES': {
      const { threshold } = rule.config;
      const { failuresInARow } = activity;
      if (!activity.hasFailed || failuresInARow < threshold) return null;
      return stop(`${failuresInARow} payments failed in a row (limit: ${threshold})`);
    }
    case 'TIME_RESTRICTION': {
      const { start, end } = rule.config.allowedHours;
      const hour = activity.hours.find((candidate) => !isActiveHour(candidate, start, end));
      if (hour === undefined) return null;
      return stop(`A payment was made in hour ${hour} UTC (allowed: from ${start} until ${end})`);
    }
    case 'DAILY_LIMIT_THRESHOLD': {
      const { warnPercent, stopPercent } = rule.config;
      // What was not spent just now has been looked at before: an agent that was resumed is not stopped for it again.
      if (!activity.hasPaid) return null;
      const used = activity.dailyUse
        .filter(({ limit }) => limit > 0n)
        .map(({ asset, spent, limit }) => ({ asset, percent: (100n * spent) / limit }))
        .sort((a, b) => (a.percent === b.percent ? 0 : a.percent < b.percent ? 1 : -1))[0];
      if (used === undefined || used.percent < BigInt(warnPercent)) return null;
      const { asset, percent } = used;
      if (percent >= BigInt(stopPercent)) {
        return stop(`${percent} % of the daily cap of ${asset} is spent (limit: ${stopPercent} %)`);
      }
      return warn(`${percent} % of the daily cap of ${asset} is spent (warning from ${warnPercent} %)`);
    }
    case 'HOURLY_RATE': {
      const { maxTxPerHour } = rule.config;
      const { askedForInAnHour } = activity;
      if (askedForInAnHour <= maxTxPerHour) return null;
      return stop(`${askedForInAnHour} payments were asked for within an hour (limit: ${maxTxPerHour})`);
    }
    case 'ANOMALY_PATTERN': {
      const { sameAddressWarn, sameAddressStop } = rule.config;
      const top = activity.topRecipient;
      if (!activity.hasPaid || top === null || top.payments < sameAddressWarn) return null;
      const seen = `${top.payments} payments went to ${top.to} within an hour`;
      if (top.payments >= sameAddressStop) return stop(`${seen} (limit: ${sameAddressStop})`);
      return warn(`${seen} (warning from ${sameAddressWarn})`);
    }
  }
}

const SEVERITY: Readonly<Record<ActiveRule['action'], number>> = { WARN: 1, SUSPEND_AGENT: 2, KILL_SWITCH: 3 };

/** All verdicts, the most severe first; of equals the first rule's (05 §4.6). */
export const evaluateRules = (rules: readonly ActiveRule[], activity: Activity): readonly Verdict[] =>
  rules
    .flatMap((rule) => evaluateRule(rule, activity) ?? [])
    .map((verdict, index) => ({ verdict, index }))
    .sort((a, b) => SEVERITY[b.verdict.action] - SEVERITY[a.verdict.action] || a.index - b.index)
    .map(({ verdict }) => verdict);
