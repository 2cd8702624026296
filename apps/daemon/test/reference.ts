import type { Argument, Command, Option } from 'commander';
import { envNamesOf } from '../src/config/env-names.ts';
import { CONFIG_KEYS, CONFIG_SECTIONS } from '../src/config/keys.ts';

const HEAD =
  'Made from the code; a test compares. After a change: `pnpm exec vitest run apps/daemon/test/reference.test.ts --update`.\n';

const cell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll(/([<>])/g, '\\$1')
    .replaceAll('\n', ' ');
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  row(...head) + row(...head.map(() => '---')) + rows.map((cells) => row(...cells)).join('');

const usageOf = (path: string, { registeredArguments }: Command): string =>
  ['waiaas', path, ...registeredArguments.map((argument: Argument) => `<${argument.name()}>`)].join(' ');

const optionRows = (options: readonly Option[]): readonly (readonly string[])[] =>
  options.map(({ flags, description, mandatory, defaultValue }) => [
    `\`${flags}\``,
    cell(description) +
      (mandatory ? ' (required)' : '') +
      (defaultValue === undefined ? '' : ` (default: ${defaultValue})`),
  ]);

/** docs/reference/commands.md */
export function commandReference(program: Command): string {
  const sections: string[] = [];
  const walk = (command: Command, path: string): void => {
    if (command.commands.length === 0) {
      const options = command.options.length === 0 ? '' : `\n${table(['option', ''], optionRows(command.options))}`;
      sections.push(`## ${path}\n\n\`${usageOf(path, command)}\`\n\n${cell(command.description())}.\n${options}`);
    }
    for (const inner of command.commands) walk(inner, [path, inner.name()].filter((part) => part !== '').join(' '));
  };
  walk(program, '');
  const everywhere = `Options of every command:\n\n${table(['option', ''], optionRows(program.options))}`;
  return `# Commands\n\n${HEAD}\n${everywhere}\n${sections.join('\n')}`;
}

/** docs/reference/settings.md */
export function settingsReference(): string {
  const sections = CONFIG_SECTIONS.map((section) => {
    const keys = CONFIG_KEYS.filter(({ path }) => path.slice(0, -1).join('.') === section);
    const rows = keys.map((key) => [
      `\`${key.path.at(-1)}\``,
      `${cell(key.about)} ${cell(key.expected)}.`,
      key.name === 'security.jwt_secret' ? 'made by `init`' : `\`${JSON.stringify(key.defaultValue)}\``,
      envNamesOf(key)
        .map((name) => `\`${name}\``)
        .join(' '),
    ]);
    return keys.length === 0 ? '' : `## [${section}]\n\n${table(['key', 'what', 'default', 'variable'], rows)}\n`;
  });
  return `# Settings\n\n${HEAD}\nIn \`config.toml\` of the data directory; variables win over the file, options of \`waiaas start\` over both.\n\n${sections.filter((text) => text !== '').join('')}`;
}
