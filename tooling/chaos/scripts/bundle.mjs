import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/*
 * The daemon that the tests kill and start again, hundreds of times, in few files, as the one that people run is. One bundle
 * with the tests' own part: what that wraps must be what the daemon uses, and not a second copy of it.
 */

const of = (path) => fileURLToPath(new URL(path, import.meta.url));
rmSync(of('../dist/process'), { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: of('..'),
  entryPoints: ['src/daemon-process.ts'],
  outdir: 'dist/process',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  external: ['argon2', 'better-sqlite3', 'sodium-native', 'grammy', '@fastify/swagger-ui'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  sourcemap: true,
  metafile: true,
  logLevel: 'error',
});
// Loaded when it is needed, what is CommonJS would have no names, only a default; without the bundler it has both.
for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  const nameless = imports.find(
    ({ kind, path }) => kind === 'dynamic-import' && metafile.inputs[path]?.format === 'cjs',
  );
  if (nameless !== undefined) throw new Error(`${file} loads ${nameless.path}, which is CommonJS, by import()`);
}
// It looks for the console where it is built.
cpSync(of('../../../apps/daemon/dist/console'), of('../dist/console'), { recursive: true });
