import { AGENT_STATUSES, type AgentStatus, agentId, type ErrorCode, isWaiaasError, sessionId } from '@waiaas/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSessionAuthenticator } from './session-authenticator.ts';
import type { SessionRecord } from './session-store.ts';
import { createSessionTokens } from './session-tokens.ts';

const NOW = 1_800_000_000;
const SECRET = 'authenticator-secret-authenticator';
const SESSION = sessionId('01936d3a-7f00-7abc-8def-0123456789ab');
const AGENT = agentId('01936d3a-7f00-7001-9abc-fedcba987654');
const OTHER = '01936d3a-7f00-7002-9abc-fedcba987654';

let now = NOW;
const clock = { now: () => now * 1000 };
const tokens = createSessionTokens({ secret: SECRET, clock });
const claims = { sessionId: SESSION, agentId: AGENT, issuedAt: NOW - 10, expiresAt: NOW + 3600 };
const token = tokens.issue(claims);

const rows = new Map<string, SessionRecord>();
const asked: string[] = [];
const brokenSeals: unknown[] = [];
const sessions = {
  findByTokenHash: async (hash: string) => {
    asked.push(hash);
    return rows.get(hash) ?? null;
  },
};
const authenticator = createSessionAuthenticator({
  tokens,
  sessions,
  clock,
  onBrokenSeal: async (session) => {
    brokenSeals.push(session);
  },
});

const store = (change: Partial<SessionRecord> = {}, of = token): void => {
  rows.set(tokens.hash(of), {
    id: SESSION,
    agentId: AGENT,
    expiresAt: NOW + 3600,
    revokedAt: null,
    constraints: { maxTransactions: 3 },
    constraintsAuthentic: true,
    agentStatus: 'ACTIVE',
    ...change,
  });
};

/** What the caller is told: code and status, and the reason where there is one. */
const refusalOf = async (authorization: string | undefined): Promise<unknown> => {
  const error: unknown = await authenticator.authenticate(authorization).then(
    () => 'accepted',
    (reason: unknown) => reason,
  );
  return isWaiaasError(error) ? [error.code, error.status, error.details?.reason] : error;
};

beforeEach(() => {
  now = NOW;
  rows.clear();
  asked.length = 0;
  brokenSeals.length = 0;
});

test('a live session gives its agent and its constraints from the row', async () => {
  store();
  await expect(authenticator.authenticate(`Bearer ${token}`)).resolves.toEqual({
    sessionId: SESSION,
    agentId: AGENT,
    constraints: { maxTransactions: 3 },
    tokenHash: tokens.hash(token),
    renewBy: null,
  });
});

test("the scheme's name has no case", async () => {
  store();
  await expect(authenticator.authenticate(`bearer ${token}`)).resolves.toMatchObject({ sessionId: SESSION });
});

describe('the store is not asked at all for', () => {
  const signed = (header: object, body: object, secret = SECRET): string => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = createSessionTokens({ secret, clock }).issue(claims);
    return `wai_sess_${encode(header)}.${encode(body)}.${forged.split('.')[2]}`;
  };
  test.each<[string, string | undefined, unknown]>([
    ['no header', undefined, ['INVALID_TOKEN', 401, 'missing']],
    ['an empty header', '', ['INVALID_TOKEN', 401, 'missing']],
    ['a token without scheme', token, ['INVALID_TOKEN', 401, 'malformed']],
    ['another scheme', `Basic ${token}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['the scheme alone', 'Bearer ', ['INVALID_TOKEN', 401, 'malformed']],
    ['two spaces', `Bearer  ${token}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['two tokens', `Bearer ${token} ${token}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['a list', `Bearer ${token}, Bearer ${token}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['a line feed', `Bearer ${token}\n`, ['INVALID_TOKEN', 401, 'malformed']],
    ['a token without prefix', `Bearer ${token.slice(9)}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['an operator token', `Bearer wai_op_${'A'.repeat(43)}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['alg none', `Bearer ${signed({ alg: 'none', typ: 'JWT' }, {})}`, ['INVALID_TOKEN', 401, 'malformed']],
    ['alg HS512', `Bearer ${signed({ alg: 'HS512', typ: 'JWT' }, {})}`, ['INVALID_TOKEN', 401, 'malformed']],
    [
      'a changed payload',
      `Bearer ${signed({ alg: 'HS256', typ: 'JWT' }, { iss: 'waiaas' })}`,
      ['INVALID_TOKEN', 401, 'signature'],
    ],
    [
      'another secret',
      `Bearer ${createSessionTokens({ secret: 'x'.repeat(40), clock }).issue(claims)}`,
      ['INVALID_TOKEN', 401, 'signature'],
    ],
    ['an expired token', `Bearer ${tokens.issue({ ...claims, expiresAt: NOW })}`, ['TOKEN_EXPIRED', 401, undefined]],
  ])('%s', async (_name, authorization, expected) => {
    store();
    expect(await refusalOf(authorization)).toEqual(expected);
    expect(asked).toEqual([]);
  });
});

test('a genuine token is looked up by the SHA-256 of its whole text, once', async () => {
  store();
  await authenticator.authenticate(`Bearer ${token}`);
  expect(asked).toEqual([tokens.hash(token)]);
});

describe('a genuine token is refused when', () => {
  test.each<[string, Partial<SessionRecord>, unknown]>([
    ['its session was revoked', { revokedAt: NOW - 1 }, ['SESSION_REVOKED', 401, undefined]],
    ['its session was revoked at second 0', { revokedAt: 0 }, ['SESSION_REVOKED', 401, undefined]],
    ['its session will be revoked', { revokedAt: NOW + 99 }, ['SESSION_REVOKED', 401, undefined]],
    ['its row expires now', { expiresAt: NOW }, ['SESSION_EXPIRED', 401, undefined]],
    ['its row has expiry 0', { expiresAt: 0 }, ['SESSION_EXPIRED', 401, undefined]],
    ['its row is both', { expiresAt: 0, revokedAt: 1 }, ['SESSION_REVOKED', 401, undefined]],
    ['the row is another session', { id: sessionId(OTHER) }, ['INVALID_TOKEN', 401, 'unknown']],
    ['the row is of another agent', { agentId: agentId(OTHER) }, ['INVALID_TOKEN', 401, 'unknown']],
    ['the seal is broken', { constraintsAuthentic: false }, ['INVALID_TOKEN', 401, 'unknown']],
    ['the agent is suspended', { agentStatus: 'SUSPENDED' }, ['AGENT_SUSPENDED', 409, undefined]],
    ['the agent is terminated', { agentStatus: 'TERMINATED' }, ['AGENT_TERMINATED', 410, undefined]],
    ['the agent is being terminated', { agentStatus: 'TERMINATING' }, ['AGENT_TERMINATED', 410, undefined]],
    ['the agent is not ready', { agentStatus: 'CREATING' }, ['AGENT_SUSPENDED', 409, undefined]],
  ])('%s', async (_name, change, expected) => {
    store(change);
    expect(await refusalOf(`Bearer ${token}`)).toEqual(expected);
  });

  test('its row is gone', async () => {
    expect(await refusalOf(`Bearer ${token}`)).toEqual(['INVALID_TOKEN', 401, 'unknown']);
  });
});

test.each(AGENT_STATUSES.filter((status) => status !== 'ACTIVE'))(
  'of all agent states only ACTIVE may act, not %s',
  async (status) => {
    store({ agentStatus: status });
    expect(await refusalOf(`Bearer ${token}`)).not.toBe('accepted');
  },
);

test('an agent state of a later version may not act', async () => {
  const later: { readonly agentStatus: AgentStatus } = JSON.parse('{"agentStatus":"PAUSED"}');
  store(later);
  expect(await refusalOf(`Bearer ${token}`)).toEqual(['AGENT_SUSPENDED', 409, undefined]);
});

describe('nothing is remembered between requests:', () => {
  const cases: readonly [string, Partial<SessionRecord>, ErrorCode][] = [
    ['a revocation', { revokedAt: NOW }, 'SESSION_REVOKED'],
    ['a suspension', { agentStatus: 'SUSPENDED' }, 'AGENT_SUSPENDED'],
    ['an earlier expiry', { expiresAt: NOW }, 'SESSION_EXPIRED'],
  ];
  test.each(cases)('%s bites at the very next request', async (_name, change, code) => {
    store();
    await authenticator.authenticate(`Bearer ${token}`);
    store(change);
    expect(await refusalOf(`Bearer ${token}`)).toEqual([code, expect.any(Number), undefined]);
    store();
    await authenticator.authenticate(`Bearer ${token}`);
  });

  test('changed constraints hold at the very next request', async () => {
    store();
    await authenticator.authenticate(`Bearer ${token}`);
    store({ constraints: { allowedOperations: [] } });
    await expect(authenticator.authenticate(`Bearer ${token}`)).resolves.toMatchObject({
      constraints: { allowedOperations: [] },
    });
  });
});

test('a session that expires while it is looked up is refused', async () => {
  store({ expiresAt: NOW + 1 });
  const slow = createSessionAuthenticator({
    tokens,
    clock,
    onBrokenSeal: async () => undefined,
    sessions: {
      findByTokenHash: async (hash) => {
        now = NOW + 1;
        return rows.get(hash) ?? null;
      },
    },
  });
  await expect(slow.authenticate(`Bearer ${token}`)).rejects.toHaveProperty('code', 'SESSION_EXPIRED');
});

describe('a broken seal', () => {
  test('is reported at each request, and only then', async () => {
    store();
    await authenticator.authenticate(`Bearer ${token}`);
    expect(brokenSeals).toEqual([]);
    store({ constraintsAuthentic: false });
    await refusalOf(`Bearer ${token}`);
    await refusalOf(`Bearer ${token}`);
    expect(brokenSeals).toEqual([
      { id: SESSION, agentId: AGENT },
      { id: SESSION, agentId: AGENT },
    ]);
  });

  test('is refused also when it cannot be reported', async () => {
    store({ constraintsAuthentic: false });
    const mute = createSessionAuthenticator({
      tokens,
      sessions,
      clock,
      onBrokenSeal: async () => {
        throw new Error('audit not writable');
      },
    });
    await expect(mute.authenticate(`Bearer ${token}`)).rejects.toThrow('audit not writable');
  });
});

test('a store that fails lets nobody in', async () => {
  const down = createSessionAuthenticator({
    tokens,
    clock,
    onBrokenSeal: async () => undefined,
    sessions: {
      findByTokenHash: async () => {
        throw new Error('database is gone');
      },
    },
  });
  await expect(down.authenticate(`Bearer ${token}`)).rejects.toThrow('database is gone');
});
