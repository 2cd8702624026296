import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { openStorage, type Storage } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { createAdapterRegistry } from './adapter-registry.ts';

const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const LOCALNET = { chain: 'solana', network: 'localnet' } as const;

let folder: string;
let storage: Storage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-registry-'));
  const { keystore } = createKeystore({
    directory: join(folder, 'keystore'),
    clock: systemClock,
    logger,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const backupFolder = join(folder, 'backups');
  storage = openStorage({ path: join(folder, 'waiaas.db'), backupFolder, clock: systemClock, sealer: keystore.sealer });
});
afterEach(async () => {
  vi.useRealTimers();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a chain that was down when it was last looked at is hardly waited for', async () => {
  writeFileSync(join(folder, 'config.toml'), '');
  const env = { WAIAAS_SECURITY_JWT_SECRET: 'f'.repeat(64) };
  const { config } = loadConfig({ dataDir: folder, env, flags: {} });
  const never = new Promise<never>(() => undefined);
  let tries = 0;
  const registry = createAdapterRegistry({
    config,
    clock: systemClock,
    logger,
    storage,
    wrap: (adapter) => ({
      ...adapter,
      isConnected: () => false,
      getHealth: async () => ({ healthy: false, latency: -1 }),
      async connect() {
        tries += 1;
        if (tries === 1) throw new Error('nobody is there');
        await never;
      },
    }),
  });
  expect(await registry.connect([LOCALNET])).toMatchObject([{ healthy: false }]);

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const again = registry.connect([LOCALNET]);
  await vi.advanceTimersByTimeAsync(250);
  expect(await again).toMatchObject([{ healthy: false }]);
  expect(tries).toBe(2);
});
