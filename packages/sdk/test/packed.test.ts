import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { gunzipSync, gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BALANCE, TOKEN } from './clients.ts';
import { json, startServer } from './scripted-server.ts';

/* The package as it is published. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
let tarball: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-sdk-'));
  await promisify(execFile)('pnpm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  tarball = readFileSync(join(folder, readdirSync(folder)[0] ?? ''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('breaks no rule of publishing', async () => {
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('its types resolve as its code does, wherever modules are understood', async () => {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (result.types === false) throw new Error('The package has no types');
  const entries = Object.keys(result.entrypoints);
  expect(entries).toEqual(expect.arrayContaining(['.', './solana', './viem']));
  for (const entry of entries)
    for (const mode of ['node16-esm', 'bundler'] as const)
      expect(result.entrypoints[entry]?.resolutions[mode]?.resolution?.isTypeScript).toBe(true);
  // Modules only: CommonJS of Node 20 loads them by `import()`, and resolution from before `exports` finds no sub-path.
  const known = ['CJSResolvesToESM', 'NoResolution'];
  expect(result.problems.filter(({ kind }) => !known.includes(kind))).toEqual([]);
});

test('holds what it needs, and is small', () => {
  expect(tarball.length).toBeLessThan(80_000);
  const names = gunzipSync(tarball).toString('latin1');
  expect(names).not.toMatch(/package\/(?:src|test)\//);
  expect(names).toContain('package/README.md');
});

describe('in a browser', () => {
  /** What a bundler makes of it for browsers; it fails for anything that only Node has. */
  async function bundled(code: string): Promise<string> {
    const { outputFiles, warnings } = await build({
      stdin: { contents: code, resolveDir: ROOT },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      minify: true,
      write: false,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    return outputFiles[0]?.text ?? '';
  }

  test.each([
    ['an agent', `export { WAIaaSClient } from './dist/index.js';`, 8_000],
    ['everything', `export * from './dist/index.js';`, 18_000],
  ])('%s takes little of a page', async (_who, code, most) => {
    expect(gzipSync(await bundled(code)).length).toBeLessThan(most);
  });

  test('the signer for @solana/kit is bundled, too', async () => {
    expect(await bundled(`export * from './dist/solana/index.js';`)).toContain('NOT_A_PAYMENT');
  });

  test('the wallet for viem is bundled, too', async () => {
    expect(await bundled(`export * from './dist/viem/index.js';`)).toContain('NOT_A_PAYMENT');
  });

  test('it works with what every browser has, and nothing else', async () => {
    await using server = await startServer(json(BALANCE));
    const script = await bundled(`
      import { WAIaaSClient, WAIaaSOwnerClient, WAIaaSOperatorClient } from './dist/index.js';
      new WAIaaSOperatorClient();
      new WAIaaSOwnerClient({ signer: { chain: 'solana', address: '${'1'.repeat(32)}', signMessage: async () => '' } });
      const client = new WAIaaSClient({ baseUrl: '${server.url}', sessionToken: '${TOKEN}' });
      client.getBalance().then(({ formatted }) => done(formatted), (error) => done(String(error)));
    `);
    let tell: (text: string) => void = () => undefined;
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const { fetch, URL, URLSearchParams, Headers, AbortController, AbortSignal, TextEncoder, TextDecoder, crypto } =
      globalThis;
    vm.runInNewContext(script, {
      ...{ fetch, URL, URLSearchParams, Headers, AbortController, AbortSignal, TextEncoder, TextDecoder, crypto },
      ...{ setTimeout, clearTimeout },
      done: tell,
    });
    expect(await told).toBe('1.5 SOL');
  });
});
