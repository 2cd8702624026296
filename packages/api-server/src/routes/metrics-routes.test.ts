import { describe, expect, test } from 'vitest';
import { harness, PAYMENT, ROUTES, refusingServices, requestOf, SESSION_TOKEN } from '../../test/fixtures.ts';
import { openApiDocument } from '../index.ts';

describe('GET /metrics', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('answers %s', async (remoteAddress) => {
    const { request } = await harness();
    const response = await request({ method: 'GET', url: '/metrics', remoteAddress });
    expect([response.statusCode, response.headers['content-type'], response.body]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'up 1\n',
    ]);
  });

  test.each(['10.0.0.1', '172.17.0.1', '128.0.0.1', '::ffff:10.0.0.1', '::2', 'fe80::1'])(
    'tells %s nothing',
    async (remoteAddress) => {
      const { request } = await harness({ services: { metrics: refusingServices.metrics } });
      const response = await request({
        method: 'GET',
        url: '/metrics',
        remoteAddress,
        headers: { 'x-forwarded-for': '127.0.0.1', authorization: `Bearer ${SESSION_TOKEN}` },
      });
      expect([response.statusCode, response.json().code]).toEqual([403, 'LOOPBACK_ONLY']);
    },
  );

  test.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])(
    'tells a proxy on this machine nothing (%s)',
    async (name) => {
      const { request } = await harness({ services: { metrics: refusingServices.metrics } });
      const response = await request({ method: 'GET', url: '/metrics', headers: { [name]: '127.0.0.1' } });
      expect([response.statusCode, response.json().code]).toEqual([403, 'LOOPBACK_ONLY']);
    },
  );

  test('answers while the kill switch is engaged, and is no part of the API document', async () => {
    const server = await harness();
    server.lock = 'ACTIVATED';
    expect((await server.request({ method: 'GET', url: '/metrics' })).statusCode).toBe(200);
    await server.app.ready();
    expect(Object.keys(openApiDocument(server.app).paths ?? {})).not.toContain('/metrics');
  });
});

describe('every answer is observed', () => {
  test('by its route and status, whatever the path is', async () => {
    const server = await harness();
    for (const route of ROUTES) {
      const before = server.observed.length;
      const { statusCode } = await server.request(requestOf(route));
      expect(server.observed.slice(before)).toEqual([
        { route: expect.stringMatching(/^[A-Z]+ \/\S*$/), status: statusCode, seconds: expect.any(Number) },
      ]);
      expect(server.observed.at(-1)?.route).not.toMatch(/[0-9a-f]{8}-/);
    }
    await server.request({ method: 'GET', url: '/made/up/0123' });
    await server.request({ method: 'POST', url: '/v1/transactions/send', payload: PAYMENT });
    expect(server.observed.slice(-2)).toMatchObject([
      { route: 'none', status: 404 },
      { route: 'POST /v1/transactions/send', status: 401 },
    ]);
  });
});
