import { randomBytes } from 'node:crypto';
import type { Authenticators } from '@waiaas/api-server';
import {
  createMasterPassword,
  createOperatorTokens,
  createSessionAuthenticator,
  type MasterPassword,
  type OperatorTokens,
  type SessionTokens,
} from '@waiaas/auth';
import { type Clock, isWaiaasError, type SessionId, unixSeconds } from '@waiaas/core';
import type { Keystore } from '@waiaas/keystore';
import type { SessionManagement } from '@waiaas/management';
import { appendAudit, type Storage } from '@waiaas/storage';
import type { Config } from '../config/index.ts';
import { createLockoutStore } from './lockout-store.ts';

/** The session a genuine token names; null for anything else. Chooses a rate-limit bucket and grants nothing. */
function peek(tokens: SessionTokens, authorization: string): SessionId | null {
  const token = /^bearer (\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return null;
  try {
    return tokens.verify(token).sessionId;
  } catch (error) {
    if (isWaiaasError(error)) return null;
    throw error;
  }
}

/** Everything that can tell who is asking, and what ends operator tokens and requests of a password that has changed. */
export function createAuthenticators(parts: {
  readonly clock: Clock;
  readonly config: Config;
  readonly storage: Storage;
  readonly keystore: Keystore;
  readonly tokens: SessionTokens;
  readonly sessions: SessionManagement;
  readonly owner: Authenticators['owner'];
}): {
  readonly authenticators: Authenticators;
  readonly operatorTokens: OperatorTokens;
  readonly masterPassword: MasterPassword;
} {
  const { clock, config, storage, keystore, tokens, sessions, owner } = parts;
  const { max_recovery_attempts, recovery_cooldown } = config.security.kill_switch;
  const operatorTokens = createOperatorTokens({ clock, randomBytes });
  const sessionAuthenticator = createSessionAuthenticator({
    tokens,
    sessions,
    clock,
    onBrokenSeal: ({ id, agentId }) =>
      storage.write(({ db }) =>
        appendAudit(db, unixSeconds(clock), {
          event: 'SEAL_BROKEN',
          actor: 'system',
          agentId,
          sessionId: id,
          details: { what: 'session' },
        }),
      ),
  });
  const masterPassword = createMasterPassword({
    verify: (password) => keystore.verifyPassword(password),
    lockout: createLockoutStore(storage, clock),
    clock,
    // One count for every route that takes the password, the recovery among them (05 §3.6).
    maxFailures: max_recovery_attempts,
    lockSeconds: recovery_cooldown,
    onFailure: ({ failures, lockedUntil }) =>
      storage.write(({ db }) =>
        appendAudit(db, unixSeconds(clock), {
          event: 'AUTH_FAILED',
          actor: 'system',
          details: { what: 'master_password', failures, locked: lockedUntil !== null },
        }),
      ),
  });
  return {
    operatorTokens,
    masterPassword,
    authenticators: {
      sessionToken: {
        peek: (authorization) => peek(tokens, authorization),
        authenticate: (authorization) => sessionAuthenticator.authenticate(authorization),
      },
      masterPassword,
      operatorTokens,
      owner,
    },
  };
}
