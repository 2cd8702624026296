import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders that hold workspace packages, as in pnpm-workspace.yaml. */
const PACKAGE_FOLDERS = ['packages', 'apps', 'tooling'];

/**
 * A hash over named pieces of text. A missing piece (undefined) differs from an empty one, and no two different lists
 * run together into the same bytes.
 *
 * @param {ReadonlyArray<readonly [name: string, text: string | undefined]>} pieces
 * @returns {string} SHA-256, hex
 */
export function fingerprint(pieces) {
  return createHash('sha256')
    .update(JSON.stringify(pieces.map(([name, text]) => [name, text ?? null])))
    .digest('hex');
}

/**
 * Every workspace package's folder, relative to the root, sorted.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function workspaceFolders(root) {
  return PACKAGE_FOLDERS.flatMap((folder) => {
    if (!existsSync(join(root, folder))) return [];
    return readdirSync(join(root, folder))
      .map((name) => `${folder}/${name}`)
      .filter((path) => existsSync(join(root, path, 'package.json')));
  }).sort();
}

/**
 * The hash of everything that decides what an install puts into node_modules.
 *
 * @param {string} root
 * @param {{ node: string, pnpm: string, platform: string, arch: string }} runtime
 * @returns {string}
 */
export function installFingerprint(root, runtime) {
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    ...workspaceFolders(root).map((folder) => `${folder}/package.json`),
  ];
  return fingerprint([
    ['runtime', JSON.stringify([runtime.node, runtime.pnpm, runtime.platform, runtime.arch])],
    ...files.map((file) => /** @type {const} */ ([file, readIfPresent(join(root, file))])),
  ]);
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
export function readIfPresent(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * Replaces the file in one step, so that an interrupted run leaves the old content or the new, never half of it.
 *
 * @param {string} file
 * @param {string} text
 */
export function writeAtomically(file, text) {
  const partial = `${file}.${process.pid}.partial`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
