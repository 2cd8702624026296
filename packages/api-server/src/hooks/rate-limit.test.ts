import { describe, expect, test } from 'vitest';
import {
  asOperator,
  asSession,
  type Harness,
  harness,
  OTHER_SESSION,
  PAYMENT,
  REVOKED_TOKEN,
} from '../../test/fixtures.ts';

const LIMITS = { globalRpm: 100, sessionRpm: 300, transactionRpm: 10, nonceRpm: 1000 };
const limited = () => harness({ options: { limits: LIMITS } });

const times = async (count: number, send: () => ReturnType<Harness['request']>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await send()).statusCode);
  return statuses;
};
const allOf = (statuses: readonly number[]): readonly number[] => [...new Set(statuses)];

describe('rate limits', () => {
  test('the 11th payment of a minute is refused while reads go on', async () => {
    const { request } = await limited();
    const send = () => request({ method: 'POST', url: '/v1/transactions/send', headers: asSession, payload: PAYMENT });
    expect(allOf(await times(10, send))).toEqual([200]);
    const refused = await send();
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      retryable: true,
      details: { limit: 10, window: '1m', retryAfter: 60 },
    });
    expect(refused.headers['retry-after']).toBe('60');
    expect(refused.headers['x-ratelimit-remaining']).toBe('0');
    expect((await request({ url: '/v1/wallet/balance', headers: asSession })).statusCode).toBe(200);
  });

  test('reads do not use up payments', async () => {
    const { request } = await limited();
    await times(50, () => request({ url: '/v1/wallet/balance', headers: asSession }));
    const send = () => request({ method: 'POST', url: '/v1/transactions/send', headers: asSession, payload: PAYMENT });
    expect(allOf(await times(10, send))).toEqual([200]);
  });

  test('the 101st anonymous request is refused while a session keeps its 300', async () => {
    const { request } = await limited();
    expect(allOf(await times(100, () => request({ url: '/v1/nonce' })))).toEqual([200]);
    expect((await request({ url: '/v1/nonce' })).statusCode).toBe(429);
    const read = () => request({ url: '/v1/wallet/address', headers: asSession });
    expect(allOf(await times(300, read))).toEqual([200]);
    expect((await read()).statusCode).toBe(429);
  });

  test('sessions do not share a budget', async () => {
    const { request } = await limited();
    await times(300, () => request({ url: '/v1/wallet/address', headers: asSession }));
    const other = { authorization: `Bearer wai_sess_${OTHER_SESSION}` };
    expect((await request({ url: '/v1/wallet/address', headers: other })).statusCode).toBe(200);
  });

  test('forwarding headers change nothing', async () => {
    const { request } = await limited();
    for (let count = 0; count < 100; count += 1)
      await request({
        url: '/v1/nonce',
        headers: { 'x-forwarded-for': `10.0.0.${count}`, forwarded: `for=10.0.1.${count}` },
      });
    expect((await request({ url: '/v1/nonce', headers: { 'x-forwarded-for': '10.9.9.9' } })).statusCode).toBe(429);
  });

  test('tokens whose signature does not hold count against the address', async () => {
    const { request } = await limited();
    for (let count = 0; count < 100; count += 1)
      await request({ url: '/v1/wallet/balance', headers: { authorization: `Bearer wai_sess_made-up-${count}` } });
    expect((await request({ url: '/v1/nonce' })).statusCode).toBe(429);
  });

  test('failed sign-ins with a token of valid signature count against the address, too', async () => {
    const { request } = await limited();
    const revoked = { authorization: `Bearer ${REVOKED_TOKEN}` };
    expect(allOf(await times(100, () => request({ url: '/v1/wallet/balance', headers: revoked })))).toEqual([401]);
    expect((await request({ url: '/v1/nonce' })).statusCode).toBe(429);
  });

  test('a session token buys no more tries at the operator routes', async () => {
    const { request } = await limited();
    const guess = () =>
      request({
        method: 'POST',
        url: '/v1/admin/login',
        headers: { ...asSession, 'x-master-password': 'wrong wrong wrong' },
      });
    expect(allOf(await times(100, guess))).toEqual([401]);
    expect((await guess()).statusCode).toBe(429);
  });

  test('new sessions are limited to five per minute and address', async () => {
    const { request } = await limited();
    const open = () =>
      request({
        method: 'POST',
        url: '/v1/sessions',
        headers: asOperator,
        payload: { agentId: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10' },
      });
    expect(allOf(await times(5, open))).toEqual([201]);
    expect((await open()).statusCode).toBe(429);
    expect((await request({ url: '/v1/sessions', headers: asOperator })).statusCode).toBe(200);
  });

  test('health checks have a budget of their own and never eat that of the address', async () => {
    const { request } = await limited();
    expect(allOf(await times(600, () => request({ url: '/health' })))).toEqual([200]);
    expect((await request({ url: '/health' })).statusCode).toBe(429);
    expect((await request({ method: 'HEAD', url: '/health' })).statusCode).toBe(429);
    const nonce = await request({ url: '/v1/nonce' });
    expect(nonce.headers['x-ratelimit-remaining']).toBe('99');
  });

  test('unknown paths count like any other request', async () => {
    const { request } = await limited();
    expect(allOf(await times(100, () => request({ url: '/nothing' })))).toEqual([404]);
    expect((await request({ url: '/nothing' })).statusCode).toBe(429);
  });

  test('preflights cost nothing', async () => {
    const { request } = await limited();
    const preflight = () =>
      request({
        method: 'OPTIONS',
        url: '/v1/nonce',
        headers: { origin: 'http://localhost:3100', 'access-control-request-method': 'GET' },
      });
    expect(allOf(await times(150, preflight))).toEqual([204]);
    expect((await request({ url: '/v1/nonce' })).headers['x-ratelimit-remaining']).toBe('99');
  });

  test('the budget comes back as the window slides on', async () => {
    const server = await limited();
    await times(100, () => server.request({ url: '/v1/nonce' }));
    server.now += 60_000;
    expect((await server.request({ url: '/v1/nonce' })).statusCode).toBe(200);
  });

  test('limits of a million per minute are taken as they are', async () => {
    const { request } = await harness({ options: { limits: { ...LIMITS, transactionRpm: 1_000_000, sessionRpm: 5 } } });
    const send = () => request({ method: 'POST', url: '/v1/transactions/send', headers: asSession, payload: PAYMENT });
    const [first] = [await send()];
    expect(first?.headers['x-ratelimit-limit']).toBe('1000000');
    expect(allOf(await times(20, send))).toEqual([200]);
  });

  test('every answer tells limit, remainder and a reset in the future', async () => {
    const server = await limited();
    for (const url of ['/health', '/v1/nonce', '/v1/wallet/balance', '/nothing']) {
      const { headers } = await server.request({ url });
      expect(Number(headers['x-ratelimit-limit'])).toBeGreaterThan(0);
      expect(Number(headers['x-ratelimit-remaining'])).toBeGreaterThanOrEqual(0);
      expect(Number(headers['x-ratelimit-reset'])).toBeGreaterThan(server.now / 1000);
    }
  });
});
