import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolEnvironment } from './environment.mjs';
import { installFingerprint, readIfPresent, workspaceFolders, writeAtomically } from './fingerprint.mjs';
import { acquireLock } from './lock.mjs';
import { PINNED_NODE } from './node-version.mjs';
import { npmHint } from './npm.mjs';
import { pinnedPnpm } from './pins.mjs';
import { runSilently, step } from './steps.mjs';
import { ensureTools } from './tools.mjs';

/**
 * Brings the checkout to the point where commands can run: tools, dependencies, build. Does nothing that is done
 * already; one run at a time.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, out: import('./steps.mjs').Output }} context
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>} the Node to run commands with, and their environment
 */
export async function setUp({ root, env, out }) {
  const release = await acquireLock(join(root, '.tools', 'lock'), {
    onWait: () => out.write('  Waiting for the set-up of another run …\n'),
  });
  try {
    const tools = await ensureTools({ root, env, out });
    const toolEnv = toolEnvironment(env, tools);
    await installDependencies({ root, env: toolEnv, out, tools });
    await build({ root, env: toolEnv, out, tools });
    return { node: tools.node, env: toolEnv };
  } finally {
    release();
  }
}

/** @typedef {{ root: string, env: NodeJS.ProcessEnv, out: import('./steps.mjs').Output, tools: import('./environment.mjs').Tools }} Context */

/** @param {Context} context */
async function installDependencies({ root, env, out, tools }) {
  const stamp = join(root, 'node_modules', '.waiaas-install');
  const wanted = installFingerprint(root, {
    node: tools.node === process.execPath ? process.version : `v${PINNED_NODE}`,
    pnpm: pinnedPnpm(root),
    platform: process.platform,
    arch: process.arch,
  });
  if (readIfPresent(stamp) === wanted && modulesArePresent(root)) return;

  const install = () =>
    runSilently(tools.pnpm, ['install', '--frozen-lockfile'], {
      cwd: root,
      // Without a terminal pnpm asks nothing only when told so.
      env: { ...env, CI: 'true' },
      logFile: join(root, '.tools', 'logs', 'install.log'),
      failure: 'pnpm could not install the dependencies',
      hint: npmHint,
    });
  await step(out, 'Installing dependencies', install, { quietMs: 0 });
  writeAtomically(stamp, wanted);
}

/**
 * Whether every package that depends on something still has its node_modules folder.
 *
 * @param {string} root
 * @returns {boolean}
 */
function modulesArePresent(root) {
  return ['.', ...workspaceFolders(root)].every((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    return names.length === 0 || existsSync(join(root, folder, 'node_modules'));
  });
}

/** @param {Context} context */
async function build({ root, env, out, tools }) {
  const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
  const run = () =>
    runSilently(tools.node, [turbo, 'run', 'build', '--output-logs=errors-only'], {
      cwd: root,
      env,
      logFile: join(root, '.tools', 'logs', 'build.log'),
      failure: 'The build failed',
    });
  await step(out, 'Building packages', run);
}
