import { KILL_SWITCH_STATUSES } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { asOperator, asSession, credentialsFor, harness, ROUTES, requestOf, TIME } from '../../test/fixtures.ts';

const OPEN = new Set([
  'GET /health',
  'GET /v1/nonce',
  'GET /v1/admin/status',
  'POST /v1/admin/shutdown',
  'POST /v1/owner/recover',
]);
const LOCKED = KILL_SWITCH_STATUSES.filter((status) => status !== 'NORMAL');

describe.each(LOCKED)('while the kill switch is %s', (lock) => {
  test.each(ROUTES)('$method $url answers only if it is on the list', async (route) => {
    const server = await harness();
    server.lock = lock;
    const { statusCode, body } = await server.request(requestOf(route, credentialsFor(route.auth)));
    if (OPEN.has(`${route.method} ${route.url}`)) return expect(statusCode).toBe(route.status);
    expect(statusCode).toBe(401);
    expect(JSON.parse(body)).toMatchObject({
      code: 'SYSTEM_LOCKED',
      retryable: false,
      details: { activatedAt: TIME, reason: 'drill' },
    });
  });

  test.each([
    ['GET', '/nothing'],
    ['GET', '/v1/owner/recover'],
    ['POST', '/health'],
    ['GET', '/health/'],
    ['GET', '/health/../v1/wallet/balance'],
    ['GET', '/v1/nonce/'],
    ['GET', '/V1/nonce'],
    ['GET', '/v1/noncE'],
    ['GET', '/v1/admin/status/x'],
    ['POST', '/v1/admin/status'],
    ['GET', '/%zz'],
  ] as const)('%s %s is locked like every other path', async (method, url) => {
    const server = await harness();
    server.lock = lock;
    const answer = await server.request({ method, url, headers: { ...asSession, ...asOperator } });
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe('SYSTEM_LOCKED');
  });

  test('nobody is signed in before the lock is looked at', async () => {
    const server = await harness();
    server.lock = lock;
    await server.request({
      method: 'POST',
      url: '/v1/admin/login',
      headers: { 'x-master-password': 'guess guess guess' },
    });
    expect(server.passwordsTried).toEqual([]);
  });

  test('HEAD /health answers, and the limiter still counts', async () => {
    const server = await harness({ options: { limits: { globalRpm: 1, sessionRpm: 1, transactionRpm: 1 } } });
    server.lock = lock;
    expect((await server.request({ method: 'HEAD', url: '/health' })).statusCode).toBe(200);
    expect((await server.request({ url: '/v1/wallet/balance' })).statusCode).toBe(401);
    expect((await server.request({ url: '/v1/wallet/balance' })).statusCode).toBe(429);
  });
});

test('the lock counts at the moment of the request', async () => {
  const server = await harness();
  expect((await server.request({ url: '/v1/wallet/balance', headers: asSession })).statusCode).toBe(200);
  server.lock = 'ACTIVATED';
  expect((await server.request({ url: '/v1/wallet/balance', headers: asSession })).statusCode).toBe(401);
  server.lock = 'NORMAL';
  expect((await server.request({ url: '/v1/wallet/balance', headers: asSession })).statusCode).toBe(200);
});
