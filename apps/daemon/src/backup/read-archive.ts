import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';
import { isSystemError } from '../system-error.ts';
import { BackupError } from './backup-error.ts';
import { type BackupManifest, isBackupEntry, MANIFEST, manifestSchema } from './manifest.ts';
import { fingerprint } from './write-archive.ts';

/** Far above what a manifest of a hundred thousand keys needs. */
const MANIFEST_MAX = 64 * 1024 * 1024;

const refused = (message: string, cause?: unknown): BackupError =>
  new BackupError('BACKUP_UNREADABLE', message, {
    hint: 'Nothing was changed. Use another backup: "waiaas backup list".',
    cause,
  });

/**
 * Unpacks an archive into an empty directory and compares it with its manifest. Only plain files with names that a backup
 * has are taken; a link, another place, a second file of a name or anything else ends it.
 *
 * @throws BackupError BACKUP_UNREADABLE
 */
export async function readArchive(path: string, into: string): Promise<BackupManifest> {
  const found = new Set<string>();
  const strange: string[] = [];
  try {
    await extract({
      file: path,
      cwd: into,
      strict: true,
      noMtime: true,
      chmod: true,
      fmode: 0o600,
      dmode: 0o700,
      filter(name, entry) {
        const isFile = 'type' in entry && (entry.type === 'File' || entry.type === 'OldFile');
        if (isFile && !found.has(name) && (name === MANIFEST || isBackupEntry(name))) {
          found.add(name);
          return true;
        }
        strange.push(name);
        return false;
      },
    });
  } catch (error) {
    // Of the system: the disk is full, the file is not ours to read.
    if (isSystemError(error) && !/^(?:TAR_|Z_|ERR_)/.test(error.code)) throw error;
    throw refused(`${path} is no backup, or only a part of one.`, error);
  }
  if (strange[0] !== undefined) throw refused(`${path} holds ${JSON.stringify(strange[0])}, which no backup has.`);
  if (!found.delete(MANIFEST)) throw refused(`${path} has no manifest: it is only a part of a backup, or none.`);
  const manifest = readManifest(path, join(into, MANIFEST));
  await compare(path, { into, manifest, found });
  return manifest;
}

function readManifest(path: string, file: string): BackupManifest {
  if (statSync(file).size > MANIFEST_MAX) throw refused(`The manifest of ${path} is too large.`);
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw refused(`The manifest of ${path} cannot be read, or a newer version wrote it.`, error);
  }
}

async function compare(
  path: string,
  {
    into,
    manifest,
    found,
  }: { readonly into: string; readonly manifest: BackupManifest; readonly found: ReadonlySet<string> },
): Promise<void> {
  for (const [name, expected] of Object.entries(manifest.files)) {
    if (!found.has(name)) throw refused(`${name} is missing in ${path}.`);
    const { size, sha256 } = await fingerprint(join(into, name));
    if (size !== expected.size || sha256 !== expected.sha256) {
      throw refused(`${name} in ${path} is not what was backed up.`);
    }
  }
  for (const name of found) {
    if (!Object.hasOwn(manifest.files, name)) throw refused(`${path} holds ${name}, which its manifest does not name.`);
  }
}
