import type { RateLimits } from '../options.ts';

/** New sessions per minute and address (06 §1.8). */
export const SESSION_CREATE_RPM = 5;
/** Health checks per minute and address (06 §1.8). */
export const HEALTH_RPM = 600;

/**
 * Nonces per minute on each of the two routes that make them, for everybody together. With those kept for operators, all
 * that can be alive at once, over the five minutes a nonce lives, fit into a store of a thousand: it never fills (03 §4).
 */
export const NONCE_RPM = 80;
/** Further nonces per minute on each of these routes, for requests that show a live operator token. */
export const NONCE_RESERVE_RPM = 20;

/** Files of the console per minute and address. */
export const CONSOLE_RPM = 600;

/** Activations of the kill switch per minute: by the owner, with operator tokens, and with the master password (06 §1.8). */
export const KILL_SWITCH_RPM = 3;

/** A route's own limit. */
export interface EndpointLimit {
  readonly limit: number;
  /** In place of the limit by address or session, rather than beside it. */
  readonly replaces: 'always' | 'when looser' | 'never';
  /**
   * Present where what is given out is one store for all: requests are counted for everybody together, never by session,
   * and this much is kept for those that show a live operator token.
   */
  readonly reserve?: number;
  /**
   * Counted once the caller has signed in, by who that is. The credential is checked whatever the address has used up, so that
   * nobody without one can keep those who have one from the route; what fails to sign in counts against its address.
   */
  readonly signedIn?: true;
}

/**
 * Routes with a limit of their own, by method and pattern. Neither health checks nor the files of the console use up the
 * budget of an address.
 */
export const endpointLimits = (limits: RateLimits): ReadonlyMap<string, EndpointLimit> => {
  const nonces: EndpointLimit = {
    limit: limits.nonceRpm ?? NONCE_RPM,
    reserve: limits.nonceReserveRpm ?? NONCE_RESERVE_RPM,
    replaces: 'never',
  };
  const killSwitch: EndpointLimit = { limit: KILL_SWITCH_RPM, replaces: 'always', signedIn: true };
  return new Map<string, EndpointLimit>([
    ['GET /health', { limit: limits.healthRpm ?? HEALTH_RPM, replaces: 'always' }],
    ['GET /metrics', { limit: limits.healthRpm ?? HEALTH_RPM, replaces: 'always' }],
    ['GET /console', { limit: CONSOLE_RPM, replaces: 'always' }],
    ['GET /console/*', { limit: CONSOLE_RPM, replaces: 'always' }],
    ['GET /v1/nonce', nonces],
    ['POST /v1/owner/messages', nonces],
    ['POST /v1/owner/kill-switch', killSwitch],
    ['POST /v1/admin/kill-switch', killSwitch],
    ['POST /v1/sessions', { limit: limits.sessionCreateRpm ?? SESSION_CREATE_RPM, replaces: 'when looser' }],
    ['POST /v1/transactions/send', { limit: limits.transactionRpm, replaces: 'when looser' }],
  ]);
};
