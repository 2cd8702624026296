import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const RELEASED = 'released';
const BEAT_MS = 2_000;

/**
 * One holder at a time among processes that share a folder; survives a holder that was killed.
 *
 * The folder holds numbered files. Whoever creates the next number (creation is exclusive) and finds no higher one holds
 * the lock. Numbers only grow and the highest file is never deleted, so two waiters that both see a dead holder cannot
 * both replace it: they compete for the same number, and one that was late finds a higher number and steps back.
 *
 * A holder counts as dead when its process is gone from this host, or when its file has not been touched while a waiter
 * watched for `silenceMs` (another host, or a reused process id). The watching uses the waiter's own clock.
 *
 * @param {string} folder
 * @param {{ onWait?: (holder: string) => void, silenceMs?: number, pollMs?: number }} [options]
 * @returns {Promise<() => void>} releases the lock; safe to call twice
 */
export async function acquireLock(folder, { onWait, silenceMs = 30_000, pollMs = 150 } = {}) {
  mkdirSync(folder, { recursive: true });
  let announced = false;
  /** @type {{ number: number, beat: number, since: number } | undefined} */
  let watched;
  for (;;) {
    const highest = highestNumber(folder);
    const holder = highest === 0 ? RELEASED : holderOf(folder, highest);
    let free = holder === RELEASED || processIsGone(holder);
    if (!free) {
      const beat = lastBeat(folder, highest);
      if (watched?.number !== highest || watched.beat !== beat) {
        watched = { number: highest, beat, since: performance.now() };
      }
      free = performance.now() - watched.since > silenceMs;
    }
    if (free && createNumber(folder, highest + 1)) return hold(folder, highest + 1);
    if (!free && !announced) {
      announced = true;
      onWait?.(holder);
    }
    await delay(free ? 0 : pollMs);
  }
}

/**
 * @param {string} folder
 * @param {number} number
 * @returns {() => void}
 */
function hold(folder, number) {
  const file = join(folder, String(number));
  for (const other of numbers(folder)) if (other < number) rmSync(join(folder, String(other)), { force: true });
  const beat = setInterval(() => ifStillThere(() => utimesSync(file, new Date(), new Date())), BEAT_MS);
  beat.unref();
  const release = () => {
    clearInterval(beat);
    process.off('exit', release);
    ifStillThere(() => {
      statSync(file);
      writeFileSync(file, RELEASED);
    });
  };
  process.on('exit', release);
  return release;
}

/**
 * Runs a change to the lock file unless the file is gone: someone deleted the folder, or took this process for dead.
 *
 * @param {() => void} change
 */
function ifStillThere(change) {
  try {
    change();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * @param {string} folder
 * @param {number} number
 * @returns {boolean} true when the caller now holds the lock
 */
function createNumber(folder, number) {
  const file = join(folder, String(number));
  try {
    writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  if (highestNumber(folder) === number) return true;
  rmSync(file, { force: true });
  return false;
}

/**
 * @param {string} folder
 * @returns {number[]}
 */
function numbers(folder) {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** @param {string} folder */
function highestNumber(folder) {
  return Math.max(0, ...numbers(folder));
}

/**
 * @param {string} folder
 * @param {number} number
 * @returns {string} `<pid> <host>`, `released`, or empty between creation and first write
 */
function holderOf(folder, number) {
  try {
    return readFileSync(join(folder, String(number)), 'utf8');
  } catch (error) {
    // Removed by the holder of a higher number: look again.
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {number} number
 */
function lastBeat(folder, number) {
  return statSync(join(folder, String(number)), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string} holder */
function processIsGone(holder) {
  const match = /^(\d+) (.+)$/.exec(holder);
  return match !== null && match[2] === hostname() && isGone(Number(match[1]));
}

/**
 * Whether no process of this host has this id.
 *
 * @param {number} pid
 * @returns {boolean}
 */
export function isGone(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/**
 * The code of a system's error, such as ENOENT.
 *
 * @param {unknown} error
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
