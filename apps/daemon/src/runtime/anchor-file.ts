import { mkdir, open, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { AnchorStore } from '@waiaas/safety';
import { isSystemError } from '../system-error.ts';

/**
 * The file that heads of the audit log are appended to. Each line is on disk before it counts as kept. What is there is
 * never rewritten, so the file may be one that can only be appended to.
 */
export const createAnchorFile = (path: string): AnchorStore => ({
  name: basename(path),
  async read() {
    try {
      return await readFile(path, 'utf8');
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
