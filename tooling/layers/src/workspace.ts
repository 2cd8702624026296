import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listing, textFields } from './json-fields.ts';

/** A package of the workspace, as its manifest describes it. */
export interface WorkspacePackage {
  /** Relative to the root, for example `packages/core`. */
  readonly folder: string;
  readonly name: string;
  /** What the published code may import. Includes peer and optional dependencies. */
  readonly dependencies: ReadonlySet<string>;
  /** What only its tests may import. */
  readonly devDependencies: ReadonlySet<string>;
  /** The keys of `exports`, for example `.` and `./testing`. */
  readonly entries: readonly string[];
}

/** The workspace: its packages by name, and what the root offers to every test. */
export interface Workspace {
  readonly root: string;
  readonly packages: ReadonlyMap<string, WorkspacePackage>;
  readonly rootDevDependencies: ReadonlySet<string>;
}

const PACKAGE_FOLDERS = ['packages', 'apps', 'tooling'];
const CODE_FILE = /\.[cm]?[jt]sx?$/;
const NOT_SOURCE = new Set(['node_modules', 'dist', 'coverage']);

/**
 * Reads every package.json of the workspace.
 *
 * @throws SyntaxError when one of them is not JSON
 */
export function readWorkspace(root: string): Workspace {
  const packages = PACKAGE_FOLDERS.flatMap((parent) => {
    const path = join(root, parent);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => existsSync(join(path, name, 'package.json')))
      .map((name) => readPackage(root, `${parent}/${name}`));
  });
  const manifest = readManifest(root, '.');
  return {
    root,
    packages: new Map(packages.map((found) => [found.name, found])),
    rootDevDependencies: names(manifest, ['devDependencies']),
  };
}

/** Every code file of a package, relative to the root with forward slashes, build output left out. */
export function codeFiles(root: string, { folder }: WorkspacePackage): readonly string[] {
  const inside = (path: string): string[] =>
    readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) || entry.name.startsWith('.') ? [] : inside(child);
      return entry.isFile() && CODE_FILE.test(entry.name) ? [child] : [];
    });
  return inside(folder).sort();
}

/** Whether a file is a test or helps only tests: `x.test.ts`, `x.prop.test.ts`, `x.test-d.ts`, or inside `test/`. */
export function isTestFile(file: string): boolean {
  return /\.test(-d)?\.[cm]?[jt]sx?$/.test(file) || file.split('/').slice(2, -1).includes('test');
}

function readPackage(root: string, folder: string): WorkspacePackage {
  const manifest = readManifest(root, folder);
  const exported = listing(manifest, 'exports');
  return {
    folder,
    name: textFields(manifest).name ?? folder,
    dependencies: names(manifest, ['dependencies', 'peerDependencies', 'optionalDependencies']),
    devDependencies: names(manifest, ['devDependencies']),
    entries: exported.some((key) => key.startsWith('.')) ? exported.filter((key) => key.startsWith('.')) : ['.'],
  };
}

function readManifest(root: string, folder: string): unknown {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

function names(manifest: unknown, fields: readonly string[]): ReadonlySet<string> {
  return new Set(fields.flatMap((field) => listing(manifest, field)));
}
