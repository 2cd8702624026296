import { POLICY_PRESETS, systemClock } from '@waiaas/core';
import type { Initialise } from '../../daemon-options.ts';
import { isLooseUmask } from '../../data-dir/index.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { initDataDir } from '../../init/index.ts';
import { findNewPassword, type PasswordFlags } from '../../password/index.ts';
import { CliError } from '../cli-error.ts';
import type { CommandIo } from '../command-io.ts';
import { type CommandContext, warn, warnAboutVariable } from '../context.ts';
import { facts, jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface InitCommandOptions extends PasswordFlags {
  readonly nonInteractive?: boolean;
  readonly force?: boolean;
  readonly preset: string;
}

/** `waiaas init` (01 §5.1). */
export const initCommand =
  (initialise: Initialise): CommandModule =>
  (program, handle) => {
    const command = program
      .command('init')
      .description('prepare the data directory: settings, database, keystore')
      .option('--non-interactive', 'ask nothing: the password comes from a variable or a file')
      .option('--force', 'replace a data directory that is initialised already; the old one is kept in backups/')
      .option('--preset <name>', `limits to begin with: ${POLICY_PRESETS.join(' or ')}`, 'conservative');
    handle<InitCommandOptions>(withPasswordOptions(command), (context, options) => init(context, options, initialise));
  };

async function init(context: CommandContext, options: InitCommandOptions, initialise: Initialise): Promise<ExitCode> {
  const { dataDir, io, json } = context;
  const interactive = options.nonInteractive !== true;
  const preset = POLICY_PRESETS.find((name) => name === options.preset);
  if (preset === undefined) throw usageError(`--preset must be ${POLICY_PRESETS.join(' or ')}.`);
  const { config, replaced, warnings } = await initDataDir({
    dataDir,
    force: options.force === true,
    home: io.home,
    env: io.env,
    clock: systemClock,
    logger: warningLogger(context),
    initialise: (stage, settings, password, parts) => initialise(stage, settings, password, { ...parts, preset }),
    confirmReplace: () => confirmReplace(dataDir, interactive ? io.ask : null),
    async newPassword() {
      const sources = { flags: options, env: io.env, ask: interactive ? io.askHidden : null };
      const { password, source } = await findNewPassword(sources, (line) => io.err(`${line}\n`));
      if (source === 'variable') warnAboutVariable(context);
      return password;
    },
  });
  for (const warning of warnings) warn(context, warning);
  if (isLooseUmask(io.umask)) {
    warn(
      context,
      `the umask ${io.umask.toString(8).padStart(4, '0')} lets others read new files; those of the daemon are private all the same.`,
    );
  }
  if (json) {
    io.out(jsonLine({ initialized: true, dataDir, port: config.daemon.port, replaced }));
    return EXIT.SUCCESS;
  }
  io.out(
    `The data directory is ready.\n${facts([
      ['Directory', dataDir],
      ['Settings', `${dataDir}/config.toml`],
      ['Limits', `${preset}; see "waiaas policy list"`],
    ])}`,
  );
  if (replaced !== null) io.out(`What was there before is kept in ${replaced}\n`);
  io.out(
    '\nNext:\n' +
      '  waiaas start -d                              start the daemon (reads the password from a file or variable)\n' +
      '  waiaas agent create <name> --chain solana    give an agent a wallet\n' +
      '  waiaas session create --agent-id <id>        give it a token to use it with\n\n' +
      'Keep the master password safe, and back up the data directory: without both, the money of the agents is lost.\n',
  );
  return EXIT.SUCCESS;
}

/** With nobody to ask, --force is the answer. */
async function confirmReplace(dataDir: string, ask: CommandIo['ask']): Promise<boolean> {
  if (ask === null) return true;
  const answer = await ask(
    `This replaces ${dataDir} with a new, empty one. The agents in it can no longer pay until their keys are put back.\n` +
      'The old files are kept in backups/. Type "replace" to go on: ',
  );
  if (answer.trim() === 'replace') return true;
  throw new CliError({ code: 'CANCELLED', message: 'Nothing was changed.', exitCode: EXIT.FAILURE });
}

/** There is no log yet: warnings go to the person, all else nowhere. */
const warningLogger = (context: CommandContext) => ({
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields: object, message: string) => warn(context, message),
  error: (_fields: object, message: string) => warn(context, message),
});
