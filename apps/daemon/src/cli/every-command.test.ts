import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isExitCode } from '../exit-codes.ts';
import type { CommandIo } from './command-io.ts';
import { commandModules, commandWord } from './command-modules.ts';
import { type CommandModule, declareProgram, runCli } from './program.ts';

/* What holds for every command there is, whatever it does. */

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-every-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const modules = await commandModules('/nonexistent/background-main.js');

/** A command that does something, and not a group of them. */
interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
}
const leavesOf = (command: Command, words: readonly string[] = []): readonly Leaf[] =>
  command.commands.length === 0
    ? [{ words, command }]
    : command.commands.flatMap((inner) => leavesOf(inner, [...words, inner.name()]));
const groupsOf = (command: Command, words: readonly string[] = []): readonly (readonly string[])[] =>
  command.commands.length === 0
    ? []
    : [words, ...command.commands.flatMap((inner) => groupsOf(inner, [...words, inner.name()]))];
/** Each with the module that declares it: declaring all of them for every line would take most of the time. */
const leaves = modules.flatMap((module) =>
  leavesOf(declareProgram([module], () => undefined)).map((leaf) => ({ ...leaf, name: leaf.words.join(' '), module })),
);
const groups = modules.flatMap((module) =>
  groupsOf(declareProgram([module], () => undefined)).map((words) => ({ name: words.join(' '), words, module })),
);

interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line where there is no data directory, no terminal and no password. */
async function waiaas(module: CommandModule, ...args: readonly string[]): Promise<Finished> {
  let [out, err] = ['', ''];
  const io: CommandIo = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    home: root,
    umask: 0o022,
    status: null,
    askHidden: null,
    ask: null,
    inputLine: async () => null,
  };
  const code = await runCli(['--data-dir', join(root, 'nothing-here'), ...args], io, [module]);
  return { code, out, err };
}

const UUID = '01938e5c-0000-7000-8000-000000000001';
/** Something that an argument or an option may be, as far as its name tells. */
const WORDS: Readonly<Record<string, string>> = {
  chain: 'solana',
  'agent-id': UUID,
  shell: 'bash',
  txId: UUID,
  action: 'manage_sessions',
  path: '/nonexistent/file',
  reason: 'drill',
};
const argumentFor = ({ required }: Argument, name: string): readonly string[] =>
  required ? [WORDS[name] ?? UUID] : [];
const optionFor = ({ mandatory, long }: Option): readonly string[] =>
  mandatory && typeof long === 'string' ? [long, WORDS[long.slice(2)] ?? '/nonexistent/file'] : [];
const lineOf = ({ words, command }: Leaf): readonly string[] => [
  ...words,
  ...command.registeredArguments.flatMap((argument) => argumentFor(argument, argument.name())),
  ...command.options.flatMap(optionFor),
];

const jsonLines = (text: string): readonly unknown[] =>
  text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => JSON.parse(line));

/** A failure as programs read it, or undefined where only results were printed. */
function failureIn({ code, out, err }: Finished): unknown {
  expect(isExitCode(code)).toBe(true);
  const results = jsonLines(out);
  const failures = jsonLines(err).filter((line) => !Object.hasOwn(Object(line), 'warning'));
  expect(results.length + failures.length, out + err).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(2);
  if (failures[0] !== undefined) {
    expect(failures[0]).toEqual(
      expect.objectContaining({
        code: expect.stringMatching(/^[A-Z][A-Z_]+$/),
        message: expect.stringMatching(/\S/),
        exitCode: code,
      }),
    );
    expect(failures[0]).not.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(code).not.toBe(0);
  }
  return failures[0];
}

describe.each(leaves)('$name', (leaf) => {
  test('answers with JSON when it is asked to, where there is nothing yet', async () => {
    failureIn(await waiaas(leaf.module, ...lineOf(leaf), '--json'));
    failureIn(await waiaas(leaf.module, '--json', ...lineOf(leaf)));
  });

  test('says so in words otherwise, and never with a stack', async () => {
    const { code, out, err } = await waiaas(leaf.module, ...lineOf(leaf));
    expect(out + err).not.toMatch(/\n\s+at /);
    if (code !== 0 && out === '') expect(err).toMatch(/^Error: /m);
  });

  test('refuses an option that it does not know, and too few and too many arguments', async () => {
    expect(failureIn(await waiaas(leaf.module, ...lineOf(leaf), '--no-such-option', '--json'))).toMatchObject({
      code: 'USAGE',
      exitCode: 1,
    });
    expect(failureIn(await waiaas(leaf.module, ...lineOf(leaf), 'one', 'too', 'many', '--json'))).toMatchObject({
      code: 'USAGE',
    });
    const { registeredArguments, options } = leaf.command;
    if (registeredArguments.some(({ required }) => required) || options.some(({ mandatory }) => mandatory)) {
      expect(failureIn(await waiaas(leaf.module, ...leaf.words, '--json'))).toMatchObject({
        code: 'USAGE',
        exitCode: 1,
      });
    }
  });

  test('says what it is for, and so does each of its options', async () => {
    const { code, out, err } = await waiaas(leaf.module, ...leaf.words, '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Usage: waiaas ${leaf.name}`);
    expect(leaf.command.description()).toMatch(/\S/);
    for (const { description, long } of leaf.command.options) expect(description, String(long)).toMatch(/\S/);
    for (const { description } of leaf.command.registeredArguments) expect(description).toMatch(/\S/);
    expect(jsonLines((await waiaas(leaf.module, ...leaf.words, '--help', '--json')).out)).toHaveLength(1);
  });
});

test.each(groups)(
  'waiaas $name without a command, or with one that there is not, is a mistake that is explained',
  async ({ words, module }) => {
    const mistake = { code: 'USAGE', exitCode: 1 };
    expect(failureIn(await waiaas(module, ...words, '--json'))).toMatchObject(mistake);
    expect(failureIn(await waiaas(module, ...words, 'no-such-command', '--json'))).toMatchObject(mistake);
    const { code, err } = await waiaas(module, ...words, 'no-such-command');
    expect([code, err]).toEqual([1, expect.stringMatching(/^Error: .*no-such-command/)]);
  },
);

test('the version is one line, or JSON; and two modules do not declare one command', async () => {
  const [module] = modules;
  if (module === undefined) throw new Error('There is no module');
  expect((await waiaas(module, '--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(jsonLines((await waiaas(module, '--version', '--json')).out)).toEqual([
    { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
  ]);
  const names = leavesOf(declareProgram(modules, () => undefined)).map(({ words }) => words.join(' '));
  expect(names).toEqual(leaves.map(({ name }) => name));
});

test('only what a line can mean is loaded; what it cannot mean is told from everything there is', async () => {
  for (const { words } of leaves) {
    const some = await commandModules('', commandWord(['--json', '--data-dir', 'agent', ...words]));
    expect(some).toHaveLength(words[0] === 'completion' ? modules.length : 1);
    const names = leavesOf(declareProgram(some, () => undefined)).map((leaf) => leaf.words.join(' '));
    expect(names).toContain(words.join(' '));
  }
  for (const argv of [[], ['--help'], ['help', 'agent'], ['no-such-command'], ['--data-dir', 'agent']]) {
    expect(await commandModules('', commandWord(argv))).toHaveLength(modules.length);
  }
});
