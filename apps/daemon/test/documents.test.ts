import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transferRequestSchema } from '@waiaas/core';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandModules } from '../src/cli/command-modules.ts';
import { declareProgram } from '../src/cli/program.ts';
import { loadConfig } from '../src/config/index.ts';

/*
 * What the documents tell people to type. The quick start is typed by a test of its own, and what owners type by that of the
 * command line; here every line is held against the program, the routes and the configuration that there are.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const modules = await commandModules('');

/** Markdown that people read, but for what is made from code. */
const DOCUMENTS: readonly { readonly path: string; readonly text: string }[] = (() => {
  const inside = (folder: string): readonly string[] =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  const packages = ['packages', 'apps', 'tooling'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(parent, name, 'README.md')),
  );
  return [...inside('.'), ...inside('docs'), ...inside('deploy'), ...packages]
    .filter((path) => existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
})();

const blocks = (text: string, languages: string): readonly string[] =>
  Array.from(text.matchAll(new RegExp(`\`\`\`(?:${languages})\n([\\s\\S]*?)\`\`\``, 'g')), ([, block = '']) => block);

/** Lines of shell blocks, joined where they go on, without prompt and comment. */
const shellLines = (text: string): readonly string[] =>
  blocks(text, 'sh|console').flatMap((block) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) =>
        line
          .replace(/^\$ /, '')
          .replace(/(^|\s)#.*$/, '')
          .trim(),
      )
      .filter((line) => line !== ''),
  );

/** What is written in a line of text between backquotes, such as a command in a sentence. */
const inline = (text: string): readonly string[] =>
  Array.from(text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g), ([, words = '']) => words);

/** The arguments of every `waiaas` in a line, in the words of a shell. */
function commandsIn(line: string): readonly (readonly string[])[] {
  const starts = line.matchAll(/(?:^|[$(]|&& |env \S+ )\s*(?:npx )?(?:npm run )?waiaas (?:-- )?/g);
  return Array.from(starts, ({ index, 0: start }) => {
    const words = line.slice(index + start.length).match(/(?:'[^']*'|"[^"]*"|[^\s)|>'"])+|[)|>]/g) ?? [];
    const end = words.findIndex((word) => [')', '|', '>', '&&'].includes(word));
    return words.slice(0, end === -1 ? undefined : end).map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
  });
}

/** What the program says against a command line before it does anything, or null. */
function complaint(words: readonly string[]): string | null {
  const act = (command: Command): void => void command.action(() => undefined);
  const program = declareProgram(modules, act, (made) =>
    made.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined }),
  );
  try {
    program.parse(words, { from: 'user' });
    return null;
  } catch (error) {
    const { code, message } = Object.assign({ code: '', message: '' }, error);
    return code === 'commander.version' || code === 'commander.helpDisplayed' ? null : `${code} ${message}`;
  }
}

test('every command that a document shows is one that the program takes, with all it needs', () => {
  const shown = DOCUMENTS.flatMap(({ path, text }) =>
    shellLines(text).flatMap((line) => commandsIn(line).map((words) => ({ path, words }))),
  );
  expect(shown.length).toBeGreaterThan(45);
  const wrong = shown.flatMap(({ path, words }) => {
    const fault = complaint(words);
    return fault === null ? [] : [`${path}: waiaas ${words.join(' ')}: ${fault}`];
  });
  expect(wrong).toEqual([]);
  for (const bad of ['agent', 'agent creat x', 'start --demon', 'nothing', 'owner approve', 'status extra'])
    expect(complaint(bad.split(' ')), bad).not.toBeNull();
});

/** The first word of a command in a sentence that names no command or option; what stands for something else ends it. */
function unknownWord(words: readonly string[]): string | null {
  const program = declareProgram(modules, () => undefined);
  let command: Command = program;
  for (const word of words) {
    if (/[<[…|]/.test(word)) break;
    if (word.startsWith('-')) {
      const known = [...command.options, ...program.options].some(({ long, short }) => word === long || word === short);
      if (!known && word !== '--help') return word;
    } else if (command.commands.length > 0) {
      const next = command.commands.find((inner) => inner.name() === word);
      if (next === undefined) return word;
      command = next;
    }
  }
  return null;
}

test('every command that a sentence names is one that there is', () => {
  const named = DOCUMENTS.flatMap(({ path, text }) =>
    inline(text).flatMap((words) =>
      /^waiaas [a-z-]/.test(words) ? [{ path, words: words.split(/\s+/).slice(1) }] : [],
    ),
  );
  expect(named.length).toBeGreaterThan(20);
  // The table of all commands leaves the name of the program out.
  const table = DOCUMENTS.filter(({ path }) => path === 'apps/daemon/README.md').flatMap(({ path, text }) =>
    [...text.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell = '']) =>
      inline(cell).flatMap((words) => (/^[a-z-]+(?: |$)/.test(words) ? [{ path, words: words.split(/\s+/) }] : [])),
    ),
  );
  expect(table.length).toBeGreaterThan(40);
  const wrong = [...named, ...table].flatMap(({ path, words }) => {
    const word = unknownWord(words);
    return word === null ? [] : [`${path}: waiaas ${words.join(' ')}: ${word}`];
  });
  expect(wrong).toEqual([]);
});

/** Routes as the reference, which is made from the code, has them. */
const ROUTES: readonly (readonly [string, readonly string[]])[] = Array.from(
  readFileSync(join(ROOT, 'docs/reference/api.md'), 'utf8').matchAll(/^\| `(GET|POST|PUT|DELETE) (\S+)`/gm),
  ([, method = '', path = '']) => [method, path.split('/')],
);

const isRoute = (method: string, path: string): boolean => {
  const segments = (path.split('?')[0] ?? '').split('/');
  return ROUTES.some(
    ([of, pattern]) =>
      of === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) => part.startsWith('{') || part === segments[index]),
  );
};

test('every request that a document names goes to a route that there is', () => {
  expect(ROUTES.length).toBeGreaterThan(60);
  const named = DOCUMENTS.flatMap(({ path: document, text }) =>
    inline(text).flatMap((words) => {
      const [, method = '', path = ''] = /^(GET|POST|PUT|DELETE) (\/\S*)$/.exec(words) ?? [];
      return method === '' || path.includes('…') || path.endsWith('*') ? [] : [{ document, method, path }];
    }),
  );
  expect(named.length).toBeGreaterThan(20);
  // Files, and figures for another program: no operations of the API.
  const others = ['/console', '/docs/', '/metrics'];
  const wrong = named.filter(
    ({ document, method, path }) =>
      !isRoute(method, path) && !others.includes(path) && !document.startsWith('tooling/localnet'),
  );
  expect(wrong).toEqual([]);
});

test('every curl asks an existing route, with a body that it takes', () => {
  const shown = DOCUMENTS.flatMap(({ path, text }) =>
    shellLines(text).flatMap((line) => (line.startsWith('curl ') ? [{ path, line }] : [])),
  );
  expect(shown.length).toBeGreaterThan(0);
  for (const { path, line } of shown) {
    const [, url = ''] = /http:\/\/127\.0\.0\.1:3100(\S+)/.exec(line) ?? [];
    const [, body] = /-d '([^']*)'/.exec(line) ?? [];
    const [, method = body === undefined ? 'GET' : 'POST'] = /-X (\w+)/.exec(line) ?? [];
    expect(isRoute(method, url), `${path}: ${line}`).toBe(true);
    if (body !== undefined) {
      expect(url, 'a body of another route needs its schema here').toBe('/v1/transactions/send');
      const filled = body.replaceAll(/<\w+>/g, '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU');
      expect(transferRequestSchema.safeParse(JSON.parse(filled)).success, `${path}: ${body}`).toBe(true);
    }
  }
});

test('every piece of config.toml that a document shows is taken, and nothing in it is unknown', () => {
  const pieces = DOCUMENTS.flatMap(({ path, text }) => blocks(text, 'toml').map((piece) => ({ path, piece })));
  expect(pieces.length).toBeGreaterThan(0);
  for (const { path, piece } of pieces) {
    const dataDir = mkdtempSync(join(tmpdir(), 'waiaas-documents-'));
    try {
      writeFileSync(join(dataDir, 'config.toml'), piece, { mode: 0o600 });
      expect(loadConfig({ dataDir, env: {}, secretRequired: false }).warnings, path).toEqual([]);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  }
});

test('every script and every program of the repository that a document runs is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const lines = DOCUMENTS.flatMap(({ path, text }) => shellLines(text).map((line) => ({ path, line })));
  const wrong = lines.filter(({ line }) => {
    const [, script] = /^npm run ([\w:-]+)/.exec(line) ?? [];
    const [, file] = /^(?:node|vitest run) ((?:tooling|packages|apps)\/\S+)/.exec(line) ?? [];
    const [, filter] = /--filter @waiaas\/(\S+)/.exec(line) ?? [];
    const isPackage = (name: string) =>
      ['packages', 'apps', 'tooling'].some((dir) => existsSync(join(ROOT, dir, name)));
    return (
      (script !== undefined && !Object.hasOwn(scripts, script)) ||
      (file !== undefined && !existsSync(join(ROOT, file))) ||
      (filter !== undefined && !isPackage(filter))
    );
  });
  expect(wrong).toEqual([]);
});

test('every link of a document leads to a file that there is', () => {
  const broken = DOCUMENTS.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap(([, target = '']) =>
      existsSync(join(ROOT, path, '..', target)) ? [] : [`${path}: ${target}`],
    ),
  );
  expect(broken).toEqual([]);
});
