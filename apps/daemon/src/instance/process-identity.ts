import { readFileSync } from 'node:fs';
import { isSystemError, unlessMissing } from '../system-error.ts';

/** What Linux tells about a process. */
interface ProcessFacts {
  readonly zombie: boolean;
  /** Start time in clock ticks since boot; unaffected by changes of the clock. */
  readonly startTicks: string;
}

/** Ticks per second of /proc: a constant of the kernel's interface to user space. */
const TICKS_PER_SECOND = 100;

const readProc = (path: string): string | null => {
  try {
    return unlessMissing(() => readFileSync(`/proc/${path}`, 'utf8'), null);
  } catch (error) {
    if (isSystemError(error, 'ESRCH', 'EACCES', 'EPERM')) return null;
    throw error;
  }
};

function processFacts(pid: number): ProcessFacts | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in parentheses and may hold anything, so fields count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined
    ? null
    : { zombie: state === 'Z' || state === 'X', startTicks };
}

/** Sends signal 0. Injected in tests. */
export type Probe = (pid: number) => void;
const signalZero: Probe = (pid) => {
  process.kill(pid, 0);
};

/**
 * Whether a process runs. Not being allowed to signal it (EPERM) means that it does, as another user's; a zombie, which
 * only waits to be collected, does not (01 §4.4).
 */
export function isAlive(pid: number, probe: Probe = signalZero): boolean {
  try {
    probe(pid);
  } catch (error) {
    if (isSystemError(error, 'ESRCH')) return false;
    if (isSystemError(error, 'EPERM')) return true;
    throw error;
  }
  return processFacts(pid)?.zombie !== true;
}

/**
 * What tells a process from any later one with the same number: boot and start time. Null where the system does not say
 * (anything but Linux).
 */
export function processStamp(pid: number): string | null {
  const boot = readProc('sys/kernel/random/boot_id');
  const facts = processFacts(pid);
  return boot === null || facts === null ? null : `${boot.trim()}:${facts.startTicks}`;
}

/** When a process started, epoch ms by the present clock; null where the system does not say. */
export function processStartTime(pid: number): number | null {
  const facts = processFacts(pid);
  const bootTime = /^btime (\d+)$/m.exec(readProc('stat') ?? '')?.[1];
  if (facts === null || bootTime === undefined) return null;
  return Number(bootTime) * 1000 + (Number(facts.startTicks) / TICKS_PER_SECOND) * 1000;
}
