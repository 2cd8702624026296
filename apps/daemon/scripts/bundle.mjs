import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/*
 * The command in few files: to find and link a thousand modules takes longer than all else that a start does. What is loaded
 * only when it is needed stays in files of its own. Nothing is shortened, so that what runs can be read.
 */

/**
 * Loaded from where it is installed: what comes as machine code, what reads files beside its own, and what needs a module of
 * Node's of which Node warns everywhere else.
 */
const INSTALLED = ['argon2', 'better-sqlite3', 'sodium-native', '@fastify/swagger-ui', 'grammy'];

/** zod brings its messages in every language; ours are English. */
const englishOnly = {
  name: 'english-only',
  setup: (bundler) =>
    bundler.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    })),
};

const folder = fileURLToPath(new URL('..', import.meta.url));
/** Where the build goes; elsewhere for one that is only compared. */
const target = process.argv[2] ?? join(folder, 'dist/program');
rmSync(target, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: folder,
  entryPoints: ['src/cli/main.ts', 'src/cli/background-main.ts'],
  outdir: target,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  external: INSTALLED,
  // Its other form loads its parts by a `require` that no bundler sees.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  // What is CommonJS asks for Node's modules so.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  plugins: [englishOnly],
  logLevel: 'error',
});

// Loaded when it is needed, what is CommonJS would have no names, only a default; without the bundler it has both.
for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  const nameless = imports.find(
    ({ kind, path }) => kind === 'dynamic-import' && metafile.inputs[path]?.format === 'cjs',
  );
  if (nameless !== undefined) throw new Error(`${file} loads ${nameless.path}, which is CommonJS, by import()`);
}

/** The folder of the package that a bundled file is from. */
function packageOf(file) {
  for (let at = dirname(file); at !== dirname(at); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name !== undefined) return at;
  }
  throw new Error(`${file} is in no package`);
}

/** The licence that a package comes with; some only name theirs. */
function licenceOf(at, { license, author }) {
  const file = readdirSync(at).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file !== undefined) return readFileSync(join(at, file), 'utf8').trim();
  if (license === undefined) throw new Error(`${at} comes without a licence`);
  const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
  return `Copyright ${by}. The package comes without a text of its licence, ${license}.`;
}

const folders = new Set(Object.keys(metafile.inputs).map((file) => packageOf(join(folder, file))));
const notices = new Set(
  [...folders]
    .map((at) => ({ at, manifest: JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.name.startsWith('@waiaas/'))
    .map(({ at, manifest }) => {
      const { name, version, license } = manifest;
      return `${name} ${version} (${license})\n\n${licenceOf(at, manifest)}\n`;
    }),
);
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), [...notices].sort().join(`\n${'-'.repeat(78)}\n\n`));
