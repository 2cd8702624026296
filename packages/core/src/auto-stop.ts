import { z } from 'zod';
import type { AutoStopRuleType } from './enums.ts';

/*
 * What auto-stop rules are set to (05 §4.3). They watch what happened; policies decide what may happen.
 */

const count = (max: number) => z.int().min(1).max(max);
const hour = (max: number) => z.int().min(0).max(max);
const percent = count(1000);

/** Failures of an agent's own making in a row, since its last success or its last resumption. */
export const consecutiveFailuresSchema = z.strictObject({ threshold: count(1000) });

/** Payments outside of these hours: from `start` until before `end`; over midnight when `end` is earlier. */
export const activeHoursSchema = z.strictObject({
  allowedHours: z.strictObject({ start: hour(23), end: hour(24) }),
  /** Only UTC has a meaning so far; another zone must not be taken and then not be followed. */
  timezone: z.literal('UTC').default('UTC'),
});

/** Share of the agent's own daily cap that is spent, per cent. Without a cap the rule is silent (00 §3). */
export const dailyThresholdSchema = z
  .strictObject({ warnPercent: percent, stopPercent: percent })
  .refine(({ warnPercent, stopPercent }) => warnPercent <= stopPercent, 'warnPercent must not be above stopPercent');

/** Payments asked for in any hour: more than this many. */
export const hourlyRateSchema = z.strictObject({ maxTxPerHour: count(1_000_000) });

/** Payments to one and the same recipient within an hour. */
export const sameRecipientSchema = z
  .strictObject({ sameAddressWarn: count(1_000_000), sameAddressStop: count(1_000_000) })
  .refine(
    ({ sameAddressWarn, sameAddressStop }) => sameAddressWarn <= sameAddressStop,
    'sameAddressWarn must not be above sameAddressStop',
  );

/** The configuration of each type of rule. */
export const AUTO_STOP_CONFIGS = {
  CONSECUTIVE_FAILURES: consecutiveFailuresSchema,
  TIME_RESTRICTION: activeHoursSchema,
  DAILY_LIMIT_THRESHOLD: dailyThresholdSchema,
  HOURLY_RATE: hourlyRateSchema,
  ANOMALY_PATTERN: sameRecipientSchema,
} as const satisfies Readonly<Record<AutoStopRuleType, z.ZodType>>;

/** What a rule of a type is set to. */
export type AutoStopConfig<Type extends AutoStopRuleType> = z.output<(typeof AUTO_STOP_CONFIGS)[Type]>;
