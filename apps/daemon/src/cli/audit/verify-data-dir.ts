import { basename, resolve } from 'node:path';
import { type AuditVerification, type Logger, systemClock } from '@waiaas/core';
import { createKeystore, KeystoreError } from '@waiaas/keystore';
import { parseAnchors, verifyAuditLog } from '@waiaas/safety';
import { ForeignSchema, MigrationError, openForReading } from '@waiaas/storage';
import { loadConfig } from '../../config/index.ts';
import { anchorFilePath, databasePath, dataPaths } from '../../data-dir/index.ts';
import { EXIT } from '../../exit-codes.ts';
import { requireInitialised } from '../../lifecycle/index.ts';
import { createAnchorFile } from '../../runtime/anchor-file.ts';
import { argon2Of, databaseSettings } from '../../runtime/initialise.ts';
import { CliError } from '../cli-error.ts';
import type { VerifyDataDir } from '../commands/audit.ts';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Checks the audit log in the files of a data directory, with or without a daemon on it. Nothing is written. The vault is
 * opened for its seals alone; no key is.
 *
 * @throws CliError, StartFailure
 */
export const verifyDataDir: VerifyDataDir = async ({ dataDir, env, password, anchorFile, onStep }) => {
  requireInitialised(dataDir);
  const { config } = loadConfig({ dataDir, env, secretRequired: false });
  const path = anchorFile === undefined ? anchorFilePath(dataDir, config) : resolve(anchorFile);
  const anchors = parseAnchors(await createAnchorFile(path).read(), basename(path));
  const storage = openDatabase(databasePath(dataDir, config), databaseSettings(config));
  try {
    const verify = (sealer: Parameters<typeof verifyAuditLog>[0]['sealer']): Promise<AuditVerification> =>
      verifyAuditLog({
        read: storage.read,
        sealer,
        anchors,
        onRows: (rows) => onStep(`Checking the audit log: ${rows} rows`),
      });
    if (password === null) return await verify(null);
    const { keystore } = createKeystore({
      directory: dataPaths(dataDir).keystore,
      clock: systemClock,
      logger: silent,
      argon2: argon2Of(config),
    });
    return await keystore.withSeals(password, verify);
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error;
    const wrong = error.code === 'WRONG_PASSWORD';
    throw new CliError({
      code: wrong ? 'INVALID_MASTER_PASSWORD' : `KEYSTORE_${error.code}`,
      message: wrong ? 'The master password is wrong.' : error.message,
      hint: 'Without it, "--links-only" checks what can be checked.',
      exitCode: wrong ? EXIT.AUTHENTICATION : EXIT.FAILURE,
    });
  } finally {
    storage.close();
  }
};

function codeOf(error: unknown): string {
  if (error instanceof ForeignSchema) return 'SCHEMA_CHANGED';
  return error instanceof MigrationError ? 'WRONG_SCHEMA' : 'DATABASE_UNREADABLE';
}

function openDatabase(path: string, settings: ReturnType<typeof databaseSettings>) {
  try {
    return openForReading({ path, settings });
  } catch (error) {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError({ code, message, exitCode: EXIT.FAILURE });
  }
}
