import { Command, CommanderError, Option } from 'commander';
import { locateDataDir } from '../data-dir/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { CliError, failureOf } from './cli-error.ts';
import type { CommandIo } from './command-io.ts';
import type { CommandContext } from './context.ts';
import { failureText, jsonLine } from './output.ts';

/** What a command does: its own options and arguments are typed by the module that declares them. */
export type Handler<Options> = (
  context: CommandContext,
  options: Options,
  args: readonly string[],
) => Promise<ExitCode>;

/** Declares one command, or one group of commands. */
export type CommandModule = (program: Command, handle: Handle) => void;

/** Connects a declared command with what it does. */
export type Handle = <Options extends object>(command: Command, handler: Handler<Options>) => void;

const EXIT_CODE_HELP = `
Exit codes:
  0    success
  1    general error: usage, configuration, anything the daemon answered with
  2    a daemon is already running on the data directory
  3    the data directory is not initialised, or no daemon is running
  4    the master password is wrong or locked
  5    the daemon did not stop in time and was killed
  130  interrupted with Ctrl-C
`;

interface GlobalOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The two ways to say where the master password is; it is never itself in the arguments (00 §3). */
export const withPasswordOptions = (command: Command): Command =>
  command
    .addOption(new Option('--password-env <variable>', 'environment variable that holds the master password'))
    .addOption(new Option('--password-file <path>', 'file whose first line is the master password'));

/**
 * The `waiaas` command with all it declares.
 * @param handle is told what each command does
 * @param configure called before anything is declared: commands take their settings over from the program
 */
export function declareProgram(
  modules: readonly CommandModule[],
  handle: Handle,
  configure: (program: Command) => void = () => undefined,
): Command {
  const program = new Command('waiaas')
    .description('WAIaaS: a wallet daemon for AI agents.')
    .version(VERSION, '-v, --version')
    .option('--data-dir <path>', 'data directory (default: $WAIAAS_DATA_DIR, $XDG_DATA_HOME/waiaas, ~/.waiaas)')
    .option('--json', 'results on stdout, errors and warnings on stderr, each as a line of JSON');
  configure(program);
  for (const declare of modules) declare(program, handle);
  return program;
}

/**
 * Runs a command line and answers its exit code. Results go to `io.out`, everything else to `io.err`.
 * @param argv the arguments after the program's name
 */
export async function runCli(
  argv: readonly string[],
  io: CommandIo,
  modules: readonly CommandModule[],
): Promise<ExitCode> {
  const json = argv.includes('--json');
  let exitCode: ExitCode = EXIT.SUCCESS;
  const handle = <Options extends object>(command: Command, handler: Handler<Options>): void => {
    command.action(async () => {
      const { dataDir } = program.opts<GlobalOptions>();
      const context: CommandContext = {
        io,
        json,
        dataDir: locateDataDir({ flag: dataDir, env: io.env, home: io.home }),
      };
      exitCode = await handler(context, command.opts<Options>(), command.args);
    });
  };
  // What the program says of itself comes in parts; a program that reads it wants one line.
  let said = '';
  let complained = false;
  const program = declareProgram(modules, handle, (made) =>
    made
      .addHelpText('after', EXIT_CODE_HELP)
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut(text) {
          if (json) said += text;
          else io.out(text);
        },
        writeErr(text) {
          if (!json) io.err(text);
        },
        outputError(text) {
          complained = true;
          io.err(usageError(text, json));
        },
      })
      .exitOverride(),
  );
  if (argv.length === 0) {
    io.out(program.helpInformation() + EXIT_CODE_HELP);
    return EXIT.SUCCESS;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has written its message already; help and version are "errors" with exit code 0.
      if (error.exitCode !== 0) {
        if (json && !complained) io.err(usageError('A command is missing.', true));
        return EXIT.FAILURE;
      }
      if (json) io.out(jsonLine(told(said)));
      return EXIT.SUCCESS;
    }
    const failure = failureOf(error);
    io.err(failureText(failure, json));
    return failure.exitCode;
  }
}

/** What the program says of itself: its version, or how it is used. */
const told = (text: string): object => (text.trim() === VERSION ? { version: VERSION } : { help: text });

const usageError = (text: string, json: boolean): string =>
  failureText(
    {
      code: 'USAGE',
      message: text
        .replace(/^error: /, '')
        .trim()
        .split('\n')
        .join(' '),
      hint: 'See "waiaas --help".',
      exitCode: EXIT.FAILURE,
    },
    json,
  );

/** @throws CliError for an option that needs a whole number within bounds */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new CliError({
    code: 'USAGE',
    message: `${option} must be a whole number from ${min} to ${max}.`,
    exitCode: EXIT.FAILURE,
  });
}
