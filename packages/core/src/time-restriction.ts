import { z } from 'zod';

/**
 * Whether a text names a time zone that this runtime knows: `UTC` or an IANA name such as `Europe/Berlin`. Bare offsets
 * are refused, because they know no daylight saving and look as if they did.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const hours = z
  .strictObject({
    /** First hour that is allowed. */
    start: z.int().min(0).max(23),
    /** First hour that is not allowed any more; 24 is the end of the day. */
    end: z.int().min(0).max(24),
  })
  .refine(({ start, end }) => start !== end, { path: ['end'], message: 'must differ from start' });

/**
 * Rules of a TIME_RESTRICTION policy (04 §11): on which days and between which full hours payments are allowed, by the
 * clock on the wall in `timezone`. `start < end` is `start` up to but not including `end`; `start > end` goes over midnight.
 * Days are counted from 0, Sunday, and are those of the moment itself: Monday 22–6 does not cover Tuesday 02:00 unless
 * Tuesday is listed as well. An empty list of days is every day.
 */
export const timeRestrictionRulesSchema = z.strictObject({
  allowed_hours: hours,
  timezone: z.string().refine(isTimeZone, 'must be the IANA name of a time zone').default('UTC'),
  allowed_days: z
    .array(z.int().min(0).max(6))
    .max(7)
    .default(() => [0, 1, 2, 3, 4, 5, 6]),
});
/** Rules of a TIME_RESTRICTION policy. */
export type TimeRestrictionRules = z.infer<typeof timeRestrictionRulesSchema>;
