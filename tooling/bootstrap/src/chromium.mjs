import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exitCodeOf } from './child.mjs';
import { capture } from './steps.mjs';

/** Names under which a Chromium is installed. The tests in a browser look for the same. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const INSTALL = ['install', '--yes', '--no-install-recommends', 'chromium'];

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
function isInstalled(name, env) {
  return (env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Sees to a browser for the tests that need one, and leaves `chromium.json`: its name, or why there is none. A machine that
 * only builds is given the package of its distribution; somebody's own is left as it is.
 *
 * @param {Pick<import('./checks.mjs').Run, 'root' | 'env' | 'folder' | 'filters'>} run
 * @returns {Promise<import('./checks.mjs').Ran>}
 */
export async function runChromium({ root, env, folder, filters }) {
  const report = join(folder, 'chromium.json');
  const find = () => NAMES.find((name) => isInstalled(name, env));
  if (filters.length > 0) {
    writeFileSync(report, JSON.stringify({ notAsked: true }));
    return { exitCode: 0, output: '' };
  }
  const mayInstall = env.CI === 'true' && process.getuid?.() === 0 && isInstalled('apt-get', env);
  if (find() === undefined && mayInstall) {
    const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
    const updated = await capture('apt-get', ['update'], { cwd: root, env: quiet });
    if (exitCodeOf(updated.outcome) === 0) await capture('apt-get', INSTALL, { cwd: root, env: quiet });
  }
  const name = find();
  const reason = 'there is no Chromium on this machine (on Debian: apt-get install chromium)';
  writeFileSync(report, JSON.stringify(name === undefined ? { reason } : { name }));
  return {
    exitCode: 0,
    output: name === undefined ? `The tests of the console in a browser were skipped: ${reason}.` : '',
  };
}
