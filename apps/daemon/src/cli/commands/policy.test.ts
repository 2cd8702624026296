import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyListResponse } from '@waiaas/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processStamp } from '../../instance/index.ts';
import type { CommandIo } from '../command-io.ts';
import { runCli } from '../program.ts';
import { policyCommands } from './policy.ts';

/* That policy commands name the version they are for. With a real daemon and an owner they run in tooling/chaos. */

const PASSWORD = 'canary horse battery';
const POLICY = '01938e5c-0000-7000-8000-000000000001';
const OTHER = '01938e5c-0000-7000-8000-000000000002';
const AGENT = '01938e5c-0000-7000-8000-0000000000aa';
const TIME = '2026-11-22T00:00:00.000Z';
const PATH = `/v1/owner/policies/${POLICY}`;

type Listed = PolicyListResponse['policies'][number];
const policy = (fields: Partial<Listed> = {}): Listed => ({
  id: POLICY,
  version: 3,
  agentId: null,
  type: 'RATE_LIMIT',
  rules: { max_tx_per_hour: 5, max_tx_per_day: 0 },
  priority: 7,
  enabled: true,
  createdAt: TIME,
  updatedAt: TIME,
  authentic: true,
  ...fields,
});

let root: string;
/** A process that is alive, in the place of the daemon's. */
let pretender: ChildProcess;
let server: Server;
let port: number;
/** Method, path and body of what was asked. */
let seen: string[];
let stored: PolicyListResponse;

/** What a daemon without an owner answers; changes are refused by their version, as it does. */
function answer(method: string, url: string, body: string): readonly [status: number, body: object] {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const refused = (code: string): readonly [number, object] => [
    409,
    { code, message: code, requestId: 'r', retryable: false },
  ];
  if (pathname === '/v1/owner/status') {
    const counts = { activeSessionCount: 0, pendingApprovalCount: 0 };
    return [200, { connected: false, systemState: 'NORMAL', ...counts }];
  }
  if (pathname === '/v1/owner/policies') return [200, stored];
  if (pathname === '/v1/agents') return [200, { agents: [] }];
  const [present] = stored.policies;
  const version: unknown = method === 'PUT' ? JSON.parse(body).version : searchParams.get('version');
  if (version !== undefined && version !== null && String(version) !== String(present?.version)) {
    return refused('POLICY_CONFLICT');
  }
  if (method === 'DELETE') return [200, { deleted: true, policyId: POLICY }];
  return [200, { policy: { ...present, version: 4 } }];
}

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
      const { method = '', url = '' } = incoming;
      seen.push(`${method} ${url} ${body}`.trim());
      const [status, told] = answer(method, url, body);
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(told));
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
  root = mkdtempSync(join(tmpdir(), 'waiaas-policy-'));
  mkdirSync(join(root, 'data'));
  const { pid = 0 } = pretender;
  writeFileSync(join(root, 'data', 'daemon.pid'), String(pid));
  writeFileSync(join(root, 'data', 'daemon.json'), JSON.stringify({ pid, port, stamp: processStamp(pid) }));
  writeFileSync(join(root, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  seen = [];
  stored = { policies: [policy()], notAuthentic: [] };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** @param ask answers what is asked at a terminal, knowing what was shown; absent: there is none */
async function waiaas(args: readonly string[], ask?: (question: string, shown: string) => string) {
  const finished = { code: -1, out: '', err: '' };
  const io: CommandIo = {
    out: (text) => {
      finished.out += text;
    },
    err: (text) => {
      finished.err += text;
    },
    env: { WAIAAS_MASTER_PASSWORD_FILE: join(root, 'password') },
    home: root,
    umask: 0o077,
    status: null,
    askHidden: null,
    ask: ask === undefined ? null : async (question) => ask(question, finished.err),
    inputLine: async () => null,
  };
  finished.code = await runCli(['--data-dir', join(root, 'data'), ...args], io, [policyCommands]);
  return finished;
}

const changes = (): readonly string[] => seen.filter((line) => !line.startsWith('GET '));
const DISABLE = ['policy', 'update', POLICY, '--disable'];
const REMOVE = ['policy', 'delete', POLICY];

describe('a policy is changed and removed in the version that was looked at', () => {
  test('the command looks itself, where nobody is at a terminal', async () => {
    expect(await waiaas(DISABLE)).toMatchObject({ code: 0, err: '' });
    expect(await waiaas(REMOVE)).toMatchObject({ code: 0, err: '' });
    expect(await waiaas([...REMOVE, '--confirm', '--json'])).toMatchObject({ code: 0, err: '' });
    expect(changes()).toEqual([
      `PUT ${PATH} {"enabled":false,"version":3}`,
      `DELETE ${PATH}?version=3`,
      `DELETE ${PATH}?confirm=true&version=3`,
    ]);
  });

  test('whoever has looked names the version, and nothing is done to another one', async () => {
    expect(await waiaas([...DISABLE, '--policy-version', '3'])).toMatchObject({ code: 0 });
    expect(await waiaas([...REMOVE, '--policy-version', '3'])).toMatchObject({ code: 0 });
    expect(seen).not.toContain('GET /v1/owner/policies');
    stored = { policies: [policy({ version: 4 })], notAuthentic: [] };
    for (const command of [DISABLE, REMOVE]) {
      const { code, out, err } = await waiaas([...command, '--policy-version', '3']);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('POLICY_CONFLICT');
      expect(err).toContain('waiaas policy list');
    }
  });

  test('what somebody else changes while a person reads is not overwritten', async () => {
    for (const command of [DISABLE, REMOVE]) {
      stored = { policies: [policy()], notAuthentic: [] };
      const { code, out, err } = await waiaas(command, () => {
        stored = { policies: [policy({ version: 4 })], notAuthentic: [] };
        return 'y';
      });
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('POLICY_CONFLICT');
    }
  });

  test('a text that was signed elsewhere fixes the request: no version is put into it but one that is named', async () => {
    const file = ['--message-file', join(root, 'text')];
    await waiaas([...DISABLE, ...file]);
    await waiaas([...DISABLE, ...file, '--policy-version', '3']);
    expect(changes()).toEqual([`PUT ${PATH} {"enabled":false}`, `PUT ${PATH} {"enabled":false,"version":3}`]);
  });

  test.each(['0', '-1', '1.5', 'three', '', '9999999999'])('%j is no version', async (version) => {
    const { code, err } = await waiaas([...DISABLE, `--policy-version=${version}`, '--json']);
    expect([code, JSON.parse(err).code]).toEqual([1, 'USAGE']);
    expect(seen).toEqual([]);
  });

  test('one that is not there is neither changed nor removed', async () => {
    for (const verb of [
      ['update', OTHER, '--enable'],
      ['delete', OTHER],
    ]) {
      const { code, err } = await waiaas(['policy', ...verb, '--json']);
      expect([code, JSON.parse(err).code]).toEqual([1, 'POLICY_NOT_FOUND']);
    }
    expect(changes()).toEqual([]);
  });
});

describe('a person at a terminal', () => {
  test('reads what is about to change, from what to what, and is asked', async () => {
    const rules = join(root, 'rules.json');
    writeFileSync(rules, '{"max_tx_per_hour":9}');
    const asked: string[] = [];
    const { code } = await waiaas([...DISABLE, '--rules-file', rules], (question, shown) => {
      asked.push(question, shown);
      return 'y';
    });
    expect(code).toBe(0);
    const [question, shown] = asked;
    expect(question).toContain(`Change the policy ${POLICY} in version 3: rules, enabled?`);
    expect(shown).toMatch(/State now: +in force\nState then: +disabled\n/);
    expect(shown).toMatch(
      /Rules now: +\{"max_tx_per_hour":5,"max_tx_per_day":0\}\nRules then: +\{"max_tx_per_hour":9\}\n/,
    );
    expect(shown).toMatch(/Priority: +7\n/);
  });

  test('reads all of what is about to be removed, and nothing is without a yes', async () => {
    let read = '';
    const refused = await waiaas(REMOVE, (_question, shown) => {
      read = shown;
      return '';
    });
    expect([refused.code, changes()]).toEqual([1, []]);
    expect(refused.err).toContain('Nothing was done.');
    expect(read).toMatch(/Version: +3\n/);
    expect(read).toContain('max_tx_per_hour');
  });

  test('is not asked with --yes', async () => {
    const { code } = await waiaas([...REMOVE, '--yes'], () => {
      throw new Error('was asked');
    });
    expect([code, changes()]).toEqual([0, [`DELETE ${PATH}?version=3`]]);
  });
});

describe('the list', () => {
  test('has the version, for who names it', async () => {
    expect((await waiaas(['policy', 'list'])).out).toMatch(new RegExp(`${POLICY} +3 +RATE_LIMIT +all +7 +in force`));
  });

  test('never says of a policy that somebody else has changed in the database that it is in force', async () => {
    stored = { policies: [policy({ authentic: false })], notAuthentic: [null] };
    const { out, err } = await waiaas(['policy', 'list']);
    expect(out).toMatch(/RATE_LIMIT +all +7 +ALTERED/);
    expect(out).not.toContain('in force');
    expect(err).toContain('somebody else has changed the stored policies for all');
    expect(JSON.parse((await waiaas(['policy', 'list', '--json'])).out)).toMatchObject({ notAuthentic: [null] });
  });

  test('tells of an agent whose policies were all taken away', async () => {
    stored = { policies: [], notAuthentic: [AGENT] };
    const { out, err } = await waiaas(['policy', 'list']);
    expect(out).not.toContain('There are no policies');
    expect(err).toContain(AGENT);
  });
});
