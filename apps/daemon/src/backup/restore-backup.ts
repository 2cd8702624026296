import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type Clock, isoTime, killSwitchStatusSchema, type Logger, systemClock } from '@waiaas/core';
import { createKeystore, KeystoreError } from '@waiaas/keystore';
import { examineDatabase, listAgents, openForReading, readState } from '@waiaas/storage';
import { type Config, ConfigError, loadConfig } from '../config/index.ts';
import {
  anchorFilePath,
  databasePath,
  dataPaths,
  ensurePrivateDirectories,
  ensurePrivateDirectory,
  verifyDataDir,
  writeFileAtomically,
} from '../data-dir/index.ts';
import { EXIT } from '../exit-codes.ts';
import { commitStage, createStage, discardStages, finishReadyStages, guardInit } from '../init/index.ts';
import { acquireLock } from '../instance/index.ts';
import { argon2Of } from '../runtime/initialise.ts';
import { BackupError } from './backup-error.ts';
import { leaveNote } from './command-notes.ts';
import { AUDIT_HEADS, DATABASE, MANIFEST } from './manifest.ts';
import { readArchive } from './read-archive.ts';

/** Which backup is to be put back, and where. */
export interface RestoreOptions {
  readonly dataDir: string;
  readonly archive: string;
  /** Whether a data directory that is in use may be replaced; what was there is kept in `backups/`. */
  readonly force: boolean;
  readonly home: string;
  readonly clock: Clock;
  /** Last word of the person before an existing directory is replaced; asked only with force. */
  readonly confirmReplace: () => Promise<boolean>;
  /** Told what is being done. */
  readonly onStep: (text: string) => void;
}

/** What was put back. */
export interface RestoredBackup {
  /** When the backup was made, ISO 8601. */
  readonly createdAt: string;
  readonly agents: number;
  /** Where what was there before is kept; null when nothing was. */
  readonly replaced: string | null;
  readonly warnings: readonly string[];
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Puts a backup back as a whole, or changes nothing (01 §3.10). The daemon must be stopped. Everything is unpacked beside
 * the present state and checked first; then the two are exchanged as `init --force` does, so that a run that is killed is
 * finished by the next command and nothing is destroyed.
 *
 * A backup is an earlier state: a session that was revoked since, and may be in a thief's hands, would live again. So the
 * secret of session tokens is made anew, which ends every session; a kill switch that is engaged now is not lifted; and the
 * note that is left has the next start engage it, until a recovery (08 §2.7.4).
 *
 * @throws BackupError, InitError, ConfigError, DataDirError
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredBackup> {
  const { dataDir, force, home } = options;
  guardInit(dataDir, force, home);
  if (!existsSync(options.archive)) {
    throw new BackupError('BACKUP_NOT_FOUND', `There is no file ${options.archive}.`, {
      hint: 'See "waiaas backup list".',
    });
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = acquireLock(dataPaths(dataDir).lock);
  if (lock === null) {
    throw new BackupError('ALREADY_RUNNING', `A daemon is using ${dataDir}.`, {
      exitCode: EXIT.ALREADY_RUNNING,
      hint: 'Stop it first: "waiaas stop".',
    });
  }
  try {
    finishReadyStages(dataDir);
    discardStages(dataDir);
    guardInit(dataDir, force, home);
    await refuseWhileLocked(dataDir);
    return await exchange(options);
  } finally {
    lock.release();
  }
}

async function exchange(options: RestoreOptions): Promise<RestoredBackup> {
  const { dataDir, archive, clock, onStep } = options;
  const stage = createStage(dataDir);
  try {
    onStep('Unpacking');
    const { createdAt } = await readArchive(archive, stage);
    rmSync(join(stage, MANIFEST));
    const warnings = [...renewSecret(join(stage, 'config.toml'))];
    const config = configOf(stage, archive);
    moveInto(stage, DATABASE, databasePath(stage, config), archive);
    // One made before there were any heads puts none back: those of later days would speak against it at every start.
    const heads = anchorFilePath(stage, config);
    if (isInside(stage, heads)) writeFileSync(join(stage, AUDIT_HEADS), '', { flag: 'a', mode: 0o600 });
    if (existsSync(join(stage, AUDIT_HEADS))) moveInto(stage, AUDIT_HEADS, heads, archive);
    onStep('Checking database and keys');
    const checked = await check(stage, config, archive);
    warnings.push(...checked.warnings, ...verifyDataDir(stage));
    if (options.force && existsSync(dataPaths(dataDir).config) && !(await options.confirmReplace())) {
      throw new BackupError('CANCELLED', 'Nothing was changed.');
    }
    leaveNote(stage, {
      event: 'BACKUP_RESTORED',
      at: isoTime(clock.now()),
      backupOf: createdAt,
      agents: checked.agents,
      replaced: existsSync(dataPaths(dataDir).config),
    });
    ensurePrivateDirectory(dataDir);
    ensurePrivateDirectories(dataDir, ['logs', 'backups']);
    onStep('Putting it in place');
    const replaced = commitStage(dataDir, stage, clock);
    return { createdAt, agents: checked.agents, replaced, warnings };
  } catch (error) {
    discardStages(dataDir);
    throw error;
  }
}

/** A kill switch that is engaged is lifted by its own means only: an older database does not know of it. */
async function refuseWhileLocked(dataDir: string): Promise<void> {
  if (!existsSync(dataPaths(dataDir).config)) return;
  const { config } = loadConfig({ dataDir, env: {}, secretRequired: false });
  const path = databasePath(dataDir, config);
  if (!existsSync(path)) return;
  // A database that cannot be read any more is what backups are for.
  const status = await readingIfPossible(path, (read) => readState(read, 'kill_switch_status'));
  const known = killSwitchStatusSchema.safeParse(status);
  if (!known.success || known.data === 'NORMAL') return;
  throw new BackupError(
    'KILL_SWITCH_ACTIVE',
    'The kill switch is engaged. It is lifted by the owner and the password of today, not by those of a backup.',
    {
      hint: 'Start the daemon and recover first: "waiaas recover".',
    },
  );
}

async function readingIfPossible<T>(
  path: string,
  use: (read: ReturnType<typeof openForReading>['read']) => Promise<T>,
): Promise<T | undefined> {
  let storage: ReturnType<typeof openForReading>;
  try {
    storage = openForReading({ path });
  } catch {
    return undefined;
  }
  try {
    return await use(storage.read);
  } finally {
    storage.close();
  }
}

const SECRET_LINE = /^(\s*jwt_secret\s*=\s*)(?:"[^"\n]*"|'[^'\n]*')/gm;

/** Replaces the secret of session tokens in a config.toml; answers what is to be said when it is kept elsewhere. */
function renewSecret(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const renewed = text.replaceAll(SECRET_LINE, (_line, name: string) => `${name}"${randomBytes(32).toString('hex')}"`);
  if (renewed === text) {
    return [
      'The secret of session tokens is not in config.toml: change it where it is kept, so that no session revoked since lives again.',
    ];
  }
  writeFileAtomically(path, renewed);
  return [];
}

const unfit = (archive: string, what: string, cause?: unknown): BackupError =>
  new BackupError('BACKUP_UNFIT', `${archive} cannot be put back: ${what}.`, {
    hint: 'Nothing was changed. Use another backup: "waiaas backup list".',
    cause,
  });

function configOf(stage: string, archive: string): Config {
  try {
    return loadConfig({ dataDir: stage, env: {}, secretRequired: false }).config;
  } catch (error) {
    if (error instanceof ConfigError) throw unfit(archive, `its settings are not valid: ${error.message}`, error);
    throw error;
  }
}

function isInside(stage: string, target: string): boolean {
  const inside = relative(stage, resolve(target));
  return !inside.startsWith('..') && !isAbsolute(inside);
}

function moveInto(stage: string, name: string, target: string, archive: string): void {
  if (!isInside(stage, target)) {
    throw unfit(archive, `its settings keep ${name} outside the data directory; unpack it by hand`);
  }
  const from = join(stage, name);
  if (!existsSync(from)) throw unfit(archive, `${name} is missing`);
  if (from === target) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  renameSync(from, target);
}

/** Whether what was unpacked is a data directory that a daemon could start on. */
async function check(stage: string, config: Config, archive: string) {
  const path = databasePath(stage, config);
  const { schemaVersion, newestSchema, damage } = examineDatabase(path);
  if (schemaVersion > newestSchema) {
    throw unfit(archive, `its database has schema ${schemaVersion}, and this version knows up to ${newestSchema}`);
  }
  if (damage.length > 0) throw unfit(archive, `its database is damaged (${damage[0]})`);
  const keys = await keysOf(stage, config, archive);
  if (schemaVersion < newestSchema) return { agents: keys.size, warnings: [] };
  const storage = openForReading({ path });
  try {
    const agents = await listAgents(storage.read);
    const warnings: string[] = [];
    for (const agent of agents) {
      // The key of an agent that has ended is put away.
      if (agent.status === 'TERMINATED') continue;
      const key = keys.get(agent.id);
      if (key === undefined) warnings.push(`The key of agent ${agent.name} (${agent.id}) is not in the backup.`);
      else if (key !== agent.public_key) throw unfit(archive, `the key of agent ${agent.id} is of another wallet`);
    }
    return { agents: agents.length, warnings };
  } finally {
    storage.close();
  }
}

async function keysOf(stage: string, config: Config, archive: string): Promise<ReadonlyMap<string, string>> {
  const { keystore } = createKeystore({
    directory: dataPaths(stage).keystore,
    clock: systemClock,
    logger: silent,
    argon2: argon2Of(config),
  });
  try {
    if (!(await keystore.isInitialised())) throw unfit(archive, 'its vault is missing');
    return new Map((await keystore.listKeyFiles()).map(({ agentId, publicKey }) => [agentId, publicKey]));
  } catch (error) {
    if (error instanceof KeystoreError) throw unfit(archive, `its keystore is damaged: ${error.message}`, error);
    throw error;
  }
}
