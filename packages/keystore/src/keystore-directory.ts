import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type AgentId, type Logger, WaiaasError } from '@waiaas/core';
import { type FileSystem, hasErrno } from './file-system.ts';
import { agentOfFile, encodeKeyFile, type KeyFile, keyFileName, parseKeyFile } from './key-file.ts';
import { KeystoreError } from './keystore-error.ts';
import {
  createPrivateFile,
  makePrivateDirectory,
  moveFile,
  readPrivateFile,
  removeStaleTemporaries,
  replacePrivateFile,
} from './private-files.ts';
import { VAULT_FILE } from './vault-file.ts';

/** Folder of the keys of agents that have ended. */
const ARCHIVED = 'archived';
/** Files read at a time: enough to hide latency, far from any limit on open files. */
const PARALLEL_READS = 16;

/** The keystore's folder. Files are passed as text; nothing here can decrypt them. */
export interface KeystoreDirectory {
  hasVault(): Promise<boolean>;
  /** @throws KeystoreError NOT_INITIALISED */
  readVault(): Promise<string>;
  /** Makes the folder and the vault. @throws KeystoreError ALREADY_INITIALISED */
  createVault(text: string): Promise<void>;
  /** Keeps the former vault in `backups/`, then replaces it. No backup, no replacement. */
  replaceVault(former: string, renewed: string, time: string): Promise<void>;
  /** Every key file, ordered by agent. @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION */
  readKeyFiles(): Promise<readonly KeyFile[]>;
  /** @throws KeystoreError CORRUPT when there are key files: a new vault could never open them */
  assertNoKeyFiles(): Promise<void>;
  /** @throws KeystoreError KEY_EXISTS */
  createKeyFile(file: KeyFile): Promise<void>;
  /** Moves a key file to `discarded/`. False when there is none. */
  discardKeyFile(agentId: AgentId, time: string): Promise<boolean>;
  /** Moves a key file to `archived/`, where no unlock looks. False when there is none, as after the move. */
  archiveKeyFile(agentId: AgentId): Promise<boolean>;
  /** Reads an agent's key file, in use or archived; null when there is none. @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION */
  readKeyFile(agentId: AgentId): Promise<KeyFile | null>;
  /** Reads a key file that was archived; null when there is none. @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION */
  readArchivedKeyFile(agentId: AgentId): Promise<KeyFile | null>;
  /** Closes the folder to others and removes what crashes left. */
  tidy(): Promise<void>;
}

/** `2026-11-03T10:00:00.000Z` as part of a file name; the random part keeps two of one millisecond apart. */
const stamp = (time: string): string => `${time.replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`;

/** Runs what touches the disk: a failure of the system is one of storage and says so wherever it surfaces (06 §4.1). */
async function onDisk<T>(verb: 'read' | 'write to', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KeystoreError) throw cause;
    throw new WaiaasError('STORAGE_UNAVAILABLE', {
      message: `The daemon cannot ${verb} its keystore folder.`,
      hint: 'Check free disk space and file permissions of the keystore folder.',
      cause,
    });
  }
}

/** Maps with a bounded number of promises at a time, in order. */
async function mapBounded<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL_READS) {
    results.push(...(await Promise.all(items.slice(start, start + PARALLEL_READS).map(map))));
  }
  return results;
}

/** The folder at a path. */
export function createKeystoreDirectory({
  fs,
  logger,
  directory,
}: {
  fs: FileSystem;
  logger: Logger;
  directory: string;
}): KeystoreDirectory {
  const vault = join(directory, VAULT_FILE);
  const archived = join(directory, ARCHIVED);

  async function read(name: string): Promise<string> {
    const { text, wasExposed } = await readPrivateFile(fs, join(directory, name));
    if (wasExposed) logger.warn({ file: name }, 'A keystore file was accessible to others; its mode is 0600 now');
    return text;
  }

  async function list(): Promise<readonly string[]> {
    try {
      return await fs.list(directory);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  /** Null when there is no such file. */
  async function readKeyFileAt(agentId: AgentId, name: string): Promise<KeyFile | null> {
    try {
      return parseKeyFile(agentId, await read(name));
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }
  const archivedName = (agentId: AgentId): string => join(ARCHIVED, keyFileName(agentId));

  const agents = async (): Promise<readonly AgentId[]> =>
    (await list())
      .map(agentOfFile)
      .filter((agentId) => agentId !== null)
      .sort();

  return {
    hasVault: () => onDisk('read', async () => (await list()).includes(VAULT_FILE)),

    readVault: () =>
      onDisk('read', async () => {
        try {
          return await read(VAULT_FILE);
        } catch (error) {
          if (hasErrno(error, 'ENOENT')) throw new KeystoreError('NOT_INITIALISED', 'The keystore has no vault yet');
          throw error;
        }
      }),

    createVault: (text) =>
      onDisk('write to', async () => {
        await makePrivateDirectory(fs, directory);
        try {
          await createPrivateFile(fs, vault, text);
        } catch (error) {
          if (hasErrno(error, 'EEXIST')) {
            throw new KeystoreError('ALREADY_INITIALISED', 'The keystore is initialised');
          }
          throw error;
        }
      }),

    replaceVault: (former, renewed, time) =>
      onDisk('write to', async () => {
        const backups = join(directory, 'backups');
        await makePrivateDirectory(fs, backups);
        await removeStaleTemporaries(fs, backups);
        await createPrivateFile(fs, join(backups, `vault-${stamp(time)}.json`), former);
        await replacePrivateFile(fs, vault, renewed);
      }),

    readKeyFiles: () =>
      onDisk('read', async () =>
        mapBounded(await agents(), async (agentId) => parseKeyFile(agentId, await read(keyFileName(agentId)))),
      ),

    assertNoKeyFiles: () =>
      onDisk('read', async () => {
        if ((await agents()).length > 0) {
          throw new KeystoreError('CORRUPT', 'missing although there are key files; restore it', VAULT_FILE);
        }
      }),

    createKeyFile: (file) =>
      onDisk('write to', async () => {
        const name = keyFileName(file.info.agentId);
        const text = encodeKeyFile(file);
        // A file that could not be read back would keep the whole keystore shut at the next start.
        parseKeyFile(file.info.agentId, text);
        try {
          await createPrivateFile(fs, join(directory, name), text);
        } catch (error) {
          if (hasErrno(error, 'EEXIST')) throw new KeystoreError('KEY_EXISTS', 'the agent has a key already', name);
          throw error;
        }
      }),

    discardKeyFile: (agentId, time) =>
      onDisk('write to', async () => {
        const name = keyFileName(agentId);
        if (!(await list()).includes(name)) return false;
        const discarded = join(directory, 'discarded');
        await makePrivateDirectory(fs, discarded);
        await moveFile(fs, join(directory, name), join(discarded, `${agentId}-${stamp(time)}.json`));
        return true;
      }),

    archiveKeyFile: (agentId) =>
      onDisk('write to', async () => {
        const name = keyFileName(agentId);
        if (!(await list()).includes(name)) return false;
        await makePrivateDirectory(fs, archived);
        await moveFile(fs, join(directory, name), join(archived, name));
        return true;
      }),

    readKeyFile: (agentId) =>
      onDisk(
        'read',
        async () =>
          (await readKeyFileAt(agentId, keyFileName(agentId))) ?? (await readKeyFileAt(agentId, archivedName(agentId))),
      ),

    readArchivedKeyFile: (agentId) => onDisk('read', () => readKeyFileAt(agentId, archivedName(agentId))),

    tidy: () =>
      onDisk('write to', async () => {
        await makePrivateDirectory(fs, directory);
        await removeStaleTemporaries(fs, directory);
      }),
  };
}
