import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { exitCodeOf, forwardSignals, runChild } from './child.mjs';
import { countLine } from './counts.mjs';
import { withoutDaemonSettings } from './environment.mjs';
import { fuzz, generatePython } from './python.mjs';
import { setUp } from './set-up.mjs';
import { withTemporaryFolder } from './temporary-folder.mjs';
import { runTests } from './test-run.mjs';

/** The commands that run a program of the workspace. */
const PROGRAMS = /** @type {Readonly<Record<string, string>>} */ ({
  demo: 'tooling/demo/bin/demo.mjs',
  bench: 'tooling/bench/bin/bench.mjs',
  chaos: 'tooling/chaos/bin/chaos.mjs',
  waiaas: 'apps/daemon/bin/waiaas.mjs',
});

const USAGE =
  'Usage: node tooling/bootstrap/bin/run.mjs <demo|test|bench|chaos|fuzz|waiaas|setup|generate-python> [arguments]';

/**
 * Does all set-up a command needs, then runs it.
 *
 * @param {{ root: string, args: readonly string[] }} call
 * @returns {Promise<number>} the exit code: the program's own, 1 when the set-up failed, 2 for an unknown command
 */
export async function main({ root, args: [command = '', ...rest] }) {
  const program = Object.hasOwn(PROGRAMS, command) ? PROGRAMS[command] : undefined;
  if (program === undefined && !['test', 'setup', 'fuzz', 'generate-python'].includes(command)) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  forwardSignals(process.env);
  // What waiaas prints may be read by another program.
  const out = command === 'waiaas' ? process.stderr : process.stdout;
  try {
    if (Number(process.versions.node.split('.')[0]) < 20) {
      throw new BootstrapError(`Node ${process.versions.node} is too old to start with.`, {
        hint: 'Install Node 20 or newer; a newer one that the project needs is fetched from there.',
      });
    }
    const own = command === 'waiaas' ? { ...process.env } : withoutDaemonSettings(process.env);
    const { node, env } = await setUp({ root, env: own, out });
    if (command === 'test') {
      const colors = process.stdout.isTTY;
      return await withTemporaryFolder(env, (inside) =>
        runTests({ root, node, env: inside, filters: rest, out, colors }),
      );
    }
    if (command === 'fuzz') return await fuzz({ root, node, env, examples: rest[0] ?? '100' });
    if (command === 'generate-python') {
      await generatePython({ root, node, env });
      return 0;
    }
    if (program === undefined) {
      out.write(`Ready. To use pnpm by hand: export PATH="${env.PATH?.split(':').slice(0, 2).join(':')}:$PATH"\n`);
      return 0;
    }
    if (!existsSync(join(root, program))) throw new BootstrapError(`This version has no ${command} command.`);
    const outcome = await runChild(node, [join(root, program), ...rest], {
      // Paths given to waiaas are meant from where the person stands; npm moves to the root first.
      cwd: command === 'waiaas' ? callersFolder(root) : root,
      env,
      stdin: 'inherit',
    });
    return exitCodeOf(outcome);
  } catch (error) {
    report(error);
    if (command === 'test') out.write(`${countLine({ passed: 0, failed: 1, skipped: 0 })}\n`);
    return error instanceof BootstrapError ? error.exitCode : 1;
  }
}

/** @param {unknown} error */
function report(error) {
  if (!(error instanceof BootstrapError)) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return;
  }
  const lines = [error.log, `\nError: ${error.message}`, error.hint].filter((line) => line !== undefined);
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** @param {string} root */
function callersFolder(root) {
  const { npm_package_json: manifest, INIT_CWD: folder } = process.env;
  if (folder === undefined || manifest === undefined || !existsSync(manifest)) return process.cwd();
  return realpathSync(manifest) === realpathSync(join(root, 'package.json')) ? folder : process.cwd();
}
