import { dirname } from 'node:path';
import { Option } from 'commander';
import { loadConfig } from '../../config/index.ts';
import type { StartDaemon } from '../../daemon-options.ts';
import { ensurePrivateDirectory, logFilePath } from '../../data-dir/index.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type Ready, requireInitialised, runDaemon } from '../../lifecycle/index.ts';
import { findPassword, type PasswordFlags, suppliedPassword } from '../../password/index.ts';
import { VERSION } from '../../version.ts';
import { startInBackground } from '../background-parent.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, warnAboutVariable } from '../context.ts';
import { jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';

interface StartOptions extends PasswordFlags {
  readonly daemon?: boolean;
  readonly port?: string;
  readonly logLevel?: string;
  readonly acceptClock?: boolean;
}

/** `waiaas start` (01 §5.2). `childModule` is the program of a background daemon. */
export const startCommand =
  (startDaemon: StartDaemon, childModule: string): CommandModule =>
  (program, handle) => {
    const command = program
      .command('start')
      .description('start the daemon, in the foreground unless told otherwise')
      .option('-d, --daemon', 'start it in the background')
      .option('--port <number>', 'port to listen on, instead of the configured one')
      .option('--accept-clock', 'take the clock as it is, although there are records of a later time')
      .addOption(new Option('--log-level <level>', 'trace, debug, info, warn or error'));
    handle<StartOptions>(withPasswordOptions(command), (context, options) =>
      options.daemon === true
        ? inBackground(context, options, childModule)
        : inForeground(context, options, startDaemon),
    );
  };

const flagsOf = ({ port, logLevel }: StartOptions) => ({ port, logLevel });

const readyText = ({ hostname, port, pid }: Ready): string =>
  `WAIaaS daemon v${VERSION} ready on ${hostname}:${port} (PID: ${pid})\n`;

const stepLine = (context: CommandContext, step: string, detail: string | undefined): string =>
  context.json ? jsonLine({ type: 'step', step, detail }) : `${step}${detail === undefined ? '' : ` (${detail})`}\n`;

async function inForeground(
  context: CommandContext,
  options: StartOptions,
  startDaemon: StartDaemon,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  requireInitialised(dataDir);
  // Taken now in any case: with the kill switch engaged nobody asks for it, and it must not stay in the environment.
  let supplied = suppliedPassword({ flags: options, env: io.env });
  if (supplied?.source === 'variable') warnAboutVariable(context);
  return runDaemon({
    dataDir,
    env: io.env,
    flags: flagsOf(options),
    acceptClock: options.acceptClock === true,
    async password() {
      const found = supplied ?? (await findPassword({ flags: {}, env: io.env, ask: io.askHidden }));
      supplied = null;
      return found.password;
    },
    startDaemon,
    ...(json ? {} : { echo: (line: string) => io.out(line) }),
    onStep: (step, detail) => io.out(stepLine(context, step, detail)),
    onReady(ready) {
      supplied = null;
      io.out(json ? jsonLine({ type: 'ready', version: VERSION, ...ready }) : readyText(ready));
    },
  });
}

async function inBackground(context: CommandContext, options: StartOptions, childModule: string): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  requireInitialised(dataDir);
  const flags = flagsOf(options);
  const { config } = loadConfig({ dataDir, env: io.env, flags, secretRequired: false });
  const supplied = suppliedPassword({ flags: options, env: io.env });
  if (supplied === null) {
    throw new CliError({
      code: 'PASSWORD_UNAVAILABLE',
      message: 'Cannot use interactive password in daemon mode.',
      hint: 'Set WAIAAS_MASTER_PASSWORD_FILE or WAIAAS_MASTER_PASSWORD, or give --password-file or --password-env.',
      exitCode: EXIT.FAILURE,
    });
  }
  if (supplied.source === 'variable') warnAboutVariable(context);
  const logFile = logFilePath(dataDir, config);
  ensureLogDirectory(dataDir, logFile);
  const ready = await startInBackground({
    childModule,
    dataDir,
    env: { ...io.env },
    flags,
    acceptClock: options.acceptClock === true,
    password: supplied.password,
    logFile,
    onStep: (step, detail) => io.out(stepLine(context, step, detail)),
  });
  if (json) {
    io.out(jsonLine({ type: 'ready', version: VERSION, ...ready, logFile }));
    return EXIT.SUCCESS;
  }
  io.out(`WAIaaS daemon started in background (PID: ${ready.pid})\n`);
  io.out(`Address: ${ready.hostname}:${ready.port}\nLog: ${logFile}\n`);
  return EXIT.SUCCESS;
}

function ensureLogDirectory(dataDir: string, logFile: string): void {
  const directory = dirname(logFile);
  // A directory elsewhere is the user's own; only ours is made and kept private.
  if (directory.startsWith(`${dataDir}/`)) ensurePrivateDirectory(directory);
}
