import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * Where the tools live that every child process should find first.
 *
 * @typedef {{ node: string, pnpm: string, bin: string }} Tools
 *   `node` and `pnpm` are paths of programs, `bin` the folder in which npm linked them
 */

/**
 * The environment in which install, build and commands run. The right Node and pnpm come first on PATH; native addons
 * find the headers of that Node instead of downloading them. Everything else is passed on, certificates and proxies
 * included. NODE_ENV goes: `production` would leave out the build tools.
 *
 * @param {NodeJS.ProcessEnv} base
 * @param {Tools} tools
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(base, tools) {
  const env = { ...base };
  delete env.NODE_ENV;
  const nodeFolder = dirname(tools.node);
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[pathName] = [nodeFolder, tools.bin, env[pathName] ?? ''].filter((part) => part !== '').join(delimiter);
  const nodedir = dirname(nodeFolder);
  if (existsSync(join(nodedir, 'include', 'node', 'node.h'))) env.npm_config_nodedir = nodedir;
  env.TURBO_TELEMETRY_DISABLED = '1';
  env.TURBO_NO_UPDATE_NOTIFIER = '1';
  return env;
}

/**
 * The same environment without WAIAAS_* settings, so that a developer's own daemon never leaks into tests, the demo or
 * the benchmark.
 *
 * @param {NodeJS.ProcessEnv} base
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutDaemonSettings(base) {
  return Object.fromEntries(Object.entries(base).filter(([name]) => !name.toUpperCase().startsWith('WAIAAS_')));
}
