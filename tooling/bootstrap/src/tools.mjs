import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { exitCodeOf, runChild } from './child.mjs';
import { readIfPresent, writeAtomically } from './fingerprint.mjs';
import { isUsableNode, NODE_RANGE, PINNED_NODE } from './node-version.mjs';
import { findNpm, npmHint } from './npm.mjs';
import { nodePackage, pinnedPnpm } from './pins.mjs';
import { runSilently, step } from './steps.mjs';

/**
 * The tools to fetch besides those already there, as npm package specifiers.
 *
 * npm removes from the folder whatever an install does not name, so earlier tools of other names are named again.
 *
 * @param {readonly string[]} wanted
 * @param {readonly string[]} present
 * @returns {string[]} empty when nothing is missing
 */
export function toolsToInstall(wanted, present) {
  if (wanted.every((spec) => present.includes(spec))) return [];
  const names = new Set(wanted.map(nameOf));
  return [...wanted, ...present.filter((spec) => !names.has(nameOf(spec)))];
}

/** @param {string} spec */
function nameOf(spec) {
  return spec.slice(0, spec.lastIndexOf('@'));
}

/**
 * Makes sure that a Node in the supported range and the pinned pnpm exist; fetches into `.tools` what is missing.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, out: import('./steps.mjs').Output }} context
 * @returns {Promise<import('./environment.mjs').Tools>}
 */
export async function ensureTools({ root, env, out }) {
  const folder = join(root, '.tools');
  const stamp = join(folder, 'installed.json');
  const pnpm = pinnedPnpm(root);
  const nodeSpec = isUsableNode(process.version) ? undefined : nodePackage(process.platform, process.arch);
  const wanted = [...(nodeSpec === undefined ? [] : [nodeSpec]), `pnpm@${pnpm}`];
  const tools = locate(folder, nodeSpec);
  const complete = existsSync(tools.node) && existsSync(tools.pnpm);
  const missing = toolsToInstall(wanted, complete ? readStamp(stamp) : []);
  if (missing.length === 0) return tools;

  const label = `Fetching ${nodeSpec === undefined ? '' : `Node ${PINNED_NODE} and `}pnpm ${pnpm}`;
  const install = async () => {
    mkdirSync(folder, { recursive: true });
    rmSync(stamp, { force: true });
    const npm = findNpm(env);
    await runSilently(npm.command, [...npm.args, ...installArguments(folder, missing)], {
      cwd: root,
      env,
      logFile: join(folder, 'logs', 'tools.log'),
      failure: 'npm could not fetch the tools',
      hint: npmHint,
    });
    await verify(tools, env);
    writeAtomically(stamp, `${JSON.stringify(missing)}\n`);
  };
  await step(out, label, install, { quietMs: 0 });
  return tools;
}

/**
 * Install scripts must run, whatever the user's own npm settings say: without them pnpm stays a placeholder file. The
 * short retry times make a machine without a network fail in seconds rather than minutes.
 *
 * @param {string} folder
 * @param {readonly string[]} specs
 */
function installArguments(folder, specs) {
  return [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts=false',
    '--loglevel=warn',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
    ...specs,
  ];
}

/**
 * @param {string} folder
 * @param {string | undefined} nodeSpec
 * @returns {import('./environment.mjs').Tools}
 */
function locate(folder, nodeSpec) {
  const modules = join(folder, 'node_modules');
  const bin = join(modules, '.bin');
  const windows = process.platform === 'win32';
  const node =
    nodeSpec === undefined ? process.execPath : join(modules, nameOf(nodeSpec), 'bin', windows ? 'node.exe' : 'node');
  return { node, pnpm: join(bin, windows ? 'pnpm.cmd' : 'pnpm'), bin };
}

/**
 * @param {string} stamp
 * @returns {string[]}
 */
function readStamp(stamp) {
  const text = readIfPresent(stamp);
  return text === undefined ? [] : JSON.parse(text);
}

/**
 * @param {import('./environment.mjs').Tools} tools
 * @param {NodeJS.ProcessEnv} env
 */
async function verify(tools, env) {
  if (tools.node !== process.execPath) await expectVersion(tools.node, PINNED_NODE, env);
}

/**
 * @param {string} program
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env
 */
async function expectVersion(program, version, env) {
  let printed = '';
  const failed = await runChild(program, ['--version'], {
    cwd: dirname(program),
    env,
    stdin: 'ignore',
    onOutput: (text) => {
      printed += text;
    },
  }).then(
    (outcome) => (exitCodeOf(outcome) === 0 ? undefined : `exit code ${exitCodeOf(outcome)}`),
    (error) => String(error),
  );
  if (failed === undefined && printed.trim() === `v${version}`) return;
  throw new BootstrapError(`The fetched Node ${version} does not run on this machine (${failed ?? printed.trim()}).`, {
    hint: `Install Node ${NODE_RANGE} with your system's package manager, then run the command again.`,
  });
}
