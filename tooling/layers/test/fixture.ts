import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkLayers, type LayerReport } from '../src/check-layers.ts';

/** Files of a small workspace, by path; objects are written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** A workspace in which every rule holds: three layers, the ledger, a tool and the daemon. */
export const CLEAN: Files = {
  'package.json': { devDependencies: { vitest: '1' } },
  ...manifest('packages/core', { dependencies: ['zod'] }, { '.': './dist/index.js', './testing': './dist/testing.js' }),
  'packages/core/src/index.ts': "import { z } from 'zod';\nexport const one = z.literal(1);\n",
  'packages/core/src/clock.ts': 'export const systemClock = { now: () => Date.now() };\n',
  ...manifest('packages/keystore', { dependencies: ['@waiaas/core', 'sodium-native'] }),
  'packages/keystore/src/sign.ts': "import sodium from 'sodium-native';\nsodium.crypto_sign_detached(a, b, c);\n",
  ...manifest('packages/storage', { dependencies: ['@waiaas/core'], devDependencies: ['fast-check'] }),
  'packages/storage/src/rows.ts': "import { readFileSync } from 'node:fs';\nimport { one } from '@waiaas/core';\n",
  'packages/storage/src/rows.test.ts':
    "import fc from 'fast-check';\nimport { test } from 'vitest';\nimport { x } from './rows.ts';\nconst now = Date.now();\n",
  ...manifest('packages/auth', {
    dependencies: ['@waiaas/core', '@waiaas/storage'],
    devDependencies: ['@waiaas/localnet'],
  }),
  'packages/auth/src/index.ts': "import { x } from '@waiaas/storage';\n",
  'packages/auth/test/ledger.ts': "import { start } from '@waiaas/localnet';\nconst home = process.env.HOME;\n",
  ...manifest('apps/daemon', { dependencies: ['@waiaas/auth'] }),
  'apps/daemon/src/index.ts': "import { x } from '@waiaas/auth';\nconst level = process.env.WAIAAS_LOG_LEVEL;\n",
  ...manifest('tooling/localnet', {}),
  'tooling/localnet/src/index.ts': 'export const now = Date.now();\n',
  ...manifest('tooling/demo', { dependencies: ['@waiaas/daemon', '@waiaas/localnet'] }),
  'tooling/demo/src/index.ts': "import '@waiaas/daemon';\nimport '@waiaas/localnet';\n",
};

/** A package.json that gives each named dependency any version. */
export function manifest(
  folder: string,
  lists: Readonly<Record<string, readonly string[]>>,
  exported: object = { '.': './dist/index.js' },
): Files {
  const named = Object.entries(lists).map(([list, names]) => [
    list,
    Object.fromEntries(names.map((name) => [name, '*'])),
  ]);
  const name = `@waiaas/${folder.split('/').at(-1)}`;
  return { [`${folder}/package.json`]: { name, exports: exported, ...Object.fromEntries(named) } };
}

/** Writes the clean workspace with changes on top into a fresh folder, checks it, and removes the folder. */
export function checkFixture(changes: Files = {}): LayerReport {
  const root = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const [path, content] of Object.entries({ ...CLEAN, ...changes })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return checkLayers(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
