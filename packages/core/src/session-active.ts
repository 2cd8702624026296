/** When a session ends, by itself or by the operator. Unix seconds. */
export interface SessionLife {
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

/**
 * Whether a session may be used: never revoked, and its expiry still ahead. The only function that decides this (09, the
 * bug where an expiry of 0 meant "never"). At exactly its expiry a session is over; a revocation counts from the moment it
 * is recorded, whatever time it carries; anything that is not a number of seconds counts as over.
 *
 * @param nowSeconds the present time, Unix seconds
 * @example isActive({ expiresAt: 1_000, revokedAt: null }, 999) // true
 */
export const isActive = (session: SessionLife, nowSeconds: number): boolean =>
  session.revokedAt === null && session.expiresAt > nowSeconds;
