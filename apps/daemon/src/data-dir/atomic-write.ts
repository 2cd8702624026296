import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSystemError } from '../system-error.ts';

const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Makes the entries of a directory durable. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } catch (error) {
    // Some network filesystems cannot sync a directory; there is nothing better to do about it.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes a file so that a reader, or a crash at any moment, finds the old content or the new one, never a part: private
 * temporary file in the same directory, fsync, rename over the target, fsync of the directory (01 §3.4).
 *
 * @param owner whose it is to be; default: of whoever writes it. Only root gives files away
 */
export function writeFileAtomically(
  path: string,
  content: string,
  mode = 0o600,
  owner?: { readonly uid: number; readonly gid: number },
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const handle = openSync(temporary, 'wx', 0o600);
  try {
    try {
      const bytes = Buffer.from(content, 'utf8');
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
      fchmodSync(handle, mode);
      if (owner !== undefined) fchownSync(handle, owner.uid, owner.gid);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Removes what an atomic write left behind when the process was killed in the middle of it. */
export function removeStaleTemporaries(directory: string): void {
  for (const name of readdirSync(directory)) if (TEMPORARY.test(name)) rmSync(join(directory, name), { force: true });
}
