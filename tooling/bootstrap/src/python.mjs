import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { exitCodeOf, interruptedBy, runChild } from './child.mjs';
import { fingerprint, readIfPresent, writeAtomically } from './fingerprint.mjs';
import { capture, withoutServers } from './steps.mjs';

/** The oldest Python that the SDK supports. */
const OLDEST = [3, 10];
const NAMES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const SDK = join('packages', 'sdk-python');
/** What pip says when it reaches no index; a version that does not exist reads differently. */
const UNREACHABLE =
  /Retrying \(|ConnectionError|ConnectTimeout|ProxyError|SSLError|timed out|Name or service not known|Temporary failure/;

/**
 * A Python with what the tests of its SDK need, or why there is none.
 *
 * @typedef {{ python: string } | { missing: string }} FoundPython
 */

/** @typedef {{ root: string, env: NodeJS.ProcessEnv }} Context */

/**
 * Finds a Python that is new enough and makes an environment of it in `.tools`, once.
 *
 * @param {Context} context
 * @returns {Promise<FoundPython>}
 * @throws BootstrapError when the environment cannot be made for a reason that is ours
 */
export async function ensurePython({ root, env }) {
  const found = await findPython({ root, env });
  if (found === null) return { missing: `there is no Python ${OLDEST.join('.')} or newer with venv and pip` };
  const folder = join(root, '.tools', 'python');
  const python = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const requirements = join(root, SDK, 'requirements-test.txt');
  const stamp = join(folder, 'waiaas-installed');
  const wanted = fingerprint([
    ['python', `${found.name} ${found.version}`],
    ['requirements', readIfPresent(requirements)],
  ]);
  if (readIfPresent(stamp) === wanted) return { python };

  rmSync(folder, { recursive: true, force: true });
  const made = await capture(found.name, ['-m', 'venv', folder], { cwd: root, env });
  if (exitCodeOf(made.outcome) !== 0) return { missing: `${found.name} cannot make a virtual environment` };
  const pip = [
    '-m',
    'pip',
    '--disable-pip-version-check',
    '--no-input',
    'install',
    '--retries',
    '1',
    '--timeout',
    '20',
  ];
  const installed = await capture(python, [...pip, '--requirement', requirements], { cwd: root, env });
  if (exitCodeOf(installed.outcome) !== 0) {
    if (UNREACHABLE.test(installed.output)) return { missing: 'no package index of Python can be reached' };
    throw new BootstrapError('pip could not install what the tests of the Python SDK need.', {
      log: withoutServers(installed.output).trimEnd(),
    });
  }
  writeAtomically(stamp, wanted);
  return { python };
}

/**
 * @param {Context} context
 * @returns {Promise<{ name: string, version: string } | null>}
 */
async function findPython({ root, env }) {
  const script = 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3])';
  for (const name of NAMES) {
    const version = await capture(name, ['-c', script], { cwd: root, env }).then(
      ({ outcome, output }) => (exitCodeOf(outcome) === 0 ? output.trim() : ''),
      () => '',
    );
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major === OLDEST[0] && minor >= (OLDEST[1] ?? 0)) return { name, version };
  }
  return null;
}

/**
 * Runs the type check and the tests of the Python SDK, and leaves `python.json`: what was counted, or why nothing was.
 *
 * @param {import('./checks.mjs').Run} run
 * @returns {Promise<import('./checks.mjs').Ran>}
 */
export async function runPython({ root, node, env, folder, filters }) {
  const report = join(folder, 'python.json');
  if (filters.length > 0) {
    writeFileSync(report, JSON.stringify({ notAsked: true }));
    return { exitCode: 0, output: '' };
  }
  const found = await ensurePython({ root, env });
  if ('missing' in found) {
    writeFileSync(report, JSON.stringify({ reason: found.missing }));
    return { exitCode: 0, output: `The tests of the Python SDK were skipped: ${found.missing}.` };
  }
  const cwd = join(root, SDK);
  const own = pythonEnvironment({ root, env, node });
  const tests = join(folder, 'pytest.json');
  const mypy = await capture(found.python, ['-m', 'mypy', '--cache-dir', join(root, '.tools', 'mypy')], {
    cwd,
    env: own,
  });
  // The signal has reached what ran; nothing more begins.
  if (interruptedBy() !== undefined) return { exitCode: 1, output: '' };
  const pytest = await capture(found.python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], {
    cwd,
    env: { ...own, WAIAAS_TEST_REPORT: tests },
  });
  const [typed, tested] = [exitCodeOf(mypy.outcome), exitCodeOf(pytest.outcome)];
  writeFileSync(report, JSON.stringify({ typed, tested, pytest: JSON.parse(readIfPresent(tests) ?? 'null') }));
  rmSync(tests, { force: true });
  return {
    exitCode: typed === 0 ? tested : typed,
    output: `${typed === 0 ? '' : mypy.output}${tested === 0 ? '' : pytest.output}`,
  };
}

/**
 * Fuzzes the API for as long as it takes: many requests to each operation, with each kind of credential.
 *
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv, examples: string }} context
 * @returns {Promise<number>} the exit code
 */
export async function fuzz({ root, node, env, examples }) {
  const found = await ensurePython({ root, env });
  if ('missing' in found) throw new BootstrapError(`The API cannot be fuzzed: ${found.missing}.`);
  const outcome = await runChild(found.python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests/test_fuzz.py'], {
    cwd: join(root, SDK),
    env: { ...pythonEnvironment({ root, env, node }), WAIAAS_FUZZ_EXAMPLES: examples },
    stdin: 'ignore',
  });
  return exitCodeOf(outcome);
}

/**
 * Writes what of the Python SDK is made from the daemon's own description, and the clients that block.
 *
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv }} context
 */
export async function generatePython({ root, node, env }) {
  const found = await ensurePython({ root, env });
  if ('missing' in found) throw new BootstrapError(`The Python SDK cannot be generated: ${found.missing}.`);
  const run = async (/** @type {string} */ command, /** @type {readonly string[]} */ args) => {
    const { outcome, output } = await capture(command, args, {
      cwd: root,
      env: pythonEnvironment({ root, env, node }),
    });
    if (exitCodeOf(outcome) === 0) return output;
    throw new BootstrapError(`${args[0]} failed.`, { log: output.trimEnd() });
  };
  const told = await run(node, [join(root, 'tooling', 'chaos', 'dist', 'world-process.js')]);
  const contract = join(root, '.tools', 'contract.json');
  writeAtomically(contract, JSON.stringify(JSON.parse(told.split('\n')[0] ?? '').contract));
  await run(found.python, [join(SDK, 'tools', 'generate_models.py'), contract]);
  await run(found.python, [join(SDK, 'tools', 'generate_sync.py')]);
  rmSync(contract);
}

/**
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv }} context
 * @returns {NodeJS.ProcessEnv}
 */
function pythonEnvironment({ root, env, node }) {
  return {
    ...env,
    PYTHONPATH: join(root, SDK, 'src'),
    // Nothing of a run stays in the checkout.
    PYTHONDONTWRITEBYTECODE: '1',
    WAIAAS_TEST_NODE: node,
  };
}
