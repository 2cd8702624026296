import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isSystemError, unlessMissing } from '../system-error.ts';

/** What a PID file says. */
export type PidFileContent =
  | { readonly state: 'absent' }
  /** There, but not a process id: empty, words, a number no process can have. */
  | { readonly state: 'garbage' }
  | { readonly state: 'pid'; readonly pid: number /** Epoch ms. */; readonly writtenAt: number };

const PID_MAX = 2 ** 31 - 1;

/** Reads a process id: digits, with at most one line end after them. Zero and huge numbers would address groups or nobody. */
export function parsePid(text: string): number | null {
  if (!/^[1-9][0-9]{0,9}\r?\n?$/.test(text)) return null;
  const pid = Number.parseInt(text, 10);
  return pid <= PID_MAX ? pid : null;
}

/** Reads a PID file. @throws when it is there but cannot be read. */
export function readPidFile(path: string): PidFileContent {
  const text = unlessMissing(() => readFileSync(path, 'utf8'), null);
  if (text === null) return { state: 'absent' };
  const pid = parsePid(text);
  const stats = unlessMissing(() => statSync(path), null);
  if (stats === null) return { state: 'absent' };
  return pid === null ? { state: 'garbage' } : { state: 'pid', pid, writtenAt: stats.mtimeMs };
}

/**
 * Writes a PID file: digits only, 0644, and only if there is none (01 §4.4). It appears with its content in one step,
 * so that nobody reads it half-written.
 *
 * @returns false when there is a file already
 */
export function createPidFile(path: string, pid: number): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  writeFileSync(temporary, String(pid), { flag: 'wx', mode: 0o644 });
  try {
    chmodSync(temporary, 0o644);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    // Filesystems without hard links: exclusive creation is all there is.
    if (isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return createDirectly(path, pid);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function createDirectly(path: string, pid: number): boolean {
  try {
    writeFileSync(path, String(pid), { flag: 'wx', mode: 0o644 });
    chmodSync(path, 0o644);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a PID file that still names this process; another one's is left alone. */
export function removePidFile(path: string, pid: number): void {
  const content = readPidFile(path);
  if (content.state === 'pid' && content.pid === pid) rmSync(path, { force: true });
}
