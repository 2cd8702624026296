import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isSystemError, unlessMissing } from '../system-error.ts';
import { DataDirError } from './data-dir-error.ts';
import { remoteFilesystem } from './filesystem.ts';
import { COMMAND_NOTES, DATA_DIRECTORIES } from './layout.ts';

const ROOT_FILES = ['config.toml', 'daemon.pid', 'daemon.lock', 'daemon.json'];

/** Widest mode an entry may have: directories 0700, files 0600; log files and the PID file may be read (01 §1.2). */
const widest = (path: string, stats: Stats): number =>
  stats.isDirectory() ? 0o700 : path === 'daemon.pid' || path.startsWith('logs/') ? 0o644 : 0o600;

/**
 * Checks a data directory and everything of ours in it, and takes away rights of others that a backup tool, a copy or a
 * careless hand gave them.
 *
 * @param options.repair false: only told, for whoever looks and must not touch
 * @returns what was found and repaired, one line each
 * @throws DataDirError when an entry is a symbolic link: it would let someone redirect where keys are written
 */
export function verifyDataDir(dataDir: string, { repair = true } = {}): readonly string[] {
  const warnings: string[] = [];
  const check = (path: string): void => {
    const full = join(dataDir, path);
    const stats = unlessMissing(() => lstatSync(full), null);
    if (stats === null) return;
    if (stats.isSymbolicLink()) {
      throw new DataDirError(`${full} is a symbolic link. Put the real file or directory there.`);
    }
    narrow(full, stats, widest(path, stats), { repair, warnings });
    if (stats.isDirectory() && path !== '') for (const name of readdirSync(full)) check(`${path}/${name}`);
  };
  for (const path of ['', ...ROOT_FILES, ...DATA_DIRECTORIES, COMMAND_NOTES]) check(path);
  const remote = remoteFilesystem(dataDir);
  if (remote !== null)
    warnings.push(`${dataDir} is on a network filesystem (${remote}): the database is not safe there.`);
  return warnings;
}

function narrow(
  path: string,
  stats: Stats,
  allowed: number,
  { repair, warnings }: { readonly repair: boolean; readonly warnings: string[] },
): void {
  if (process.platform === 'win32' || !(stats.isDirectory() || stats.isFile())) return;
  const mode = stats.mode & 0o777;
  const narrowed = mode & allowed;
  if (narrowed === mode) return;
  const octal = (value: number): string => value.toString(8).padStart(4, '0');
  if (!repair) {
    warnings.push(`${path} has mode ${octal(mode)}, which others can use.`);
    return;
  }
  try {
    chmodSync(path, narrowed);
    warnings.push(`${path} had mode ${octal(mode)}, which others could use; it is ${octal(narrowed)} now.`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    warnings.push(`${path} has mode ${octal(mode)}, which others can use, and it cannot be changed (${error.code}).`);
  }
}
