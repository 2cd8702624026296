import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

/* What people run the daemon with, as far as it can be checked without an engine (05 §6). */

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const manifestSchema = z.object({ version: z.string(), packageManager: z.string() });
const { version, packageManager } = manifestSchema.parse(JSON.parse(read('package.json')));

describe('the image', () => {
  const dockerfile = read('deploy/Dockerfile');

  test('passes a linter', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  test('runs as a user of its own, fetches with the pinned pnpm, copies only what there is', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    expect(stages.at(-1)).toMatch(/^USER waiaas$/m);
    expect(stages.at(-1)).not.toMatch(/^RUN .*npm/m);
    expect(dockerfile).toContain(packageManager);
    expect(dockerfile).not.toMatch(/:latest|^ADD /m);
    for (const [, sources = ''] of dockerfile.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)) {
      for (const source of sources.split(' ')) expect(existsSync(join(ROOT, source)), source).toBe(true);
    }
  });

  test('its entrypoint is a script that a plain shell reads', () => {
    execFileSync('sh', ['-n', join(ROOT, 'deploy', 'entrypoint.sh')]);
    expect(read('deploy/entrypoint.sh')).toMatch(/^exec node /m);
  });
});

test('the compose file lets nobody in but this machine, and gives the daemon time to end', () => {
  const compose = z
    .strictObject({
      name: z.string(),
      services: z.strictObject({ waiaas: z.looseObject({ image: z.string() }) }),
      secrets: z.record(z.string(), z.unknown()),
      volumes: z.record(z.string(), z.unknown()),
    })
    .parse(parse(read('deploy/compose.yaml')));
  const { waiaas } = compose.services;
  expect(waiaas).toMatchObject({
    image: `waiaas/daemon:${version}`,
    ports: ['127.0.0.1:3100:3100'],
    volumes: ['waiaas-data:/home/waiaas/.waiaas'],
    restart: 'unless-stopped',
    stop_grace_period: '35s',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    secrets: ['master_password'],
  });
  expect(waiaas).not.toHaveProperty('network_mode');
  expect(waiaas).not.toHaveProperty('privileged');
  expect(Object.keys(compose.volumes)).toEqual(['waiaas-data']);
  expect(JSON.stringify(waiaas)).not.toMatch(/MASTER_PASSWORD"|docker\.sock/);
});

test('the systemd unit waits for the daemon to stop, and holds no password', () => {
  const unit = read('deploy/waiaas.service');
  expect(unit).toMatch(/^TimeoutStopSec=35$/m);
  expect(unit).not.toMatch(/^Environment=.*PASSWORD=/m);
});

/** Not every machine of a developer has systemd; where there is none, the run says that this was skipped. */
const systemd = spawnSync('systemd-analyze', ['--version']).error === undefined;

test.skipIf(!systemd)('the systemd unit is one that systemd reads without a word, and exposes little', () => {
  const unit = read('deploy/waiaas.service');
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-unit-'));
  try {
    // Program and user are not there on the machine of the test.
    const path = join(folder, 'waiaas.service');
    writeFileSync(
      path,
      unit.replace('/usr/local/bin/waiaas', process.execPath).replaceAll(/^(User|Group)=.*$/gm, '$1=root'),
    );
    const analyze = (...args: readonly string[]): string =>
      execFileSync('systemd-analyze', [...args, path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(analyze('verify', '--man=no')).toBe('');
    analyze('security', '--offline=yes', '--no-pager', '--threshold=30');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the bill of materials names what the daemon is made of, each with its hash', () => {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-sbom-'));
  try {
    const out = join(folder, 'sbom.json');
    const args = [
      'sbom',
      '--sbom-format',
      'cyclonedx',
      '--prod',
      '--lockfile-only',
      '--filter',
      'waiaas',
      '--out',
      out,
    ];
    execFileSync('pnpm', args, { cwd: ROOT, stdio: 'ignore' });
    const component = z.looseObject({ name: z.string(), version: z.string(), purl: z.string() });
    const sbom = z
      .looseObject({ bomFormat: z.literal('CycloneDX'), components: z.array(component) })
      .parse(JSON.parse(readFileSync(out, 'utf8')));
    const names = sbom.components.map(({ name }) => name);
    for (const name of ['better-sqlite3', 'sodium-native', 'fastify', 'viem', 'zod']) {
      expect(names.filter((one) => one.endsWith(name)).length, name).toBeGreaterThan(0);
    }
    for (const name of ['vitest', 'litesvm', 'esbuild']) expect(names, name).not.toContain(name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
