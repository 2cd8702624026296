import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startLocalnet } from '@waiaas/localnet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runDemo } from '../../dist/index.js';
import { freePort } from '../processes.ts';
import { type InstalledProduct, installProduct, packAll, publishedPackages } from './install-product.ts';

/* What is published, installed where nothing else is, and at work there. */

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
let product: InstalledProduct;
let program: string;

beforeAll(async () => {
  product = await installProduct(['waiaas', '@waiaas/sdk', '@waiaas/mcp']);
  program = join(product.folder, 'node_modules', 'waiaas', 'bin', 'waiaas.mjs');
}, 120_000);
afterAll(() => product.remove());

const hashesOf = (folder: string, names: readonly string[]): readonly string[] =>
  names.map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')}`,
  );

test('every package is there, and packed again it is the same to the byte', async () => {
  const again = mkdtempSync(join(tmpdir(), 'waiaas-again-'));
  try {
    const names = await packAll(again);
    expect(names).toHaveLength(publishedPackages().length);
    expect(hashesOf(again, names)).toEqual(hashesOf(product.tarballs, names));
  } finally {
    rmSync(again, { recursive: true });
  }
}, 60_000);

/** Every file below a folder, by its path. A map names its sources from where it is itself. */
const contentsOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => {
        const text = readFileSync(path, 'utf8');
        return [relative(folder, path), path.endsWith('.map') ? mappingsSchema.parse(JSON.parse(text)).mappings : text];
      }),
  );
const mappingsSchema = z.object({ mappings: z.string() });

test.each([
  ['packages/mcp', 'build.mjs'],
  ['apps/daemon', 'scripts/bundle.mjs'],
])(
  'what %s bundles is the same to the byte when it is built again',
  async (folder, script) => {
    // Both beside each other: the names of the parts come from their maps, and those say where the sources are from there.
    const targets = ['built-again-', 'built-again-'].map((name) => mkdtempSync(join(ROOT, folder, name)));
    try {
      for (const target of targets)
        await run(process.execPath, [join(ROOT, folder, script), target], { cwd: join(ROOT, folder) });
      const [first = new Map<string, string>(), second = new Map<string, string>()] = targets.map(contentsOf);
      expect(first.size).toBeGreaterThan(0);
      expect([...second.keys()]).toEqual([...first.keys()]);
      // Told by name: the texts are long.
      expect([...second].filter(([name, text]) => first.get(name) !== text).map(([name]) => name)).toEqual([]);
    } finally {
      for (const target of targets) rmSync(target, { recursive: true });
    }
  },
  60_000,
);

test('the command is there under its name, and the demo’s claims hold with it', async () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const { stdout } = await run(join(product.folder, 'node_modules', '.bin', 'waiaas'), ['--version']);
  expect(stdout.trim()).toBe(version);
  const lines: string[] = [];
  expect(await runDemo([], { write: (line) => lines.push(line), program })).toBe(0);
  expect(lines.filter((line) => line.includes('✗'))).toEqual([]);
  expect(lines.filter((line) => line.includes('✓')).length).toBeGreaterThan(12);
}, 60_000);

test('an image’s first start prepares the volume, a later one finds it, and both end when told to', async () => {
  const volume = mkdtempSync(join(tmpdir(), 'waiaas-volume-'));
  const ledger = await startLocalnet({ slotMs: 100 });
  try {
    const password = join(volume, '..', `${volume.split('/').at(-1)}.password`);
    writeFileSync(password, 'correct horse battery\n', { mode: 0o600 });
    const env = {
      ...{ PATH: process.env.PATH ?? '', HOME: '/nonexistent', NODE_ENV: 'production' },
      ...{ WAIAAS_PROGRAM: program, WAIAAS_DATA_DIR: volume, WAIAAS_DAEMON_HOSTNAME: '0.0.0.0' },
      ...{ WAIAAS_MASTER_PASSWORD_FILE: password, WAIAAS_RPC_SOLANA_LOCALNET: ledger.rpcUrl },
      ...{ WAIAAS_KEYSTORE_ARGON2_MEMORY: '32768', WAIAAS_KEYSTORE_ARGON2_TIME: '1' },
    };
    for (const start of ['first', 'second']) {
      const port = String(await freePort());
      const child = spawn('sh', [join(ROOT, 'deploy', 'entrypoint.sh'), '--port', port], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          text += String(chunk);
        });
      }
      await expect.poll(() => text, { timeout: 20_000, message: start }).toContain(`ready on 0.0.0.0:${port}`);
      expect(text.includes('The data directory is ready')).toBe(start === 'first');
      // The image's own check of its health.
      const check = /CMD \["node", "-e", "(.+)"\]/.exec(readFileSync(join(ROOT, 'deploy', 'Dockerfile'), 'utf8'))?.[1];
      await run(process.execPath, ['-e', check ?? 'process.exit(2)'], { env: { WAIAAS_DAEMON_PORT: port } });
      // The console is in the package, with nothing else to install.
      const page = await (await fetch(`http://127.0.0.1:${port}/console/`)).text();
      const script = /src="(\/console\/assets\/[^"]+\.js)"/.exec(page)?.[1];
      expect((await fetch(`http://127.0.0.1:${port}${script}`)).headers.get('cache-control')).toContain('immutable');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    }
    rmSync(password);
  } finally {
    await ledger.close();
    rmSync(volume, { recursive: true });
  }
}, 60_000);

describe('the clients', () => {
  test('load and refuse what they must, each from its own package', async () => {
    const script = join(product.folder, 'agent.mjs');
    writeFileSync(
      script,
      `import { WAIaaSClient, WAIaaSError } from '@waiaas/sdk';
       const client = new WAIaaSClient({ baseUrl: 'http://127.0.0.1:9', sessionToken: 'wai_sess_x', retry: { maxRetries: 0 } });
       const error = await client.getBalance().catch((error) => error);
       console.log(error instanceof WAIaaSError, error.code);`,
    );
    expect((await run(process.execPath, [script], { cwd: product.folder })).stdout.trim()).toBe('true NETWORK_ERROR');
    const server = run(join(product.folder, 'node_modules', '.bin', 'waiaas-mcp'), [], {
      env: { PATH: process.env.PATH },
    });
    await expect(server).rejects.toMatchObject({ code: 1, stdout: '' });
  });
});
