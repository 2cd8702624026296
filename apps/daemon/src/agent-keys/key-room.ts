import { type Logger, systemClock, unixSeconds } from '@waiaas/core';
import { createKeystore, type KeyCarrier, type Keystore, KeystoreError } from '@waiaas/keystore';
import { adoptRows, findForgedRow } from '@waiaas/safety';
import { openStorage, type Storage } from '@waiaas/storage';
import { StartFailure } from '../daemon-options.ts';
import { databasePath, dataPaths } from '../data-dir/index.ts';
import { EXIT } from '../exit-codes.ts';
import { prepareStart } from '../lifecycle/prepare.ts';
import { argon2Of, databaseSettings } from '../runtime/initialise.ts';

/** A data directory whose daemon is stopped, with its keys unlocked. */
export interface KeyRoom {
  readonly keystore: Keystore;
  readonly carrier: KeyCarrier;
  readonly storage: Storage;
  readonly logger: Logger;
}

/** Where, and with which password. */
export interface KeyRoomOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly password: string;
}

/**
 * Runs with the keys of a data directory unlocked, which no daemon may use meanwhile: keys come and go only while nobody
 * pays.
 *
 * @throws StartFailure NOT_INITIALIZED (3), ALREADY_RUNNING (2), INVALID_MASTER_PASSWORD (4), AUDIT_CHAIN_BROKEN, and what
 *   `use` throws
 */
export async function withKeyRoom<T>(
  { dataDir, env, password }: KeyRoomOptions,
  use: (room: KeyRoom) => Promise<T>,
): Promise<T> {
  const prepared = prepareStart({ dataDir, env, flags: {} });
  const { config, logger } = prepared;
  try {
    const { keystore, carrier } = createKeystore({
      directory: dataPaths(dataDir).keystore,
      clock: systemClock,
      logger,
      argon2: argon2Of(config),
    });
    await keystore.unlock(password);
    try {
      const storage = openStorage({
        path: databasePath(dataDir, config),
        backupFolder: dataPaths(dataDir).backups,
        clock: systemClock,
        sealer: keystore.sealer,
        settings: databaseSettings(config),
      });
      try {
        await meetUnsealedRows(storage);
        return await use({ keystore, carrier, storage, logger });
      } finally {
        await storage.close();
      }
    } finally {
      keystore.lock();
    }
  } catch (error) {
    throw error instanceof KeystoreError ? told(error) : error;
  } finally {
    prepared.close();
  }
}

/**
 * What no seal has covered so far must not be covered by the rows of a command without a word. Where somebody has written what
 * is written under a seal only, such as a recovery from the kill switch, nothing is covered here: it is for a start to find.
 */
const meetUnsealedRows = (storage: Storage): Promise<void> =>
  storage.write(async (work) => {
    const forged = await findForgedRow(work.db);
    if (forged === undefined) return adoptRows(work, unixSeconds(systemClock));
    throw new StartFailure(
      `Row ${forged.id} (${forged.event_type}) of the audit log was written by somebody else. Look at "waiaas audit verify", then start the daemon: it puts that on record and tells the owner.`,
      { exitCode: EXIT.FAILURE, code: 'AUDIT_CHAIN_BROKEN' },
    );
  });

function told(error: KeystoreError): StartFailure {
  const { code } = error;
  // The vault's own; that of an exported key says so in its message.
  if (code === 'WRONG_PASSWORD' && !error.message.includes('exported key')) {
    return new StartFailure('The master password is wrong.', {
      exitCode: EXIT.AUTHENTICATION,
      code: 'INVALID_MASTER_PASSWORD',
      cause: error,
    });
  }
  return new StartFailure(error.message, { exitCode: EXIT.FAILURE, code: `KEYSTORE_${code}`, cause: error });
}
