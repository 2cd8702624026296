import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger, type DaemonLogger, type LoggerOptions } from './index.ts';
import { openRotatingFile } from './rotating-file.ts';

let directory: string;
let file: string;
const open: DaemonLogger[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiaas-log-'));
  file = join(directory, 'logs', 'daemon.log');
});
afterEach(() => {
  for (const logger of open.splice(0)) logger.close();
  rmSync(directory, { recursive: true, force: true });
});

function logger(options: Partial<LoggerOptions> = {}): DaemonLogger {
  const made = createLogger({ file, level: 'info', rotation: { maxBytes: 1e6, maxFiles: 3 }, secrets: [], ...options });
  open.push(made);
  return made;
}
const text = (): string => readFileSync(file, 'utf8');

describe('secrets', () => {
  const CANARY = 'canary-"quoted"\\secret/value';

  test('are hidden by field name at any depth and in any spelling', () => {
    const log = logger();
    const names = ['authorization', 'Authorization', 'x-master-password', 'token', 'password', 'secret', 'jwt_secret'];
    for (const name of [...names, 'bot_token', 'botToken', 'webhookUrl', 'webhook_url', 'privateKey']) {
      log.info({ [name]: CANARY }, 'flat');
      log.info({ request: { headers: [{ [name]: [CANARY] }] } }, 'deep');
      log.error({ err: Object.assign(new Error('boom'), { details: { [name]: CANARY } }) }, 'error');
    }
    expect(text()).not.toContain('canary');
  });

  test('are hidden by value in messages, errors, causes and stacks', () => {
    const log = logger({ secrets: [CANARY] });
    log.info({ note: `x ${CANARY} y` }, `message ${CANARY}`);
    log.error({ err: new Error(CANARY, { cause: new Error(`cause ${CANARY}`) }) }, 'failed');
    log.info({ url: `https://x.example/?k=${encodeURIComponent(CANARY)}` }, 'url');
    expect(text()).not.toContain('canary');
  });

  test('tokens are masked by their form wherever they stand', () => {
    logger().info(
      { note: 'Bearer wai_sess_eyJhbGciOi.J9-_x.sig and wai_op_0123abc', other: 'Bearer abcdefghijkl' },
      'wai_sess_zzz',
    );
    expect(text()).toContain('wai_sess_***');
    expect(text()).toContain('wai_op_***');
    expect(text()).not.toMatch(/eyJhbGciOi|0123abc|abcdefghijkl|zzz/);
  });

  test('bytes are never written out', () => {
    logger().info({ key: Buffer.from('canary'), view: new Uint8Array([1, 2, 3]) }, 'bytes');
    expect(text()).toContain('[6 bytes]');
    expect(text()).not.toContain('"0":1');
  });
});

describe('lines', () => {
  test('bigint, circles and odd values do not hide the line', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger().error({ amount: 10n ** 30n, circle, date: new Date(Number.NaN) }, 'odd');
    expect(text()).toContain(`"amount":"${10n ** 30n}"`);
    expect(text()).toContain('"msg":"odd"');
  });

  test('the level changes while running', () => {
    const log = logger();
    log.debug({}, 'before');
    log.setLevel('trace');
    log.trace({}, 'after');
    log.setLevel('error');
    log.warn({}, 'later');
    expect(text()).not.toMatch(/before|later/);
    expect(text()).toContain('after');
  });

  test('the echo gets short, filtered lines', () => {
    const lines: string[] = [];
    logger({ echo: (line) => lines.push(line), secrets: ['canary-secret'] }).warn(
      { port: 3100 },
      'hello canary-secret',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d WARN hello \*\*\* port=3100\n$/);
  });

  test('the file is 0644 under a strict umask', () => {
    const umask = process.umask(0o077);
    try {
      logger().info({}, 'x');
    } finally {
      process.umask(umask);
    }
    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  test('after the end nothing is written and nothing breaks', () => {
    const log = logger();
    log.close();
    log.info({}, 'late');
    expect(text()).toBe('');
  });
});

describe('rotation', () => {
  test('files are shifted, the oldest go, no line is lost or split', () => {
    const rotating = openRotatingFile(file, { maxBytes: 100, maxFiles: 3 });
    for (let index = 0; index < 100; index++) rotating.write(`line ${String(index).padStart(4, '0')}\n`);
    expect(readdirSync(join(directory, 'logs')).sort()).toEqual([
      'daemon.log',
      'daemon.log.1',
      'daemon.log.2',
      'daemon.log.3',
    ]);
    const kept = [3, 2, 1].map((index) => readFileSync(`${file}.${index}`, 'utf8')).join('') + text();
    const lines = kept.trim().split('\n');
    expect(lines.at(-1)).toBe('line 0099');
    expect(lines).toEqual(
      Array.from({ length: lines.length }, (_, index) => `line ${String(100 - lines.length + index).padStart(4, '0')}`),
    );
    for (const name of readdirSync(join(directory, 'logs')))
      expect(statSync(join(directory, 'logs', name)).size).toBeLessThanOrEqual(100);
    rotating.setRotation({ maxBytes: 50, maxFiles: 1 });
    for (let index = 0; index < 10; index++) rotating.write(`more ${index}\n`);
    expect(readdirSync(join(directory, 'logs')).sort()).toEqual(['daemon.log', 'daemon.log.1']);
    rotating.close();
  });

  test('a line longer than the bound still gets written', () => {
    const rotating = openRotatingFile(file, { maxBytes: 10, maxFiles: 1 });
    rotating.write(`${'x'.repeat(50)}\n`);
    rotating.write('next\n');
    expect(readFileSync(`${file}.1`, 'utf8')).toHaveLength(51);
    expect(text()).toBe('next\n');
    rotating.close();
  });

  test('what cannot be written is counted and told, not thrown', () => {
    const rotating = openRotatingFile(file, { maxBytes: 10, maxFiles: 1 });
    rotating.write('first\n');
    rmSync(file);
    mkdirSync(file);
    mkdirSync(`${file}.1`);
    mkdirSync(join(`${file}.1`, 'x'));
    rotating.write('lost one\n');
    rotating.write('lost two\n');
    rmSync(file, { recursive: true });
    rmSync(`${file}.1`, { recursive: true });
    rotating.write('again\n');
    expect(text()).toContain('2 log lines could not be written');
    expect(text()).toContain('again');
    expect(existsSync(file)).toBe(true);
    rotating.close();
  });
});
