import { timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { isSystemError } from '../system-error.ts';

const FORM = /^[0-9a-f]{64}$/;

/**
 * Whether whoever shows a proof can write into the data directory, which only the user of the daemon can: the command on
 * this machine puts a random text into a file there and shows the same text (00 §3, "Kill switch without an owner"). There
 * is no implicit trust of local callers. Each file is good for one look, whatever it finds.
 */
export function checkLocalProof(path: string, shown: string | undefined): boolean {
  if (shown === undefined || !FORM.test(shown)) return false;
  try {
    const { uid, mode } = lstatSync(path);
    const isOurs = lstatSync(path).isFile() && (process.getuid === undefined || uid === process.getuid());
    const written = isOurs && (mode & 0o077) === 0 ? readFileSync(path, 'utf8') : '';
    rmSync(path);
    return FORM.test(written) && timingSafeEqual(Buffer.from(written), Buffer.from(shown));
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}
