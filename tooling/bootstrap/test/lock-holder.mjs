// Takes the lock in argv[2] and then, as argv[3] says: `count` adds one to the number in the file argv[4], `hang` says so
// and keeps the lock until it is killed.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { acquireLock } from '../src/lock.mjs';

const [, , folder = '', mode, file = ''] = process.argv;
const release = await acquireLock(folder, { pollMs: 5 });
if (mode === 'hang') {
  process.stdout.write('held\n');
  setInterval(() => undefined, 60_000);
} else {
  const before = Number(readFileSync(file, 'utf8'));
  await delay(5);
  writeFileSync(file, String(before + 1));
  release();
}
