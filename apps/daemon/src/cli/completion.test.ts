import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { completionScript } from './completion-script.ts';
import { completionWords } from './completion-words.ts';

const program = new Command('waiaas').option('--json', 'as JSON').option('--data-dir <path>', 'the "place"; of it all');
const agent = program.command('agent').description('manage agents');
agent.command('create').option('--chain <chain>', "a chain's name");
agent.command('list');
program.command('start').option('-d, --daemon', 'in the background');
const words = completionWords(program);

/** What bash offers for a line that ends where the cursor is. */
function offered(...line: readonly string[]): readonly string[] {
  const quoted = line.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', words)}
COMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}; _waiaas; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
    .split('\n')
    .filter((word) => word !== '');
}

test('bash offers commands, then those of a group, then options', () => {
  expect(offered('waiaas', '')).toEqual(['agent', 'start']);
  expect(offered('waiaas', 'a')).toEqual(['agent']);
  expect(offered('waiaas', '--json', 'agent', '')).toEqual(['create', 'list']);
  expect(offered('waiaas', 'agent', 'create', '--c')).toEqual(['--chain']);
  expect(offered('waiaas', 'agent', 'create', 'agent', '--')).toEqual(['--chain', '--json', '--data-dir', '--help']);
  expect(offered('waiaas', 'start', '--d')).toEqual(['--daemon', '--data-dir']);
  expect(offered('waiaas', 'start', 'x')).toEqual([]);
});

test('every shell is given every word, and nothing that would end a quote', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(shell, words);
    for (const word of ['agent', 'create', 'list', 'start', 'chain', 'daemon']) expect(script).toContain(word);
    expect(script).not.toContain('"place"');
    expect((script.match(/'/g) ?? []).length % 2).toBe(0);
  }
});
