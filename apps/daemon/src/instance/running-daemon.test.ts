import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPidFile,
  findDaemon,
  parsePid,
  processStamp,
  removePidFile,
  removeStaleFiles,
  writeRunRecord,
} from './index.ts';

let directory: string;
let files: { readonly pidFile: string; readonly runRecord: string };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiaas-pid-'));
  files = { pidFile: join(directory, 'daemon.pid'), runRecord: join(directory, 'daemon.json') };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const deny = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

async function withProcess(use: (pid: number) => void): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  try {
    use(pid);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return pid;
}

describe('the PID file', () => {
  test.each(['', '0', '-1', '+5', '12 34', 'abc', '1e3', '0x10', '99999999999', '4294967297', '12\n13', ' 12', '007'])(
    '%j is no process id',
    (text) => {
      expect(parsePid(text)).toBeNull();
      writeFileSync(files.pidFile, text);
      expect(findDaemon(files)).toEqual({ state: 'stale', pid: null });
    },
  );

  test('holds digits only, may be read by others, and is never overwritten', () => {
    const umask = process.umask(0o077);
    try {
      expect(createPidFile(files.pidFile, 4242)).toBe(true);
    } finally {
      process.umask(umask);
    }
    expect(readFileSync(files.pidFile, 'utf8')).toBe('4242');
    expect(statSync(files.pidFile).mode & 0o777).toBe(0o644);
    expect(createPidFile(files.pidFile, 4343)).toBe(false);
    expect(readFileSync(files.pidFile, 'utf8')).toBe('4242');
    removePidFile(files.pidFile, 4343);
    expect(existsSync(files.pidFile)).toBe(true);
    removePidFile(files.pidFile, 4242);
    expect(existsSync(files.pidFile)).toBe(false);
  });
});

describe('finding the daemon', () => {
  test('no file: stopped', () => {
    expect(findDaemon(files)).toEqual({ state: 'stopped' });
  });

  test('a dead process: stale; its files go', async () => {
    const pid = await withProcess(() => undefined);
    writeFileSync(files.pidFile, String(pid));
    writeRunRecord(files.runRecord, { pid, port: 3100, stamp: null });
    expect(findDaemon(files)).toEqual({ state: 'stale', pid });
    removeStaleFiles(files, pid);
    expect([existsSync(files.pidFile), existsSync(files.runRecord)]).toEqual([false, false]);
  });

  test("another user's process is alive", () => {
    writeFileSync(files.pidFile, '1');
    expect(findDaemon(files, deny('EPERM'))).toEqual({ state: 'running', pid: 1, port: null });
    expect(findDaemon(files, deny('ESRCH'))).toEqual({ state: 'stale', pid: 1 });
  });

  test('its port comes from its record, and only from its own', async () => {
    await withProcess((pid) => {
      writeFileSync(files.pidFile, String(pid));
      writeRunRecord(files.runRecord, { pid, port: 4555, stamp: processStamp(pid) });
      expect(findDaemon(files)).toEqual({ state: 'running', pid, port: 4555 });
      writeRunRecord(files.runRecord, { pid: pid + 1, port: 4555, stamp: processStamp(pid) });
      expect(findDaemon(files)).toEqual({ state: 'running', pid, port: null });
      writeFileSync(files.runRecord, '{"pid":');
      expect(findDaemon(files)).toEqual({ state: 'running', pid, port: null });
    });
  });

  test.runIf(process.platform === 'linux')('a later process with the same number is not the daemon', async () => {
    await withProcess((pid) => {
      writeFileSync(files.pidFile, String(pid));
      writeRunRecord(files.runRecord, { pid, port: 3100, stamp: 'another-boot:1' });
      expect(findDaemon(files)).toEqual({ state: 'stale', pid });
      rmSync(files.runRecord);
      expect(findDaemon(files).state).toBe('running');
      utimesSync(files.pidFile, 1, 1);
      expect(findDaemon(files)).toEqual({ state: 'stale', pid });
    });
  });

  test('a file that names this very process is left over from a former life', () => {
    writeFileSync(files.pidFile, String(process.pid));
    expect(findDaemon(files)).toEqual({ state: 'stale', pid: process.pid });
  });

  test('stale files that meanwhile name another daemon stay', () => {
    writeFileSync(files.pidFile, '4343');
    removeStaleFiles(files, 4242);
    removeStaleFiles(files, null);
    expect(existsSync(files.pidFile)).toBe(true);
  });
});
