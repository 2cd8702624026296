import type { RunningDaemon } from '../daemon-options.ts';
import {
  createPidFile,
  findDaemon,
  type InstanceFiles,
  processStamp,
  removePidFile,
  removeRunRecord,
  removeStaleFiles,
  writeRunRecord,
} from '../instance/index.ts';
import type { DaemonLogger } from '../logging/index.ts';
import { isSystemError } from '../system-error.ts';

/** Whether a daemon that listens could make itself known. */
export type Announced = { readonly ok: true } | { readonly ok: false; readonly competitor: number };

/**
 * Writes the run record and the PID file (01 §4.1 step 7). A file that a dead process left is replaced; a live one's means
 * that another daemon uses the same PID file. A file that cannot be written at all is only warned about.
 */
export function announce(
  daemon: Pick<RunningDaemon, 'pid' | 'port'>,
  files: InstanceFiles,
  logger: DaemonLogger,
): Announced {
  const { pid, port } = daemon;
  try {
    for (;;) {
      const found = findDaemon(files);
      if (found.state === 'running') return { ok: false, competitor: found.pid };
      if (found.state === 'stale') removeStaleFiles(files, found.pid);
      writeRunRecord(files.runRecord, { pid, port, stamp: processStamp(pid) });
      if (createPidFile(files.pidFile, pid)) return { ok: true };
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    logger.warn(
      { pidFile: files.pidFile, reason: error.code },
      'The PID file cannot be written; "waiaas stop" will not find this daemon',
    );
    return { ok: true };
  }
}

/** Takes both back (01 §4.2 step 10). */
export function withdraw(pid: number, files: InstanceFiles, logger: DaemonLogger): void {
  try {
    removePidFile(files.pidFile, pid);
    removeRunRecord(files.runRecord, pid);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    logger.warn({ pidFile: files.pidFile, reason: error.code }, 'The PID file cannot be removed');
  }
}
