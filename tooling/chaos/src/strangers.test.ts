import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHarness,
  createPayer,
  type DaemonProcess,
  type Harness,
  JWT_SECRET,
  PASSWORD,
  type Payer,
} from './harness.ts';
import { readRemains } from './ledger-truth.ts';
import { ask } from './owned-daemon.ts';

/* Whoever can reach the port and has no credential, or one that is made up: pages, neighbours, other programs. */

/** As in a container whose port is published as another one. */
const MAPPED = { WAIAAS_SECURITY_EXTRA_HOSTS: '["127.0.0.1:8080"]' };

let harness: Harness;
let daemon: DaemonProcess;
let dataDir: string;
let payer: Payer;
beforeAll(async () => {
  harness = await createHarness();
  dataDir = await harness.createDataDir();
  daemon = await harness.start(dataDir, { ...MAPPED, WAIAAS_DAEMON_LOG_LEVEL: 'debug', CHAOS_IDLE_WORKERS: 'all' });
  payer = await createPayer(harness, daemon);
}, 60_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
});

/** Statements that the database was given so far. Nobody but requests gives it any. */
const databaseUses = async (): Promise<number> => (await daemon.uses()).databaseUses;
const agents = async (): Promise<string> => JSON.stringify((await daemon.operate('GET', '/v1/agents')).body);
const AGENT = JSON.stringify({ name: 'intruder', chain: 'solana', network: 'localnet' });

/** A request whose every header is chosen, also those that `fetch` does not leave to its caller. */
function send(
  headers: Readonly<Record<string, string>>,
  { method = 'POST', path = '/v1/agents', body = AGENT, host = true } = {},
): Promise<{ readonly status: number; readonly code: unknown }> {
  return new Promise((resolve, reject) => {
    const setHost = host && headers.host === undefined;
    const sent = httpRequest(daemon.url + path, { method, headers, setHost, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => {
        const { code } = z.object({ code: z.unknown().optional() }).parse(JSON.parse(text));
        resolve({ status: response.statusCode ?? 0, code });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('no other address of the machine than 127.0.0.1 has the port open', async () => {
  const { port } = new URL(daemon.url);
  const outcome = (host: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host, port: Number(port), timeout: 5000 });
      const end = (what: string): void => {
        socket.destroy();
        resolve(what);
      };
      socket.on('connect', () => end('connected'));
      socket.on('error', () => end('refused'));
      socket.on('timeout', () => end('refused'));
    });
  expect(await outcome('127.0.0.1')).toBe('connected');
  expect([await outcome('127.0.0.2'), await outcome('::1')]).toEqual(['refused', 'refused']);
});

describe('even with the master password, a request changes nothing', () => {
  const json = { 'content-type': 'application/json', 'x-master-password': PASSWORD };

  test.each([
    ['for another host (a name that was re-bound)', { ...json, host: 'evil.com' }, 403, 'INVALID_HOST'],
    ['for 0.0.0.0', { ...json, host: '0.0.0.0:3100' }, 403, 'INVALID_HOST'],
    ['for an empty host', { ...json, host: '' }, 403, 'INVALID_HOST'],
    ['from a page of somebody else', { ...json, origin: 'https://evil.com' }, 403, 'INVALID_ORIGIN'],
    ['from a sandboxed page', { ...json, origin: 'null' }, 403, 'INVALID_ORIGIN'],
    [
      'as text/plain, which pages may send unasked',
      { ...json, 'content-type': 'text/plain' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['as a form', { ...json, 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('%s', async (_what, headers, status, code) => {
    const before = await agents();
    expect(await send(headers)).toEqual({ status, code });
    expect(await agents()).toBe(before);
  });

  test('without any host', async () => {
    const before = await agents();
    expect(await send(json, { host: false })).toEqual({ status: 403, code: 'INVALID_HOST' });
    expect(await agents()).toBe(before);
  });
});

test('without a credential every route but the public ones is a 401, and does nothing', async () => {
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(await (await fetch(`${daemon.url}/doc`)).json());
  const open = new Set(['GET /doc', 'GET /health', 'GET /metrics', 'GET /v1/nonce', 'POST /v1/owner/messages']);
  const before = await agents();
  let asked = 0;
  for (const [pattern, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
      if (open.has(`${method} ${pattern}`)) continue;
      const path = pattern.replaceAll(/\{[^}]+\}/g, payer.sessionId);
      const body = method === 'POST' || method === 'PUT' ? {} : undefined;
      expect([method, path, (await ask(daemon, { method, path, body })).status]).toEqual([method, path, 401]);
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThan(30);
  expect(await agents()).toBe(before);
});

describe('a token that is none', () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (text: string, secret: string, algorithm = 'sha256'): string =>
    createHmac(algorithm, secret).update(text).digest('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = () => ({
    iss: 'waiaas',
    iat: now,
    exp: now + 3600,
    jti: payer.sessionId,
    sid: payer.sessionId,
    aid: payer.agentId,
  });
  const forge = (header: object, payload: object, secret = JWT_SECRET, algorithm?: string): string => {
    const signed = `${encode(header)}.${encode(payload)}`;
    return `wai_sess_${signed}.${sign(signed, secret, algorithm)}`;
  };
  const HEADER = { alg: 'HS256', typ: 'JWT' };
  const without = (name: string): object =>
    Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name));

  const FORGED: readonly (readonly [string, () => string])[] = [
    [
      'signed with another secret',
      () => forge(HEADER, claims(), 'another secret of sixty-four characters'.padEnd(64, 'x')),
    ],
    ['signed with nothing (alg none)', () => `wai_sess_${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims())}.`],
    ['alg none with a signature', () => forge({ alg: 'none', typ: 'JWT' }, claims())],
    ['HS512', () => forge({ alg: 'HS512', typ: 'JWT' }, claims(), JWT_SECRET, 'sha512')],
    ['a key id', () => forge({ ...HEADER, kid: '../../dev/null' }, claims())],
    ['another issuer', () => forge(HEADER, { ...claims(), iss: 'evil' })],
    ['no expiry', () => forge(HEADER, without('exp'))],
    ['an expiry that is a text', () => forge(HEADER, { ...claims(), exp: '9999999999' })],
    ['no session', () => forge(HEADER, without('sid'))],
    ['no prefix', () => payer.token.slice('wai_sess_'.length)],
    ['another prefix', () => payer.token.replace('wai_sess_', 'wai_op_')],
    ['the prefix in capitals', () => payer.token.replace('wai_sess_', 'WAI_SESS_')],
    ['a character more', () => `${payer.token}A`],
    ['a character less', () => payer.token.slice(0, -1)],
    ['nothing behind the prefix', () => 'wai_sess_'],
    ['ten kilobytes', () => `wai_sess_${'A'.repeat(10_000)}`],
  ];

  test('is a 401 without one statement to the database, and the scheme is needed', async () => {
    const address = (authorization?: string) =>
      ask(daemon, { method: 'GET', path: '/v1/wallet/address' }, authorization === undefined ? {} : { authorization });
    const before = await databaseUses();
    for (const [what, token] of FORGED) {
      expect([what, await address(`Bearer ${token()}`)]).toMatchObject([what, { status: 401, code: 'INVALID_TOKEN' }]);
    }
    for (const header of [undefined, '', payer.token, `Basic ${payer.token}`, `Bearer\t${payer.token}`, 'Bearer']) {
      expect([header, await address(header)]).toMatchObject([header, { status: 401, code: 'INVALID_TOKEN' }]);
    }
    expect(await databaseUses()).toBe(before);
    expect((await address(`Bearer ${payer.token}`)).status).toBe(200);
    expect(await databaseUses()).toBeGreaterThan(before);
  });

  test('an owner’s payload on a session route, and a session token on an owner’s, look nothing up either', async () => {
    const before = await databaseUses();
    const payload = Buffer.from(JSON.stringify({ chain: 'solana' })).toString('base64url');
    expect(
      await ask(daemon, { method: 'GET', path: '/v1/wallet/address' }, { authorization: `Bearer ${payload}` }),
    ).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
    for (const path of ['/v1/owner/status', '/v1/sessions', '/v1/owner/pending-approvals'])
      expect((await ask(daemon, { method: 'GET', path }, { authorization: `Bearer ${payer.token}` })).status).toBe(401);
    expect(await databaseUses()).toBe(before);
  });

  test('what the database keeps of a token opens nothing', async () => {
    await daemon.stop();
    const { tokenHashes } = await readRemains(dataDir);
    expect(tokenHashes.length).toBeGreaterThan(0);
    daemon = await harness.start(dataDir, MAPPED);
    for (const hash of tokenHashes) {
      const spellings = [hash, `wai_sess_${hash}`, `wai_sess_${Buffer.from(hash, 'hex').toString('base64url')}`];
      for (const token of spellings) {
        const answer = await ask(
          daemon,
          { method: 'GET', path: '/v1/wallet/address' },
          { authorization: `Bearer ${token}` },
        );
        expect(answer).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
      }
    }
    expect(
      (await ask(daemon, { method: 'GET', path: '/v1/wallet/address' }, { authorization: `Bearer ${payer.token}` }))
        .status,
    ).toBe(200);
  });
});

test('a port that a container maps is a Host and an Origin once it is configured, and no other is', async () => {
  const knock = (name: string, page: string) =>
    send({ host: name, origin: `http://${page}` }, { method: 'GET', path: '/health', body: '' });
  expect(await knock('127.0.0.1:8080', '127.0.0.1:8080')).toMatchObject({ status: 200 });
  expect(await knock('localhost:8080', '127.0.0.1:8080')).toEqual({ status: 403, code: 'INVALID_HOST' });
  expect(await knock('127.0.0.1:8080', 'localhost:8080')).toEqual({ status: 403, code: 'INVALID_ORIGIN' });
});
