export { BackupError } from './backup-error.ts';
export { type BackupFile, listBackups } from './backup-files.ts';
export { type CreateBackupOptions, type CreatedBackup, createBackup } from './create-backup.ts';
export { type RestoredBackup, type RestoreOptions, restoreBackup } from './restore-backup.ts';
