import { rmSync } from 'node:fs';
import { readPidFile, removePidFile } from './pid-file.ts';
import { isAlive, type Probe, processStamp, processStartTime } from './process-identity.ts';
import { readRunRecord, removeRunRecord } from './run-record.ts';

/** Files that tell about the daemon of a data directory. */
export interface InstanceFiles {
  readonly pidFile: string;
  readonly runRecord: string;
}

/** What the files, checked against the processes there are, say. */
export type DaemonState =
  | { readonly state: 'stopped' }
  /** A PID file without its daemon. */
  | { readonly state: 'stale' /** Null when it holds no process id. */; readonly pid: number | null }
  | { readonly state: 'running'; readonly pid: number /** Null when unknown. */; readonly port: number | null };

/** Clock ticks and file times are coarse; a process this much younger than the PID file's last write is another one. */
const TOLERANCE_MS = 2000;

/**
 * Looks for the daemon of a data directory. A live process that merely has the number of a daemon that was killed is
 * told apart by its boot and start time, or, where the daemon left no record of them, by having started after the PID
 * file was written; otherwise `stop` would kill a stranger (01 §4.4).
 */
export function findDaemon(files: InstanceFiles, probe?: Probe): DaemonState {
  const content = readPidFile(files.pidFile);
  if (content.state === 'absent') return { state: 'stopped' };
  if (content.state === 'garbage') return { state: 'stale', pid: null };
  const { pid, writtenAt } = content;
  if (pid === process.pid || !isAlive(pid, probe)) return { state: 'stale', pid };
  const record = readRunRecord(files.runRecord);
  const own = record?.pid === pid ? record : null;
  return isStranger(pid, own?.stamp ?? null, writtenAt)
    ? { state: 'stale', pid }
    : { state: 'running', pid, port: own?.port ?? null };
}

function isStranger(pid: number, stamp: string | null, writtenAt: number): boolean {
  const present = processStamp(pid);
  if (stamp !== null && present !== null) return stamp !== present;
  const started = processStartTime(pid);
  return started !== null && started > writtenAt + TOLERANCE_MS;
}

/** Removes the files of a daemon that is gone. A file that has come to name another process since is left alone. */
export function removeStaleFiles(files: InstanceFiles, pid: number | null): void {
  if (pid === null) {
    if (readPidFile(files.pidFile).state === 'garbage') rmSync(files.pidFile, { force: true });
    return;
  }
  removePidFile(files.pidFile, pid);
  removeRunRecord(files.runRecord, pid);
}
