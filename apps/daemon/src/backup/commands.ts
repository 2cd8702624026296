import type { CreateBackupOptions, CreatedBackup } from './create-backup.ts';
import type { RestoredBackup, RestoreOptions } from './restore-backup.ts';

/** Makes a backup; see `createBackup`. */
export type CreateBackup = (options: CreateBackupOptions) => Promise<CreatedBackup>;
/** Puts a backup back; see `restoreBackup`. */
export type RestoreBackup = (options: RestoreOptions) => Promise<RestoredBackup>;
