import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';

/**
 * How to start npm: the one that started this command, the one beside the running Node, or the one on PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [node] path of the running Node
 * @returns {{ command: string, args: string[] }}
 */
export function findNpm(env, node = process.execPath) {
  const folder = dirname(node);
  const scripts = [
    env.npm_execpath !== undefined && basename(env.npm_execpath) === 'npm-cli.js' ? env.npm_execpath : undefined,
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const script = scripts.find((path) => path !== undefined && existsSync(path));
  if (script !== undefined) return { command: node, args: [script] };

  const path = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  const found = path
    .split(delimiter)
    .map((part) => join(part, 'npm'))
    .find((program) => existsSync(program));
  if (found !== undefined && process.platform !== 'win32') return { command: found, args: [] };

  throw new BootstrapError('npm was not found; it is needed once, to fetch pnpm.', {
    hint: 'Install npm (it comes with Node from nodejs.org; on Debian: apt install npm), then run the command again.',
  });
}

/** What an error code in the output of npm or pnpm means to the person who reads it, most specific first. */
const CAUSES = /** @type {const} */ ([
  [
    /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH/,
    'pnpm-lock.yaml does not match the package.json files: run "pnpm install" and commit the lockfile.',
  ],
  [/ENOSPC/, 'The disk is full: free some space, then run the command again.'],
  [/EACCES|EPERM/, 'A folder is not writable: check who owns the repository and the npm cache folder.'],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_HAS_EXPIRED|UnknownIssuer|invalid peer certificate/i,
    'The certificate of the package registry is not trusted: set NODE_EXTRA_CA_CERTS to the file with your CA.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|dns error|network/i,
    'The package registry cannot be reached: check the network and proxy settings, then run the command again.',
  ],
  [/\bE40[13]\b/, 'The package registry refused access: check the token in your .npmrc.'],
  [/\bE404\b|ETARGET|ERR_PNPM_NO_MATCHING_VERSION/, 'The package registry does not have a pinned version.'],
]);

/**
 * What to do about a failed install, judged from its output.
 *
 * @param {string} output
 * @returns {string | undefined}
 */
export function npmHint(output) {
  return CAUSES.find(([pattern]) => pattern.test(output))?.[1];
}
