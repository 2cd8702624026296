import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

/* The files that the command is linked into when it is built. */

const run = promisify(execFile);
const FOLDER = new URL('../dist/program/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.js'));

test('every part of the program loads, also what is loaded only when it is needed, and Node warns of nothing', async () => {
  // One of them is the background daemon itself, and starts one.
  const parts = files.filter((name) => name !== 'background-main.js').map((name) => new URL(name, FOLDER).href);
  const script = parts.map((part) => `await import(${JSON.stringify(part)});`).join('\n');
  expect(await run(process.execPath, ['--input-type=module', '--eval', script])).toEqual({ stdout: '', stderr: '' });
  expect(parts.length).toBeGreaterThan(50);
}, 30_000);

test('what is not in it is installed with it', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')));
  const imported = new Set(
    files.flatMap((name) =>
      [
        ...readFileSync(new URL(name, FOLDER), 'utf8').matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^".][^"]*)";$/gm),
      ].map(([, specifier = '']) => specifier),
    ),
  );
  const packages = [...imported].filter((specifier) => !isBuiltin(specifier));
  expect(packages).toContain('argon2');
  for (const name of packages) expect(Object.keys(dependencies), name).toContain(name);
});
