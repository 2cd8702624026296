import { ChainError, ERROR_CODES, errorEntry, WaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { asSession, harness, refusingServices } from '../../test/fixtures.ts';

/** A server whose balance throws what it is given. */
const throwing = (thrown: unknown) =>
  harness({
    services: {
      wallet: {
        ...refusingServices.wallet,
        balance: async () => {
          throw thrown;
        },
      },
    },
  });
const balance = { url: '/v1/wallet/balance', headers: asSession };

describe('an error of the catalogue', () => {
  test.each(ERROR_CODES)('%s leaves as the catalogue says', async (code) => {
    const { request } = await throwing(new WaiaasError(code));
    const answer = await request(balance);
    const entry = errorEntry(code);
    expect(answer.statusCode).toBe(entry.status);
    expect(answer.json()).toEqual({
      code,
      message: entry.message,
      requestId: answer.headers['x-request-id'],
      retryable: entry.retryable,
      ...(entry.hint === undefined ? {} : { hint: entry.hint }),
    });
  });

  test('may carry bigint, and other things JSON has no words for', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const { request } = await throwing(
      new WaiaasError('POLICY_DENIED', { details: { amount: 2n ** 70n, at: new Date(0) } }),
    );
    expect((await request(balance)).json().details).toEqual({
      amount: '1180591620717411303424',
      at: '1970-01-01T00:00:00.000Z',
    });
    const hopeless = await throwing(new WaiaasError('POLICY_DENIED', { details: circular }));
    const answer = await hopeless.request(balance);
    expect(answer.statusCode).toBe(403);
    expect(answer.json().code).toBe('POLICY_DENIED');
  });

  test('keeps its second status', async () => {
    const { request } = await throwing(new WaiaasError('SESSION_REVOKED', { status: 409 }));
    expect((await request(balance)).statusCode).toBe(409);
  });
});

describe('anything else', () => {
  const CANARY = 'canary-internal-detail';
  const others: readonly [string, unknown][] = [
    ['an Error', new Error(CANARY)],
    ['a TypeError', new TypeError(CANARY)],
    ['an error with a status of its own', Object.assign(new Error(CANARY), { statusCode: 404 })],
    ['an error with a 401', Object.assign(new Error(CANARY), { status: 401, statusCode: 401 })],
    ['an error that borrows a code', Object.assign(new Error(CANARY), { code: 'KILL_SWITCH_NOT_ACTIVE' })],
    ['a broken connection of a service', Object.assign(new Error(CANARY), { code: 'ECONNRESET' })],
    ['a database error', Object.assign(new Error(CANARY), { code: 'SQLITE_BUSY' })],
    ['a chain error that nobody translated', new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: CANARY })],
    ['a text', CANARY],
    ['a lookalike', { code: 'POLICY_DENIED', status: 403, message: CANARY }],
    ['nothing', undefined],
    ['null', null],
  ];

  test.each(others)('%s is INTERNAL_ERROR without a word about the inside', async (_name, thrown) => {
    const { request, lines } = await throwing(thrown);
    const answer = await request(balance);
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({
      code: 'INTERNAL_ERROR',
      message: errorEntry('INTERNAL_ERROR').message,
      requestId: answer.headers['x-request-id'],
      retryable: true,
      hint: errorEntry('INTERNAL_ERROR').hint,
    });
    const logged = lines.filter(({ level }) => level === 'error');
    expect(logged).toHaveLength(1);
    expect(logged[0]?.fields.requestId).toBe(answer.headers['x-request-id']);
  });
});

describe('an answer that does not fit its schema', () => {
  const answering = (value: object) =>
    harness({
      services: {
        wallet: {
          ...refusingServices.wallet,
          // What a service with a bug may do; the compiler would not allow it.
          balance: async () => Object.assign(Object.create(null), value),
        },
      },
    });
  const good = { balance: '5', decimals: 9, symbol: 'SOL', formatted: '0 SOL', chain: 'solana', network: 'localnet' };

  test.each([
    ['a missing field', { ...good, balance: undefined }],
    ['a number for money', { ...good, balance: 5 }],
    ['a bigint for money', { ...good, balance: 5n }],
    ['a negative balance', { ...good, balance: '-5' }],
    ['an unknown word', { ...good, chain: 'bitcoin' }],
  ])('%s is a 500, logged, never sent', async (_name, value) => {
    const { request, lines } = await answering(value);
    const answer = await request(balance);
    expect(answer.statusCode).toBe(500);
    expect(answer.json().code).toBe('INTERNAL_ERROR');
    expect(answer.body).not.toContain('schema');
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('fields the schema does not name stay inside', async () => {
    const { request } = await answering({
      ...good,
      privateKey: 'canary',
      toJSON: 'canary',
      __proto__: { x: 'canary' },
    });
    const answer = await request(balance);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(good);
  });
});

describe('a path that is no route', () => {
  test.each([
    '/',
    '/v1',
    '/v1/health',
    '/v1/auth/nonce',
    '/Health',
    '/health/',
    '//health',
    '/v1/wallet/balance/',
    '/v1//wallet/balance',
    '/v1/wallet%2fbalance',
    '/v1/wallet/BALANCE',
    '/v1/wallet/tokens',
    '/v1/sessions/',
    '/health;x=1',
    '/health%00',
    '/health%20',
    '/health%3fx',
    '/doc',
    '/docs',
    '/docs/',
    '/docs/json',
    '/swagger',
    '/__proto__',
    '/constructor',
  ])('%s is 404', async (url) => {
    const { request } = await harness();
    const answer = await request({ url, headers: asSession });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'ROUTE_NOT_FOUND', retryable: false });
  });

  test('is named with its method, without its query, and shortened', async () => {
    const { request } = await harness();
    const answer = await request({ method: 'DELETE', url: '/nothing?token=hidden' });
    expect(answer.json().message).toBe('There is no route DELETE /nothing');
    expect((await request({ url: `/${'x'.repeat(8000)}` })).body.length).toBeLessThan(500);
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'POST', 'OPTIONS', 'TRACE', 'SEARCH', 'PROPFIND'] as const)(
    'a known path under %s is one, too',
    async (method) => {
      const { request } = await harness();
      expect((await request({ method, url: '/health' })).statusCode).toBe(404);
    },
  );

  test('no header or parameter turns a method into another', async () => {
    const { request } = await harness({ services: refusingServices });
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const answer = await request({
        method: 'POST',
        url: '/v1/wallet/balance',
        headers: { ...asSession, [name]: 'GET' },
      });
      expect(answer.statusCode).toBe(404);
    }
    for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-path'])
      expect((await request({ url: '/nothing', headers: { [name]: '/health' } })).statusCode).toBe(404);
  });
});
