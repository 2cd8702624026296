import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from '../src/lock.mjs';

const HOLDER = fileURLToPath(new URL('lock-holder.mjs', import.meta.url));

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lock '));
  folder = join(root, 'lock');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('processes that all want it have it one after another', async () => {
  const counter = join(root, 'counter');
  writeFileSync(counter, '0');
  const all = Array.from({ length: 8 }, () => start('count', counter));
  await Promise.all(all.map((child) => once(child, 'close')));
  expect(readFileSync(counter, 'utf8')).toBe('8');
});

test('a holder that is killed leaves it to exactly one of many waiters', async () => {
  const holder = start('hang');
  await once(holder, 'spawn');
  if (holder.stdout !== null) await once(holder.stdout, 'data');
  const counter = join(root, 'counter');
  writeFileSync(counter, '0');
  const waiters = Array.from({ length: 6 }, () => start('count', counter));
  holder.kill('SIGKILL');
  await Promise.all(waiters.map((child) => once(child, 'close')));
  expect(readFileSync(counter, 'utf8')).toBe('6');
});

test('a live holder is waited for, and named', async () => {
  const release = await acquireLock(folder);
  const waited: string[] = [];
  const second = acquireLock(folder, {
    pollMs: 1,
    onWait: (holder) => {
      waited.push(holder);
      release();
    },
  });
  (await second)();
  expect(waited).toHaveLength(1);
  expect(waited[0]).toContain(String(process.pid));
});

test('a holder on another machine counts as dead once it is silent', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, '7'), '1 some-other-host');
  const release = await acquireLock(folder, { silenceMs: 20, pollMs: 1 });
  release();
  expect(readFileSync(join(folder, '8'), 'utf8')).toBe('released');
});

test('a holder that died before it could write its name does not block for ever', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, '1'), '');
  (await acquireLock(folder, { silenceMs: 20, pollMs: 1 }))();
});

test('releasing twice, or after the folder was deleted, is harmless', async () => {
  const release = await acquireLock(folder);
  release();
  release();
  (await acquireLock(folder))();
  const last = await acquireLock(folder);
  rmSync(folder, { recursive: true });
  last();
});

function start(mode: string, file = ''): ChildProcess {
  return spawn(process.execPath, [HOLDER, folder, mode, file], { stdio: ['ignore', 'pipe', 'inherit'] });
}
