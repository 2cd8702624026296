import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Clock, isoTime } from '@waiaas/core';
import { copyDatabase } from '@waiaas/storage';
import { type Config, loadConfig } from '../config/index.ts';
import { anchorFilePath, databasePath, dataPaths, ensurePrivateDirectory, syncDirectory } from '../data-dir/index.ts';
import { requireInitialised } from '../lifecycle/index.ts';
import { databaseSettings } from '../runtime/initialise.ts';
import { isSystemError, unlessMissing } from '../system-error.ts';
import { BackupError } from './backup-error.ts';
import { backupName, listBackups } from './backup-files.ts';
import { leaveNote } from './command-notes.ts';
import { AUDIT_HEADS, DATABASE, isBackupEntry } from './manifest.ts';
import { writeArchive } from './write-archive.ts';

/** What is to be backed up, and where to. */
export interface CreateBackupOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Default: a new file in `backups/`. */
  readonly output: string | undefined;
  /** How many archives of `backups/` are kept; older ones are removed once the new one is there. */
  readonly keep: number;
  /** Told what is being done. */
  readonly onStep: (text: string) => void;
}

/** What was made. */
export interface CreatedBackup {
  readonly path: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
  /** Keys of agents in it. */
  readonly keys: number;
  /** Archives that were removed because there are newer ones. */
  readonly removed: readonly string[];
}

/**
 * Writes vault, keys, database, settings and the audit log's heads into one archive, beside a running daemon or without
 * one (01 §3.10). Keys are encrypted as they are on disk; the database and the settings are not encrypted at all.
 *
 * The heads are read before the database and the database before the keys: heads in a backup are of rows in it, and every
 * agent in it has its key, whatever happens in between. The database says of itself that it is a copy: the daemon that
 * starts on it, however it got to its place, knows that a backup was put back.
 *
 * @throws StartFailure NOT_INITIALIZED; BackupError BACKUP_EXISTS; WaiaasError STORAGE_UNAVAILABLE
 */
export async function createBackup(options: CreateBackupOptions): Promise<CreatedBackup> {
  const { dataDir, env, clock, keep, onStep } = options;
  requireInitialised(dataDir);
  const { config } = loadConfig({ dataDir, env, secretRequired: false });
  const { backups } = dataPaths(dataDir);
  ensurePrivateDirectory(backups);
  const createdAt = isoTime(clock.now());
  const target = options.output === undefined ? join(backups, backupName(createdAt)) : resolve(options.output);
  if (existsSync(target)) throw exists(target);
  const stage = join(dirname(target), `.backup-${randomBytes(6).toString('hex')}.partial`);
  mkdirSync(stage, { mode: 0o700 });
  try {
    const folder = join(stage, 'files');
    const names = collect(dataDir, config, { folder, createdAt, onStep });
    const archive = join(stage, 'archive.tar.gz');
    await writeArchive(archive, { folder, names, createdAt, onStep });
    // First, so that there is no archive that nobody has noted.
    const takeBack = leaveNote(dataDir, { event: 'BACKUP_CREATED', at: createdAt, file: target, keys: keysIn(names) });
    try {
      place(archive, target);
    } catch (error) {
      takeBack();
      throw error;
    }
    const removed = options.output === undefined ? prune(backups, keep) : [];
    return { path: target, createdAt, sizeBytes: lstatSync(target).size, keys: keysIn(names), removed };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

const keysIn = (names: readonly string[]): number =>
  names.filter((name) => /^keystore\/[0-9a-f-]{36}\.json$/.test(name)).length;

const exists = (path: string): BackupError =>
  new BackupError('BACKUP_EXISTS', `${path} exists already.`, { hint: 'Give another --output.' });

/** Copies what goes into the archive, each file as it is at one moment; answers the names. */
function collect(
  dataDir: string,
  config: Config,
  {
    folder,
    createdAt,
    onStep,
  }: { readonly folder: string; readonly createdAt: string; readonly onStep: CreateBackupOptions['onStep'] },
): readonly string[] {
  const paths = dataPaths(dataDir);
  const names: string[] = [];
  const add = (name: string, copy: (to: string) => void): void => {
    const to = join(folder, name);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    copy(to);
    names.push(name);
  };
  const addFile = (name: string, from: string): void => add(name, (to) => copyFileSync(from, to));
  addFile('config.toml', paths.config);
  const heads = anchorFilePath(dataDir, config);
  // Heads that are kept elsewhere are kept there so that nobody can set them back.
  if (!relative(dataDir, heads).startsWith('..') && existsSync(heads)) addFile(AUDIT_HEADS, heads);
  onStep('Copying the database');
  add(DATABASE, (to) => copyDatabase(databasePath(dataDir, config), to, createdAt, databaseSettings(config)));
  onStep('Copying the keys');
  for (const inner of ['', 'archived', 'backups', 'discarded']) {
    for (const file of unlessMissing(() => readdirSync(join(paths.keystore, inner)), [])) {
      const name = ['keystore', inner, file].filter((part) => part !== '').join('/');
      if (isBackupEntry(name)) addFile(name, join(paths.keystore, inner, file));
    }
  }
  return names;
}

/** Gives the archive its name, which nothing else may have. */
function place(archive: string, target: string): void {
  try {
    linkSync(archive, target);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) throw exists(target);
    // A filesystem without links.
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error;
    copyFileSync(archive, target);
  }
  syncDirectory(dirname(target));
}

function prune(folder: string, keep: number): readonly string[] {
  const old = listBackups(folder).slice(keep);
  for (const { path } of old) rmSync(path, { force: true });
  return old.map(({ path }) => path);
}
