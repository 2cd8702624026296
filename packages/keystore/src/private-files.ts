import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FileSystem, hasErrno } from './file-system.ts';
import { KeystoreError } from './keystore-error.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const OTHERS = 0o077;
/** Far above any file of the keystore; a planted giant is not read into memory. */
const MAX_FILE_SIZE = 16_384;

const TEMPORARY = /^\..+\.[0-9a-f]{16}\.tmp$/;
const temporaryName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);

/** Opens, hands over and closes, whatever happens in between. */
async function withFile<T>(
  fs: FileSystem,
  path: string,
  flags: number,
  use: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = await fs.open(path, flags, FILE_MODE);
  try {
    return await use(descriptor);
  } finally {
    await fs.close(descriptor);
  }
}

/** Makes what happened to the names in a folder last through a loss of power. */
export const syncDirectory = (fs: FileSystem, directory: string): Promise<void> =>
  withFile(fs, directory, constants.O_RDONLY | constants.O_DIRECTORY, (descriptor) => fs.sync(descriptor));

/** Makes a folder that is open to nobody else, or closes one that was, whatever the umask (01 §7 no. 5). */
export async function makePrivateDirectory(fs: FileSystem, directory: string): Promise<void> {
  const isNew = await fs.makeDirectory(directory, DIRECTORY_MODE);
  await withFile(fs, directory, constants.O_RDONLY | constants.O_DIRECTORY, (descriptor) =>
    fs.setMode(descriptor, DIRECTORY_MODE),
  );
  if (isNew) await syncDirectory(fs, dirname(directory));
}

/** A file's text, and whether others could read or write it before this call shut them out. */
export interface PrivateFile {
  readonly text: string;
  readonly wasExposed: boolean;
}

/**
 * Reads a file of the keystore. Links, pipes and giants are refused: whoever can plant a name in the folder gains
 * nothing and can hold up nothing.
 * @throws KeystoreError CORRUPT for anything that is not a plain, small file; Node's error when it cannot be read
 */
export async function readPrivateFile(fs: FileSystem, path: string): Promise<PrivateFile> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await withFile(fs, path, flags, async (descriptor) => {
      const { isFile, size, mode } = await fs.status(descriptor);
      if (!isFile || size > MAX_FILE_SIZE) throw new KeystoreError('CORRUPT', 'not a key file', basename(path));
      const wasExposed = (mode & OTHERS) !== 0;
      if (wasExposed) await fs.setMode(descriptor, FILE_MODE);
      const bytes = Buffer.alloc(size);
      let length = 0;
      while (length < size) {
        const count = await fs.read(descriptor, bytes.subarray(length));
        if (count === 0) break;
        length += count;
      }
      return { text: bytes.toString('utf8', 0, length), wasExposed };
    });
  } catch (error) {
    if (hasErrno(error, 'ELOOP')) throw new KeystoreError('CORRUPT', 'not a key file', basename(path));
    throw error;
  }
}

/**
 * Writes a file so that after a crash at any moment either nothing or all of it is there: temporary file, opened
 * exclusively, synced, then given its name, then the folder synced (01 §3.4).
 */
async function writeAtomically(
  fs: FileSystem,
  path: string,
  text: string,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await withFile(fs, temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async (descriptor) => {
      // A umask can take even the owner's bits away.
      await fs.setMode(descriptor, FILE_MODE);
      let rest: Uint8Array = Buffer.from(text);
      while (rest.length > 0) rest = rest.subarray(await fs.write(descriptor, rest));
      await fs.sync(descriptor);
    });
    await publish(temporary);
  } catch (error) {
    try {
      await removeIfPresent(fs, temporary);
    } catch (cleanUpError) {
      throw new AggregateError([error, cleanUpError], 'A file could neither be written nor cleaned up');
    }
    throw error;
  }
  await syncDirectory(fs, dirname(path));
}

async function removeIfPresent(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

/** Writes a file whose name must be free. @throws Node's error EEXIST when it is not; the file there is untouched */
export const createPrivateFile = (fs: FileSystem, path: string, text: string): Promise<void> =>
  writeAtomically(fs, path, text, async (temporary) => {
    // A link, unlike a rename, never replaces what is there.
    await fs.link(temporary, path);
    await fs.unlink(temporary);
  });

/** Writes a file in the place of the one of that name; the new one is 0600 whatever the old one was. */
export const replacePrivateFile = (fs: FileSystem, path: string, text: string): Promise<void> =>
  writeAtomically(fs, path, text, (temporary) => fs.rename(temporary, path));

/** Moves a file to another folder; the move lasts through a loss of power. */
export async function moveFile(fs: FileSystem, from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  await syncDirectory(fs, dirname(to));
  await syncDirectory(fs, dirname(from));
}

/** Removes what crashes left half-written in a folder. Only while nothing is being written to it. */
export async function removeStaleTemporaries(fs: FileSystem, directory: string): Promise<void> {
  for (const name of await fs.list(directory)) {
    if (TEMPORARY.test(name)) await removeIfPresent(fs, join(directory, name));
  }
}
