import { describe, expect, test } from 'vitest';
import { asOperator, asSession, harness, PAYMENT, ROUTES, refusingServices } from '../../test/fixtures.ts';

const FOREIGN_HOSTS = [
  'evil.com',
  '0.0.0.0:3100',
  '[::1]:3100',
  '[::1]',
  '127.0.0.1:3101',
  'localhost:80',
  'localhost.:3100',
  'LOCALHOST:3100',
  'localhost:3100.evil.com',
  'evil.com#localhost:3100',
  'localhost:3100,evil.com',
  '127.1:3100',
  '2130706433:3100',
  ' ',
  '',
];

describe('Host', () => {
  test.each(FOREIGN_HOSTS)('%j is refused on known and unknown paths', async (host) => {
    const { request } = await harness({ services: refusingServices });
    for (const url of ['/health', '/v1/wallet/balance', '/nothing']) {
      const answer = await request({ url, headers: { host, ...asSession } });
      expect(answer.statusCode).toBe(403);
      expect(answer.json().code).toBe('INVALID_HOST');
    }
  });

  test.each(['localhost', '127.0.0.1', 'localhost:3100', '127.0.0.1:3100'])('%s gets through', async (host) => {
    const { request } = await harness();
    expect((await request({ url: '/health', headers: { host } })).statusCode).toBe(200);
  });

  test('a mapped port gets through when it is configured, to the letter', async () => {
    const { request } = await harness({ options: { extraHosts: ['127.0.0.1:8080'] } });
    expect((await request({ url: '/health', headers: { host: '127.0.0.1:8080' } })).statusCode).toBe(200);
    expect((await request({ url: '/health', headers: { host: 'localhost:8080' } })).statusCode).toBe(403);
  });

  test('the names follow the port that is really bound', async () => {
    let port = 0;
    const { request } = await harness({ options: { port: () => port } });
    port = 4242;
    expect((await request({ url: '/health', headers: { host: 'localhost:4242' } })).statusCode).toBe(200);
    expect((await request({ url: '/health', headers: { host: 'localhost:3100' } })).statusCode).toBe(403);
  });
});

describe('Origin', () => {
  const FOREIGN = [
    'http://evil.com',
    'null',
    'http://localhost:3101',
    'https://localhost:3100',
    'http://localhost',
    'http://localhost:3100/',
    'http://LOCALHOST:3100',
    'http://localhost:3100.evil.com',
    'http://127.0.0.1:3100 http://evil.com',
    'file://',
    '',
  ];

  test.each(FOREIGN)('%j is refused before anything happens, on every route', async (origin) => {
    const { request } = await harness({ services: refusingServices });
    for (const route of ROUTES) {
      const answer = await request({
        method: route.method,
        url: route.url,
        headers: { origin, ...asSession, ...asOperator },
      });
      expect(answer.statusCode).toBe(403);
      expect(answer.json().code).toBe('INVALID_ORIGIN');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('a simple cross-site POST has no effect', async () => {
    const { request, passwordsTried } = await harness({ services: refusingServices });
    const answer = await request({
      method: 'POST',
      url: '/v1/transactions/send',
      headers: { ...asSession, origin: 'http://evil.com', 'content-type': 'text/plain' },
      payload: JSON.stringify(PAYMENT),
    });
    expect(answer.statusCode).toBe(403);
    expect(passwordsTried).toEqual([]);
  });

  test.each(['http://localhost:3100', 'http://127.0.0.1:3100', 'tauri://localhost', 'http://console.test'])(
    '%s may read answers, errors included',
    async (origin) => {
      const { request } = await harness({ options: { corsOrigins: ['http://console.test'] } });
      for (const url of ['/health', '/nothing', '/v1/wallet/balance']) {
        const { headers } = await request({ url, headers: { origin } });
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers.vary).toBe('Origin');
        expect(headers['access-control-expose-headers']).toContain('Retry-After');
        expect(headers['access-control-allow-credentials']).toBeUndefined();
      }
    },
  );

  test('requests without an Origin carry no CORS headers', async () => {
    const { request } = await harness();
    expect((await request({ url: '/health' })).headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('preflight', () => {
  const preflight = { origin: 'http://localhost:3100', 'access-control-request-method': 'POST' };

  test.each(['/v1/transactions/send', '/nothing', '/v1/admin/login'])('for %s needs no sign-in', async (url) => {
    const { request } = await harness({ services: refusingServices });
    const answer = await request({ method: 'OPTIONS', url, headers: preflight });
    expect(answer.statusCode).toBe(204);
    expect(answer.body).toBe('');
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:3100',
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-max-age': '600',
      'x-content-type-options': 'nosniff',
    });
    for (const name of ['Authorization', 'Content-Type', 'X-Request-ID', 'X-Master-Password', 'Idempotency-Key'])
      expect(answer.headers['access-control-allow-headers']).toContain(name);
  });

  test('of a foreign origin is refused', async () => {
    const { request } = await harness();
    const answer = await request({
      method: 'OPTIONS',
      url: '/health',
      headers: { ...preflight, origin: 'http://evil.com' },
    });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['access-control-allow-methods']).toBeUndefined();
  });

  test('without the header that makes it one is an unknown route', async () => {
    const { request } = await harness();
    expect((await request({ method: 'OPTIONS', url: '/health' })).statusCode).toBe(404);
    const plain = await request({ method: 'OPTIONS', url: '/health', headers: { origin: 'http://localhost:3100' } });
    expect(plain.statusCode).toBe(404);
  });
});
