import { createHash } from 'node:crypto';
import { chmodSync, closeSync, createReadStream, fsyncSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from 'tar';
import { VERSION } from '../version.ts';
import { type BackupManifest, MANIFEST } from './manifest.ts';

/** What a file comes to. */
export interface Fingerprint {
  readonly size: number;
  readonly sha256: string;
}

/** Size and hash of a file. */
export async function fingerprint(path: string): Promise<Fingerprint> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return { size: statSync(path).size, sha256: hash.digest('hex') };
}

/**
 * Writes files and their manifest into an archive, readable for its owner only, and makes it durable.
 *
 * @param folder holds the files under the names that they have in the archive; the manifest is written into it
 * @param target must not exist
 */
export async function writeArchive(
  target: string,
  {
    folder,
    names,
    createdAt,
    onStep,
  }: {
    readonly folder: string;
    readonly names: readonly string[];
    readonly createdAt: string;
    readonly onStep: (text: string) => void;
  },
): Promise<void> {
  const files: Record<string, Fingerprint> = {};
  for (const [index, name] of names.entries()) {
    onStep(`Reading file ${index + 1} of ${names.length}`);
    files[name] = await fingerprint(join(folder, name));
  }
  onStep('Compressing');
  const manifest: BackupManifest = { format: 'waiaas-backup', version: 1, createdAt, madeBy: VERSION, files };
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  // Made before it is written to, so that there is no moment at which others may read it.
  const handle = openSync(target, 'wx', 0o600);
  try {
    // One date for all: when the manifest was written on this disk says nothing.
    const mtime = new Date(createdAt);
    await create({ file: target, cwd: folder, gzip: true, portable: true, strict: true, mtime }, [MANIFEST, ...names]);
    chmodSync(target, 0o600);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
