import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unlessMissing } from '../system-error.ts';
import { DataDirError } from './data-dir-error.ts';

/** Makes a directory private, creating it where needed. A link or a file in its place is refused. */
export function ensurePrivateDirectory(path: string): void {
  const there = unlessMissing(() => lstatSync(path), null);
  if (there?.isSymbolicLink()) throw new DataDirError(`${path} is a symbolic link. Give the real directory instead.`);
  if (there !== null && !there.isDirectory()) throw new DataDirError(`${path} is not a directory.`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // mkdir leaves an existing directory as it is, and the umask may have taken rights of ours away.
  chmodSync(path, 0o700);
}

/** Creates directories below an existing one. */
export const ensurePrivateDirectories = (parent: string, names: readonly string[]): void => {
  for (const name of names) ensurePrivateDirectory(join(parent, name));
};
