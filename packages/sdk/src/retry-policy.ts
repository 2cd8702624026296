import { localError } from './error.ts';

/** When a failed attempt is followed by another (06 §5.4). */
export interface RetryPolicy {
  /** Attempts after the first. Default 3. */
  readonly maxRetries: number;
  /** How the pause grows. Default exponential, with jitter. */
  readonly backoff: 'exponential' | 'linear' | 'none';
  /** Milliseconds. Default 1,000. */
  readonly baseDelay: number;
  /** Statuses that are retried when the answer does not say whether it is retryable. Default 429, 502, 503, 504. */
  readonly retryableStatuses: readonly number[];
}

const DEFAULTS: RetryPolicy = {
  maxRetries: 3,
  backoff: 'exponential',
  baseDelay: 1000,
  retryableStatuses: [429, 502, 503, 504],
};

/** No pause is longer, whatever the server asks for or the back-off comes to. Milliseconds. */
export const MAX_DELAY = 60_000;

/**
 * A policy with what was not given filled in.
 * @throws WAIaaSError INVALID_ARGUMENT
 */
export function resolveRetryPolicy(given: Partial<RetryPolicy> = {}): RetryPolicy {
  const policy: RetryPolicy = {
    maxRetries: given.maxRetries ?? DEFAULTS.maxRetries,
    backoff: given.backoff ?? DEFAULTS.backoff,
    baseDelay: given.baseDelay ?? DEFAULTS.baseDelay,
    retryableStatuses: [...(given.retryableStatuses ?? DEFAULTS.retryableStatuses)],
  };
  if (!Number.isSafeInteger(policy.maxRetries) || policy.maxRetries < 0) {
    throw localError('INVALID_ARGUMENT', 'retry.maxRetries must be a whole number, zero or more');
  }
  if (!(policy.baseDelay >= 0 && policy.baseDelay <= MAX_DELAY)) {
    throw localError('INVALID_ARGUMENT', `retry.baseDelay must be between 0 and ${MAX_DELAY} milliseconds`);
  }
  if (!['exponential', 'linear', 'none'].includes(policy.backoff)) {
    throw localError('INVALID_ARGUMENT', 'retry.backoff must be exponential, linear or none');
  }
  return policy;
}

/**
 * The pause before a retry, milliseconds. Exponential pauses are spread over the upper half of their range, so that
 * clients that failed together do not come back together.
 * @param retry 1 for the first retry
 * @param random a number in [0, 1)
 */
export function backoffDelay(policy: RetryPolicy, retry: number, random: number): number {
  const { backoff, baseDelay } = policy;
  const delay =
    backoff === 'none'
      ? 0
      : backoff === 'linear'
        ? baseDelay * retry
        : baseDelay * 2 ** (retry - 1) * (0.5 + random / 2);
  return Math.min(delay, MAX_DELAY);
}

/**
 * What a `Retry-After` header asks for, milliseconds; 0 when there is none that can be read. A date is measured against
 * the `Date` of the same answer, so that it does not matter how wrong the clock of this machine is.
 */
export function retryAfterDelay(headers: Headers): number {
  const value = headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1000
    : /[a-z]/i.test(value)
      ? Date.parse(value) - Date.parse(headers.get('date') ?? '')
      : 0;
  return ms > 0 ? Math.min(ms, MAX_DELAY) : 0;
}
