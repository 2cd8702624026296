import { type Clock, type RandomBytes, WaiaasError } from '@waiaas/core';

/** A nonce as it is handed out. */
export interface IssuedNonce {
  /** 32 lower-case hex characters: 128 random bits. */
  readonly nonce: string;
  /** Epoch milliseconds; from this instant on the nonce is refused. */
  readonly expiresAt: number;
}

/** Nonces that are out and not yet used. */
export interface NonceStore {
  /** A new nonce. @throws WaiaasError RATE_LIMIT_EXCEEDED while as many as the store holds are out and alive. */
  issue(): IssuedNonce;
  /**
   * Uses a nonce up. True exactly once, and only before its expiry; unknown, expired and already used are the same false.
   * Look-up and removal are one synchronous step, so that no other request can come between (03 §4).
   */
  consume(nonce: string): boolean;
  /**
   * Whether `consume` would be true at this moment. Changes nothing and authorises nothing: it only spares the work of
   * verifying a signature that could not count.
   */
  isLive(nonce: string): boolean;
  /** Voids every nonce that is out: after a change of owner nothing that was signed before counts (03 §19). */
  clear(): void;
}

/** What a nonce store is made of. */
export interface NonceStoreOptions {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Live nonces at most. */
  readonly capacity?: number;
  readonly ttlSeconds?: number;
}

const NONCE_BYTES = 16;

/**
 * Single-use nonces in memory, lost on restart by design: a client asks for another (03 §4).
 *
 * A live nonce is never thrown out to make room: otherwise anybody who can ask for nonces could take away the one that an
 * owner is about to sign. A full store refuses to issue instead, until the oldest one has expired.
 *
 * @example
 * const nonces = createNonceStore({ clock: systemClock, randomBytes });
 * const { nonce } = nonces.issue();
 * nonces.consume(nonce); // true
 * nonces.consume(nonce); // false
 */
export function createNonceStore(options: NonceStoreOptions): NonceStore {
  const { clock, randomBytes, capacity = 1000, ttlSeconds = 300 } = options;
  if (!(Number.isSafeInteger(capacity) && capacity > 0)) throw new RangeError('A nonce store must hold at least one');
  if (!(ttlSeconds > 0)) throw new RangeError('A nonce must live for a while');
  const expiries = new Map<string, number>();

  const makeRoom = (now: number): void => {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [nonce, expiresAt] of expiries) {
      if (expiresAt <= now) expiries.delete(nonce);
      else earliest = Math.min(earliest, expiresAt);
    }
    if (expiries.size < capacity) return;
    const retryAfter = Math.max(1, Math.ceil((earliest - now) / 1000));
    throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
      message: 'Too many nonces are in use.',
      details: { limit: capacity, window: `${ttlSeconds}s`, retryAfter },
    });
  };

  return {
    issue() {
      const now = clock.now();
      if (expiries.size >= capacity) makeRoom(now);
      const bytes = randomBytes(NONCE_BYTES);
      const nonce = Buffer.from(bytes).toString('hex');
      // Either means that the random source is broken; a guessable nonce must not leave the daemon.
      if (bytes.length !== NONCE_BYTES || expiries.has(nonce)) throw new Error('The random source is not usable');
      const expiresAt = now + ttlSeconds * 1000;
      expiries.set(nonce, expiresAt);
      return { nonce, expiresAt };
    },
    consume(nonce) {
      const expiresAt = expiries.get(nonce);
      expiries.delete(nonce);
      return expiresAt !== undefined && clock.now() < expiresAt;
    },
    isLive(nonce) {
      const expiresAt = expiries.get(nonce);
      return expiresAt !== undefined && clock.now() < expiresAt;
    },
    clear: () => expiries.clear(),
  };
}
