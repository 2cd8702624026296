import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unlessMissing } from '../system-error.ts';

/** Names of the archives that `backup create` makes in `backups/`. */
const NAME = /^backup-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z)\.tar\.gz$/;

/** The name of an archive that is made now. */
export const backupName = (time: string): string => `backup-${time.replaceAll(/[:.]/g, '-')}.tar.gz`;

/** An archive in `backups/`. */
export interface BackupFile {
  readonly path: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly sizeBytes: number;
}

/** The archives of a folder, newest first. */
export function listBackups(folder: string): readonly BackupFile[] {
  const found = unlessMissing(() => readdirSync(folder), []).flatMap((name) => {
    const stamp = NAME.exec(name)?.[1];
    if (stamp === undefined) return [];
    const path = join(folder, name);
    const stats = lstatSync(path);
    const createdAt = stamp.replace(/T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z$/, 'T$1:$2:$3.$4Z');
    return stats.isFile() ? [{ path, createdAt, sizeBytes: stats.size }] : [];
  });
  return found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}
