import { describe, expect, test } from 'vitest';
import { asOperator, asSession, type HarnessOptions, harness, PAYMENT } from '../../test/fixtures.ts';

const broken: HarnessOptions = {
  services: {
    wallet: {
      balance: async () => {
        throw new Error('secret of the inside');
      },
      address: async () => {
        throw new Error('secret of the inside');
      },
      assets: async () => {
        throw new Error('secret of the inside');
      },
      budget: async () => {
        throw new Error('secret of the inside');
      },
    },
  },
};

const CASES: readonly [number, Parameters<Awaited<ReturnType<typeof harness>>['request']>[0], HarnessOptions?][] = [
  [200, { url: '/health' }],
  [
    201,
    {
      method: 'POST',
      url: '/v1/agents',
      headers: asOperator,
      payload: { name: 'a', chain: 'solana', network: 'devnet' },
    },
  ],
  [
    204,
    {
      method: 'OPTIONS',
      url: '/health',
      headers: { origin: 'tauri://localhost', 'access-control-request-method': 'GET' },
    },
  ],
  [400, { method: 'POST', url: '/v1/transactions/send', headers: asSession, payload: { ...PAYMENT, amount: '-1' } }],
  [400, { url: '/%zz' }],
  [400, { url: `/v1/transactions/${'a'.repeat(5000)}`, headers: asSession }],
  [401, { url: '/v1/wallet/balance' }],
  [403, { url: '/health', headers: { host: 'evil.com' } }],
  [403, { url: '/health', headers: { origin: 'http://evil.com' } }],
  [404, { url: '/nothing' }],
  [
    413,
    {
      method: 'POST',
      url: '/v1/transactions/send',
      headers: asSession,
      payload: { ...PAYMENT, memo: 'x'.repeat(70_000) },
    },
  ],
  [
    415,
    {
      method: 'POST',
      url: '/v1/transactions/send',
      headers: { ...asSession, 'content-type': 'text/plain' },
      payload: 'x',
    },
  ],
  [429, { url: '/v1/agents' }, { options: { limits: { globalRpm: 0, sessionRpm: 1, transactionRpm: 1 } } }],
  [500, { url: '/v1/wallet/balance', headers: asSession }, broken],
  [503, { url: '/health' }, { options: { shutdown: AbortSignal.abort() } }],
];

describe('every answer, whatever its status,', () => {
  test.each(CASES)(
    '%i: carries the security headers, a request id and the rate limit',
    async (status, injected, options) => {
      const { request } = await harness(options);
      const { statusCode, headers } = await request(injected);
      expect(statusCode).toBe(status);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'x-xss-protection': '0',
        'cache-control': 'no-store',
      });
      expect(headers['strict-transport-security']).toBeUndefined();
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers.server).toBeUndefined();
      expect(headers['x-request-id']).toMatch(/^req_[0-9a-f]{22}$/);
      for (const name of ['limit', 'remaining', 'reset']) expect(headers[`x-ratelimit-${name}`]).toMatch(/^\d+$/);
    },
  );

  test.each(CASES.filter(([status]) => status >= 400))(
    '%i: has the flat error body with the id of the header',
    async (status, injected, options) => {
      const { request } = await harness(options);
      const answer = await request(injected);
      expect(answer.statusCode).toBe(status);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const body = answer.json();
      expect(body.requestId).toBe(answer.headers['x-request-id']);
      expect(typeof body.code).toBe('string');
      expect(typeof body.message).toBe('string');
      expect(typeof body.retryable).toBe('boolean');
      const known = new Set(['code', 'message', 'details', 'requestId', 'retryable', 'hint']);
      expect(Object.keys(body).filter((key) => !known.has(key))).toEqual([]);
      expect(answer.body).not.toContain('secret of the inside');
    },
  );
});

describe('request ids', () => {
  test.each(['abc', 'A-b_9', 'x'.repeat(128)])('%s of the client is kept', async (id) => {
    const { request } = await harness();
    const answer = await request({ url: '/nothing', headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toBe(id);
    expect(answer.json().requestId).toBe(id);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a,b',
    'x'.repeat(129),
    'x'.repeat(10_000),
    '{"a":1}',
    'é',
    'a;b',
    '../..',
    '%0d%0aSet-Cookie:x',
  ])('%j of the client is replaced', async (id) => {
    const { request, lines } = await harness();
    const answer = await request({ url: '/health', headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{22}$/);
    expect(lines.at(-1)?.fields.requestId).toBe(answer.headers['x-request-id']);
  });

  test('never repeat', async () => {
    const { request } = await harness();
    const ids = new Set<unknown>();
    for (let count = 0; count < 200; count += 1) ids.add((await request({ url: '/health' })).headers['x-request-id']);
    expect(ids.size).toBe(200);
  });
});

describe('the request log', () => {
  test('has one line for each answer, with the pattern of the route', async () => {
    const { request, lines } = await harness();
    await request({ url: '/v1/transactions/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f13', headers: asSession });
    await request({ url: `/nothing/${'x'.repeat(1000)}?token=hidden` });
    await request({ url: '/%zz' });
    expect(lines.map(({ fields }) => [fields.method, fields.path, fields.status])).toEqual([
      ['GET', '/v1/transactions/:id', 200],
      ['GET', `/nothing/${'x'.repeat(191)}…`, 404],
      ['GET', '/%zz', 400],
    ]);
    expect(lines.every(({ fields }) => Number.isInteger(fields.ms))).toBe(true);
  });

  test('never holds a credential, a query or a body', async () => {
    const { request, lines } = await harness(broken);
    const secrets = [
      'canary-password-1',
      'wai_sess_canary2',
      'wai_op_canary3',
      'canary-query-4',
      'canary-body-5',
      'canary-key-6',
    ];
    const headers = { 'x-master-password': secrets[0] ?? '', 'idempotency-key': secrets[5] ?? '' };
    for (const authorization of [`Bearer ${secrets[1]}`, `Bearer ${secrets[2]}`, asSession.authorization]) {
      for (const url of ['/health', '/v1/wallet/balance', '/v1/admin/status', '/nothing', '/%zz'])
        await request({ url: `${url}?a=${secrets[3]}`, headers: { ...headers, authorization } });
      for (const url of ['/v1/transactions/send', '/v1/sessions', '/v1/admin/login'])
        await request({
          method: 'POST',
          url,
          headers: { ...headers, authorization },
          payload: { [secrets[4] ?? '']: secrets[4] },
        });
    }
    const log = JSON.stringify(lines);
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toContain(asSession.authorization);
    expect(lines.length).toBeGreaterThan(0);
  });
});
