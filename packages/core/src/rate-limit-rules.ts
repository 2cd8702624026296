import { z } from 'zod';

const count = z.int().min(0).default(0);

/**
 * Rules of a RATE_LIMIT policy (04 §11): how many transactions an agent may start in any 3600 and any 86,400 seconds.
 * 0 is no limit. Not to be confused with the limits on HTTP requests.
 */
export const rateLimitRulesSchema = z.strictObject({ max_tx_per_hour: count, max_tx_per_day: count });
/** Rules of a RATE_LIMIT policy. */
export type RateLimitRules = z.infer<typeof rateLimitRulesSchema>;
