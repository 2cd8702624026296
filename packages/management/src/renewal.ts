import { isoFromSeconds, type SessionConstraints, WaiaasError } from '@waiaas/core';
import type { SessionRow } from '@waiaas/storage';

/** What limits the renewals of a session. */
export interface RenewalLimits {
  readonly constraints: SessionConstraints;
  /** For sessions that do not choose a number. */
  readonly defaultMaxRenewals: number;
}

type Renewable = Pick<
  SessionRow,
  'renewal_count' | 'last_renewed_at' | 'created_at' | 'expires_at' | 'absolute_expires_at'
>;

/** How often a session may be renewed in all. */
export const maxRenewals = ({ constraints, defaultMaxRenewals }: RenewalLimits): number =>
  constraints.maxRenewals ?? defaultMaxRenewals;

/** How often a session may still be renewed, as far as the count goes. */
export const renewalsLeft = (row: Pick<Renewable, 'renewal_count'>, limits: RenewalLimits): number =>
  Math.max(0, maxRenewals(limits) - row.renewal_count);

/**
 * The guards of a renewal, in their order (03 §13): the count, the longest life, half of the present life over. A renewed
 * session lives as long again as it was granted for, never longer.
 *
 * The last guard does not hold for a token that ends with the secret it was signed with: a rotation would otherwise end
 * every session that is younger than half of its life.
 *
 * @param now Unix seconds
 * @param secretRotated whether the token that asks was signed with the secret before the present one
 * @returns the new expiry, Unix seconds
 * @throws WaiaasError RENEWAL_LIMIT_REACHED, SESSION_ABSOLUTE_LIFETIME_EXCEEDED, RENEWAL_TOO_EARLY
 */
export function checkRenewal(row: Renewable, limits: RenewalLimits, now: number, secretRotated: boolean): number {
  const began = row.last_renewed_at ?? row.created_at;
  const life = limits.constraints.expiresIn ?? row.expires_at - began;
  if (renewalsLeft(row, limits) <= 0) throw new WaiaasError('RENEWAL_LIMIT_REACHED');
  if (now + life > row.absolute_expires_at) {
    throw new WaiaasError('SESSION_ABSOLUTE_LIFETIME_EXCEEDED', {
      details: { absoluteExpiresAt: isoFromSeconds(row.absolute_expires_at) },
    });
  }
  const renewableAt = began + Math.floor(life / 2);
  if (!secretRotated && now < renewableAt) {
    throw new WaiaasError('RENEWAL_TOO_EARLY', {
      details: { renewableAt: isoFromSeconds(renewableAt), retryAfter: renewableAt - now },
    });
  }
  return now + life;
}
