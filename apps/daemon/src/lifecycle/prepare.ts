import { lstatSync } from 'node:fs';
import { type Config, type ConfigFlags, configSecrets, loadConfig, parseLogSize } from '../config/index.ts';
import { StartFailure } from '../daemon-options.ts';
import {
  dataPaths,
  logFilePath,
  pidFilePath,
  removeStaleTemporaries,
  restrictUmask,
  verifyDataDir,
} from '../data-dir/index.ts';
import { EXIT } from '../exit-codes.ts';
import { finishReadyStages, hasReadyStage } from '../init/index.ts';
import { acquireLock, type DataDirLock, findDaemon, type InstanceFiles, removeStaleFiles } from '../instance/index.ts';
import { createLogger, type DaemonLogger, type Rotation } from '../logging/index.ts';
import { unlessMissing } from '../system-error.ts';

/** What a daemon process begins with. */
export interface PrepareOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: ConfigFlags;
  /** Where log lines go besides the file, in foreground. */
  readonly echo?: ((line: string) => void) | undefined;
}

/** A data directory that is this process's alone, and its log. */
export interface Prepared {
  readonly config: Config;
  readonly files: InstanceFiles;
  readonly logger: DaemonLogger;
  /** Ends the log and lets the directory go. */
  close(): void;
}

/** When the log is rotated, as configured. */
export const rotationOf = (config: Config): Rotation => ({
  // The configuration was checked; the default stands in only to satisfy the type.
  maxBytes: parseLogSize(config.daemon.log_max_size) ?? 52_428_800,
  maxFiles: config.daemon.log_max_files,
});

/** Files that tell about the daemon of a data directory. */
export const instanceFiles = (dataDir: string, config: Config): InstanceFiles => ({
  pidFile: pidFilePath(dataDir, config),
  runRecord: dataPaths(dataDir).runRecord,
});

const isThere = (path: string): boolean => unlessMissing(() => lstatSync(path).isFile(), false);

/** @throws StartFailure, exit code 3, when no init was ever completed here */
export function requireInitialised(dataDir: string): void {
  if (isThere(dataPaths(dataDir).config) || hasReadyStage(dataDir)) return;
  throw new StartFailure(`${dataDir} is not initialised.`, {
    exitCode: EXIT.NOT_RUNNING,
    code: 'NOT_INITIALIZED',
    hint: 'Run "waiaas init" first, or name another directory with --data-dir.',
  });
}

const alreadyRunning = (dataDir: string, pid: number | null): StartFailure =>
  new StartFailure(`A daemon is already running on ${dataDir}${pid === null ? '' : ` (PID ${pid})`}.`, {
    exitCode: EXIT.ALREADY_RUNNING,
    code: 'ALREADY_RUNNING',
    hint: 'Stop it with "waiaas stop", or use another --data-dir.',
  });

/**
 * Step 1 of the start (01 §4.1): makes sure of the directory, the configuration, that no other daemon is there, and of
 * the modes; opens the log. Nothing of the database or the keystore is touched before the lock is held.
 *
 * @throws StartFailure (3 not initialised, 2 already running), ConfigError, DataDirError
 */
export function prepareStart(options: PrepareOptions): Prepared {
  const { dataDir, env, flags } = options;
  restrictUmask();
  requireInitialised(dataDir);
  const lock = lockDataDir(options);
  try {
    finishReadyStages(dataDir);
    removeStaleTemporaries(dataDir);
    const { config, warnings } = loadConfig({ dataDir, env, flags });
    const files = instanceFiles(dataDir, config);
    const found = findDaemon(files);
    // With the lock in our hands nobody else is here; a live process can only be another directory's daemon that shares
    // the PID file.
    if (found.state === 'running') throw alreadyRunning(dataDir, found.pid);
    const repaired = verifyDataDir(dataDir);
    const logger = createLogger({
      file: logFilePath(dataDir, config),
      level: config.daemon.log_level,
      rotation: rotationOf(config),
      secrets: configSecrets(config),
      echo: options.echo,
    });
    for (const warning of [...warnings, ...repaired]) logger.warn({}, warning);
    if (found.state === 'stale') {
      removeStaleFiles(files, found.pid);
      logger.warn({ pid: found.pid }, 'Removed the PID file of a daemon that is gone');
    }
    return {
      config,
      files,
      logger,
      close() {
        lock.release();
        logger.close();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function lockDataDir({ dataDir, env, flags }: PrepareOptions): DataDirLock {
  const paths = dataPaths(dataDir);
  // A daemon that has come up tells of itself; that is answered without waiting for the lock.
  if (isThere(paths.config)) {
    const { config } = loadConfig({ dataDir, env, flags });
    const found = findDaemon(instanceFiles(dataDir, config));
    if (found.state === 'running') throw alreadyRunning(dataDir, found.pid);
  }
  const lock = acquireLock(paths.lock);
  if (lock === null) throw alreadyRunning(dataDir, null);
  return lock;
}
