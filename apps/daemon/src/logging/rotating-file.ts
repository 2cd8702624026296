import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError, unlessMissing } from '../system-error.ts';

/** When a log file is rotated and how much is kept. */
export interface Rotation {
  /** Bytes after which a new file is begun. */
  readonly maxBytes: number;
  /** Rotated files kept beside the current one: `daemon.log.1` is the youngest. */
  readonly maxFiles: number;
}

/** A log file that never grows beyond its bound. */
export interface RotatingFile {
  /** Appends a line. Never throws: a full disk must not stop the daemon. Lines that could not be written are counted. */
  write(line: string): void;
  setRotation(rotation: Rotation): void;
  close(): void;
}

interface Open {
  readonly handle: number;
  /** Pipes and terminals (`/dev/stdout`) are not rotated. */
  readonly regular: boolean;
  size: number;
}

function open(path: string): Open {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const handle = openSync(path, 'a', 0o644);
  const stats = fstatSync(handle);
  // Readable for log collectors whatever the umask; the directory around it is private (01 §1.2).
  if (stats.isFile()) fchmodSync(handle, 0o644);
  return { handle, regular: stats.isFile(), size: stats.size };
}

function shift(path: string, maxFiles: number): void {
  const remove = (index: number): boolean =>
    unlessMissing(() => {
      rmSync(`${path}.${index}`);
      return true;
    }, false);
  // The bound may have been higher once, so everything from it on goes.
  for (let index = maxFiles; remove(index); index++);
  for (let index = maxFiles - 1; index >= 1; index--) {
    unlessMissing(() => renameSync(`${path}.${index}`, `${path}.${index + 1}`), undefined);
  }
  unlessMissing(() => renameSync(path, `${path}.1`), undefined);
}

/**
 * Opens a log file, 0644. Lines are written synchronously, so that those before a crash are in the file.
 * @throws when it cannot be opened at the start
 */
export function openRotatingFile(path: string, rotation: Rotation): RotatingFile {
  let limits = rotation;
  let lost = 0;
  let file: Open | null = open(path);

  const attempt = (text: string): void => {
    const bytes = Buffer.from(text, 'utf8');
    if (file?.regular && file.size > 0 && file.size + bytes.length > limits.maxBytes) {
      closeSync(file.handle);
      file = null;
      shift(path, limits.maxFiles);
    }
    file ??= open(path);
    for (let done = 0; done < bytes.length; ) done += writeSync(file.handle, bytes, done);
    file.size += bytes.length;
  };

  return {
    write(line) {
      try {
        const notice = lost === 0 ? '' : `{"level":40,"msg":"${lost} log lines could not be written"}\n`;
        attempt(notice + line);
        lost = 0;
      } catch (error) {
        if (!isSystemError(error)) throw error;
        lost += 1;
      }
    },
    setRotation(next) {
      limits = next;
    },
    close() {
      if (file !== null) closeSync(file.handle);
      file = null;
    },
  };
}
