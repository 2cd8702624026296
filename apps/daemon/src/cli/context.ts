import type { Config } from '../config/index.ts';
import { loadConfig } from '../config/index.ts';
import { EXIT } from '../exit-codes.ts';
import { type DaemonState, findDaemon, type InstanceFiles } from '../instance/index.ts';
import { instanceFiles } from '../lifecycle/index.ts';
import { findPassword, type PasswordFlags } from '../password/index.ts';
import { CliError } from './cli-error.ts';
import type { CommandIo } from './command-io.ts';
import { warningText } from './output.ts';

/** What every command is given. */
export interface CommandContext {
  readonly io: CommandIo;
  readonly dataDir: string;
  /** Whether results and errors are for programs. */
  readonly json: boolean;
}

/** The daemon of the data directory, as far as it can be told without asking it. */
export interface LocalDaemon {
  readonly config: Config;
  readonly files: InstanceFiles;
  readonly state: DaemonState;
}

/** Looks for the daemon of the data directory. The secret of a daemon is none of a command's business. */
export function localDaemon({ dataDir, io }: CommandContext): LocalDaemon {
  const { config } = loadConfig({ dataDir, env: io.env, secretRequired: false });
  const files = instanceFiles(dataDir, config);
  return { config, files, state: findDaemon(files) };
}

/** A daemon that the operator may be asked a password for. */
export interface OperatorSession {
  readonly port: number;
  readonly password: string;
}

/**
 * The port of the running daemon. Secrets are only sent to a port whose listener is known to be the daemon by its PID
 * file: otherwise whoever took the port of a stopped daemon would be handed them.
 *
 * @throws CliError, exit code 3, when no daemon runs
 */
export function daemonPort(context: CommandContext): number {
  const { config, state } = localDaemon(context);
  if (state.state !== 'running') {
    throw new CliError({
      code: 'NOT_RUNNING',
      message: `No daemon is running on ${context.dataDir}.`,
      hint: 'Start it with "waiaas start", or name its data directory with --data-dir.',
      exitCode: EXIT.NOT_RUNNING,
    });
  }
  return state.port ?? config.daemon.port;
}

/**
 * The running daemon and the master password for it.
 *
 * @throws CliError, exit code 3, when no daemon runs; 4 when the password cannot be one
 */
export async function operatorSession(context: CommandContext, flags: PasswordFlags): Promise<OperatorSession> {
  const port = daemonPort(context);
  const { io } = context;
  const { password, source } = await findPassword({ flags, env: io.env, ask: io.askHidden });
  if (source === 'variable') warnAboutVariable(context);
  if (!/^[\x20-\x7e]+$/.test(password)) {
    throw new CliError({
      code: 'INVALID_MASTER_PASSWORD',
      message: 'The master password is wrong.',
      hint: 'Master passwords consist of printable ASCII characters.',
      exitCode: EXIT.AUTHENTICATION,
    });
  }
  return { port, password };
}

/** Variables are inherited and can be read from the process table (01 §1.6). */
export const warnAboutVariable = (context: CommandContext): void =>
  warn(context, 'the password came from an environment variable; a file (WAIAAS_MASTER_PASSWORD_FILE) is safer.');

/** Tells what the person should know, although the command goes on. */
export const warn = ({ io, json }: Pick<CommandContext, 'io' | 'json'>, text: string): void =>
  io.err(warningText(text, json));
