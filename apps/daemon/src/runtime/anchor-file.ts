import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { AnchorStore } from '@waiaas/safety';
import { isSystemError } from '../system-error.ts';

/** The file of heads, which may have grown larger than anybody reads at a start: a line a minute, over years. */
export interface AnchorFile extends AnchorStore {
  /**
   * The end of it in whole lines, as much as it takes: a start needs the newest head only.
   * @param isEnough asked of ever longer ends; where none is enough, what is answered is all, or the longest there is
   */
  readEnd(isEnough: (text: string) => boolean): Promise<string>;
}

/** The shortest end that is read, and by how much it grows, bytes; and the longest, which a text can still hold. */
const SHORTEST = 65_536;
const GROWTH = 8;
const LONGEST = SHORTEST * GROWTH ** 4;

/**
 * The file that heads of the audit log are appended to. Each line is on disk before it counts as kept. What is there is
 * never rewritten, so the file may be one that can only be appended to.
 */
export const createAnchorFile = (path: string): AnchorFile => ({
  name: basename(path),
  async read() {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return '';
      throw error;
    }
  },
  async readEnd(isEnough) {
    try {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        for (let length = SHORTEST; ; length *= GROWTH) {
          const from = Math.max(0, size - length);
          const text = await readFrom(file, from, size - from);
          if (from === 0 || length >= LONGEST || isEnough(text)) return text;
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return '';
      throw error;
    }
  },
  async append(line) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(line);
      await file.datasync();
    } finally {
      await file.close();
    }
  },
});

/** What begins before `from` is no whole line. */
async function readFrom(file: FileHandle, from: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  const begin = from === 0 ? 0 : bytes.indexOf('\n') + 1;
  return bytes.toString('utf8', begin, done);
}
