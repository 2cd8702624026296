import type { CompletionWords } from './completion-words.ts';

/** Shells that scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A script that completes the words of the `waiaas` command. Files are completed after options that take one and wherever no
 * word fits; nothing is asked of a daemon.
 */
export function completionScript(shell: Shell, words: readonly CompletionWords[]): string {
  if (shell === 'bash') return bash(words);
  return shell === 'zsh' ? `#compdef waiaas\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}` : fish(words);
}

const names = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join(' ');

function bash(words: readonly CompletionWords[]): string {
  const known = words.filter(({ commands }) => commands.length > 0).map(({ path, commands }) => ({ path, commands }));
  const branch = ({ path }: { readonly path: string }, list: string): string => `    '${path}') words='${list}' ;;\n`;
  return `# Completion of waiaas for bash. Use: source <(waiaas completion bash)
_waiaas() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${known
  .flatMap(({ path, commands }) => commands.map(({ name }) => `      '${path} ${name}'`))
  .join(' |\\\n')}) path="\${path:+$path }$word" ;;
    esac
  done
  if [[ "$current" == -* ]]; then
    case "$path" in
${words.map((entry) => branch(entry, names(entry.options))).join('')}    esac
  else
    case "$path" in
${known.map((entry) => branch(entry, names(entry.commands))).join('')}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _waiaas waiaas
`;
}

function fish(words: readonly CompletionWords[]): string {
  const condition = (path: string, commands: readonly { readonly name: string }[]): string => {
    const before = path.split(' ').filter((word) => word !== '');
    const seen = before.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names(commands)}`];
    return [...seen, ...none].join('; and ');
  };
  const lines = words.flatMap(({ path, commands, options }) => [
    ...commands.map(
      ({ name, about }) => `complete -c waiaas -f -n '${condition(path, commands)}' -a ${name} -d '${about}'`,
    ),
    ...options.map(
      ({ name, about }) =>
        `complete -c waiaas -n '${condition(path, commands) || 'true'}' -l ${name.replace(/^--/, '')} -d '${about}'`,
    ),
  ]);
  return `# Completion of waiaas for fish. Use: waiaas completion fish | source\n${lines.join('\n')}\n`;
}
