import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLock } from './lock.ts';

const CONTENDER = fileURLToPath(new URL('../../test/lock-contender.mjs', import.meta.url));
let directory: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiaas-lock-'));
  path = join(directory, 'daemon.lock');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

interface Contender {
  readonly child: ChildProcess;
  readonly say: () => Promise<string>;
  readonly hear: (line: string) => void;
}

function contender(mode: 'once' | 'churn'): Contender {
  const child = spawn(process.execPath, [CONTENDER, path, mode, join(directory, 'marker')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    say: async () => {
      const { done, value } = await lines.next();
      return done === true ? 'ended' : value;
    },
    hear: (line) => child.stdin?.write(`${line}\n`),
  };
}

async function race(): Promise<{ readonly winners: readonly Contender[]; readonly losers: number }> {
  const all = Array.from({ length: 20 }, () => contender('once'));
  for (const one of all) expect(await one.say()).toBe('ready');
  for (const one of all) one.hear('go');
  const answers = await Promise.all(all.map((one) => one.say()));
  return {
    winners: all.filter((_, index) => answers[index] === 'held'),
    losers: answers.filter((answer) => answer === 'busy').length,
  };
}

describe('20 processes at once', () => {
  test.each([
    ['no file', undefined],
    ['an empty file', ''],
    ['a file with a process id', '12345'],
    ['a large file of rubbish', 'x'.repeat(9000)],
  ])('over %s: exactly one gets the lock', async (_what, content) => {
    if (content !== undefined) writeFileSync(path, content);
    const { winners, losers } = await race();
    expect([winners.length, losers]).toEqual([1, 19]);
  });

  test('the lock of a killed process is free again, and again only one gets it', async () => {
    const first = await race();
    const [winner] = first.winners;
    winner?.child.kill('SIGKILL');
    if (winner !== undefined) await once(winner.child, 'exit');
    expect(existsSync(path)).toBe(true);
    const second = await race();
    expect([second.winners.length, second.losers]).toEqual([1, 19]);
  });

  test('while it is taken and given back, never two hold it', async () => {
    const all = Array.from({ length: 6 }, () => contender('churn'));
    for (const one of all) expect(await one.say()).toBe('ready');
    for (const one of all) one.hear('go');
    expect(await Promise.all(all.map((one) => one.say()))).toEqual(all.map(() => 'done'));
  });
});

describe('the lock', () => {
  test('is held once in a process, too, and is free and gone after release', () => {
    const lock = acquireLock(path);
    expect(lock).not.toBeNull();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(acquireLock(path, 0)).toBeNull();
    expect(acquireLock(path, 0)).toBeNull();
    lock?.release();
    lock?.release();
    expect(existsSync(path)).toBe(false);
    const again = acquireLock(path, 0);
    expect(again).not.toBeNull();
    again?.release();
  });

  test('leaves no other file behind', async () => {
    const lock = acquireLock(path);
    expect(existsSync(`${path}-journal`)).toBe(false);
    lock?.release();
  });

  test('is never taken through a symbolic link', () => {
    const target = join(directory, 'elsewhere');
    writeFileSync(target, 'precious');
    symlinkSync(target, path);
    expect(() => acquireLock(path)).toThrow('symbolic link');
  });
});
