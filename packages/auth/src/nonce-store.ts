import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type Clock, type RandomBytes, WaiaasError } from '@waiaas/core';

/** A nonce as it is handed out. */
export interface IssuedNonce {
  /** 32 lower-case hex characters, which nobody can foretell or make without the daemon. */
  readonly nonce: string;
  /** Epoch milliseconds; from this instant on the nonce is refused. */
  readonly expiresAt: number;
}

/** What a nonce is used up for. Stopping has room of its own in the store, which nothing else can take. */
export type NonceUse = 'stop' | 'anything else';

/** Nonces that work once. */
export interface NonceStore {
  /** A new nonce. Costs no memory until it is used, so that there are always enough of them. */
  issue(): IssuedNonce;
  /**
   * Uses a nonce up. True exactly once, and only before its expiry; unknown, expired and already used are the same false.
   * Look-up and record are one synchronous step, so that no other request can come between (03 §4).
   * @throws WaiaasError RATE_LIMIT_EXCEEDED while as many as the store remembers were used and have not expired
   */
  consume(nonce: string, use?: NonceUse): boolean;
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
  /** Used nonces remembered at most, each until it would have expired; beside them, those that something was stopped with. */
  readonly capacity?: number;
  readonly ttlSeconds?: number;
}

const BLOCK_BYTES = 16;
const CIPHER = 'aes-128-ecb';
/** Of a block: when it was issued, which one it is, and the mark by which the store knows its own. */
const TIME_BYTES = 6;
const COUNT_BYTES = 4;
const MARK_AT = TIME_BYTES + COUNT_BYTES;
const COUNTS = 2 ** (8 * COUNT_BYTES);

/** More than the kill switch can be engaged while a nonce lives: three times a minute, for ten minutes at most. */
const KEPT_FOR_STOPPING = 64;

/**
 * Single-use nonces, void after a restart by design: a client asks for another (03 §4).
 *
 * A nonce is one block of AES under a key that only this process has: its time of issue, a count and a mark. So the store
 * knows its own without remembering them, and nobody can fill it by asking: what was used up is all it keeps, and to use one
 * up takes a signature that counts. Nothing used is forgotten before it has expired; a full store refuses instead, but has
 * room left for those that stop everything.
 *
 * Time does not run backwards here: what has expired stays so though the clock is set back, and after a leap that is longer
 * than a nonce lives nothing from before it counts.
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
  const lifeMs = ttlSeconds * 1000;
  const used = new Map<string, number>();
  let latest = Number.NEGATIVE_INFINITY;
  let count = 0;
  let secret = freshSecret(randomBytes);

  const clear = (): void => {
    secret = freshSecret(randomBytes);
    used.clear();
  };

  const tick = (): number => {
    const now = Math.floor(clock.now());
    if (now < latest - lifeMs) {
      clear();
      latest = now;
    }
    latest = Math.max(latest, now);
    return latest;
  };

  /** When a nonce of this store expires; null for any other text. */
  const expiryOf = (nonce: string): number | null => {
    if (!/^[0-9a-f]{32}$/.test(nonce)) return null;
    const cipher = createDecipheriv(CIPHER, secret.key, null).setAutoPadding(false);
    const block = Buffer.concat([cipher.update(nonce, 'hex'), cipher.final()]);
    return block.subarray(MARK_AT).equals(secret.mark) ? block.readUIntBE(0, TIME_BYTES) + lifeMs : null;
  };

  /** When a nonce that can still be used expires; null for any other text. */
  const liveUntil = (nonce: string, now: number): number | null => {
    const expiresAt = expiryOf(nonce);
    return expiresAt !== null && now < expiresAt && !used.has(nonce) ? expiresAt : null;
  };

  /** @throws WaiaasError RATE_LIMIT_EXCEEDED */
  const makeRoom = (now: number, most: number): void => {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [nonce, expiresAt] of used) {
      if (expiresAt <= now) used.delete(nonce);
      else earliest = Math.min(earliest, expiresAt);
    }
    if (used.size < most) return;
    const retryAfter = Math.max(1, Math.ceil((earliest - now) / 1000));
    throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
      message: 'Too many nonces were used.',
      details: { limit: most, window: `${ttlSeconds}s`, retryAfter },
    });
  };

  return {
    issue() {
      const now = tick();
      const block = Buffer.alloc(BLOCK_BYTES);
      block.writeUIntBE(now, 0, TIME_BYTES);
      block.writeUIntBE(count, TIME_BYTES, COUNT_BYTES);
      secret.mark.copy(block, MARK_AT);
      count = (count + 1) % COUNTS;
      const cipher = createCipheriv(CIPHER, secret.key, null).setAutoPadding(false);
      const nonce = Buffer.concat([cipher.update(block), cipher.final()]).toString('hex');
      return { nonce, expiresAt: now + lifeMs };
    },
    consume(nonce, use = 'anything else') {
      const now = tick();
      const expiresAt = liveUntil(nonce, now);
      if (expiresAt === null) return false;
      const most = use === 'stop' ? capacity + KEPT_FOR_STOPPING : capacity;
      if (used.size >= most) makeRoom(now, most);
      used.set(nonce, expiresAt);
      return true;
    },
    isLive: (nonce) => liveUntil(nonce, tick()) !== null,
    clear,
  };
}

/** A key, and what stands in every block under it. */
function freshSecret(randomBytes: RandomBytes): { readonly key: Buffer; readonly mark: Buffer } {
  const [key, other] = [Buffer.from(randomBytes(BLOCK_BYTES)), Buffer.from(randomBytes(BLOCK_BYTES))];
  // Either means that the random source is broken; a nonce that can be foretold must not leave the daemon.
  if (key.length !== BLOCK_BYTES || other.length !== BLOCK_BYTES || key.equals(other))
    throw new Error('The random source is not usable');
  return { key, mark: other.subarray(MARK_AT) };
}
