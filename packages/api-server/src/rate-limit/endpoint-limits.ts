import type { RateLimits } from '../options.ts';

/** New sessions per minute and address (06 §1.8). */
export const SESSION_CREATE_RPM = 5;
/** Health checks per minute and address (06 §1.8). */
export const HEALTH_RPM = 600;

/**
 * Nonces per minute and address, on each of the two routes that make them. All that can be alive at once, over the five
 * minutes a nonce lives, fit into a store of a thousand, so that nobody can keep an owner from getting one (03 §4).
 */
export const NONCE_RPM = 80;

/** A route's own limit. */
export interface EndpointLimit {
  readonly limit: number;
  /** In place of the limit by address or session, rather than beside it. */
  readonly replaces: 'always' | 'when looser' | 'never';
}

/** Routes with a limit of their own, by method and pattern. Health checks never use up the budget of an address. */
export const endpointLimits = (limits: RateLimits): ReadonlyMap<string, EndpointLimit> =>
  new Map<string, EndpointLimit>([
    ['GET /health', { limit: limits.healthRpm ?? HEALTH_RPM, replaces: 'always' }],
    ['GET /v1/nonce', { limit: limits.nonceRpm ?? NONCE_RPM, replaces: 'never' }],
    ['POST /v1/owner/messages', { limit: limits.nonceRpm ?? NONCE_RPM, replaces: 'never' }],
    ['POST /v1/sessions', { limit: limits.sessionCreateRpm ?? SESSION_CREATE_RPM, replaces: 'when looser' }],
    ['POST /v1/transactions/send', { limit: limits.transactionRpm, replaces: 'when looser' }],
  ]);
