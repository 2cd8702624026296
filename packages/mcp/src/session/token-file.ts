import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError, checkToken } from '../config.ts';
import { crypto } from '../crypto.ts';

/** The file that holds the session token of an agent, and nothing else. */
export interface TokenFile {
  /** The token. @throws ConfigError, without a word of what the file holds */
  read(): string;
  /**
   * Puts another token into the file: whoever reads it, or a crash at any moment, finds the old one or the new one.
   * @throws ConfigError when it cannot be written
   */
  replace(token: string): void;
}

/** What the system said, without the path, which the caller names. */
const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';

/** A token file by its path. Nothing is read yet. */
export const tokenFile = (path: string): TokenFile => ({
  read() {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw new ConfigError(`The file ${path} cannot be read (${systemCode(error)}).`);
    }
    return checkToken(text.trim(), `The file ${path} does not hold`);
  },

  replace(token) {
    try {
      // A link stays a link: the file it leads to is replaced.
      replaceFile(realpathSync(path), `${token}\n`);
    } catch (error) {
      throw new ConfigError(`The file ${path} cannot be written (${systemCode(error)}).`);
    }
  },
});

function replaceFile(path: string, text: string): void {
  const next = join(dirname(path), `.${basename(path)}.${crypto().randomBytes(6).toString('hex')}.tmp`);
  const handle = openSync(next, 'wx', 0o600);
  try {
    try {
      const bytes = Buffer.from(text, 'utf8');
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
