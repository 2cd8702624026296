import { readFileSync, statfsSync } from 'node:fs';
import { unlessMissing } from '../system-error.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const MEBIBYTE = 1_048_576;
/** Less than this, and the next commits may fail. */
const SPACE_LEAST = 32 * MEBIBYTE;
const SPACE_COMFORT = 512 * MEBIBYTE;
/** A thousand keys lock some 70 KiB; a vault being opened a little more. */
const LOCKED_LEAST = MEBIBYTE;

/** What the machine gives a daemon: a Node, memory that can be locked, space on the disk. */
export function checkMachine(dataDir: string): readonly Finding[] {
  return [ok('node', `Node ${process.versions.node} on ${process.platform} ${process.arch}`), memory(), space(dataDir)];
}

function memory(): Finding {
  const limits = unlessMissing(() => readFileSync('/proc/self/limits', 'utf8'), '');
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return ok('memory', 'the limit of locked memory is not told by this system');
  if (soft === 'unlimited' || Number(soft) >= LOCKED_LEAST || process.getuid?.() === 0) {
    return ok('memory', `keys can be locked in memory (limit: ${soft} bytes)`);
  }
  return warning(
    'memory',
    `only ${soft} bytes can be locked in memory: keys of many agents could be swapped to disk`,
    'Raise the limit: "ulimit -l", or LimitMEMLOCK= of the systemd unit.',
  );
}

function space(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  const text = `${Math.floor(free / MEBIBYTE)} MiB free on the disk of the data directory`;
  const hint = 'Free some space: a payment that cannot be recorded is refused.';
  if (free < SPACE_LEAST) return failure('disk', text, hint);
  return free < SPACE_COMFORT ? warning('disk', text, hint) : ok('disk', text);
}
