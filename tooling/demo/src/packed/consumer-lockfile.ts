import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const resolved = z.record(z.string(), z.looseObject({ version: z.string() }));
interface Snapshot {
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
}

const lockfileSchema = z.looseObject({
  importers: z.record(
    z.string(),
    z.looseObject({ dependencies: resolved.optional(), optionalDependencies: resolved.optional() }),
  ),
  packages: z.record(z.string(), z.looseObject({})),
  snapshots: z.record(
    z.string(),
    z.looseObject({
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** A package of ours, packed. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** Folder in the workspace, as in its lockfile: `packages/core`. */
  readonly folder: string;
  /** The tarball. */
  readonly path: string;
  /** The tarball, relative to the folder of the consumer. */
  readonly reference: string;
  /** Whether it brings commands. */
  readonly hasBin: boolean;
}

const integrity = (path: string): string =>
  `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;

/**
 * The lockfile of somebody who installs our tarballs: ours from their files, everything else in the very versions that the
 * workspace is tested with, so that the store of this machine has it all and nothing is asked of a registry.
 *
 * @param workspace text of the workspace's pnpm-lock.yaml
 * @param wanted names of what the consumer asks for
 * @returns JSON, which is YAML
 */
export function consumerLockfile(
  workspace: string,
  packed: readonly PackedPackage[],
  wanted: readonly string[],
): string {
  const { importers, packages, snapshots } = lockfileSchema.parse(parse(workspace));
  const ours = new Map(packed.map((one) => [one.name, one]));
  const tarball = (name: string): PackedPackage => {
    const found = ours.get(name);
    if (found === undefined) throw new Error(`${name} was not packed`);
    return found;
  };
  const own = {
    packages: {} as Record<string, object>,
    snapshots: {} as Record<string, Snapshot>,
  };
  for (const { name, version, folder, path, reference, hasBin } of packed) {
    const key = `${name}@file:${reference}`;
    const { dependencies = {}, optionalDependencies = {} } = importers[folder] ?? {};
    const needs = Object.entries({ ...dependencies, ...optionalDependencies }).map(([need, { version: found }]) => [
      need,
      found.startsWith('link:') ? `file:${tarball(need).reference}` : found,
    ]);
    own.packages[key] = { resolution: { integrity: integrity(path), tarball: `file:${reference}` }, version, hasBin };
    own.snapshots[key] = { dependencies: Object.fromEntries(needs) };
  }
  const reached = new Set<string>();
  const visit = (name: string, version: string): void => {
    const key = /^[a-z@].*@/.test(version) ? version : `${name}@${version}`;
    if (reached.has(key)) return;
    reached.add(key);
    const found: Snapshot | undefined = own.snapshots[key] ?? snapshots[key];
    const { dependencies = {}, optionalDependencies = {} } = found ?? {};
    for (const [need, wants] of Object.entries({ ...dependencies, ...optionalDependencies })) visit(need, wants);
  };
  for (const name of wanted) visit(name, `file:${tarball(name).reference}`);
  const withoutPeers = (key: string): string => key.replace(/\(.*$/, '');
  const kept = <T>(all: Readonly<Record<string, T>>, keys: Iterable<string>): Record<string, T> =>
    Object.fromEntries([...keys].flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
  return JSON.stringify({
    lockfileVersion: '9.0',
    settings: { autoInstallPeers: true, excludeLinksFromLockfile: false },
    importers: {
      '.': {
        dependencies: Object.fromEntries(
          wanted.map((name) => {
            const reference = `file:${tarball(name).reference}`;
            return [name, { specifier: reference, version: reference }];
          }),
        ),
      },
    },
    packages: { ...kept(packages, new Set([...reached].map(withoutPeers))), ...kept(own.packages, reached) },
    snapshots: { ...kept(snapshots, reached), ...kept(own.snapshots, reached) },
  });
}
