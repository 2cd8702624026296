import { describe, expect, test } from 'vitest';
import { BALANCE, errorOf } from '../test/clients.ts';
import { type Answer, json, refusal, type ScriptedServer, startServer } from '../test/scripted-server.ts';
import { WAIaaSClient } from './client.ts';
import type { WAIaaSError } from './error.ts';

const SESSION = '01936d3a-7f00-7abc-8def-0123456789ab';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token that lives from one second to another. */
const tokenOf = (iat: number, exp: number): string =>
  `wai_sess_${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iss: 'waiaas', iat, exp, sid: SESSION })}.signature`;
const OLD = tokenOf(1000, 2000);
const NEW = tokenOf(1700, 2700);
const RENEWED: Answer = json({
  sessionId: SESSION,
  token: NEW,
  expiresAt: '2026-11-22T00:00:00.000Z',
  renewalCount: 1,
  renewalsLeft: 4,
  absoluteExpiresAt: '2026-11-22T00:00:00.000Z',
});

function agentOf(server: ScriptedServer, seconds: number) {
  const told: string[] = [];
  const refused: WAIaaSError[] = [];
  const clock = { seconds };
  const client = new WAIaaSClient(
    {
      baseUrl: server.url,
      sessionToken: OLD,
      autoRenew: {
        onRenewed: ({ token }) => void told.push(token),
        onRefused: (error) => void refused.push(error),
      },
    },
    { now: () => clock.seconds * 1000, sleep: async () => undefined },
  );
  return { client, told, refused, clock };
}

const seen = ({ received }: ScriptedServer): readonly string[] =>
  received.map(({ method, path, headers }) => {
    const token = headers.authorization === `Bearer ${OLD}` ? 'old' : 'new';
    return `${method} ${path.replace(SESSION, ':id')} ${token}`;
  });

describe('a session renews itself', () => {
  test('before the first call that is due, and the calls go on with the new token', async () => {
    await using server = await startServer(json(BALANCE), RENEWED, json(BALANCE));
    const { client, told, clock } = agentOf(server, 1699);
    await client.getBalance();
    clock.seconds = 1700;
    await client.getBalance();
    expect(seen(server)).toEqual([
      'GET /v1/wallet/balance old',
      'PUT /v1/sessions/:id/renew old',
      'GET /v1/wallet/balance new',
    ]);
    expect(told).toEqual([NEW]);
  });

  test('once, however many calls come at the same time', async () => {
    await using server = await startServer(RENEWED, json(BALANCE));
    const { client } = agentOf(server, 1800);
    await Promise.all(Array.from({ length: 20 }, () => client.getBalance()));
    expect(seen(server).filter((line) => line.startsWith('PUT'))).toHaveLength(1);
    expect(
      seen(server)
        .slice(1)
        .every((line) => line.endsWith('new')),
    ).toBe(true);
  });

  test('after the calls that are under way with the old token', async () => {
    let answerFirst: () => void = () => undefined;
    const late: Answer = (response, request) => {
      answerFirst = () => json(BALANCE)(response, request);
    };
    await using server = await startServer(late, RENEWED, json(BALANCE));
    const { client, clock } = agentOf(server, 1500);
    const first = client.getBalance();
    await expect.poll(() => server.received.length).toBe(1);
    clock.seconds = 1800;
    const second = client.getBalance();
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.received).toHaveLength(1);
    answerFirst();
    await Promise.all([first, second]);
    expect(seen(server)).toEqual([
      'GET /v1/wallet/balance old',
      'PUT /v1/sessions/:id/renew old',
      'GET /v1/wallet/balance new',
    ]);
  });

  test('no more once the daemon says that there are none left; the session is used to its end', async () => {
    await using server = await startServer(refusal(403, 'RENEWAL_LIMIT_REACHED', false), json(BALANCE));
    const { client, refused, clock } = agentOf(server, 1800);
    await client.getBalance();
    clock.seconds = 1999;
    await client.getBalance();
    expect(seen(server)).toEqual([
      'PUT /v1/sessions/:id/renew old',
      'GET /v1/wallet/balance old',
      'GET /v1/wallet/balance old',
    ]);
    expect(refused.map(({ code }) => code)).toEqual(['RENEWAL_LIMIT_REACHED']);
  });

  test('as soon as the daemon says that the token ends with its secret, however young it is', async () => {
    const rotated: Answer = (response, request) => {
      response.setHeader('x-session-renew-by', new Date(1_300_000).toISOString());
      json(BALANCE)(response, request);
    };
    await using server = await startServer(rotated, RENEWED, json(BALANCE));
    const { client, told } = agentOf(server, 1001);
    await client.getBalance();
    await client.getBalance();
    await client.getBalance();
    expect(seen(server)).toEqual([
      'GET /v1/wallet/balance old',
      'PUT /v1/sessions/:id/renew old',
      'GET /v1/wallet/balance new',
      'GET /v1/wallet/balance new',
    ]);
    expect(told).toEqual([NEW]);
  });

  test('and soon again if that was refused, by the end of the token', async () => {
    const rotated: Answer = (response, request) => {
      response.setHeader('x-session-renew-by', new Date(1_300_000).toISOString());
      json(BALANCE)(response, request);
    };
    await using server = await startServer(
      rotated,
      refusal(503, 'KEYSTORE_LOCKED', true),
      rotated,
      rotated,
      RENEWED,
      json(BALANCE),
    );
    const { client, clock, told } = agentOf(server, 1100);
    await client.getBalance();
    await client.getBalance();
    clock.seconds = 1149;
    await client.getBalance();
    expect(told).toEqual([]);
    clock.seconds = 1150;
    await client.getBalance();
    expect(told).toEqual([NEW]);
  });

  test.each(['', 'soon', '1e400'])('a time that is none (%j) changes nothing', async (text) => {
    const odd: Answer = (response, request) => {
      response.setHeader('x-session-renew-by', text);
      json(BALANCE)(response, request);
    };
    await using server = await startServer(odd, odd);
    const { client } = agentOf(server, 1100);
    await client.getBalance();
    await client.getBalance();
    expect(server.received).toHaveLength(2);
  });

  test('again after a while when it went wrong for another reason', async () => {
    await using server = await startServer(
      refusal(403, 'RENEWAL_TOO_EARLY', false),
      json(BALANCE),
      json(BALANCE),
      RENEWED,
      json(BALANCE),
    );
    const { client, told, clock } = agentOf(server, 1800);
    await client.getBalance();
    await client.getBalance();
    clock.seconds = 1850;
    await client.getBalance();
    expect(told).toEqual([NEW]);
    expect(seen(server)).toHaveLength(5);
  });

  test('never when its time is over: then the daemon’s answer counts', async () => {
    await using server = await startServer(refusal(401, 'TOKEN_EXPIRED', false));
    const { client } = agentOf(server, 2000);
    expect(await errorOf(client.getBalance())).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(server.received).toHaveLength(1);
  });

  test('while nobody calls, when it is asked to', async () => {
    await using server = await startServer(RENEWED);
    const { client, told, clock } = agentOf(server, 1699);
    await client.renewIfDue();
    expect(server.received).toHaveLength(0);
    clock.seconds = 1700;
    await Promise.all([client.renewIfDue(), client.renewIfDue()]);
    expect(told).toEqual([NEW]);
    expect(server.received).toHaveLength(1);
    const plain = new WAIaaSClient({ baseUrl: server.url, sessionToken: OLD });
    expect(await errorOf(plain.renewIfDue())).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a caller who gives up while it is under way is let go, and blocks nobody', async () => {
    let answerRenewal: () => void = () => undefined;
    const late: Answer = (response, request) => {
      answerRenewal = () => RENEWED(response, request);
    };
    await using server = await startServer(late, json(BALANCE));
    const { client } = agentOf(server, 1800);
    const controller = new AbortController();
    const givenUp = client.getBalance({ signal: controller.signal });
    const patient = client.getBalance();
    await expect.poll(() => server.received.length).toBe(1);
    controller.abort();
    expect(await errorOf(givenUp)).toMatchObject({ code: 'ABORTED' });
    answerRenewal();
    await patient;
    expect(seen(server)).toEqual(['PUT /v1/sessions/:id/renew old', 'GET /v1/wallet/balance new']);
    await client.getBalance();
  });

  test('a callback that fails fails the call, and nothing was paid', async () => {
    await using server = await startServer(RENEWED, json(BALANCE));
    const client = new WAIaaSClient(
      {
        baseUrl: server.url,
        sessionToken: OLD,
        autoRenew: { onRenewed: () => Promise.reject(new Error('disk full')), onRefused: () => undefined },
      },
      { now: () => 1_800_000 },
    );
    const error = await errorOf(client.sendToken({ to: 'x', amount: 1n }));
    expect([error.code, error.cause]).toEqual(['INVALID_ARGUMENT', expect.objectContaining({ message: 'disk full' })]);
    expect(server.received).toHaveLength(1);
  });
});

describe('renewing by hand', () => {
  test('is sent once, whatever happens: a second attempt would come with a token that has ended', async () => {
    await using server = await startServer(refusal(503, 'KEYSTORE_LOCKED', true));
    const client = new WAIaaSClient({ baseUrl: server.url, sessionToken: OLD });
    await errorOf(client.renewSession());
    expect(server.received).toHaveLength(1);
  });

  test('a token that names no session is told apart before anything is sent', async () => {
    await using server = await startServer(RENEWED);
    const client = new WAIaaSClient({ baseUrl: server.url, sessionToken: 'wai_sess_opaque' });
    expect(await errorOf(client.renewSession())).toMatchObject({ code: 'INVALID_TOKEN_FORMAT' });
    expect(server.received).toHaveLength(0);
  });
});
