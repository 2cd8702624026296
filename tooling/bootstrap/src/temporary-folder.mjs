import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, isGone } from './lock.mjs';

/** Where Linux keeps files in memory. */
const SHARED_MEMORY = '/dev/shm';

/** The tests leave about one GiB there until they end; nobody else may come to want for it. */
const ROOM = 4 * 2 ** 30;
const FREE_MEMORY = 6 * 2 ** 30;

/**
 * A folder for the temporary files of a run of the tests, which is removed when it has ended, however it ended. Where there is
 * room, it is in memory: the tests make tens of thousands of commits to databases, and each waits for the disk. The programs
 * under test do all that they do on a disk; for what must be on the disk on which everything else is, DISK_TMPDIR names it.
 *
 * @template T
 * @param {NodeJS.ProcessEnv} env
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @param {string} [memory] where a folder in memory could be made
 * @returns {Promise<T>}
 */
export async function withTemporaryFolder(env, work, memory = SHARED_MEMORY) {
  const parent = hasRoom(memory) ? memory : tmpdir();
  removeLeftovers(parent);
  const folder = mkdtempSync(join(parent, `waiaas-test-${process.pid}-`));
  try {
    return await work({
      ...env,
      TMPDIR: folder,
      DISK_TMPDIR: tmpdir(),
      // The same modules are loaded by thousands of processes.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Whether a folder is in memory, programs may run from it, and there is plenty of it.
 *
 * @param {string} folder
 * @param {string} [mounts]
 */
export function hasRoom(folder, mounts = mountTable()) {
  const mount = mounts.split('\n').findLast((line) => line.split(' ')[1] === folder);
  const [, , type, options = ''] = mount?.split(' ') ?? [];
  const granted = options.split(',');
  if (type !== 'tmpfs' || !granted.includes('rw') || granted.includes('noexec')) return false;
  const { bavail, bsize } = statfsSync(folder);
  // Zero, or nothing in an older Node, where no limit is known.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return bavail * bsize >= ROOM && Math.min(freemem(), limit) >= FREE_MEMORY;
}

/** What is mounted where; nothing on other systems. */
function mountTable() {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Removes what runs have left that were killed.
 *
 * @param {string} parent
 */
function removeLeftovers(parent) {
  for (const name of readdirSync(parent)) {
    const pid = /^waiaas-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || !isGone(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch (error) {
      // Somebody else's.
      if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
    }
  }
}
