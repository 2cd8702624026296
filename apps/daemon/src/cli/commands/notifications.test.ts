import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processStamp } from '../../instance/index.ts';
import type { CommandIo } from '../command-io.ts';
import { runCli } from '../program.ts';
import { notificationCommands } from './notifications.ts';
import { telegramCommands } from './telegram.ts';

const PATH = '/v1/owner/notification-channels';
const ID = '01938e5c-0000-7000-8000-000000000001';
const TIME = '2026-11-22T00:00:00.000Z';
const TOKEN = '123456789:AAcanaryTOKENcanaryTOKENcanaryTOKEN';
const MADE = 'whsec_canary-made-by-the-daemon';
const channel = (more: Readonly<Record<string, unknown>> = {}) => ({
  id: ID,
  type: 'TELEGRAM',
  name: '내 전화\u001b[2J',
  enabled: true,
  priority: 5,
  locale: 'ko',
  paired: true,
  config: { botToken: '****...OKEN', chatId: '4242' },
  health: 'healthy',
  lastCheckAt: TIME,
  createdAt: TIME,
  updatedAt: TIME,
  ...more,
});
const listed = (channels: readonly unknown[], more = {}) => ({
  channels,
  enabled: true,
  reachable: channels.length,
  minChannels: 2,
  ...more,
});

let root: string;
/** A process that is alive, in the place of the daemon's. */
let pretender: ChildProcess;
let server: Server;
let port: number;
let seen: { readonly line: string; readonly body: unknown }[];
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
      const line = `${incoming.method} ${incoming.url}`;
      seen.push({ line, body: body === '' ? null : JSON.parse(body) });
      const answer = answers[line];
      outgoing.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify(answer ?? { code: 'CHANNEL_NOT_FOUND', message: line, requestId: 'r', retryable: false }),
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
  root = mkdtempSync(join(tmpdir(), 'waiaas-notifications-'));
  mkdirSync(join(root, 'data'));
  const { pid = 0 } = pretender;
  writeFileSync(join(root, 'data', 'daemon.pid'), String(pid));
  writeFileSync(join(root, 'data', 'daemon.json'), JSON.stringify({ pid, port, stamp: processStamp(pid) }));
  seen = [];
  answers = {};
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const waiaas = (args: readonly string[], how: { readonly typed?: string } = {}) => run(['notifications', ...args], how);

async function run(args: readonly string[], { typed }: { readonly typed?: string } = {}) {
  const finished = { code: -1, out: '', err: '' };
  const io: CommandIo = {
    out: (text) => {
      finished.out += text;
    },
    err: (text) => {
      finished.err += text;
    },
    env: { WAIAAS_MASTER_PASSWORD: 'canary horse battery', BOT: TOKEN, EMPTY: '' },
    home: root,
    umask: 0o077,
    status: null,
    askHidden: typed === undefined ? null : async () => typed,
    ask: null,
    inputLine: async () => null,
  };
  finished.code = await runCli(['--data-dir', join(root, 'data'), ...args], io, [
    notificationCommands,
    telegramCommands,
  ]);
  for (const secret of [TOKEN, 'canary horse battery']) expect(finished.out + finished.err).not.toContain(secret);
  return finished;
}
const file = (name: string, text: string): string => {
  writeFileSync(join(root, name), text, { mode: 0o600 });
  return join(root, name);
};

describe('add', () => {
  beforeEach(() => {
    answers[`POST ${PATH}`] = { channel: channel() };
  });

  test.each([
    ['a file', () => ['--secret-file', file('token', `${TOKEN}\n`)], {}],
    ['a variable', () => ['--secret-env', 'BOT'], {}],
    ['the terminal', () => [], { typed: TOKEN }],
  ] as const)('takes the secret from %s, never from the arguments', async (_where, args, how) => {
    const { code, out } = await waiaas(
      ['add', 'telegram', '--name', 'phone', '--chat-id', '4242', '--locale', 'ko', '--priority', '5', ...args()],
      how,
    );
    expect([code, out.includes('\u001b[2J')]).toEqual([0, false]);
    expect(seen).toEqual([
      {
        line: `POST ${PATH}`,
        body: {
          type: 'TELEGRAM',
          name: 'phone',
          locale: 'ko',
          priority: 5,
          config: { botToken: TOKEN, chatId: '4242' },
        },
      },
    ]);
  });

  test.each([
    ['discord', ['--secret-env', 'BOT'], { type: 'DISCORD', config: { webhookUrl: TOKEN } }],
    ['slack', ['--secret-env', 'BOT', '--disabled'], { type: 'SLACK', config: { webhookUrl: TOKEN }, enabled: false }],
    ['ntfy', ['--topic', 'alerts'], { type: 'NTFY', config: { topic: 'alerts' } }],
    [
      'ntfy',
      ['--topic', 'alerts', '--server', 'https://ntfy.example', '--secret-env', 'BOT'],
      { type: 'NTFY', config: { topic: 'alerts', serverUrl: 'https://ntfy.example', authToken: TOKEN } },
    ],
    ['webhook', ['--url', 'https://hook.example/in'], { type: 'WEBHOOK', config: { url: 'https://hook.example/in' } }],
  ] as const)('%s %j', async (kind, args, body) => {
    expect((await waiaas(['add', kind, '--name', 'n', ...args])).code).toBe(0);
    expect(seen[0]?.body).toEqual({ name: 'n', ...body });
  });

  test.each([
    ['telegram', ['--chat-id', '4242', '--secret-env', 'BOT']],
    ['discord', ['--secret-env', 'BOT']],
    ['slack', ['--secret-env', 'BOT']],
    ['ntfy', ['--topic', 'alerts']],
    ['webhook', ['--url', 'https://hook.example/in']],
  ] as const)('%s answers with JSON and nothing beside it', async (kind, args) => {
    const { code, out } = await waiaas(['add', kind, '--name', 'n', ...args, '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, { channel: channel() }]);
  });

  test('a secret that the daemon has made is shown now, with the word that it never is again', async () => {
    answers[`POST ${PATH}`] = { channel: channel({ type: 'WEBHOOK' }), secret: MADE };
    const args = ['add', 'webhook', '--name', 'n', '--url', 'https://hook.example/in'];
    const { out, err } = await waiaas(args);
    expect([out.includes(MADE), err.includes('never shown again')]).toEqual([true, true]);
    expect(JSON.parse((await waiaas([...args, '--json'])).out)).toMatchObject({ secret: MADE });
  });

  test.each([
    ['without a secret', ['--chat-id', '1']],
    ['with a variable that is empty', ['--chat-id', '1', '--secret-env', 'EMPTY']],
    ['with two sources', ['--chat-id', '1', '--secret-env', 'BOT', '--secret-file', 'x']],
    ['with a file that is not there', ['--chat-id', '1', '--secret-file', '/nowhere/at/all']],
    ['with a priority that is no number', ['--chat-id', '1', '--secret-env', 'BOT', '--priority', 'high']],
  ])('%s is refused, and nothing is sent', async (_what, args) => {
    expect((await waiaas(['add', 'telegram', '--name', 'n', ...args])).code).toBe(1);
    expect(seen).toEqual([]);
  });
});

test('list shows where channels lead and how they are, and says what follows from too few', async () => {
  answers[`GET ${PATH}`] = listed([channel({ health: 'unreachable' })], { reachable: 0 });
  const { code, out, err } = await waiaas(['list']);
  expect([code, out.includes('\u001b[2J')]).toEqual([0, false]);
  expect(out).toMatch(/TELEGRAM +내 전화.* unreachable +5 +ko/);
  expect(err).toContain('0 of at least 2 channels can reach the owner');
  answers[`GET ${PATH}`] = listed([], { enabled: false });
  expect(await waiaas(['list'])).toMatchObject({
    out: expect.stringContaining('There are no channels'),
    err: expect.stringContaining('switched off'),
  });
});

describe('update', () => {
  beforeEach(() => {
    answers[`PUT ${PATH}/${ID}`] = { channel: channel() };
    answers[`GET ${PATH}`] = listed([channel()]);
  });

  test.each([
    [['--name', 'other', '--locale', 'en', '--priority', '-5'], { name: 'other', locale: 'en', priority: -5 }],
    [['--disable'], { enabled: false }],
    [['--enable'], { enabled: true }],
    [['--rotate-secret'], { rotateSecret: true }],
    [['--secret-env', 'BOT'], { config: { botToken: TOKEN } }],
  ] as const)('%j', async (args, body) => {
    expect((await waiaas(['update', ID, ...args])).code).toBe(0);
    expect(seen.at(-1)).toEqual({ line: `PUT ${PATH}/${ID}`, body });
  });

  test.each([[[ID]], [[ID, '--enable', '--disable']], [['everything', '--disable']], [[ID, '--secret-env', 'EMPTY']]])(
    '%j is refused, and nothing is changed',
    async (args) => {
      expect((await waiaas(['update', ...args])).code).toBe(1);
      expect(seen.filter(({ line }) => line.startsWith('PUT'))).toEqual([]);
    },
  );
});

describe('test', () => {
  test('says how long the service took', async () => {
    answers[`POST ${PATH}/${ID}/test`] = { success: true, channelId: ID, status: 200, latencyMs: 12 };
    expect(await waiaas(['test', ID])).toMatchObject({ code: 0, out: 'Taken by the service in 12 ms.\n' });
  });

  test('fails when the message was not taken, and says why', async () => {
    answers[`POST ${PATH}/${ID}/test`] = {
      success: false,
      channelId: ID,
      latencyMs: 5,
      error: 'Too many messages',
      retryAfter: 2.5,
    };
    const { code, err } = await waiaas(['test', ID]);
    expect(code).toBe(1);
    expect(err).toContain('Not taken: Too many messages. Try again in 3 seconds.\n');
  });
});

test('log shows what became of the latest attempts', async () => {
  const entry = {
    id: ID,
    notificationId: ID,
    channelId: null,
    event: 'TX_FAILED',
    level: 'WARNING',
    referenceId: ID,
    status: 'ALL_FAILED',
    error: 'No channel has taken it',
    retries: 0,
    sentAt: TIME,
  };
  answers[`GET /v1/owner/notification-log?limit=5&status=ALL_FAILED&referenceId=${ID}`] = {
    entries: [entry],
    nextCursor: null,
  };
  const { code, out } = await waiaas(['log', '--limit', '5', '--failed', '--tx', ID]);
  expect([code, out]).toEqual([0, expect.stringMatching(/TX_FAILED +ALL_FAILED .*No channel has taken it/)]);
  expect((await waiaas(['log', '--limit', '101'])).code).toBe(1);
  expect((await waiaas(['log', '--tx', 'x'])).code).toBe(1);
});

test('dead-letters shows what a webhook has not taken', async () => {
  const letter = {
    deliveryId: ID,
    channelId: ID,
    sequence: 7,
    event: 'TX_FAILED',
    level: 'WARNING',
    referenceId: null,
    createdAt: TIME,
    givenUpAt: TIME,
    keptUntil: TIME,
    error: 'The message is refused (HTTP 422)',
  };
  answers[`GET ${PATH}/${ID}/dead-letters?limit=5`] = { deadLetters: [letter], nextCursor: ID };
  const { code, out, err } = await waiaas(['dead-letters', ID, '--limit', '5']);
  expect([code, out]).toEqual([0, expect.stringMatching(/TX_FAILED .*The message is refused \(HTTP 422\)/)]);
  expect(err).toContain('There are more');
  expect((await waiaas(['dead-letters', ID, '--limit', '0'])).code).toBe(1);
});

describe('redeliver', () => {
  const at = `POST ${PATH}/${ID}/redeliver`;
  const taken = { deliveryId: ID, event: 'TX_FAILED', success: true, status: 200 };

  test('sends all that is kept, or one, and says what became of each', async () => {
    answers[at] = { channelId: ID, deliveries: [taken], nextCursor: null };
    expect(await waiaas(['redeliver', ID])).toMatchObject({ code: 0, out: `${ID} TX_FAILED: taken.\n` });
    await waiaas(['redeliver', ID, '--delivery', ID]);
    expect(seen.map(({ body }) => body)).toEqual([{}, { deliveryId: ID }]);
    expect((await waiaas(['redeliver', ID, '--delivery', 'all'])).code).toBe(1);
    answers[at] = { channelId: ID, deliveries: [], nextCursor: null };
    expect(await waiaas(['redeliver', ID])).toMatchObject({ code: 0, out: 'There is nothing to be sent again.\n' });
  });

  test('fails where something is not taken, and says when to try again', async () => {
    const refused = { ...taken, success: false, status: 429, error: 'Too many messages (HTTP 429)' };
    answers[at] = { channelId: ID, deliveries: [refused], nextCursor: null, retryAfter: 59.2 };
    const { code, err } = await waiaas(['redeliver', ID]);
    expect(code).not.toBe(0);
    expect(err).toContain('Too many messages (HTTP 429)');
    expect(err).toContain('try again in 60 seconds');
  });
});

test('remove takes an id and nothing else', async () => {
  answers[`DELETE ${PATH}/${ID}`] = { deleted: true, channelId: ID };
  expect(await waiaas(['remove', ID])).toMatchObject({ code: 0, out: `Removed ${ID}.\n` });
  expect((await waiaas(['remove', 'all'])).code).toBe(1);
  expect(seen).toHaveLength(1);
});

describe('telegram verify', () => {
  const paired = { paired: true, channelId: ID, chatId: '4242', chatName: 'Alice\u001b[2J' };
  const at = 'POST /v1/owner/telegram/verify';

  test('pairs the chat, says whose it calls itself, and what to do if that is nobody known', async () => {
    answers[at] = paired;
    const { code, out, err } = await run(['telegram', 'verify', '012345']);
    expect([code, out.includes('\u001b[2J')]).toEqual([0, false]);
    expect(out).toMatch(/Chat: +4242/);
    expect(err).toContain('waiaas telegram unpair');
    expect(seen).toEqual([{ line: at, body: { code: '012345' } }]);
  });

  test('answers with JSON and nothing beside it', async () => {
    answers[at] = paired;
    const { code, out } = await run(['telegram', 'verify', '012345', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, paired]);
  });

  test.each(['12345', '1234567', 'abcdef', '12345 '])('sends nothing for %j, which is no code', async (code) => {
    expect((await run(['telegram', 'verify', code])).code).toBe(1);
    expect(seen).toEqual([]);
  });
});
