import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processStamp } from '../../instance/index.ts';
import type { CommandIo } from '../command-io.ts';
import { runCli } from '../program.ts';
import { decisionCommands } from './decisions.ts';
import { secretCommands } from './secrets.ts';
import { sessionCommands } from './session.ts';

const PASSWORD = 'canary horse battery';
const SESSION = '01938e5c-0000-7000-8000-000000000001';
const AGENT = '01938e5c-0000-7000-8000-0000000000aa';
const TIME = '2026-11-22T00:00:00.000Z';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (sid: unknown, mark: string): string =>
  `wai_sess_${encode({ alg: 'HS256' })}.${encode({ sid })}.canary-${mark}`;
const OLD = tokenOf(SESSION, 'old');
const NEW = tokenOf(SESSION, 'new');

interface Seen {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly password: string | string[] | undefined;
  readonly body: string;
}

let root: string;
/** A process that is alive, in the place of the daemon's. */
let pretender: ChildProcess;
let server: Server;
let port: number;
let seen: Seen[];
let answers: Record<string, unknown>;

beforeAll(async () => {
  pretender = spawn(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1000)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (pretender.stdout !== null) await once(pretender.stdout, 'data');
  server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const { method, url = '', headers } = incoming;
      const line = `${method} ${url}`;
      seen.push({ line, authorization: headers.authorization, password: headers['x-master-password'], body });
      const answer = answers[line];
      outgoing.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify(answer ?? { code: 'ROUTE_NOT_FOUND', message: line, requestId: 'r', retryable: false }),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  pretender.kill('SIGKILL');
  server.close();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-session-'));
  mkdirSync(join(root, 'data'));
  const { pid = 0 } = pretender;
  writeFileSync(join(root, 'data', 'daemon.pid'), String(pid));
  writeFileSync(join(root, 'data', 'daemon.json'), JSON.stringify({ pid, port, stamp: processStamp(pid) }));
  writeFileSync(join(root, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  seen = [];
  answers = {};
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function waiaas(args: readonly string[], env: Record<string, string> = {}, typed: string[] | null = null) {
  const finished = { code: -1, out: '', err: '' };
  const io: CommandIo = {
    out: (text) => {
      finished.out += text;
    },
    err: (text) => {
      finished.err += text;
    },
    env: { WAIAAS_MASTER_PASSWORD_FILE: join(root, 'password'), ...env },
    home: root,
    umask: 0o077,
    status: null,
    askHidden: typed === null ? null : async () => typed.shift() ?? '',
    ask: null,
    inputLine: async () => null,
  };
  finished.code = await runCli(['--data-dir', join(root, 'data'), ...args], io, [
    sessionCommands,
    secretCommands,
    decisionCommands,
  ]);
  expect(finished.out + finished.err).not.toContain(PASSWORD);
  expect(finished.out + finished.err).not.toContain('canary-old');
  return finished;
}

const file = (name: string, text: string): string => {
  writeFileSync(join(root, name), text, { mode: 0o600 });
  return join(root, name);
};

describe('session renew', () => {
  const renewed = {
    sessionId: SESSION,
    token: NEW,
    expiresAt: TIME,
    renewalCount: 1,
    renewalsLeft: 4,
    maxRenewals: 5,
    absoluteExpiresAt: TIME,
  };
  beforeEach(() => {
    answers[`PUT /v1/sessions/${SESSION}/renew`] = renewed;
  });

  test('sends the token and no password, and prints the new token once', async () => {
    const { code, out } = await waiaas(['session', 'renew', '--token-env', 'AGENT_TOKEN'], { AGENT_TOKEN: OLD });
    expect([code, out.split(NEW).length]).toEqual([0, 2]);
    expect(seen).toEqual([expect.objectContaining({ authorization: `Bearer ${OLD}`, password: undefined, body: '' })]);
  });

  test('with --update puts the new token into the file, for nobody else to read, and prints none', async () => {
    const path = file('token', `${OLD}\n`);
    const { code, out, err } = await waiaas(['session', 'renew', '--token-file', path, '--update', '--json']);
    expect([code, JSON.parse(out).token, err.includes('canary')]).toEqual([0, undefined, false]);
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).filter((name) => name.startsWith('token'))).toEqual(['token']);
  });

  test('keeps the file when the daemon says no', async () => {
    answers = {};
    const path = file('token', OLD);
    expect((await waiaas(['session', 'renew', '--token-file', path, '--update'])).code).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(OLD);
  });

  test.each([
    ['no source', []],
    ['two sources', ['--token-file', 'x', '--token-env', 'AGENT_TOKEN']],
    ['a variable that is not set', ['--token-env', 'NO_SUCH']],
    ['--update without a file', ['--token-env', 'AGENT_TOKEN', '--update']],
  ])('refuses %s, and sends nothing', async (_what, args) => {
    const { code, err } = await waiaas(['session', 'renew', ...args], { AGENT_TOKEN: OLD });
    expect([code, seen]).toEqual([1, []]);
    expect(err).not.toContain(OLD);
  });

  test.each([
    ['nothing'],
    ['wai_sess_x'],
    [tokenOf('../../admin', 'old')],
    [tokenOf(5, 'old')],
    [`wai_sess_a.${'!'}.c`],
  ])('takes %j for no session token', async (text) => {
    const { code, err } = await waiaas(['session', 'renew', '--token-file', file('token', text)]);
    expect([code, seen, err.includes('no session token')]).toEqual([1, [], true]);
  });
});

describe('session list and revoke', () => {
  const session = (id: string, more = {}) => ({
    id,
    agentId: AGENT,
    agentName: 'shop\u001b[2Jper',
    constraints: { maxTransactions: 5, maxTotalAmount: '500' },
    usageStats: { totalTx: 2, totalAmount: '100', lastTxAt: null },
    expiresAt: '2999-01-01T00:00:00.000Z',
    createdAt: TIME,
    renewalCount: 3,
    absoluteExpiresAt: '2999-01-01T00:00:00.000Z',
    ...more,
  });
  const other = SESSION.replace(/1$/, '2');

  test('turns pages, tells states apart, and lets no name command the terminal', async () => {
    answers[`GET /v1/sessions?limit=100&status=all&agentId=${AGENT}`] = {
      sessions: [session(SESSION, { revokedAt: TIME })],
      nextCursor: SESSION,
    };
    answers[`GET /v1/sessions?limit=100&cursor=${SESSION}&status=all&agentId=${AGENT}`] = {
      sessions: [session(other, { expiresAt: TIME })],
      nextCursor: null,
    };
    const { code, out } = await waiaas(['session', 'list', '--all', '--agent-id', AGENT]);
    expect([code, out.includes('\u001b')]).toEqual([0, false]);
    expect(out).toMatch(new RegExp(`${SESSION}.*revoked.*2 of 5 payments, 100 of 500 +3`));
    expect(out).toMatch(new RegExp(`${other}.*expired`));
  });

  test('revokes by id only', async () => {
    answers[`DELETE /v1/sessions/${SESSION}`] = {
      revoked: true,
      sessionId: SESSION,
      revokedAt: TIME,
      transactionsCancelled: 2,
    };
    expect(await waiaas(['session', 'revoke', SESSION])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/payments: +2/),
    });
    expect((await waiaas(['session', 'revoke', '../admin/shutdown'])).code).toBe(1);
    expect(seen).toHaveLength(1);
  });
});

describe('password change', () => {
  const NEXT = 'another canary battery';
  beforeEach(() => {
    answers['POST /v1/admin/password'] = { changed: true, timestamp: TIME };
  });

  test('asks twice on a terminal, until the two are equal and long enough', async () => {
    const typed = ['short', NEXT, 'something else', NEXT, NEXT];
    const { code, out, err } = await waiaas(['password', 'change'], {}, typed);
    expect(code).toBe(0);
    expect(seen[0]).toMatchObject({ password: PASSWORD, body: JSON.stringify({ newPassword: NEXT }) });
    expect(out + err).not.toContain(NEXT);
  });

  test('takes the new one from its own options, never from where the present one is', async () => {
    const path = file('next', `${NEXT}\n`);
    expect((await waiaas(['password', 'change', '--new-password-file', path])).code).toBe(0);
    expect((await waiaas(['password', 'change', '--new-password-env', 'NEXT'], { NEXT })).code).toBe(0);
    expect(seen.map(({ body }) => body)).toEqual(Array(2).fill(JSON.stringify({ newPassword: NEXT })));
    expect((await waiaas(['password', 'change'])).code).not.toBe(0);
    expect((await waiaas(['password', 'change', '--new-password-env', 'NO_SUCH'])).code).not.toBe(0);
    expect(seen).toHaveLength(2);
  });
});

describe('explain and replay', () => {
  const record = {
    transactionId: SESSION,
    agentId: AGENT,
    decidedAt: TIME,
    status: 'CANCELLED',
    session: [],
    verdict: { outcome: 'DENY', reason: 'DAILY_CAP' },
    criteria: [
      {
        policy: { type: 'SPENDING_LIMIT', id: AGENT, version: 7 },
        rule: 'daily_max',
        observed: '501',
        limit: '500',
        passed: false,
      },
    ],
    facts: {},
    policies: [{ policyId: AGENT, version: 7 }],
    replay: 'not_authentic',
    replayProblem: 'facts\u001b[2J',
  };

  test('says what was seen, what it was held against, and what does not hold', async () => {
    answers[`GET /v1/owner/decisions/${SESSION}`] = record;
    const { out } = await waiaas(['explain', SESSION]);
    expect(out).toMatch(/refused: DAILY_CAP/);
    expect(out).toMatch(/SPENDING_LIMIT v7 +daily_max +501 +500 +NO/);
    expect(out).toMatch(/NOT AUTHENTIC/);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await waiaas(['explain', SESSION, '--json'])).out)).toEqual(record);
  });

  test('a session that refused is said to have', async () => {
    const { replayProblem: _, ...rest } = record;
    answers[`GET /v1/owner/decisions/${SESSION}`] = {
      ...rest,
      verdict: null,
      facts: null,
      criteria: [],
      replay: 'session',
    };
    expect((await waiaas(['explain', SESSION])).out).toMatch(/refused by its session/);
  });

  test('a replay with a fault ends with exit code 1', async () => {
    const fault = { transactionId: SESSION, verdict: 'different', what: '{}' };
    answers['GET /v1/owner/decisions/replay'] = {
      total: 2,
      same: 1,
      refusedBySession: 0,
      faultCount: 1,
      faults: [fault],
    };
    const { code, out } = await waiaas(['replay']);
    expect([code, out.includes(SESSION)]).toEqual([1, true]);
    answers['GET /v1/owner/decisions/replay'] = { total: 2, same: 1, refusedBySession: 1, faultCount: 0, faults: [] };
    expect((await waiaas(['replay', '--json'])).code).toBe(0);
  });
});
