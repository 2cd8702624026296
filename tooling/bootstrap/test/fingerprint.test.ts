import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprint, installFingerprint, writeAtomically } from '../src/fingerprint.mjs';

const RUNTIME = { node: 'v24.21.0', pnpm: '12.21.0', platform: 'linux', arch: 'x64' };

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fingerprint-'));
  write('package.json', '{}');
  write('pnpm-lock.yaml', 'a');
  write('pnpm-workspace.yaml', 'b');
  write('packages/core/package.json', '{}');
  write('packages/core/src/index.ts', '1');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('the same files and the same Node need no second install', () => {
  expect(installFingerprint(root, RUNTIME)).toBe(installFingerprint(root, RUNTIME));
});

test('a change of code needs no install', () => {
  const before = installFingerprint(root, RUNTIME);
  write('packages/core/src/index.ts', '2');
  expect(installFingerprint(root, RUNTIME)).toBe(before);
});

test.each([
  ['package.json', '{"a":1}'],
  ['pnpm-lock.yaml', 'aa'],
  ['pnpm-workspace.yaml', ''],
  ['.npmrc', ''],
  ['packages/core/package.json', '{"a":1}'],
  ['apps/daemon/package.json', '{}'],
])('a change of %s needs one', (file, text) => {
  const before = installFingerprint(root, RUNTIME);
  write(file, text);
  expect(installFingerprint(root, RUNTIME)).not.toBe(before);
});

test.each(['node', 'pnpm', 'platform', 'arch'])('another %s needs one', (name) => {
  expect(installFingerprint(root, { ...RUNTIME, [name]: 'other' })).not.toBe(installFingerprint(root, RUNTIME));
});

test('text that moves from one file to the next is a change, and a missing file is not an empty one', () => {
  const base = fingerprint([
    ['a', 'x'],
    ['b', 'y'],
  ]);
  expect(
    fingerprint([
      ['a', 'xy'],
      ['b', ''],
    ]),
  ).not.toBe(base);
  expect(
    fingerprint([
      ['a', 'x'],
      ['by', ''],
    ]),
  ).not.toBe(base);
  expect(fingerprint([['a', '']])).not.toBe(fingerprint([['a', undefined]]));
});

test('a write replaces the file whole and leaves nothing beside it', () => {
  write('stamps/one', 'old and long');
  writeAtomically(join(root, 'stamps/one'), 'new');
  expect(readFileSync(join(root, 'stamps/one'), 'utf8')).toBe('new');
  expect(readdirSync(join(root, 'stamps'))).toEqual(['one']);
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
