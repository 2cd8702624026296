import { homedir } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restrictUmask } from '../data-dir/index.ts';
import { isSystemError } from '../system-error.ts';
import { processIo } from './command-io.ts';
import { commandModules, commandWord } from './command-modules.ts';
import { runCli } from './program.ts';

/** A reader that has gone (`waiaas start | head`) must not end a daemon. */
const ignoreClosedReader = (error: Error): void => {
  if (!isSystemError(error, 'EPIPE')) throw error;
};

/** Runs the `waiaas` command in this process and ends it with its exit code. */
export async function main(): Promise<void> {
  const umask = restrictUmask();
  process.stdout.on('error', ignoreClosedReader);
  process.stderr.on('error', ignoreClosedReader);
  // Beside this file, built or not.
  const childModule = fileURLToPath(new URL(`background-main${extname(import.meta.url)}`, import.meta.url));
  const io = processIo(homedir(), umask);
  const argv = process.argv.slice(2);
  const code = await runCli(argv, io, await commandModules(childModule, commandWord(argv)));
  // Not left to the event loop: nothing that is still open may keep a finished command alive.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
