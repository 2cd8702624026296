import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAnchorFile } from './anchor-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-heads-'));
  path = join(folder, 'heads.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const end = (isEnough: (text: string) => boolean = () => true) => createAnchorFile(path).readEnd(isEnough);

test('what is kept is read again, whole or from its end; where there is no file there is nothing', async () => {
  expect(await end()).toBe('');
  const file = createAnchorFile(path);
  await file.append('first\n');
  await file.append('second\n');
  expect(await file.read()).toBe('first\nsecond\n');
  expect(await end(() => false)).toBe('first\nsecond\n');
});

test('the end of a file that no text can hold any more is read all the same', async () => {
  writeFileSync(path, '');
  truncateSync(path, 700 * 2 ** 20);
  appendFileSync(path, '\nnewest\n');
  await expect(createAnchorFile(path).read()).rejects.toThrow();
  expect((await end((text) => text.includes('newest'))).endsWith('newest\n')).toBe(true);
});

test('so much of it is read as it takes, in whole lines', async () => {
  writeFileSync(path, `head\n${'junk, line by line\n'.repeat(100_000)}`);
  const looks: number[] = [];
  const text = await end((part) => {
    looks.push(part.length);
    expect(part.startsWith('junk, line')).toBe(true);
    return false;
  });
  expect(text.startsWith('head\njunk')).toBe(true);
  expect(looks.length).toBe(2);
  expect(looks.every((length) => length % 'junk, line by line\n'.length === 0)).toBe(true);
});
