import { WaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import {
  AGENT,
  asOperator,
  asOwner,
  asSession,
  asToken,
  credentialsFor,
  harness,
  OPERATOR_TOKEN,
  PASSWORD,
  REVOKED_TOKEN,
  ROUTES,
  refusingServices,
  requestOf,
  SESSION,
  SESSION_TOKEN,
} from '../../test/fixtures.ts';

const guarded = ROUTES.filter(({ auth }) => auth !== 'public');

describe('without credentials', () => {
  test.each(guarded)('$method $url is refused and does nothing', async (route) => {
    const { request } = await harness({ services: refusingServices });
    const answer = await request(requestOf(route));
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each(ROUTES.filter(({ method }) => method === 'GET'))('HEAD $url is guarded like GET', async (route) => {
    const { request } = await harness();
    expect((await request({ method: 'HEAD', url: route.url })).statusCode).toBe(route.auth === 'public' ? 200 : 401);
    const allowed = await request({ method: 'HEAD', url: route.url, headers: credentialsFor(route.auth) });
    expect(allowed.statusCode).toBe(200);
    expect(allowed.body).toBe('');
  });
});

describe('credentials of another kind', () => {
  const others: readonly [string, Record<string, string>][] = [
    ['a session token', asSession],
    ['a signature of the owner', asOwner],
    ['an operator token', asToken],
    ['the master password', asOperator],
    ['the master password as a bearer', { authorization: `Bearer ${PASSWORD}` }],
    ['a session token as the password', { 'x-master-password': SESSION_TOKEN }],
    ['an operator token as the password', { 'x-master-password': OPERATOR_TOKEN }],
    [
      'an owner payload',
      { authorization: `Bearer ${Buffer.from('{"action":"manage_sessions"}').toString('base64url')}` },
    ],
    ['basic authentication', { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` }],
  ];
  const accepted: Readonly<Record<string, readonly string[]>> = {
    session: ['a session token'],
    operator: ['the master password', 'an operator token'],
    'operator token': ['an operator token'],
    master: ['the master password'],
    operatorOrOwner: ['the master password', 'an operator token', 'a signature of the owner'],
    ownerOnceConnected: ['the master password', 'an operator token', 'a signature of the owner'],
    sessionCreation: ['the master password', 'an operator token', 'a signature of the owner'],
    owner: ['a signature of the owner'],
    // The guard sees to the password; that the owner has signed is the service's to see, once the vault is open.
    recovery: ['the master password'],
  };

  describe.each(others)('%s', (name, headers) => {
    test.each(guarded.filter(({ auth }) => !accepted[auth]?.includes(name)))(
      'does not open $method $url',
      async (route) => {
        const { request } = await harness({ services: refusingServices });
        expect((await request(requestOf(route, headers))).statusCode).toBe(401);
      },
    );

    test.each(guarded.filter(({ auth }) => accepted[auth]?.includes(name)))('opens $method $url', async (route) => {
      const { request } = await harness();
      expect((await request(requestOf(route, headers))).statusCode).toBe(route.status);
    });
  });
});

describe('the operator guard', () => {
  test.each([
    'Bearer wai_op_',
    'Bearer  wai_op_0123456789abcdef',
    'bearer wai_op_0123456789abcdef',
    'Bearer wai_op_0123456789abcdef x',
    'wai_op_0123456789abcdef',
    'Bearer wai_sess_wai_op_0123456789abcdef',
    'Bearer wai_op_wrong',
    `Bearer wai_op_${'x'.repeat(2000)}`,
    'Bearer',
    '',
  ])('refuses the header %j', async (authorization) => {
    const { request } = await harness({ services: refusingServices });
    const answer = await request({ url: '/v1/agents', headers: { authorization } });
    expect(answer.statusCode).toBe(401);
    expect(['UNAUTHORIZED', 'INVALID_OPERATOR_TOKEN']).toContain(answer.json().code);
  });

  test('a wrong password is not saved by a good token', async () => {
    const { request } = await harness({ services: refusingServices });
    const answer = await request({ url: '/v1/admin/status', headers: { ...asToken, 'x-master-password': 'wrong' } });
    expect(answer.json().code).toBe('INVALID_MASTER_PASSWORD');
  });

  test('an empty password is a password, and a wrong one', async () => {
    const { request, passwordsTried } = await harness({ services: refusingServices });
    expect((await request({ url: '/v1/agents', headers: { 'x-master-password': '' } })).statusCode).toBe(401);
    expect(passwordsTried).toEqual(['']);
  });

  test('a lockout says how long, and is not retryable', async () => {
    const { request } = await harness({
      authenticators: {
        masterPassword: {
          authenticate: async () => {
            throw new WaiaasError('MASTER_PASSWORD_LOCKED', { details: { retryAfter: 1799.2 } });
          },
        },
      },
    });
    for (const [method, url] of [
      ['GET', '/v1/agents'],
      ['POST', '/v1/admin/login'],
    ] as const) {
      const answer = await request({ method, url, headers: asOperator });
      expect(answer.statusCode).toBe(429);
      expect(answer.headers['retry-after']).toBe('1800');
      expect(answer.json()).toMatchObject({ code: 'MASTER_PASSWORD_LOCKED', retryable: false });
    }
  });

  test('signs the caller out of exactly the token that was shown', async () => {
    const { request, revoked } = await harness();
    expect((await request({ method: 'POST', url: '/v1/admin/logout', headers: asToken })).json()).toEqual({
      loggedOut: true,
    });
    expect(revoked).toEqual([OPERATOR_TOKEN]);
    expect((await request({ url: '/v1/agents', headers: asToken })).json().code).toBe('INVALID_OPERATOR_TOKEN');
  });

  test('services learn who asked', async () => {
    const contexts: unknown[] = [];
    const { request } = await harness({
      services: {
        agents: {
          ...refusingServices.agents,
          suspend: async (id, context) => {
            contexts.push([id, context]);
            throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: id } });
          },
        },
      },
    });
    const answer = await request({
      method: 'POST',
      url: `/v1/agents/${AGENT}/suspend`,
      headers: { ...asToken, 'x-request-id': 'mine', 'x-forwarded-for': '6.6.6.6' },
    });
    expect(answer.statusCode).toBe(404);
    expect(contexts).toEqual([
      [
        AGENT,
        { actor: { kind: 'operator' }, ip: '127.0.0.1', requestId: 'mine', confirmCredential: expect.any(Function) },
      ],
    ]);
  });
});

describe('the session guard', () => {
  test('hands the whole header to the authenticator and its findings to the client', async () => {
    const { request } = await harness({ services: refusingServices });
    const missing = await request({ url: '/v1/wallet/balance' });
    expect(missing.json()).toMatchObject({ code: 'INVALID_TOKEN', details: { reason: 'missing' } });
    const revoked = await request({ url: '/v1/wallet/balance', headers: { authorization: `Bearer ${REVOKED_TOKEN}` } });
    expect(revoked.json().code).toBe('SESSION_REVOKED');
  });

  test('every read is for the session of the token, whatever the request says', async () => {
    const seen: unknown[] = [];
    const { request } = await harness({
      services: {
        wallet: {
          ...refusingServices.wallet,
          address: async (session) => {
            seen.push(session);
            return { address: 'a', chain: 'solana', network: 'localnet', encoding: 'base58' };
          },
        },
      },
    });
    await request({
      url: '/v1/wallet/address',
      headers: { ...asSession, 'x-agent-id': 'other', 'x-session-id': 'other' },
    });
    expect(seen).toMatchObject([{ sessionId: SESSION, agentId: AGENT, constraints: {} }]);
    expect((await request({ url: '/v1/wallet/address?agentId=other', headers: asSession })).statusCode).toBe(400);
  });
});
