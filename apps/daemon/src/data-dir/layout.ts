import { join, resolve } from 'node:path';
import type { Config } from '../config/index.ts';

/** Directories of a data directory, all 0700 (01 §1.2). */
export const DATA_DIRECTORIES = ['data', 'keystore', 'logs', 'backups'] as const;

/** Made when it is needed. */
export const COMMAND_NOTES = 'command-notes';

/** The files of a data directory (01 §1.2). */
export interface DataPaths {
  readonly root: string;
  readonly config: string;
  readonly keystore: string;
  readonly backups: string;
  /** What commands without keys have done, for the daemon to put on record. */
  readonly commandNotes: string;
  /** Secrets that session tokens are signed with, once they have been rotated. */
  readonly tokenSecrets: string;
  /** Held, as an operating-system lock, by the one daemon of this directory. */
  readonly lock: string;
  /** Written by the command that recovers without an owner, read once by the daemon. */
  readonly localProof: string;
  /** Who the running daemon is, beyond its number: see `RunRecord`. */
  readonly runRecord: string;
}

/** Paths that no setting moves. */
export const dataPaths = (dataDir: string): DataPaths => ({
  root: dataDir,
  config: join(dataDir, 'config.toml'),
  keystore: join(dataDir, 'keystore'),
  backups: join(dataDir, 'backups'),
  commandNotes: join(dataDir, COMMAND_NOTES),
  tokenSecrets: join(dataDir, 'token-secrets.json'),
  lock: join(dataDir, 'daemon.lock'),
  localProof: join(dataDir, 'local-proof'),
  runRecord: join(dataDir, 'daemon.json'),
});

/** The PID file, which `[daemon].pid_file` may move. */
export const pidFilePath = (dataDir: string, config: Config): string => resolve(dataDir, config.daemon.pid_file);
/** The log file, which `[daemon].log_file` may move. */
export const logFilePath = (dataDir: string, config: Config): string => resolve(dataDir, config.daemon.log_file);
/** The database, which `[database].path` may move. */
export const databasePath = (dataDir: string, config: Config): string => resolve(dataDir, config.database.path);
/** The heads of the audit log, which `[security.audit].anchor_file` may move. */
export const anchorFilePath = (dataDir: string, config: Config): string =>
  resolve(dataDir, config.security.audit.anchor_file);
