import type { Command } from 'commander';

/** What may be typed after some words of a command line. */
export interface CompletionWords {
  /** The words before, without options: `agent create`. Empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly { readonly name: string; readonly about: string }[];
}

/** Every command of a program with what may follow it, in the order of its help. */
export function completionWords(program: Command): readonly CompletionWords[] {
  const words: CompletionWords[] = [];
  const walk = (command: Command, path: readonly string[]): void => {
    const lineage = path.length === 0 ? [program] : [command, program];
    words.push({
      path: path.join(' '),
      commands: command.commands.map((inner) => ({ name: inner.name(), about: firstPart(inner.description()) })),
      options: [
        ...lineage
          .flatMap(({ options }) => options)
          .flatMap(({ long, description }) =>
            long === undefined || long === null ? [] : [{ name: long, about: firstPart(description) }],
          ),
        { name: '--help', about: 'how it is used' },
      ],
    });
    for (const inner of command.commands) walk(inner, [...path, inner.name()]);
  };
  walk(program, []);
  return words;
}

/** Help texts go on; a menu has little room, and quotes would end the script's own. */
const firstPart = (text: string): string => (text.split(/[;:(]/)[0] ?? '').replaceAll(/['"`$\\]/g, '').trim();
