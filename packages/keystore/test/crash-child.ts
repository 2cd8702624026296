import { writeSync } from 'node:fs';
import { agentId } from '@waiaas/core';
import { intercepted } from './intercepted-file-system.ts';
import { keystoreAt, OTHER_PASSWORD, PASSWORD, solanaKey } from './support.ts';

/**
 * Does one thing to a keystore folder and kills itself before the n-th system call that changes it:
 * `crash-child <what> <folder> <n> <agent>`. Between two of these the folder is the same, so they are all the moments.
 */
const [, , what, directory = '', step, agent = ''] = process.argv;

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
};

const CHANGING: readonly string[] = ['setMode', 'write', 'rename', 'link', 'unlink', 'makeDirectory'];
let changes = 0;
const { keystore } = keystoreAt(
  directory,
  intercepted(({ name, path, descriptor, bytes }) => {
    if (!CHANGING.includes(name) && !(name === 'open' && path?.endsWith('.tmp'))) return;
    changes += 1;
    if (changes !== Number(step)) return;
    // The worst moment of a write is in the middle of it.
    if (descriptor !== undefined && bytes !== undefined) writeSync(descriptor, bytes.subarray(0, bytes.length / 2));
    die();
  }),
);

switch (what) {
  case 'initialise':
    await keystore.initialise(PASSWORD);
    break;
  case 'createKey':
    await keystore.unlock(PASSWORD);
    await keystore.createKey(solanaKey(agentId(agent)));
    break;
  case 'changePassword':
    await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
    break;
  case 'discardKey':
    await keystore.discardKey(agentId(agent));
    break;
  case 'archiveKey':
    await keystore.archiveKey(agentId(agent));
    break;
  default:
    throw new Error('Unknown task');
}
