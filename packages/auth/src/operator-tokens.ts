import { hash } from 'node:crypto';
import { type Clock, type RandomBytes, WaiaasError } from '@waiaas/core';
import type { ShownCredential } from './shown-credential.ts';

/** Every operator token starts with this (00 §3). */
export const OPERATOR_TOKEN_PREFIX = 'wai_op_';

/** An operator token as it is handed out, once. */
export interface IssuedOperatorToken {
  /** `wai_op_` and 256 random bits. */
  readonly token: string;
  /** Epoch milliseconds of its latest end; idleness ends it earlier. */
  readonly expiresAt: number;
}

/** Operator tokens that are valid now. */
export interface OperatorTokens {
  /** A new token, for somebody who has just shown the master password. */
  issue(): IssuedOperatorToken;
  /**
   * Accepts a token and restarts its idle time. What it answers says later whether the token has ended since.
   * @throws WaiaasError INVALID_OPERATOR_TOKEN
   */
  authenticate(token: string | undefined): ShownCredential;
  /** Whether a token is valid now. Restarts nothing and grants nothing. */
  isLive(token: string): boolean;
  /** Ends a token (sign-out). Whether there was one. */
  revoke(token: string): boolean;
  /** Ends all tokens (kill switch, password change). How many there were. */
  revokeAll(): number;
}

/** What operator tokens are made of. */
export interface OperatorTokensOptions {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly idleSeconds?: number;
  readonly maxSeconds?: number;
  /** Tokens alive at a time; one more sign-in ends the one that was idle longest. */
  readonly capacity?: number;
}

interface Life {
  readonly expiresAt: number;
  readonly idleUntil: number;
}

const TOKEN_BYTES = 32;
const FORM = /^wai_op_[A-Za-z0-9_-]{43}$/;

/**
 * Tokens that spare an operator the slow master password at every request (00 §3). Only their SHA-256 is kept, in memory:
 * a restart ends them all. Looking a hash up tells nothing about the token by its timing.
 *
 * @example
 * const { token } = operators.issue();
 * operators.authenticate(token);
 */
export function createOperatorTokens(options: OperatorTokensOptions): OperatorTokens {
  const { clock, randomBytes, idleSeconds = 900, maxSeconds = 28_800, capacity = 100 } = options;
  /** By hash, the one used longest ago first. */
  const lives = new Map<string, Life>();

  const touch = (key: string, expiresAt: number, now: number): void => {
    lives.delete(key);
    lives.set(key, { expiresAt, idleUntil: now + idleSeconds * 1000 });
  };

  const makeRoom = (now: number): void => {
    for (const [key, life] of lives) if (!isAlive(life, now)) lives.delete(key);
    for (const key of lives.keys()) {
      if (lives.size < capacity) return;
      lives.delete(key);
    }
  };

  const isLive = (key: string): boolean => {
    const life = lives.get(key);
    return life !== undefined && isAlive(life, clock.now());
  };

  return {
    issue() {
      const now = clock.now();
      makeRoom(now);
      const bytes = randomBytes(TOKEN_BYTES);
      const token = `${OPERATOR_TOKEN_PREFIX}${Buffer.from(bytes).toString('base64url')}`;
      const key = keyOf(token);
      // Either means that the random source is broken; a guessable token must not leave the daemon.
      if (bytes.length !== TOKEN_BYTES || lives.has(key)) throw new Error('The random source is not usable');
      const expiresAt = now + maxSeconds * 1000;
      touch(key, expiresAt, now);
      return { token, expiresAt };
    },
    authenticate(token) {
      const now = clock.now();
      if (token !== undefined && FORM.test(token)) {
        const key = keyOf(token);
        const life = lives.get(key);
        if (life !== undefined && isAlive(life, now)) {
          touch(key, life.expiresAt, now);
          return {
            confirm() {
              if (!isLive(key)) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
            },
          };
        }
        lives.delete(key);
      }
      throw new WaiaasError('INVALID_OPERATOR_TOKEN');
    },
    isLive: (token) => FORM.test(token) && isLive(keyOf(token)),
    revoke: (token) => lives.delete(keyOf(token)),
    revokeAll() {
      const count = lives.size;
      lives.clear();
      return count;
    },
  };
}

const keyOf = (token: string): string => hash('sha256', token, 'hex');
const isAlive = (life: Life, now: number): boolean => now < life.expiresAt && now < life.idleUntil;
