import { setTimeout as wait } from 'node:timers/promises';
import type { Config, ConfigFlags } from '../config/index.ts';
import { ConfigError, loadConfig } from '../config/index.ts';
import { type OnStep, type RunningDaemon, type StartDaemon, StartFailure } from '../daemon-options.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { InterruptedError, PasswordError } from '../password/index.ts';
import { announce, withdraw } from './announce.ts';
import { type Prepared, prepareStart, rotationOf } from './prepare.ts';
import { handleSignals } from './signals.ts';

/** A daemon as it is ready. */
export interface Ready {
  readonly pid: number;
  readonly hostname: string;
  readonly port: number;
}

/** How a daemon process is run. */
export interface RunDaemonOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: ConfigFlags;
  /** Whether to take the machine's clock as it is (`StartDaemonOptions`). */
  readonly acceptClock: boolean;
  readonly password: () => Promise<string>;
  readonly onStep: OnStep;
  readonly onReady: (ready: Ready) => void;
  readonly echo?: ((line: string) => void) | undefined;
  readonly startDaemon: StartDaemon;
}

/** How long a dying process waits for its last audit row. */
const LAST_WORDS_MS = 1000;

/**
 * Runs a daemon in this process from step 1 of 01 §4.1 to step 10 of §4.2, with its signals, and answers the exit code.
 *
 * @throws StartFailure, ConfigError, DataDirError, InterruptedError when it does not get as far as being ready
 */
export async function runDaemon(options: RunDaemonOptions): Promise<ExitCode> {
  const prepared = prepareStart(options);
  const { config, logger, files } = prepared;
  options.onStep('Environment checked', options.dataDir);
  const giveUp = new AbortController();
  let running: RunningDaemon | null = null;
  let dying = false;

  const removeHandlers = handleSignals({
    stop(signal) {
      logger.info({ signal }, 'Signal received');
      if (running === null) giveUp.abort(signal);
      else void running.stop(signal);
    },
    reload: () => reload(options, prepared, running),
    dump: () => logger.info(running?.describe() ?? {}, running === null ? 'Starting' : 'State of the daemon'),
    crash(event, error) {
      logger.error({ event, err: error }, 'An error nobody caught; the process ends');
      if (dying) return;
      dying = true;
      const lastWords = running?.crash(event, error) ?? Promise.resolve();
      void Promise.race([lastWords, wait(LAST_WORDS_MS)]).then(() => process.exit(EXIT.FAILURE));
    },
  });
  try {
    const { dataDir, password, onStep, acceptClock } = options;
    const { signal } = giveUp;
    running = await options.startDaemon({ dataDir, config, password, logger, onStep, signal, acceptClock });
    const announced = announce(running, files, logger);
    if (!announced.ok) {
      await running.stop('PID_CONFLICT');
      throw new StartFailure(
        `The PID file ${files.pidFile} belongs to a running daemon (PID ${announced.competitor}).`,
        {
          exitCode: EXIT.ALREADY_RUNNING,
          code: 'ALREADY_RUNNING',
          hint: 'Give each data directory a PID file of its own ([daemon].pid_file).',
        },
      );
    }
    if (giveUp.signal.aborted) void running.stop('SIGTERM');
    options.onReady({ pid: running.pid, hostname: config.daemon.hostname, port: running.port });
    return await running.finished;
  } catch (error) {
    // A failure that was foreseen explains itself; only the others need their stack.
    const known = error instanceof StartFailure || error instanceof PasswordError;
    logger.error(known ? { reason: error.message } : { err: error }, 'The daemon did not start');
    if (giveUp.signal.aborted && giveUp.signal.reason === 'SIGINT') throw new InterruptedError();
    throw error;
  } finally {
    if (running !== null) withdraw(running.pid, files, logger);
    prepared.close();
    removeHandlers();
  }
}

/** SIGHUP: takes over what needs no restart; a configuration that cannot be used changes nothing (01 §1.5). */
function reload(options: RunDaemonOptions, { config, logger }: Prepared, running: RunningDaemon | null): void {
  let next: Config;
  try {
    next = loadConfig(options).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.error({ problem: error.message }, 'The configuration was not reloaded');
    return;
  }
  const { log_level, log_max_size, log_max_files, shutdown_timeout } = next.daemon;
  logger.setLevel(log_level);
  logger.setRotation(rotationOf(next));
  running?.reload({
    ...config,
    daemon: { ...config.daemon, log_level, log_max_size, log_max_files, shutdown_timeout },
  });
  logger.info({}, 'Configuration reloaded; settings that need a restart keep their value');
}
