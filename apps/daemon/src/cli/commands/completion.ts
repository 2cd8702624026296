import { EXIT } from '../../exit-codes.ts';
import { completionScript, SHELLS, type Shell } from '../completion-script.ts';
import { completionWords } from '../completion-words.ts';
import { jsonLine } from '../output.ts';
import type { CommandModule } from '../program.ts';
import { usageError } from '../usage-error.ts';

const isShell = (word: string): word is Shell => (SHELLS as readonly string[]).includes(word);

/** `waiaas completion <shell>`: the words of this very version. Declared last, so that it knows all commands. */
export const completionCommand: CommandModule = (program, handle) => {
  const command = program
    .command('completion')
    .description('a script that completes the words of this command in a shell')
    .argument('<shell>', SHELLS.join(', '));
  handle(command, async ({ io, json }, _options, [shell = '']) => {
    if (!isShell(shell)) throw usageError(`<shell> must be one of ${SHELLS.join(', ')}.`);
    const script = completionScript(shell, completionWords(program));
    io.out(json ? jsonLine({ shell, script }) : script);
    return EXIT.SUCCESS;
  });
};
