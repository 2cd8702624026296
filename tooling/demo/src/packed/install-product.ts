import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { consumerLockfile, type PackedPackage } from './consumer-lockfile.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  private: z.boolean().optional(),
  bin: z.unknown().optional(),
});

/** Packs every package that is published. */
export async function packAll(target: string): Promise<readonly string[]> {
  mkdirSync(target, { recursive: true });
  const published = publishedPackages().flatMap(({ name }) => ['--filter', name]);
  await run('pnpm', ['-r', ...published, 'pack', '--pack-destination', target], { cwd: ROOT, maxBuffer: 1e8 });
  return readdirSync(target).sort();
}

/** What is published, from the workspace. */
export function publishedPackages(): readonly Omit<PackedPackage, 'path' | 'reference'>[] {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).flatMap((name) => {
      const manifest = join(ROOT, parent, name, 'package.json');
      if (!existsSync(manifest)) return [];
      const told = manifestSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')));
      if (told.private === true) return [];
      const hasBin = told.bin !== undefined;
      return [{ name: told.name, version: told.version, folder: `${parent}/${name}`, hasBin }];
    }),
  );
}

/** Our packages, installed from their tarballs where nothing else is. */
export interface InstalledProduct {
  readonly folder: string;
  readonly tarballs: string;
  remove(): void;
}

/**
 * Installs packages as their users do, but from the store of this machine: without asking a registry.
 * @param wanted names of packages; what they need comes with them
 */
export async function installProduct(wanted: readonly string[]): Promise<InstalledProduct> {
  // On the disk of the store, so that files are linked and not copied.
  const folder = mkdtempSync(join(process.env.DISK_TMPDIR ?? tmpdir(), 'waiaas-product-'));
  const tarballs = join(folder, 'tarballs');
  await packAll(tarballs);
  const packed: readonly PackedPackage[] = publishedPackages().map((one) => {
    const file = `${one.name.replace('@', '').replace('/', '-')}-${one.version}.tgz`;
    return { ...one, path: join(tarballs, file), reference: `tarballs/${file}` };
  });
  const dependencies = Object.fromEntries(
    wanted.map((name) => [name, `file:${packed.find((one) => one.name === name)?.reference}`]),
  );
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write(
    'package.json',
    JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module', dependencies }),
  );
  write('pnpm-lock.yaml', consumerLockfile(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8'), packed, wanted));
  // No build script runs at its users' either; and how old a version is, only a registry could tell.
  write('pnpm-workspace.yaml', 'pmOnFail: ignore\nminimumReleaseAge: 0\nstrictDepBuilds: false\n');
  await run('pnpm', ['install', '--offline', '--frozen-lockfile', '--prod'], { cwd: folder, maxBuffer: 1e8 });
  return { folder, tarballs, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
