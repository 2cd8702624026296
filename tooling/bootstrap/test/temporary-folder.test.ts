import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasRoom, withTemporaryFolder } from '../src/temporary-folder.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'temporary-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a run has a folder of its own, which is gone afterwards, also when it fails', async () => {
  const folders: string[] = [];
  const run = (fails: boolean) =>
    withTemporaryFolder({ HOME: '/root' }, async (env) => {
      expect(env).toMatchObject({ HOME: '/root', DISK_TMPDIR: tmpdir() });
      const folder = env.TMPDIR ?? '';
      folders.push(folder);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      mkdirSync(join(folder, 'something'));
      if (fails) throw new Error('made up');
      return 'done';
    });
  expect(await run(false)).toBe('done');
  await expect(run(true)).rejects.toThrow('made up');
  expect(new Set(folders).size).toBe(2);
  for (const folder of folders) expect(existsSync(folder)).toBe(false);
});

test('memory is used where there is some, programs may run from it, and it may be written', () => {
  const mounts = (type: string, options: string) => `proc /proc proc rw 0 0\n${type} ${root} ${type} ${options} 0 0\n`;
  expect(hasRoom(root, 'proc /proc proc rw 0 0\n')).toBe(false);
  expect(hasRoom(root, mounts('ext4', 'rw,relatime'))).toBe(false);
  expect(hasRoom(root, mounts('tmpfs', 'rw,nosuid,noexec'))).toBe(false);
  expect(hasRoom(root, mounts('tmpfs', 'ro'))).toBe(false);
});
