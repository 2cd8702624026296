import { describe, expect, test } from 'vitest';
import { checkFixture, type Files, manifest } from './fixture.ts';

/** The rules broken by a change to the clean workspace, with the place. */
function broken(changes: Files): readonly string[] {
  return checkFixture(changes).violations.map(({ rule, file, line }) => `${rule} ${file}:${line}`);
}

test('a workspace that keeps every rule has no violation, and was looked at', () => {
  expect(checkFixture()).toEqual({ packages: 7, files: 10, violations: [] });
});

test('an empty workspace is not mistaken for a clean one', () => {
  expect(checkFixture().files).toBeGreaterThan(0);
});

describe('imports of our own packages', () => {
  test.each([
    ['upwards', "import { x } from '@waiaas/auth';"],
    ['sideways', "import { x } from '@waiaas/keystore';"],
    ['upwards, types only', "import type { X } from '@waiaas/auth';"],
    ['upwards, in a type position', "type X = import('@waiaas/auth').X;"],
    ['upwards, re-exported', "export * from '@waiaas/auth';"],
    ['upwards, on demand', "const x = await import('@waiaas/auth');"],
    ['upwards, required', "const x = require('@waiaas/auth');"],
    ['upwards, import-equals', "import x = require('@waiaas/auth');"],
    ['upwards, resolved', "const path = import.meta.resolve('@waiaas/auth');"],
    ['to the daemon', "import { x } from '@waiaas/daemon';"],
    ['to the ledger', "import { x } from '@waiaas/localnet';"],
    ['to a tool', "import { x } from '@waiaas/demo';"],
  ])('%s are found', (_case, line) => {
    const dependencies = ['core', 'auth', 'keystore', 'daemon', 'localnet', 'demo'].map((name) => `@waiaas/${name}`);
    const found = broken({
      ...manifest('packages/storage', { dependencies, devDependencies: ['fast-check'] }),
      'packages/storage/src/x.ts': `\n${line}\n`,
    });
    expect(found).toContain('layer packages/storage/src/x.ts:2');
  });

  test('upwards in a test are found too', () => {
    const found = broken({
      ...manifest('packages/storage', {
        dependencies: ['@waiaas/core'],
        devDependencies: ['@waiaas/auth', 'fast-check'],
      }),
      'packages/storage/src/x.test.ts': "import { vi } from 'vitest';\nvi.mock('@waiaas/auth');\n",
    });
    expect(found).toEqual(['manifest packages/storage/package.json:1', 'layer packages/storage/src/x.test.ts:2']);
  });

  test('past the public entry are found, and a listed subpath is not', () => {
    expect(
      broken({
        'packages/storage/src/x.ts': [
          "import '@waiaas/core/testing';",
          "import '@waiaas/core/dist/money.js';",
          "import '@waiaas/core/src/money.ts';",
        ].join('\n'),
      }),
    ).toEqual(['entry packages/storage/src/x.ts:2', 'entry packages/storage/src/x.ts:3']);
  });

  test('by a relative path are found', () => {
    expect(
      broken({
        'packages/storage/src/x.ts': "import '../../core/src/index.ts';\nimport '../../storage-two/x.ts';\n",
        'packages/storage/src/y.ts': "const code = new URL('../../core/dist/index.js', import.meta.url);\n",
        'packages/storage/src/z.test.ts': "import '../../core/src/index.ts';\n",
      }),
    ).toEqual([
      'outside packages/storage/src/x.ts:1',
      'outside packages/storage/src/x.ts:2',
      'outside packages/storage/src/y.ts:1',
      'outside packages/storage/src/z.test.ts:1',
    ]);
  });

  test('that package.json names but no file uses are found', () => {
    expect(broken(manifest('packages/keystore', { dependencies: ['@waiaas/storage', 'sodium-native'] }))).toEqual([
      'manifest packages/keystore/package.json:1',
    ]);
  });

  test('by the ledger are found: it knows nothing of ours', () => {
    expect(
      broken({
        ...manifest('tooling/localnet', { dependencies: ['@waiaas/core'] }),
        'tooling/localnet/src/index.ts': "import '@waiaas/core';\n",
      }),
    ).toEqual(['manifest tooling/localnet/package.json:1', 'layer tooling/localnet/src/index.ts:1']);
  });

  test('by the client are found, except core', () => {
    expect(
      broken({
        ...manifest('packages/sdk', { dependencies: ['@waiaas/core', '@waiaas/storage'] }),
        'packages/sdk/src/index.ts': "import '@waiaas/core';\nimport '@waiaas/storage';\n",
      }),
    ).toEqual(['manifest packages/sdk/package.json:1', 'layer packages/sdk/src/index.ts:2']);
  });
});

test('of a package published as one file, what it is built from may stand in devDependencies; the layers hold all the same', () => {
  expect(
    [
      ...broken({
        ...manifest('packages/mcp', { devDependencies: ['@waiaas/sdk', '@waiaas/storage', 'zod'] }),
        'packages/mcp/src/main.ts': "import '@waiaas/sdk';\nimport 'zod';\nimport 'ws';\nimport '@waiaas/storage';\n",
        'packages/mcp/src/config.ts': 'export const token = process.env.TOKEN;\n',
      }),
    ].sort(),
  ).toEqual([
    'environment packages/mcp/src/config.ts:1',
    'layer packages/mcp/src/main.ts:4',
    'manifest packages/mcp/package.json:1',
    'undeclared packages/mcp/src/main.ts:3',
  ]);
});

test('a script that builds a package may import what is for building, what it builds may not', () => {
  expect(
    broken({
      ...manifest('apps/daemon', { devDependencies: ['esbuild'] }),
      'apps/daemon/scripts/bundle.mjs': "import 'esbuild';\nimport 'vite';\n",
      'apps/daemon/src/index.ts': "import 'esbuild';\n",
    }),
  ).toEqual(['undeclared apps/daemon/scripts/bundle.mjs:2', 'undeclared apps/daemon/src/index.ts:1']);
});

describe('imports of other packages', () => {
  test('that package.json does not name are found', () => {
    expect(
      broken({
        'packages/storage/src/x.ts': "import 'zod';\nimport 'kysely/migration';\nimport '@solana/kit';\nimport 'fs';\n",
      }),
    ).toEqual([1, 2, 3, 4].map((line) => `undeclared packages/storage/src/x.ts:${line}`));
  });

  test('that only tests may use are found in code that ships', () => {
    expect(
      broken({ 'packages/storage/src/x.ts': "import 'fast-check';\nimport 'vitest';\nimport '@waiaas/storage';\n" }),
    ).toEqual([1, 2, 3].map((line) => `undeclared packages/storage/src/x.ts:${line}`));
  });

  test('whose name is computed are found in code that ships', () => {
    const line = 'const x = await import(name);\n';
    expect(broken({ 'packages/storage/src/x.ts': line, 'packages/storage/src/x.test.ts': line })).toEqual([
      'computed packages/storage/src/x.ts:1',
    ]);
  });

  test('by an absolute path are found', () => {
    expect(broken({ 'packages/storage/src/x.ts': "import '/usr/lib/x.js';\nimport 'file:///x.js';\n" })).toEqual([
      'outside packages/storage/src/x.ts:1',
      'outside packages/storage/src/x.ts:2',
    ]);
  });

  test('in programs and other folders of a package are looked at', () => {
    expect(broken({ 'apps/daemon/bin/waiaas.mjs': "import 'commander';\n" })).toEqual([
      'undeclared apps/daemon/bin/waiaas.mjs:1',
    ]);
  });
});

test('code that ships does not load test code', () => {
  expect(broken({ 'packages/auth/src/x.ts': "import '../test/ledger.ts';\nimport './index.test.ts';\n" })).toEqual([
    'test-code packages/auth/src/x.ts:1',
    'test-code packages/auth/src/x.ts:2',
  ]);
});

test('a package without a row in the table, or with another name than its folder, is found', () => {
  expect(
    broken({
      ...manifest('packages/mystery', {}),
      'packages/core/package.json': { name: '@waiaas/kernel', dependencies: { zod: '*' } },
    }),
  ).toEqual(
    expect.arrayContaining([
      'unknown-package packages/mystery/package.json:1',
      'unknown-package packages/core/package.json:1',
    ]),
  );
});

describe('what code that ships must be handed', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['environment', 'const home = process.env.HOME;'],
    ['environment', "const all = process['env'];"],
    ['environment', 'const all = globalThis.process.env;'],
    ['environment', 'const { env } = process;'],
    ['environment', "import { env as all } from 'node:process';"],
    ['clock', 'const now = Date.now();'],
    ['clock', 'const read = Date.now;'],
    ['clock', 'const now = globalThis.Date.now();'],
    ['clock', 'const now = new Date();'],
    ['clock', 'const now = new Date;'],
    ['clock', 'const now = Date();'],
    ['clock', 'const { now } = Date;'],
    ['randomness', 'const id = Math.random();'],
    ['randomness', 'const { random: dice } = Math;'],
    ['signing', 'sodium.crypto_sign_detached(a, b, c);'],
    ['signing', 'const { crypto_sign } = sodium;'],
    ['signing', 'const s = secp256k1.sign(hash, key);'],
    ['signing', 'const s = ed25519.sign(message, key);'],
    ['signing', "import { sign } from 'node:crypto';"],
    ['signing', 'const s = crypto.sign(null, data, key);'],
    ['signing', 'const s = await crypto.subtle.sign(name, key, data);'],
  ];

  test.each(cases)('%s: %s', (rule, line) => {
    expect(broken({ 'packages/storage/src/x.ts': `\n${line}\n` })).toContain(`${rule} packages/storage/src/x.ts:2`);
  });

  test.each([
    'const then = new Date(now);',
    'const max = Math.max(1, 2);',
    'const id = process.pid;',
    'const ok = sodium.crypto_sign_verify_detached(s, m, k);',
    'const length = sodium.crypto_sign_PUBLICKEYBYTES;',
    "import { createHmac } from 'node:crypto';",
    'const text = "Date.now() and process.env";',
    '// Math.random() would be wrong here',
  ])('harmless: %s', (line) => {
    expect(broken({ 'packages/storage/src/x.ts': `${line}\n` })).toEqual([]);
  });

  test('the daemon reads the environment but does not sign', () => {
    expect(broken({ 'apps/daemon/src/x.ts': 'process.env.HOME;\nsecp256k1.sign(hash, key);\n' })).toEqual([
      'signing apps/daemon/src/x.ts:2',
    ]);
  });

  test('an owner’s own key signs in one file of the command line, and in no other', () => {
    const sign = 'ed25519.sign(text, secret);\n';
    const files = { 'apps/daemon/src/cli/owner/sign-text.ts': sign, 'apps/daemon/src/cli/owner/other.ts': sign };
    expect(broken(files)).toEqual(['signing apps/daemon/src/cli/owner/other.ts:1']);
  });

  test('only the listed file is the system clock', () => {
    const clock = 'export const now = () => Date.now();\n';
    expect(broken({ 'packages/core/src/other-clock.ts': clock, 'packages/storage/src/clock.ts': clock })).toEqual([
      'clock packages/core/src/other-clock.ts:1',
      'clock packages/storage/src/clock.ts:1',
    ]);
  });
});
