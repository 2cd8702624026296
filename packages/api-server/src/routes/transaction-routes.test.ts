import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { TRANSACTION_STATUSES, WaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import {
  AGENT,
  answeringServices,
  asSession,
  aTransaction,
  harness,
  PAYMENT,
  refusingServices,
  SESSION,
  TRANSACTION,
} from '../../test/fixtures.ts';
import { portOf } from '../../test/raw-http.ts';
import type { SendOptions, TransactionService, TransferBody } from '../index.ts';

const withSend = (send: TransactionService['send']) => ({
  services: { transactions: { ...answeringServices.transactions, send } },
});
const refusing = { services: refusingServices };
const url = '/v1/transactions/send';

describe('what is asked for', () => {
  test('reaches the service with defaults filled in, once', async () => {
    const calls: unknown[] = [];
    const { request } = await harness(
      withSend(async (session, body, options) => {
        calls.push([session.sessionId, session.agentId, body, { ...options, signal: undefined }]);
        return aTransaction;
      }),
    );
    const headers = { ...asSession, 'idempotency-key': 'order 17' };
    await request({ method: 'POST', url, headers, payload: PAYMENT });
    const body: TransferBody = { ...PAYMENT, type: 'TRANSFER', priority: 'medium' };
    const options = { idempotencyKey: 'order 17', ip: '127.0.0.1', waitMs: 30_000, signal: undefined };
    expect(calls).toEqual([[SESSION, AGENT, body, options]]);
  });

  test('an amount above 2^53 keeps every digit', async () => {
    const amount = '1'.padEnd(78, '7');
    const { request } = await harness(withSend(async (_session, body) => ({ ...aTransaction, amount: body.amount })));
    const answer = await request({ method: 'POST', url, headers: asSession, payload: { ...PAYMENT, amount } });
    expect(answer.json().amount).toBe(amount);
  });

  const AMOUNTS: readonly unknown[] = [
    '-1',
    '-5',
    '0',
    '00',
    '01',
    '+1',
    '0x10',
    '1e3',
    '1e9',
    ' 5 ',
    ' 1',
    '1 ',
    '',
    '1.0',
    '1.',
    '.5',
    '1,000',
    '1_000',
    '9'.repeat(79),
    '١٢',
    '１',
    'NaN',
    'Infinity',
    '1n',
    '1\n',
    '\u00a01',
    1,
    1.5,
    0,
    -1,
    true,
    null,
    [],
    ['1'],
    {},
    { toString: '1' },
  ];
  test.each(AMOUNTS.map((amount) => [amount]))('the amount %j is refused under its name', async (amount) => {
    const { request } = await harness(refusing);
    const answer = await request({ method: 'POST', url, headers: asSession, payload: { ...PAYMENT, amount } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'VALIDATION_ERROR', retryable: false });
    expect(answer.json().details.issues[0].path).toBe('amount');
  });

  test.each([
    ['memo', 'x'.repeat(201)],
    ['memo', '한'.repeat(200)],
    ['memo', 'line\nbreak'],
    ['memo', '\u0000'],
    ['memo', ''],
    ['to', ''],
    ['to', 'x'.repeat(129)],
    ['to', 5],
    ['to', ['a', 'b']],
    ['type', 'transfer'],
    ['priority', 'urgent'],
    ['priority', null],
    ['tokenMint', 'x'],
    ['tokenMint', null],
    ['from', PAYMENT.to],
    ['agentId', AGENT],
    ['idempotencyKey', 'x'],
  ])('%s %j is refused under its name', async (field, value) => {
    const { request } = await harness(refusing);
    const answer = await request({ method: 'POST', url, headers: asSession, payload: { ...PAYMENT, [field]: value } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().details.issues[0].path).toBe(field);
  });

  test.each([{ type: 'TOKEN_TRANSFER' }, { tokenMint: PAYMENT.to }, { type: 'TRANSFER', tokenMint: PAYMENT.to }])(
    '%j names no token to pay with, or one that would not be paid with: refused',
    async (change) => {
      const { request } = await harness(refusing);
      const answer = await request({ method: 'POST', url, headers: asSession, payload: { ...PAYMENT, ...change } });
      expect(answer.statusCode).toBe(400);
      expect(answer.json().details.issues[0].path).toBe('tokenMint');
    },
  );

  test('a query is refused', async () => {
    const { request } = await harness(refusing);
    expect(
      (await request({ method: 'POST', url: `${url}?amount=1`, headers: asSession, payload: PAYMENT })).statusCode,
    ).toBe(400);
  });
});

describe('Idempotency-Key', () => {
  test.each(['', 'x'.repeat(129), 'schlüssel', 'tab\there'])('%j is refused', async (key) => {
    const { request } = await harness(refusing);
    const answer = await request({
      method: 'POST',
      url,
      headers: { ...asSession, 'idempotency-key': key },
      payload: PAYMENT,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().details.issues[0].path).toBe('idempotency-key');
  });

  test.each(['k', 'x'.repeat(128), 'a, b', '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f13', '"{}"'])(
    '%j is taken as it is',
    async (key) => {
      const keys: (string | undefined)[] = [];
      const { request } = await harness(
        withSend(async (_session, _body, options) => {
          keys.push(options.idempotencyKey);
          return aTransaction;
        }),
      );
      await request({ method: 'POST', url, headers: { ...asSession, 'idempotency-key': key }, payload: PAYMENT });
      expect(keys).toEqual([key]);
    },
  );

  test('two of them are refused rather than joined', async () => {
    const { app } = await harness({ ...refusing, options: { extraHosts: ['twice.test'] } });
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const body = JSON.stringify(PAYMENT);
      const outgoing = httpRequest({ port: portOf(app), method: 'POST', path: url, setHost: false });
      outgoing.setHeader('host', 'twice.test');
      outgoing.setHeader('authorization', asSession.authorization);
      outgoing.setHeader('content-type', 'application/json');
      outgoing.setHeader('idempotency-key', ['a', 'b']);
      outgoing.end(body);
      const [incoming] = await once(outgoing, 'response');
      incoming.resume();
      expect(incoming.statusCode).toBe(400);
    } finally {
      await app.close();
    }
  });
});

describe('what is answered', () => {
  test.each(TRANSACTION_STATUSES)('a transaction that is %s: 200 only when it is confirmed', async (status) => {
    const { request } = await harness(withSend(async () => ({ ...aTransaction, status })));
    const answer = await request({ method: 'POST', url, headers: asSession, payload: PAYMENT });
    expect(answer.statusCode).toBe(status === 'CONFIRMED' ? 200 : 202);
    expect(answer.json().status).toBe(status);
  });

  test('a failure is an error of the catalogue, details and all', async () => {
    const { request } = await harness(
      withSend(async () => {
        throw new WaiaasError('SPENDING_LIMIT_EXCEEDED', {
          details: {
            cap: 'daily_max',
            asset: 'solana:native',
            limit: 2n ** 64n,
            spent: 1n,
            reserved: 0n,
            requested: 5n,
            remaining: 4n,
            policyId: 'p',
            transactionId: TRANSACTION,
          },
        });
      }),
    );
    const answer = await request({ method: 'POST', url, headers: asSession, payload: PAYMENT });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      code: 'SPENDING_LIMIT_EXCEEDED',
      details: { limit: '18446744073709551616' },
    });
  });
});

/** A send that waits for its signal and then tells the state reached so far. */
const patient = () => {
  const started = Promise.withResolvers<SendOptions>();
  const aborted = Promise.withResolvers<void>();
  const send: TransactionService['send'] = async (_session, _body, options) => {
    started.resolve(options);
    await new Promise<void>((resolve) => {
      if (options.signal?.aborted === true) resolve();
      options.signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    aborted.resolve();
    return { ...aTransaction, status: 'SUBMITTED' };
  };
  return { send, started: started.promise, aborted: aborted.promise };
};

describe('waiting', () => {
  test('ends with 202 and the actual state when the daemon stops', async () => {
    const { send, started } = patient();
    const { request, stop } = await harness(withSend(send));
    const answer = request({ method: 'POST', url, headers: asSession, payload: PAYMENT });
    await started;
    stop.abort();
    const { statusCode, headers, body } = await answer;
    expect(statusCode).toBe(202);
    expect(JSON.parse(body).status).toBe('SUBMITTED');
    expect(headers.connection).toBe('close');
  });

  test('ends when the client goes away, while the payment goes on', async () => {
    const { send, started, aborted } = patient();
    const { app } = await harness({ ...withSend(send), options: { extraHosts: ['gone.test'] } });
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const outgoing = httpRequest({ port: portOf(app), method: 'POST', path: url });
      outgoing.on('error', () => undefined);
      outgoing.setHeader('host', 'gone.test');
      outgoing.setHeader('authorization', asSession.authorization);
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify(PAYMENT));
      expect((await started).signal?.aborted).toBe(false);
      outgoing.destroy();
      await aborted;
    } finally {
      await app.close();
    }
  });

  test('is not cut short by an answered request, nor kept by it', async () => {
    const signals: AbortSignal[] = [];
    const { request } = await harness(
      withSend(async (_session, _body, { signal }) => {
        if (signal !== undefined) signals.push(signal);
        return aTransaction;
      }),
    );
    await request({ method: 'POST', url, headers: asSession, payload: PAYMENT });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('reads', () => {
  test('pending is not an id', async () => {
    const { request } = await harness();
    expect((await request({ url: '/v1/transactions/pending', headers: asSession })).json()).toEqual({
      transactions: [],
    });
  });

  test.each([
    'x',
    TRANSACTION.toUpperCase(),
    `${TRANSACTION}x`,
    TRANSACTION.replace('-7', '-4'),
    '00000000-0000-0000-0000-000000000000',
    '..%2f..%2fhealth',
    `${TRANSACTION}%00`,
    `${TRANSACTION}%20`,
    "1'%20OR%201=1",
    '__proto__',
    `{${TRANSACTION}}`,
  ])('the id %s is refused before the service sees it', async (id) => {
    const { request } = await harness(refusing);
    const answer = await request({ url: `/v1/transactions/${id}`, headers: asSession });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'VALIDATION_ERROR', details: { issues: [{ path: 'id' }] } });
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=abc',
    'limit=',
    'limit=-1',
    'limit=1.5',
    'limit=Infinity',
    'limit=5&limit=6',
    'limit[]=5',
    'cursor=x',
    `cursor=${TRANSACTION}&cursor=${TRANSACTION}`,
    'order=up',
    'order=ASC',
    'status=confirmed',
    'status=DONE',
    'agentId=0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10',
    '__proto__=x',
    '__proto__[limit]=5',
    'constructor=x',
    'offset=5',
    'x',
  ])('the query %s is refused', async (query) => {
    const { request } = await harness(refusing);
    const answer = await request({ url: `/v1/transactions?${query}`, headers: asSession });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe('VALIDATION_ERROR');
  });

  test('a query reaches the service typed, defaults filled in', async () => {
    const queries: unknown[] = [];
    const { request } = await harness({
      services: {
        transactions: {
          ...refusingServices.transactions,
          list: async (_session, query) => {
            queries.push(query);
            return { transactions: [], nextCursor: null };
          },
        },
      },
    });
    await request({ url: '/v1/transactions', headers: asSession });
    await request({
      url: `/v1/transactions?limit=100&order=asc&status=QUEUED&cursor=${TRANSACTION}`,
      headers: asSession,
    });
    expect(queries).toEqual([
      { limit: 20, order: 'desc' },
      { limit: 100, order: 'asc', status: 'QUEUED', cursor: TRANSACTION },
    ]);
  });
});
