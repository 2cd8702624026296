import { describe, expect, expectTypeOf, test } from 'vitest';
import { BALANCE, clientOf, errorOf, PAID, RECIPIENT, TOKEN } from '../test/clients.ts';
import { json, startServer } from '../test/scripted-server.ts';
import { type SendTokenRequest, type TransactionResponse, WAIaaSClient } from './index.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('each method calls its route', () => {
  test('getBalance', async () => {
    await using server = await startServer(json(BALANCE));
    await expect(clientOf(server).client.getBalance()).resolves.toEqual(BALANCE);
    expect(server.received).toEqual([expect.objectContaining({ method: 'GET', path: '/v1/wallet/balance', body: '' })]);
    expect(server.received[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, accept: 'application/json' });
    expect(server.received[0]?.headers).not.toHaveProperty('content-type');
    expect(server.received[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  test('getAddress', async () => {
    const answer = { address: RECIPIENT, chain: 'solana', network: 'localnet', encoding: 'base58' };
    await using server = await startServer(json(answer));
    await expect(clientOf(server).client.getAddress()).resolves.toEqual(answer);
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/v1/wallet/address' });
  });

  test('getAssets, and getBudget of the native asset or of a token', async () => {
    const answer = { assets: [], session: {}, policy: {}, maxPayment: null };
    await using server = await startServer(json(answer));
    const { client } = clientOf(server);
    await expect(client.getAssets()).resolves.toEqual(answer);
    await client.getBudget();
    await client.getBudget({ tokenMint: 'a mint' });
    expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/wallet/assets',
      'GET /v1/wallet/budget',
      'GET /v1/wallet/budget?tokenMint=a+mint',
    ]);
  });

  test('listPendingTransactions', async () => {
    await using server = await startServer(json({ transactions: [PAID] }));
    await expect(clientOf(server).client.listPendingTransactions()).resolves.toEqual({ transactions: [PAID] });
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/v1/transactions/pending' });
  });

  test('getNonce, with a token or without, and never sends it', async () => {
    const answer = { nonce: '0'.repeat(32), expiresAt: PAID.createdAt };
    await using server = await startServer(json(answer));
    await expect(new WAIaaSClient({ baseUrl: server.url }).getNonce()).resolves.toEqual(answer);
    await expect(clientOf(server).client.getNonce()).resolves.toEqual(answer);
    for (const { path, headers } of server.received) {
      expect(path).toBe('/v1/nonce');
      expect(headers).not.toHaveProperty('authorization');
    }
  });

  test.each<[string, Parameters<WAIaaSClient['listTransactions']>[0], string]>([
    ['nothing', undefined, '/v1/transactions'],
    ['an empty query', {}, '/v1/transactions'],
    ['a page', { limit: 5, order: 'asc', status: 'CONFIRMED' }, '/v1/transactions?limit=5&order=asc&status=CONFIRMED'],
    ['what is not given left out', { limit: 5, cursor: undefined }, '/v1/transactions?limit=5'],
    ['anything odd encoded', { cursor: 'a&b=c#d e' }, '/v1/transactions?cursor=a%26b%3Dc%23d+e'],
  ])('listTransactions with %s', async (_name, query, path) => {
    await using server = await startServer(json({ transactions: [], nextCursor: null }));
    await clientOf(server).client.listTransactions(query);
    expect(server.received[0]?.path).toBe(path);
  });

  test.each([
    [PAID.transactionId, `/v1/transactions/${PAID.transactionId}`],
    ['a/b', '/v1/transactions/a%2Fb'],
    ['../wallet/balance', '/v1/transactions/..%2Fwallet%2Fbalance'],
    ['x?y=z#w', '/v1/transactions/x%3Fy%3Dz%23w'],
    ['%2e%2e', '/v1/transactions/%252e%252e'],
    ['한글', '/v1/transactions/%ED%95%9C%EA%B8%80'],
  ])('getTransaction(%j) stays below its route', async (id, path) => {
    await using server = await startServer(json(PAID));
    await clientOf(server).client.getTransaction(id);
    expect(server.received[0]?.path).toBe(path);
  });

  test.each(['', '.', '..', '\ud800'])('getTransaction(%j) is refused here', async (id) => {
    await using server = await startServer(json(PAID));
    expect(await errorOf(clientOf(server).client.getTransaction(id))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(server.received).toEqual([]);
  });
});

describe('sendToken', () => {
  test('sends the payment as JSON with a key of its own', async () => {
    await using server = await startServer(json(PAID));
    const { client } = clientOf(server);
    const request = { to: RECIPIENT, amount: '50000000', memo: '점심', priority: 'high' } as const;
    await expect(client.sendToken(request)).resolves.toEqual(PAID);
    await client.sendToken(request);
    const [first, second] = server.received;
    expect(first).toMatchObject({ method: 'POST', path: '/v1/transactions/send' });
    expect(JSON.parse(first?.body ?? '')).toEqual(request);
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` });
    expect(first?.headers['idempotency-key']).toMatch(UUID_V4);
    expect(second?.headers['idempotency-key']).toMatch(UUID_V4);
    expect(second?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key']);
  });

  test('pays with the token that is named, and says so', async () => {
    await using server = await startServer(json({ ...PAID, outcome: 'ALLOW', criteria: [] }));
    const { client } = clientOf(server);
    const tokenMint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
    await client.sendToken({ to: RECIPIENT, amount: 3_000_000n, tokenMint });
    await client.dryRun({ to: RECIPIENT, amount: 3_000_000n, tokenMint });
    // What contradicts itself is the daemon's to refuse, not the client's to mend.
    await client.sendToken({ to: RECIPIENT, amount: 3_000_000n, tokenMint, type: 'TRANSFER' });
    expect(server.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'TOKEN_TRANSFER',
      'TOKEN_TRANSFER',
      'TRANSFER',
    ]);
    expect(JSON.parse(server.received[0]?.body ?? '')).toMatchObject({ tokenMint, amount: '3000000' });
  });

  test('keeps every digit of an amount', async () => {
    await using server = await startServer(json(PAID));
    const amount = 123_456_789_012_345_678_901_234_567_890n;
    await clientOf(server).client.sendToken({ to: RECIPIENT, amount });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ to: RECIPIENT, amount: amount.toString() });
  });

  test.each(['1e3', '-1', ' 5 ', '0x10', ''])('leaves the judgement of %j to the daemon', async (amount) => {
    await using server = await startServer(json(PAID));
    await clientOf(server).client.sendToken({ to: RECIPIENT, amount });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ to: RECIPIENT, amount });
  });

  test('takes no number as amount, by type and at run time', async () => {
    expectTypeOf<SendTokenRequest['amount']>().toEqualTypeOf<bigint | string>();
    await using server = await startServer(json(PAID));
    for (const amount of ['5', '0.05', '1e21', 'null', '["5"]', '{}', 'true']) {
      const untyped: SendTokenRequest = JSON.parse(`{"to":"x","amount":${amount}}`);
      expect(await errorOf(clientOf(server).client.sendToken(untyped))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    const nothing: SendTokenRequest = JSON.parse('null');
    expect(await errorOf(clientOf(server).client.sendToken(nothing))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(server.received).toEqual([]);
  });

  test('takes the key of the caller as it is', async () => {
    await using server = await startServer(json(PAID));
    const idempotencyKey = `invoice 4711 ${'~'.repeat(115)}`;
    await clientOf(server).client.sendToken({ to: RECIPIENT, amount: 1n }, { idempotencyKey });
    expect(server.received[0]?.headers['idempotency-key']).toBe(idempotencyKey);
  });

  test.each(['', ' ', ' a', 'a ', 'a\nb', 'é', 'x'.repeat(129)])('refuses %j as key', async (idempotencyKey) => {
    await using server = await startServer(json(PAID));
    const call = clientOf(server).client.sendToken({ to: RECIPIENT, amount: 1n }, { idempotencyKey });
    expect(await errorOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT', statusCode: 0, retryable: false });
    expect(server.received).toEqual([]);
  });

  test('resolves with QUEUED: callers branch on the status', async () => {
    await using server = await startServer(json({ ...PAID, status: 'QUEUED', tier: 'APPROVAL' }, 202));
    await expect(clientOf(server).client.sendToken({ to: RECIPIENT, amount: 1n })).resolves.toMatchObject({
      status: 'QUEUED',
    });
    expectTypeOf<TransactionResponse['status']>().toExtend<string>();
  });
});

describe('the session token', () => {
  test('is needed by every call of an agent, which is refused here without it', async () => {
    await using server = await startServer(json(PAID));
    const client = new WAIaaSClient({ baseUrl: server.url });
    for (const call of [
      () => client.getBalance(),
      () => client.getAddress(),
      () => client.sendToken({ to: RECIPIENT, amount: 1n }),
      () => client.listTransactions(),
      () => client.getTransaction('x'),
      () => client.listPendingTransactions(),
      () => client.waitForTransaction('x'),
    ]) {
      expect(await errorOf(call())).toMatchObject({ code: 'AUTH_TOKEN_MISSING', statusCode: 401, retryable: false });
    }
    expect(server.received).toEqual([]);
  });

  test('can be set and taken away', async () => {
    await using server = await startServer(json(BALANCE));
    const client = new WAIaaSClient({ baseUrl: server.url });
    client.setSessionToken(TOKEN);
    await client.getBalance();
    client.clearSessionToken();
    expect(await errorOf(client.getBalance())).toMatchObject({ code: 'AUTH_TOKEN_MISSING' });
    expect(server.received).toHaveLength(1);
  });

  test.each(['', 'wai_sess_', 'wai_op_x', 'Bearer wai_sess_x', 'wai_sess_a b', 'wai_sess_a\nb', 'wai_sess_é'])(
    '%j is none',
    (sessionToken) => {
      const expected = expect.objectContaining({ code: 'INVALID_TOKEN_FORMAT', statusCode: 0 });
      expect(() => new WAIaaSClient({ sessionToken })).toThrow(expected);
      expect(() => new WAIaaSClient().setSessionToken(sessionToken)).toThrow(expected);
    },
  );
});

describe('options', () => {
  test.each(['', '/', '//'])('a base URL may end in %j', async (end) => {
    await using server = await startServer(json(BALANCE));
    await clientOf(server, { baseUrl: server.url + end }).client.getBalance();
    expect(server.received[0]?.path).toBe('/v1/wallet/balance');
  });

  test('a base URL may hold a path', async () => {
    await using server = await startServer(json(BALANCE));
    await clientOf(server, { baseUrl: `${server.url}/wallets/a/` }).client.getBalance();
    expect(server.received[0]?.path).toBe('/wallets/a/v1/wallet/balance');
  });

  test.each([
    'http://user:canary@127.0.0.1:3100',
    'http://canary@127.0.0.1:3100',
    'http://127.0.0.1:3100?key=canary',
    'http://127.0.0.1:3100/#canary',
    'file:///canary',
    'javascript:canary',
    'canary',
    '127.0.0.1:3100',
  ])('%s is refused as base URL, and not repeated', (baseUrl) => {
    expect(() => new WAIaaSClient({ baseUrl })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.not.stringContaining('canary') }),
    );
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('a timeout of %d is refused', (timeout) => {
    expect(() => new WAIaaSClient({ timeout })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test.each([
    { maxRetries: -1 },
    { maxRetries: 0.5 },
    { maxRetries: Number.NaN },
    { baseDelay: -1 },
    { baseDelay: 60_001 },
  ])('a retry policy of %j is refused', (retry) => {
    expect(() => new WAIaaSClient({ retry })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('a fetch that is handed in is used, without `this`, and may not follow redirects or send cookies', async () => {
    const calls: unknown[] = [];
    const client = new WAIaaSClient({
      sessionToken: TOKEN,
      async fetch(this: unknown, ...[url, init]: Parameters<typeof globalThis.fetch>) {
        calls.push([this, url, init]);
        return Response.json(BALANCE);
      },
    });
    await client.getBalance();
    expect(calls).toEqual([
      [
        undefined,
        'http://127.0.0.1:3100/v1/wallet/balance',
        expect.objectContaining({ redirect: 'error', credentials: 'omit', signal: expect.any(AbortSignal) }),
      ],
    ]);
  });
});
