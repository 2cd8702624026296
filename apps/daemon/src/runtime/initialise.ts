import { randomBytes } from 'node:crypto';
import { type Clock, createIdGenerator, type Logger, type PolicyPreset, systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { seed } from '@waiaas/management';
import { seedAutoStopRules } from '@waiaas/safety';
import { openStorage } from '@waiaas/storage';
import type { Config } from '../config/index.ts';
import { databasePath, dataPaths } from '../data-dir/index.ts';

/** Cost of a password guess, as configured. */
export const argon2Of = (config: Config) => ({
  memoryCost: config.keystore.argon2_memory,
  timeCost: config.keystore.argon2_time,
  parallelism: config.keystore.argon2_parallelism,
});

/** Tuning of the database, as configured. */
export const databaseSettings = (config: Config) => ({
  busyTimeoutMs: config.database.busy_timeout,
  cacheSizeKib: config.database.cache_size,
  mmapSizeBytes: config.database.mmap_size,
});

/**
 * Gives a prepared data directory its vault, its database and the rows a daemon must not be without (01 §2.5, §5.1).
 *
 * @throws KeystoreError when there is a vault already or the password cannot be one
 * @throws MigrationError, WaiaasError STORAGE_UNAVAILABLE when the database cannot be made
 */
export async function initialise(
  dataDir: string,
  config: Config,
  password: string,
  dependencies: { readonly logger: Logger; readonly clock?: Clock; readonly preset?: PolicyPreset },
): Promise<void> {
  const { logger, clock = systemClock, preset } = dependencies;
  const paths = dataPaths(dataDir);
  const { keystore } = createKeystore({ directory: paths.keystore, clock, logger, argon2: argon2Of(config) });
  await keystore.initialise(password);
  await keystore.unlock(password);
  try {
    const storage = openStorage({
      path: databasePath(dataDir, config),
      backupFolder: paths.backups,
      clock,
      sealer: keystore.sealer,
      settings: databaseSettings(config),
    });
    try {
      const parts = { storage, sealer: keystore.sealer, clock, ids: createIdGenerator(clock, randomBytes) };
      await seed(parts, preset);
      await seedAutoStopRules(parts, config.security.auto_stop.consecutive_failures_threshold);
    } finally {
      await storage.close();
    }
  } finally {
    keystore.lock();
  }
}
