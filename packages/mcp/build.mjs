import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/*
 * One file with everything in it: an AI tool starts the server each time it is opened, and resolving hundreds of modules
 * takes longer than all that the server does. Nothing is shortened, so that what runs can be read.
 */

/** zod brings its messages in every language, a third of the file. Models are spoken to in English. */
const englishOnly = {
  name: 'english-only',
  setup: (bundler) =>
    bundler.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    })),
};

/** The SDK brings a validator for what it may ask of clients; nothing here asks, and loading it takes a fifth of the start. */
const withoutValidator = {
  name: 'without-validator',
  setup: (bundler) =>
    bundler.onLoad({ filter: /validation[\\/]ajv-provider\.js$/ }, () => ({
      contents:
        "export class AjvJsonSchemaValidator { getValidator() { throw new Error('This server asks clients for nothing'); } }",
    })),
};

/** By the name `z` zod comes whole, with all that can be made of a schema; by its parts only what is used comes. */
const zodByParts = {
  name: 'zod-by-parts',
  setup: (bundler) =>
    bundler.onLoad({ filter: /packages[\\/](?:mcp[\\/]src|(?:core|sdk)[\\/]dist)[\\/].*\.[jt]s$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace("import { z } from 'zod';", "import * as z from 'zod';"),
      loader: path.endsWith('.ts') ? 'ts' : 'js',
    })),
};

const folder = dirname(fileURLToPath(import.meta.url));
/** Where the build goes; elsewhere for one that is only compared. */
const target = process.argv[2] ?? join(folder, 'dist');
const { metafile } = await build({
  absWorkingDir: folder,
  entryPoints: ['src/main.ts'],
  outfile: join(target, 'main.js'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'none',
  metafile: true,
  plugins: [englishOnly, withoutValidator, zodByParts],
  logLevel: 'warning',
});

const whole = Object.values(metafile.outputs)
  .flatMap(({ inputs }) => Object.entries(inputs))
  .find(([file, { bytesInOutput }]) => bytesInOutput > 0 && file.endsWith('zod/v4/classic/from-json-schema.js'));
if (whole !== undefined) throw new Error('zod came whole: somebody imports all of it');

/** The folder of the package that a bundled file is from. */
function packageOf(file) {
  for (let at = dirname(file); at !== dirname(at); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name !== undefined) return at;
  }
  throw new Error(`${file} is in no package`);
}

const folders = [...new Set(Object.keys(metafile.inputs).map((file) => packageOf(join(folder, file))))];
const notices = folders
  .map((at) => ({ at, ...JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) }))
  .filter(({ name }) => !name.startsWith('@waiaas/'))
  .map(({ at, name, version, license }) => {
    const file = readdirSync(at).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} comes without a licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(at, file), 'utf8').trim()}\n`;
  });
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), notices.sort().join(`\n${'-'.repeat(78)}\n\n`));
