import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import {
  AGENT,
  asOperator,
  asOwner,
  asSession,
  asToken,
  harness,
  OWNER,
  POLICY,
  ROUTES,
  RULES,
  refusingServices,
  requestOf,
  SIGNED_BODY,
  TRANSACTION,
} from '../../test/fixtures.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const APPROVE = `/v1/owner/approve/${TRANSACTION}`;

describe('what a signature is checked against', () => {
  const asked = async (options: InjectOptions) => {
    const server = await harness();
    await server.request(options);
    return server.signatures;
  };
  const text = (bytes: unknown): string => (bytes instanceof Uint8Array ? Buffer.from(bytes).toString('utf8') : '');

  test.each([
    ['white space and key order', `{ "rules" : ${JSON.stringify(RULES)},\n"type":"SPENDING_LIMIT" }`],
    [
      'escapes',
      `{"type":"SPENDING_LIMIT","rules":${JSON.stringify(RULES).replace('instant_max', '\\u0069nstant_max')}}`,
    ],
    ['a key given twice', `{"type":"SPENDING_LIMIT","priority":1,"priority":2,"rules":${JSON.stringify(RULES)}}`],
    ['nothing that is allowed', '{"x":1}'],
  ])('is the body to the byte: %s', async (_what, payload) => {
    const [call] = await asked({
      method: 'POST',
      url: '/v1/owner/policies',
      headers: { ...asOwner, ...JSON_TYPE },
      payload,
    });
    expect(call).toMatchObject([
      'update_settings',
      { kind: 'request', request: { method: 'POST', path: '/v1/owner/policies' } },
    ]);
    const [, subject] = call ?? [];
    expect(text((subject as { request: { rawBody: Uint8Array } }).request.rawBody)).toBe(payload);
  });

  test('is the path with its query', async () => {
    const [call] = await asked({ url: `/v1/sessions?agentId=${AGENT}&limit=3`, headers: asOwner });
    expect(call).toMatchObject([
      'manage_sessions',
      { kind: 'request', request: { method: 'GET', path: `/v1/sessions?agentId=${AGENT}&limit=3` } },
    ]);
  });

  test('is nothing where there is no body', async () => {
    const [call] = await asked({ method: 'DELETE', url: '/v1/owner/disconnect', headers: asOwner });
    const [, subject] = call ?? [];
    expect((subject as { request: { rawBody: Uint8Array } }).request.rawBody).toHaveLength(0);
  });

  test('is the payment that the path names, for approvals and rejections', async () => {
    for (const [url, action] of [
      [APPROVE, 'approve_tx'],
      [`/v1/owner/reject/${TRANSACTION}`, 'reject_tx'],
    ] as const) {
      const [call] = await asked({ method: 'POST', url, headers: asOwner });
      expect(call).toEqual([action, { kind: 'payment', transactionId: TRANSACTION }]);
    }
  });

  test.each([TRANSACTION.toUpperCase(), `${TRANSACTION}x`, 'x', '%00'])('is no payment: %j', async (id) => {
    const server = await harness({ services: refusingServices });
    const answer = await server.request({ method: 'POST', url: `/v1/owner/approve/${id}`, headers: asOwner });
    expect([400, 404]).toContain(answer.statusCode);
    expect(server.signatures).toEqual([]);
  });

  test('comes before anything is said about the body', async () => {
    const server = await harness({ services: refusingServices });
    const forged = { authorization: `Bearer ${Buffer.from('{}').toString('base64url')}` };
    const answer = await server.request({
      method: 'POST',
      url: '/v1/owner/policies',
      headers: forged,
      payload: { x: 1 },
    });
    expect(answer.json().code).toBe('INVALID_SIGNATURE');
  });
});

describe('two credentials at once', () => {
  const both = ROUTES.filter(
    ({ auth }) => auth === 'operatorOrOwner' || auth === 'ownerOnceConnected' || auth === 'sessionCreation',
  );
  test.each(both)('are refused by $method $url before either is looked at', async (route) => {
    for (const other of [asOwner, asToken, asSession]) {
      const server = await harness({ services: refusingServices });
      const answer = await server.request(requestOf(route, { ...asOperator, ...other }));
      expect(answer.statusCode).toBe(400);
      expect(server.passwordsTried).toEqual([]);
      expect(server.signatures).toEqual([]);
    }
  });
});

describe('once an owner is connected', () => {
  const governed = ROUTES.filter(({ auth }) => auth === 'ownerOnceConnected');
  test.each(governed)('the operator no longer does $method $url', async (route) => {
    const server = await harness({ services: refusingServices });
    server.ownerConnected = true;
    for (const headers of [asOperator, asToken]) {
      const answer = await server.request(requestOf(route, headers));
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'OWNER_AUTH_REQUIRED']);
    }
  });

  test.each(governed)('strangers do not learn it from $method $url', async (route) => {
    const server = await harness({ services: refusingServices });
    server.ownerConnected = true;
    for (const headers of [{}, { 'x-master-password': 'wrong' }, asSession]) {
      expect((await server.request(requestOf(route, headers))).statusCode).toBe(401);
    }
  });

  test.each(governed)('the owner does $method $url', async (route) => {
    const server = await harness();
    server.ownerConnected = true;
    expect((await server.request(requestOf(route, asOwner))).statusCode).toBe(route.status);
  });
});

describe('an approval', () => {
  test.each([
    ['the operator', asToken],
    ['the master password', asOperator],
    ['the master password and a signature', { ...asOperator, ...asOwner }],
    ['a session', asSession],
    ['nobody', {}],
  ])('is not open to %s', async (_who, headers) => {
    const server = await harness({ services: refusingServices });
    const answer = await server.request({ method: 'POST', url: APPROVE, headers: { ...headers } });
    expect(answer.statusCode).toBe(401);
    expect(server.signatures).toEqual([]);
  });

  test('tells its service who signed what', async () => {
    const seen: unknown[] = [];
    const { request } = await harness({
      services: {
        owner: {
          ...refusingServices.owner,
          approve: async (id, context) => {
            seen.push(context.actor);
            return { transactionId: id, status: 'EXECUTING', approvedAt: '2026-11-22T12:00:00.000Z', approvedBy: 'x' };
          },
        },
      },
    });
    await request({ method: 'POST', url: APPROVE, headers: asOwner });
    expect(seen).toEqual([{ kind: 'owner', ...OWNER }]);
  });
});

describe('connecting and handing over', () => {
  const routes = ROUTES.filter(({ auth }) => auth === 'masterAndPossession' || auth === 'masterAndOwner');
  test.each(routes)('$method $url takes both, and the password first', async (route) => {
    for (const headers of [{}, asOperator, asOwner, asToken, asSession, { ...asOperator, ...asToken }]) {
      const server = await harness({ services: refusingServices });
      expect((await server.request(requestOf(route, { ...headers }))).statusCode).toBe(401);
      expect(server.signatures).toEqual([]);
    }
    const server = await harness({ services: refusingServices });
    const guess = { ...asOwner, 'x-master-password': 'wrong' };
    expect((await server.request(requestOf(route, guess))).json().code).toBe('INVALID_MASTER_PASSWORD');
    expect(server.signatures).toEqual([]);
  });

  test('connecting is proven for the wallet that the body names', async () => {
    const server = await harness();
    const payload = { address: OWNER.address, chain: OWNER.chain };
    const headers = { ...asOperator, ...asOwner };
    await server.request({ method: 'POST', url: '/v1/owner/connect', headers, payload });
    expect(server.signatures).toMatchObject([['connect_owner', { path: '/v1/owner/connect' }, payload]]);
  });
});

describe('opening a session', () => {
  const open = (headers: Record<string, string>, payload: object): InjectOptions => ({
    method: 'POST',
    url: '/v1/sessions',
    headers,
    payload,
  });

  test('takes the owner’s signature in the body', async () => {
    const server = await harness();
    expect((await server.request(open({}, SIGNED_BODY))).statusCode).toBe(201);
    expect(server.signatures).toEqual([[SIGNED_BODY]]);
  });

  test('does not take a wrong one, a part of one, or one beside another credential', async () => {
    const { signature: _signature, ...part } = SIGNED_BODY;
    const { chain: _chain, ...other } = SIGNED_BODY;
    for (const [headers, payload, status] of [
      [{}, { ...SIGNED_BODY, signature: 'forged' }, 401],
      [{}, part, 401],
      [{}, other, 400],
      [asOperator, SIGNED_BODY, 400],
      [asOwner, SIGNED_BODY, 400],
      [{}, { agentId: AGENT }, 401],
      [asSession, SIGNED_BODY, 401],
    ] as const) {
      const server = await harness({ services: refusingServices });
      expect((await server.request(open({ ...headers }, payload))).statusCode).toBe(status);
    }
  });
});

describe('the text to sign', () => {
  const ask = (payload: object, headers: Record<string, string> = {}): InjectOptions => ({
    method: 'POST',
    url: '/v1/owner/messages',
    headers,
    payload: { chain: OWNER.chain, address: OWNER.address, ...payload },
  });

  test.each([
    ['view_dashboard', 'GET', '/v1/owner/status'],
    ['manage_sessions', 'GET', `/v1/sessions?agentId=${AGENT}`],
    ['update_settings', 'PUT', `/v1/owner/policies/${POLICY}`],
    ['connect_owner', 'POST', '/v1/owner/connect'],
    ['connect_owner', 'POST', '/v1/owner/change'],
    ['change_owner', 'POST', '/v1/owner/change'],
  ])('is open to everybody: %s for %s %s', async (action, method, path) => {
    const { request } = await harness();
    expect((await request(ask({ action, method, path }))).statusCode).toBe(200);
  });

  test('of an approval tells about a payment, so only the operator gets it', async () => {
    for (const [action, path] of [
      ['approve_tx', APPROVE],
      ['reject_tx', `/v1/owner/reject/${TRANSACTION}`],
    ] as const) {
      const { request } = await harness();
      const message = { action, method: 'POST', path };
      for (const headers of [{}, asSession, asOwner, { 'x-master-password': 'wrong' }])
        expect((await request(ask(message, { ...headers }))).statusCode).toBe(401);
      for (const headers of [asOperator, asToken]) expect((await request(ask(message, headers))).statusCode).toBe(200);
    }
  });

  test.each([
    ['another action than the request takes', { action: 'view_dashboard', method: 'POST', path: '/v1/owner/policies' }],
    ['a request that takes no signature', { action: 'recover', method: 'POST', path: '/v1/admin/shutdown' }],
    ['a path that is none', { action: 'view_dashboard', method: 'GET', path: '/v1/owner/nothing' }],
    ['a path beyond the route', { action: 'view_dashboard', method: 'GET', path: '/v1/owner/status/x' }],
    ['another method', { action: 'view_dashboard', method: 'POST', path: '/v1/owner/status' }],
    ['an unknown key', { action: 'view_dashboard', method: 'GET', path: '/v1/owner/status', x: 1 }],
    ['a path with a line break', { action: 'view_dashboard', method: 'GET', path: '/v1/owner/status\n' }],
  ])('is not composed for %s', async (_what, payload) => {
    const { request } = await harness({ services: refusingServices });
    expect((await request(ask(payload))).statusCode).toBe(400);
  });
});

test('nobody can use up the nonces of others: asking for one takes nothing from anybody', async () => {
  const limits = { globalRpm: 1, sessionRpm: 1, transactionRpm: 1 };
  const { request } = await harness({ options: { limits } });
  const statuses: number[] = [];
  for (let round = 0; round < 100; round += 1) statuses.push((await request({ url: '/v1/nonce' })).statusCode);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
