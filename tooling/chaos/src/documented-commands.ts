import { readFileSync } from 'node:fs';

/** The commands that a document tells people to type, for a test that types them. */
export interface DocumentedCommands {
  /**
   * The arguments of a command, by the line of the document.
   * @param values what to put in the place of its words; without one for a word that only stands for something it throws
   */
  type(line: string, values?: Readonly<Record<string, string>>): readonly string[];
  /** Lines that were not asked for yet. */
  left(): readonly string[];
}

/** Reads the commands of `docs/<name>`: the lines of its shell blocks, without prompt, program and comment. */
export function documentedCommands(name: string): DocumentedCommands {
  const text = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
  const lines = Array.from(text.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g), ([, block = '']) => block)
    .flatMap((block) => block.split('\n'))
    .flatMap((line) => /^(?:\$ )?waiaas (.*?)(?:\s+#.*)?$/.exec(line)?.[1]?.trim() ?? []);
  const left = new Set(lines);
  return {
    type(line, values = {}) {
      if (!lines.includes(line)) throw new Error(`${name} shows no ${line}`);
      left.delete(line);
      const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
      const typed = words.map((word) => Object.entries(values).reduce((to, [from, by]) => to.replace(from, by), word));
      const open = typed.find((word) => /<\w+>|…/.test(word));
      if (open !== undefined) throw new Error(`${line}: there is nothing to put in the place of ${open}`);
      return typed;
    },
    left: () => [...left],
  };
}
