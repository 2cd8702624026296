import type { RateLimits } from '../options.ts';

/** New sessions per minute and address (06 §1.8). */
export const SESSION_CREATE_RPM = 5;
/** Health checks per minute and address (06 §1.8). */
export const HEALTH_RPM = 600;

/** Files of the console per minute and address. */
export const CONSOLE_RPM = 600;

/** Activations of the kill switch per minute: by the owner, with operator tokens, and with the master password (06 §1.8). */
export const KILL_SWITCH_RPM = 3;

/** A limit of a route's own. */
export interface OwnLimit {
  readonly limit: number;
  /** In place of the limit by address or session, rather than beside it. */
  readonly replaces: 'always' | 'when looser' | 'never';
  /**
   * Counted once the caller has signed in, by who that is. The credential is checked whatever the address has used up, so that
   * nobody without one can keep those who have one from the route; what fails to sign in counts against its address.
   */
  readonly signedIn?: true;
}

/**
 * How a route differs from the others in what it counts. `uncounted`: an answer costs no more than a refusal and takes nothing
 * from anybody, so that counting would only let strangers hold up those who need it.
 */
export type EndpointLimit = OwnLimit | 'uncounted';

/**
 * Public routes that are counted as those of operators are: live operator tokens have a budget of their own there, and a
 * session's counts for nothing, lest it buy guesses of the password.
 */
export const COUNTED_AS_OPERATED: ReadonlySet<string> = new Set(['POST /v1/owner/messages']);

/**
 * Routes with a limit of their own, by method and pattern. Neither health checks nor the files of the console use up the
 * budget of an address. Nonces are not counted at all: without one no owner could stop anything (03 §4), and on one machine
 * everybody has the same address.
 */
export const endpointLimits = (limits: RateLimits): ReadonlyMap<string, EndpointLimit> => {
  const killSwitch: EndpointLimit = { limit: KILL_SWITCH_RPM, replaces: 'always', signedIn: true };
  return new Map<string, EndpointLimit>([
    ['GET /health', { limit: limits.healthRpm ?? HEALTH_RPM, replaces: 'always' }],
    ['GET /metrics', { limit: limits.healthRpm ?? HEALTH_RPM, replaces: 'always' }],
    ['GET /console', { limit: CONSOLE_RPM, replaces: 'always' }],
    ['GET /console/*', { limit: CONSOLE_RPM, replaces: 'always' }],
    ['GET /v1/nonce', 'uncounted'],
    ['POST /v1/owner/kill-switch', killSwitch],
    ['POST /v1/admin/kill-switch', killSwitch],
    ['POST /v1/sessions', { limit: limits.sessionCreateRpm ?? SESSION_CREATE_RPM, replaces: 'when looser' }],
    ['POST /v1/transactions/send', { limit: limits.transactionRpm, replaces: 'when looser' }],
  ]);
};
