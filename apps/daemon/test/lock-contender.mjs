// One contender for a lock, driven by its parent: `lock-contender.mjs <lock file> <once|churn> [marker file]`.
import { closeSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { acquireLock } from '../src/instance/lock.ts';

const [, , path, mode, marker] = process.argv;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
process.stdout.write('ready\n');
await lines.next();

if (mode === 'once') {
  const lock = acquireLock(path);
  process.stdout.write(lock === null ? 'busy\n' : 'held\n');
  if (lock !== null) {
    await lines.next();
    lock.release();
  }
} else {
  for (let round = 0; round < 30; ) {
    const lock = acquireLock(path, 50);
    if (lock === null) continue;
    // Fails when another holder has not removed its marker yet: two holders at once.
    closeSync(openSync(marker, 'wx'));
    rmSync(marker);
    lock.release();
    round++;
  }
  process.stdout.write('done\n');
}
process.exit(0);
