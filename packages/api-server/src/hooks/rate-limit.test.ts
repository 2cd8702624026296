import { describe, expect, test } from 'vitest';
import {
  AGENT,
  asOperator,
  asOwner,
  asSession,
  asStranger,
  asToken,
  type Harness,
  harness,
  OTHER_SESSION,
  PAYMENT,
  POLICY,
  REVOKED_TOKEN,
  TRANSACTION,
} from '../../test/fixtures.ts';

const LIMITS = { globalRpm: 100, sessionRpm: 300, transactionRpm: 10 };
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

  test.each(['bearer', 'BEARER', 'Bearer', 'bEaReR'])(
    'the spelling %s of the scheme gives no second budget',
    async (scheme) => {
      const { request } = await limited();
      const send = (authorization: string) =>
        request({ method: 'POST', url: '/v1/transactions/send', headers: { authorization }, payload: PAYMENT });
      await times(10, () => send(asSession.authorization));
      expect((await send(asSession.authorization.replace('Bearer', scheme))).statusCode).toBe(429);
    },
  );

  test('reads do not use up payments', async () => {
    const { request } = await limited();
    await times(50, () => request({ url: '/v1/wallet/balance', headers: asSession }));
    const send = () => request({ method: 'POST', url: '/v1/transactions/send', headers: asSession, payload: PAYMENT });
    expect(allOf(await times(10, send))).toEqual([200]);
  });

  test('the 101st anonymous request is refused while a session keeps its 300', async () => {
    const { request } = await limited();
    expect(allOf(await times(100, () => request({ url: '/v1/agents' })))).toEqual([401]);
    expect((await request({ url: '/v1/agents' })).statusCode).toBe(429);
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
        url: '/v1/agents',
        headers: { 'x-forwarded-for': `10.0.0.${count}`, forwarded: `for=10.0.1.${count}` },
      });
    expect((await request({ url: '/v1/agents', headers: { 'x-forwarded-for': '10.9.9.9' } })).statusCode).toBe(429);
  });

  test('no program has a budget for each of the addresses that this machine has', async () => {
    const { request } = await limited();
    const from = (remoteAddress: string) => request({ url: '/nothing', remoteAddress });
    for (let count = 1; count <= 100; count += 1) await from(`127.0.${count}.1`);
    for (const address of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.9'])
      expect((await from(address)).statusCode).toBe(429);
    expect((await from('10.0.0.1')).statusCode).toBe(404);
  });

  test('tokens whose signature does not hold count against the address', async () => {
    const { request } = await limited();
    for (let count = 0; count < 100; count += 1)
      await request({ url: '/v1/wallet/balance', headers: { authorization: `Bearer wai_sess_made-up-${count}` } });
    expect((await request({ url: '/v1/agents' })).statusCode).toBe(429);
  });

  test('failed sign-ins with a token of valid signature count against the address, too', async () => {
    const { request } = await limited();
    const revoked = { authorization: `Bearer ${REVOKED_TOKEN}` };
    expect(allOf(await times(100, () => request({ url: '/v1/wallet/balance', headers: revoked })))).toEqual([401]);
    expect((await request({ url: '/v1/agents' })).statusCode).toBe(429);
  });

  test.each<readonly [string, Record<string, string>]>([
    ['nobody', {}],
    ['a session', asSession],
    ['an operator', asToken],
  ])('%s gets a nonce whatever strangers have sent and asked for, and takes nothing by it', async (_who, headers) => {
    const server = await limited();
    const nonce = () => server.request({ url: '/v1/nonce', headers });
    expect(allOf(await times(1000, nonce))).toEqual([200]);
    const state = await nonce();
    expect([state.headers['x-ratelimit-limit'], state.headers['x-ratelimit-remaining']]).toEqual(['100', '100']);
    await times(101, () => server.request({ url: '/nothing' }));
    expect((await server.request({ url: '/nothing' })).statusCode).toBe(429);
    expect((await nonce()).statusCode).toBe(200);
  });

  describe('the texts for owners', () => {
    const message = {
      chain: 'solana',
      address: '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU',
      action: 'view_dashboard',
      method: 'GET',
      path: '/v1/owner/status',
    };
    const compose = ({ request }: Harness, headers: Record<string, string>, payload: object = message) =>
      request({ method: 'POST', url: '/v1/owner/messages', headers, payload });

    test('cost a session what they cost anybody, and a live operator token nothing of it', async () => {
      const server = await limited();
      expect(allOf(await times(100, () => compose(server, asSession)))).toEqual([200]);
      expect((await compose(server, asSession)).statusCode).toBe(429);
      expect((await compose(server, {})).statusCode).toBe(429);
      expect((await compose(server, { authorization: 'Bearer wai_op_made-up' })).statusCode).toBe(429);
      expect((await compose(server, asToken)).statusCode).toBe(200);
    });

    test('sell no tries of the master password to a session', async () => {
      const server = await harness({ options: { limits: { ...LIMITS, sessionRpm: 1000 } } });
      const wrong = { ...asSession, 'x-master-password': 'wrong wrong wrong' };
      const approval = { ...message, action: 'approve_tx', method: 'POST', path: '/v1/owner/approve/x' };
      expect((await times(101, () => compose(server, wrong, approval))).at(-1)).toBe(429);
    });
  });

  test('an address that has used up its budget takes nothing from operators', async () => {
    const { request } = await limited();
    await times(101, () => request({ url: '/nothing' }));
    expect((await request({ url: '/nothing' })).statusCode).toBe(429);
    expect((await request({ url: '/v1/agents', headers: asToken })).statusCode).toBe(200);
    expect((await request({ url: '/v1/agents', headers: { authorization: 'Bearer wai_op_guess' } })).statusCode).toBe(
      429,
    );
    // Where a token is no credential it buys nothing: least of all guesses of the password.
    for (const url of ['/v1/admin/login', '/v1/wallet/balance', '/nothing'])
      expect(
        (await request({ method: url.includes('login') ? 'POST' : 'GET', url, headers: asToken })).statusCode,
      ).toBe(429);
  });

  describe('the owner, whose signature is looked at before it is counted', () => {
    const madeUp = { authorization: `Bearer ${Buffer.from('{"signed":false}').toString('base64url')}` };
    const routes: readonly (readonly [string, 'GET' | 'DELETE' | 'POST', string])[] = [
      ['that takes operators, too', 'GET', '/v1/agents'],
      ['that takes operators until there is an owner', 'DELETE', `/v1/owner/policies/${POLICY}`],
      ['of the owner alone', 'POST', `/v1/owner/approve/${TRANSACTION}`],
    ];

    test.each(routes)('is heard on a route %s whatever strangers have sent', async (_what, method, url) => {
      const { request } = await limited();
      await times(101, () => request({ url: '/nothing' }));
      expect(allOf(await times(50, () => request({ method, url, headers: madeUp })))).toEqual([429]);
      const answer = await request({ method, url, headers: asOwner });
      expect(answer.statusCode).toBe(200);
      expect([answer.headers['x-ratelimit-limit'], answer.headers['x-ratelimit-remaining']]).toEqual(['100', '99']);
    });

    test.each(routes)('is no cheaper to play on a route %s than anybody else', async (_what, method, url) => {
      const { request } = await limited();
      const statuses = await times(100, () => request({ method, url, headers: madeUp }));
      expect(allOf(statuses)).toEqual([401]);
      expect((await request({ method, url, headers: madeUp })).statusCode).toBe(429);
      expect((await request({ url: '/nothing' })).statusCode).toBe(429);
    });

    test.each(routes)('costs nobody who names another wallet a look on a route %s', async (_what, method, url) => {
      const server = await limited();
      const ask = (headers: Record<string, string>) => server.request({ method, url, headers });
      expect(allOf(await times(100, () => ask(asStranger)))).toEqual([403]);
      expect(server.verified).toBe(100);
      expect(allOf(await times(2000, () => ask(asStranger)))).toEqual([429]);
      expect(server.verified).toBe(100);
      expect((await ask(asOwner)).statusCode).toBe(200);
    });

    test('is answered what a stranger and junk are, where the address has nothing left', async () => {
      const { request } = await limited();
      await times(101, () => request({ url: '/nothing' }));
      const answers = [];
      for (const headers of [madeUp, asStranger]) {
        const answer = await request({ url: '/v1/agents', headers });
        const { requestId: _requestId, ...body } = answer.json();
        answers.push([answer.statusCode, body, answer.headers['retry-after'], answer.headers['x-ratelimit-remaining']]);
      }
      expect(answers[0]).toEqual(answers[1]);
    });

    test('has a hundred requests a minute, and takes none of them from others', async () => {
      const server = await limited();
      const { request } = server;
      const read = () => request({ url: '/v1/agents', headers: asOwner });
      expect(allOf(await times(100, read))).toEqual([200]);
      expect((await read()).statusCode).toBe(429);
      expect(server.usedUp).toBe(100);
      expect((await request({ url: '/v1/agents', headers: asToken })).statusCode).toBe(200);
      expect((await request({ url: '/nothing' })).headers['x-ratelimit-remaining']).toBe('99');
    });

    test('opens five sessions a minute, whatever strangers have tried to', async () => {
      const { request } = await limited();
      const open = (headers: Record<string, string>) =>
        request({ method: 'POST', url: '/v1/sessions', headers, payload: { agentId: AGENT } });
      expect((await times(20, () => open(madeUp))).every((status) => status >= 400)).toBe(true);
      expect(await times(6, () => open(asOwner))).toEqual([201, 201, 201, 201, 201, 429]);
    });

    test('is not who sends a body that cannot be read: it counts against the address', async () => {
      const { request } = await limited();
      const headers = { ...madeUp, 'content-type': 'application/json' };
      const send = () => request({ method: 'POST', url: '/v1/agents', headers, payload: '{' });
      expect(allOf(await times(100, send))).toEqual([400]);
      const refused = await send();
      expect([refused.statusCode, refused.json().code]).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
      expect(refused.headers['retry-after']).toBe('60');
      expect((await request({ url: '/nothing' })).statusCode).toBe(429);
    });

    test('is told that everything is stopped, whatever strangers have sent', async () => {
      const server = await limited();
      await times(101, () => server.request({ url: '/nothing' }));
      server.lock = 'ACTIVATED';
      const answer = await server.request({ method: 'POST', url: '/v1/owner/kill-switch', headers: asOwner });
      expect(answer.json().code).toBe('SYSTEM_LOCKED');
    });

    test('beside the password buys no tries of it', async () => {
      const { request } = await limited();
      const guess = () =>
        request({
          method: 'POST',
          url: '/v1/owner/recover',
          headers: { ...asOwner, 'x-master-password': 'wrong wrong wrong' },
        });
      expect(allOf(await times(100, guess))).toEqual([401]);
      expect((await guess()).statusCode).toBe(429);
    });
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

  describe('the kill switch, which nobody without a credential may hold up', () => {
    const stop = (server: Harness, url: string, headers: Record<string, string>) =>
      server.request({ method: 'POST', url, headers, payload: { reason: 'drill' } });
    const strangers: readonly Record<string, string>[] = [
      {},
      { authorization: 'Bearer wai_op_made-up' },
      { authorization: `Bearer ${Buffer.from('{"signed":false}').toString('base64url')}` },
      { 'x-master-password': 'wrong wrong wrong' },
      asSession,
    ];
    const owned = '/v1/owner/kill-switch';
    const admin = '/v1/admin/kill-switch';
    const levers: readonly (readonly [string, string, Record<string, string>])[] = [
      ['the owner', owned, asOwner],
      ['an operator token', owned, asToken],
      ['the password', owned, asOperator],
      ['the password on the route of the command', admin, asOperator],
    ];

    test.each(levers)('%s engages it whatever strangers have sent', async (_who, url, headers) => {
      const server = await limited();
      for (let round = 0; round < 50; round += 1)
        for (const junk of strangers) expect([401, 429]).toContain((await stop(server, url, junk)).statusCode);
      expect((await server.request({ url: '/v1/agents' })).statusCode).toBe(429);
      expect((await stop(server, url, headers)).statusCode).toBe(200);
    });

    test.each(levers)('%s engages it though the address has no budget left', async (_who, url, headers) => {
      const server = await limited();
      await times(101, () => server.request({ url: '/nothing' }));
      expect((await server.request({ url: '/nothing' })).statusCode).toBe(429);
      expect((await stop(server, url, headers)).statusCode).toBe(200);
    });

    test.each(levers)(
      '%s may do so three times a minute, and takes nothing from the others',
      async (_who, url, headers) => {
        const server = await limited();
        expect(await times(4, () => stop(server, url, headers))).toEqual([200, 200, 200, 429]);
        for (const [, otherUrl, others] of levers)
          if (otherUrl !== url || others !== headers)
            expect((await stop(server, otherUrl, others)).statusCode).toBe(200);
      },
    );

    test.each([owned, admin])('guesses at %s count against the address, and are told so', async (url) => {
      const server = await limited();
      const guess = () => stop(server, url, { 'x-master-password': 'wrong wrong wrong' });
      expect(allOf(await times(100, guess))).toEqual([401]);
      const refused = await guess();
      expect(refused.statusCode).toBe(429);
      expect(refused.json()).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { limit: 100, window: '1m' } });
      expect(refused.headers['retry-after']).toBe('60');
      expect((await server.request({ url: '/v1/agents' })).statusCode).toBe(429);
    });
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
    const other = await request({ url: '/v1/agents' });
    expect(other.headers['x-ratelimit-remaining']).toBe('99');
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
        url: '/v1/agents',
        headers: { origin: 'http://localhost:3100', 'access-control-request-method': 'GET' },
      });
    expect(allOf(await times(150, preflight))).toEqual([204]);
    expect((await request({ url: '/v1/agents' })).headers['x-ratelimit-remaining']).toBe('99');
  });

  test('the budget comes back as the window slides on', async () => {
    const server = await limited();
    await times(100, () => server.request({ url: '/v1/agents' }));
    server.now += 60_000;
    expect((await server.request({ url: '/v1/agents' })).statusCode).toBe(401);
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
