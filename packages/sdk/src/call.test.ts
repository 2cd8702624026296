import { getEventListeners } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { BALANCE, clientOf, errorOf, PAID, RECIPIENT, TOKEN } from '../test/clients.ts';
import { type Answer, drop, json, refusal, silence, stall, startServer, text } from '../test/scripted-server.ts';
import { WAIaaSClient } from './index.ts';
import { systemRuntime } from './runtime.ts';

const PAYMENT = { to: RECIPIENT, amount: 50_000_000n };

describe('a payment is made once', () => {
  /** A daemon that honours the key (04 §8), behind a connection that does what the test says. */
  const ledger = () => {
    const payments = new Map<string, number>();
    const pay =
      (then: Answer): Answer =>
      (response, request) => {
        const key = String(request.headers['idempotency-key']);
        if (!payments.has(key)) payments.set(key, payments.size);
        then(response, request);
      };
    return { payments, pay };
  };

  test('when the connection drops after the daemon took the request', async () => {
    const { payments, pay } = ledger();
    await using server = await startServer(pay(drop), pay(drop), pay(json(PAID)));
    await expect(clientOf(server).client.sendToken(PAYMENT)).resolves.toEqual(PAID);
    expect(payments.size).toBe(1);
    expect(server.received).toHaveLength(3);
    expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(server.received.map(({ body }) => body)).size).toBe(1);
  });

  test('when the daemon is slower than the client waits', async () => {
    const { payments, pay } = ledger();
    await using server = await startServer(pay(silence), pay(stall), pay(json(PAID)));
    await expect(clientOf(server, { timeout: 500 }).client.sendToken(PAYMENT)).resolves.toEqual(PAID);
    expect(payments.size).toBe(1);
    expect(server.received).toHaveLength(3);
  });

  test('when the caller changes the request meanwhile', async () => {
    await using server = await startServer(drop, json(PAID));
    const request = { to: RECIPIENT, amount: '1' };
    const client = new WAIaaSClient(
      { baseUrl: server.url, sessionToken: TOKEN },
      {
        sleep: async () => {
          request.amount = '999';
        },
      },
    );
    await client.sendToken(request);
    expect(server.received.map(({ body }) => JSON.parse(body).amount)).toEqual(['1', '1']);
  });

  test('and its error carries the key with which the call can be repeated safely', async () => {
    const { payments, pay } = ledger();
    await using server = await startServer(pay(drop), pay(json(PAID)));
    const { client } = clientOf(server, { retry: { maxRetries: 0 } });
    const error = await errorOf(client.sendToken(PAYMENT));
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', statusCode: 0, retryable: true });
    expect(error.idempotencyKey).toBe(server.received[0]?.headers['idempotency-key']);
    await client.sendToken(PAYMENT, { idempotencyKey: error.idempotencyKey });
    expect(payments.size).toBe(1);
  });

  test('not tried again after a chain error, which the key would only repeat; a read is', async () => {
    await using server = await startServer(refusal(502, 'CHAIN_ERROR', true));
    const { client } = clientOf(server);
    expect(await errorOf(client.sendToken(PAYMENT))).toMatchObject({ code: 'CHAIN_ERROR', retryable: true });
    expect(server.received).toHaveLength(1);
    await errorOf(client.getBalance());
    expect(server.received).toHaveLength(5);
  });
});

describe('another attempt follows', () => {
  test.each<[string, Answer]>([
    ['a rate limit', refusal(429, 'RATE_LIMIT_EXCEEDED', true)],
    ['a locked keystore', refusal(503, 'KEYSTORE_LOCKED', true)],
    ['an unreachable chain', refusal(503, 'ADAPTER_NOT_AVAILABLE', true)],
    ['any status the daemon calls retryable', refusal(500, 'INTERNAL_ERROR', true)],
    ["a proxy's page with a status of the list", text('<html>', 502)],
    ['an error that does not say, with a status of the list', json({ code: 'NEW_CODE', message: 'x' }, 504)],
    ['a dropped connection', drop],
    ['silence', silence],
    ['a body that does not end', stall],
  ])('after %s', async (_name, answer) => {
    const slow = answer === silence || answer === stall;
    await using server = await startServer(answer, json(BALANCE));
    await expect(clientOf(server, slow ? { timeout: 500 } : {}).client.getBalance()).resolves.toEqual(BALANCE);
    expect(server.received).toHaveLength(2);
  });

  test('up to three times, and then the last error is told', async () => {
    await using server = await startServer(drop, drop, drop, refusal(503, 'KEYSTORE_LOCKED', true), json(BALANCE));
    const { client, pauses } = clientOf(server);
    expect(await errorOf(client.getBalance())).toMatchObject({ code: 'KEYSTORE_LOCKED', statusCode: 503 });
    expect(server.received).toHaveLength(4);
    expect(pauses).toHaveLength(3);
  });

  test('as often as the policy says', async () => {
    await using server = await startServer(drop);
    await errorOf(clientOf(server, { retry: { maxRetries: 0 } }).client.getBalance());
    expect(server.received).toHaveLength(1);
    await errorOf(clientOf(server, { retry: { maxRetries: 6 } }).client.getBalance());
    expect(server.received).toHaveLength(8);
  });
});

describe('no other attempt follows', () => {
  test.each<[string, Answer, string]>([
    [
      'a locked master password',
      refusal(429, 'MASTER_PASSWORD_LOCKED', false, { 'retry-after': '1' }),
      'MASTER_PASSWORD_LOCKED',
    ],
    ['a daemon that is stopping', refusal(503, 'SHUTTING_DOWN', false, { 'retry-after': '30' }), 'SHUTTING_DOWN'],
    ['a denied payment', refusal(403, 'POLICY_DENIED', false), 'POLICY_DENIED'],
    ['a dead token', refusal(401, 'TOKEN_EXPIRED', false), 'TOKEN_EXPIRED'],
    ['the kill switch', refusal(401, 'SYSTEM_LOCKED', false), 'SYSTEM_LOCKED'],
    ['an error that does not say, with another status', json({ code: 'NEW_CODE', message: 'x' }, 500), 'NEW_CODE'],
    ["somebody else's page", text('<html>', 404), 'UNKNOWN_ERROR'],
    ["somebody else's success", text('<html>', 200), 'UNKNOWN_ERROR'],
  ])('after %s', async (_name, answer, code) => {
    await using server = await startServer(answer);
    const { client, pauses } = clientOf(server);
    expect(await errorOf(client.sendToken(PAYMENT))).toMatchObject({ code });
    expect(server.received).toHaveLength(1);
    expect(pauses).toEqual([]);
  });
});

describe('the pause before a retry', () => {
  const pausesWith = async (answer: Answer, options: Parameters<typeof clientOf>[1], random = 0.5) => {
    await using server = await startServer(answer);
    const { client, pauses } = clientOf(server, options, random);
    await errorOf(client.getBalance());
    return pauses;
  };
  const down = refusal(503, 'KEYSTORE_LOCKED', true);
  const busy = (headers: Readonly<Record<string, string>>) => refusal(429, 'RATE_LIMIT_EXCEEDED', true, headers);

  test('doubles, spread over the upper half of its range', async () => {
    expect(await pausesWith(down, {}, 0)).toEqual([500, 1000, 2000]);
    expect(await pausesWith(down, {}, 0.999_999)).toEqual([
      expect.closeTo(1000, 0),
      expect.closeTo(2000, 0),
      expect.closeTo(4000, 0),
    ]);
  });

  test('grows evenly, or is none, if the policy says so', async () => {
    expect(await pausesWith(down, { retry: { backoff: 'linear', baseDelay: 200 } })).toEqual([200, 400, 600]);
    expect(await pausesWith(down, { retry: { backoff: 'none' } })).toEqual([0, 0, 0]);
  });

  test('never exceeds a minute', async () => {
    const pauses = await pausesWith(down, { retry: { maxRetries: 30, backoff: 'exponential' } });
    expect(Math.max(...pauses)).toBe(60_000);
  });

  test.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['seconds beyond the cap', { 'retry-after': '86400' }, 60_000],
    ['seconds beyond any number', { 'retry-after': '9'.repeat(400) }, 60_000],
    ['less than the back-off', { 'retry-after': '0' }, 750],
    ['a date', { date: 'Sun, 22 Nov 2026 00:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 00:00:20 GMT' }, 20_000],
    ['a far date', { date: 'Sun, 22 Nov 2026 00:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2099 00:00:20 GMT' }, 60_000],
    [
      'a date in the past',
      { date: 'Sun, 22 Nov 2026 00:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 00:00:00 GMT' },
      750,
    ],
    ['nothing that can be read', { 'retry-after': 'soon' }, 750],
    ['a negative number', { 'retry-after': '-5' }, 750],
    ['a fraction', { 'retry-after': '1.5' }, 750],
  ])('heeds a Retry-After of %s', async (_name, headers, expected) => {
    expect(await pausesWith(busy(headers), { retry: { maxRetries: 1 } })).toEqual([expected]);
  });
});

describe('the caller ends a call', () => {
  const ended = { code: 'ABORTED', statusCode: 0, retryable: false };

  test('before it began: nothing is sent', async () => {
    await using server = await startServer(json(BALANCE));
    const { client } = clientOf(server);
    expect(await errorOf(client.getBalance({ signal: AbortSignal.abort() }))).toMatchObject(ended);
    expect(await errorOf(clientOf(server, { signal: AbortSignal.abort() }).client.getBalance())).toMatchObject(ended);
    expect(server.received).toEqual([]);
  });

  test('while the daemon is at work', async () => {
    const controller = new AbortController();
    await using server = await startServer(() => controller.abort());
    const { client } = clientOf(server);
    const error = await errorOf(client.sendToken(PAYMENT, { signal: controller.signal }));
    expect(error).toMatchObject(ended);
    expect(error.idempotencyKey).toBe(server.received[0]?.headers['idempotency-key']);
    expect(server.received).toHaveLength(1);
  });

  test('while the answer comes in', async () => {
    const controller = new AbortController();
    await using server = await startServer((response, request) => {
      stall(response, request);
      controller.abort();
    });
    expect(await errorOf(clientOf(server).client.getBalance({ signal: controller.signal }))).toMatchObject(ended);
  });

  test.each(['call', 'client'])(
    'during the pause, by the signal of the %s: it ends at once and sends nothing more',
    async (whose) => {
      await using server = await startServer(refusal(429, 'RATE_LIMIT_EXCEEDED', true, { 'retry-after': '60' }));
      const controller = new AbortController();
      const client = new WAIaaSClient(
        { baseUrl: server.url, sessionToken: TOKEN, ...(whose === 'client' ? { signal: controller.signal } : {}) },
        {
          // The real pause of a minute: only the abort can end it within the time a test has.
          sleep: (ms, signal) => {
            const sleeping = systemRuntime.sleep(ms, signal);
            controller.abort();
            return sleeping;
          },
        },
      );
      const options = whose === 'call' ? { signal: controller.signal } : {};
      expect(await errorOf(client.sendToken(PAYMENT, options))).toMatchObject(ended);
      expect(server.received).toHaveLength(1);
    },
  );

  test('with a fetch that does not heed its signal', async () => {
    const controller = new AbortController();
    const client = new WAIaaSClient({
      sessionToken: TOKEN,
      fetch: () => {
        queueMicrotask(() => controller.abort());
        return new Promise(() => undefined);
      },
    });
    expect(await errorOf(client.getBalance({ signal: controller.signal }))).toMatchObject(ended);
  });

  test('after it succeeded: nothing happens', async () => {
    await using server = await startServer(json(BALANCE));
    const controller = new AbortController();
    await clientOf(server).client.getBalance({ signal: controller.signal });
    controller.abort();
    expect(server.received).toHaveLength(1);
  });
});

test('no listener stays on the signals of the caller, however a call ends', async () => {
  await using server = await startServer(drop, refusal(503, 'KEYSTORE_LOCKED', true), silence, json(BALANCE));
  await using broken = await startServer(text('<html>', 500));
  const perCall = new AbortController();
  const perClient = new AbortController();
  const options = { timeout: 500, signal: perClient.signal };
  await clientOf(server, options).client.getBalance({ signal: perCall.signal });
  await errorOf(clientOf(broken, options).client.getBalance({ signal: perCall.signal }));
  await errorOf(clientOf(broken, options).client.waitForTransaction('x', { signal: perCall.signal }));
  await systemRuntime.sleep(1, perCall.signal);
  for (const { signal } of [perCall, perClient]) expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  await using elsewhere = await startServer(json(BALANCE));
  for (const status of [301, 302, 307, 308]) {
    await using server = await startServer(text('', status, { location: `${elsewhere.url}/v1/wallet/balance` }));
    const { client } = clientOf(server, { retry: { maxRetries: 0 } });
    expect(await errorOf(client.getBalance())).toMatchObject({ code: 'NETWORK_ERROR' });
    expect(await errorOf(client.sendToken(PAYMENT))).toMatchObject({ code: 'NETWORK_ERROR' });
  }
  expect(elsewhere.received).toEqual([]);
});

test('a daemon that does not run is a NETWORK_ERROR that names the address and the reason', async () => {
  const server = await startServer(json(BALANCE));
  await server[Symbol.asyncDispose]();
  const error = await errorOf(clientOf(server).client.getBalance());
  expect(error).toMatchObject({
    code: 'NETWORK_ERROR',
    statusCode: 0,
    retryable: true,
    details: { reason: 'ECONNREFUSED' },
  });
  expect(error.message).toContain(server.url);
});

test('an attempt that takes too long is a TIMEOUT', async () => {
  await using server = await startServer(silence);
  const { client } = clientOf(server, { timeout: 300, retry: { maxRetries: 1 } });
  expect(await errorOf(client.getBalance())).toMatchObject({ code: 'TIMEOUT', statusCode: 0, retryable: true });
  expect(server.received).toHaveLength(2);
});

test.each([
  ['a payment', 45_000, (client: WAIaaSClient) => client.sendToken(PAYMENT)],
  ['anything else', 30_000, (client: WAIaaSClient) => client.getBalance()],
])('%s may take %d ms if nothing else was said', async (_name, limit, call) => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const client = new WAIaaSClient({
    sessionToken: TOKEN,
    retry: { maxRetries: 0 },
    fetch: () => new Promise(() => undefined),
  });
  let error: unknown;
  void call(client).catch((reason: unknown) => {
    error = reason;
  });
  await vi.advanceTimersByTimeAsync(limit - 1);
  expect(error).toBe(undefined);
  await vi.advanceTimersByTimeAsync(1);
  expect(error).toMatchObject({ code: 'TIMEOUT' });
  expect(vi.getTimerCount()).toBe(0);
});
