import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandModules } from '../src/cli/command-modules.ts';
import { declareProgram } from '../src/cli/program.ts';
import { commandReference, settingsReference } from './reference.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const program = declareProgram(await commandModules(''), () => undefined);
const reference = (name: string): string => join(ROOT, 'docs', 'reference', name);

test('the reference of the commands is that of the program', async () => {
  await expect(commandReference(program)).toMatchFileSnapshot(reference('commands.md'));
});

test('the reference of the settings is that of the configuration', async () => {
  await expect(settingsReference()).toMatchFileSnapshot(reference('settings.md'));
});

/** Markdown that people read, but for what is made from code. */
function documents(): readonly string[] {
  const inside = (folder: string): readonly string[] =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  const packages = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(parent, name, 'README.md')),
  );
  return [
    ...inside('.'),
    ...inside('docs'),
    ...inside('deploy'),
    ...packages.filter((path) => existsSync(join(ROOT, path))),
  ];
}

/** Every line of a shell block that runs the command, joined where it goes on, without its comment. */
function commandLines(text: string): readonly string[] {
  return [...text.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .flatMap((line) => {
        const found = /(?:^|[$(]|&& |-- )\s*(?:npx )?(?:npm run )?waiaas (?:-- )?(.*)$/.exec(
          line.replace(/\s#.*$/, ''),
        );
        return found?.[1] === undefined ? [] : [found[1]];
      }),
  );
}

/** The first word that the program does not know, or null. */
function unknownWord(line: string): string | null {
  const words = line.match(/'[^']*'|"[^"]*"|[^\s)|]+|[)|]/g) ?? [];
  let command: Command = program;
  for (const word of words) {
    if (word === '|' || word === ')' || word === '>') break;
    if (word.startsWith('-')) {
      const known = [...command.options, ...program.options].some(({ long, short }) => word === long || word === short);
      if (!known && word !== '--help') return word;
      continue;
    }
    if (command.commands.length === 0) continue;
    const next = command.commands.find((inner) => inner.name() === word);
    if (next === undefined) return word;
    command = next;
  }
  return command.commands.length > 0 && command !== program ? `${command.name()} needs a word more` : null;
}

test('every command that a document shows is one that there is', () => {
  const lines = documents().flatMap((path) =>
    commandLines(readFileSync(join(ROOT, path), 'utf8')).map((line) => ({ path, line })),
  );
  expect(lines.length).toBeGreaterThan(30);
  expect(
    lines.flatMap(({ path, line }) => (unknownWord(line) === null ? [] : [`${path}: ${line}: ${unknownWord(line)}`])),
  ).toEqual([]);
  for (const wrong of ['agent', 'agent creat x', 'start --demon', 'nothing']) expect(unknownWord(wrong)).not.toBeNull();
});

test('every link of a document leads to a file that there is', () => {
  const broken = documents().flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap(
      ([, target = '']) => (existsSync(join(ROOT, path, '..', target)) ? [] : [`${path}: ${target}`]),
    ),
  );
  expect(broken).toEqual([]);
});
