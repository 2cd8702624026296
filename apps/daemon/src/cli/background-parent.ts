import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { ConfigFlags } from '../config/index.ts';
import type { OnStep } from '../daemon-options.ts';
import { EXIT } from '../exit-codes.ts';
import type { Ready } from '../lifecycle/index.ts';
import { isSystemError } from '../system-error.ts';
import { type Report, reportSchema, type StartOrder } from './background-messages.ts';
import { CliError } from './cli-error.ts';

/** How a background daemon is started. */
export interface BackgroundOptions {
  /** The program of the child: a module that calls `runBackgroundChild`. */
  readonly childModule: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: ConfigFlags;
  readonly acceptClock: boolean;
  readonly password: string;
  /** Where the child's own output goes. A pipe would break when this process ends, and take the daemon along. */
  readonly logFile: string;
  readonly onStep: OnStep;
  /** How long the child may be silent. It reports every second, unless it says how long it will not. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 60_000;

const failure = (message: string, hint: string): CliError =>
  new CliError({ code: 'START_FAILED', message, hint, exitCode: EXIT.FAILURE });

/**
 * Starts a daemon that outlives this process, and waits until it is ready.
 * @throws CliError with the exit code of the child
 */
export async function startInBackground(options: BackgroundOptions): Promise<Ready> {
  const log = openSync(options.logFile, 'a', 0o644);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...process.execArgv, options.childModule, options.dataDir], {
      detached: true,
      cwd: options.dataDir,
      env: options.env,
      stdio: ['ignore', log, log, 'ipc'],
    });
  } finally {
    closeSync(log);
  }
  try {
    return await untilReady(child, options);
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function untilReady(child: ChildProcess, options: BackgroundOptions): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const seeLog = `See the log: ${options.logFile}`;
  let reported: CliError | null = null;

  let silence: NodeJS.Timeout | undefined;
  const expectWord = (within: number): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      killGroup(child);
      reject(failure(`The daemon has said nothing for ${within / 1000} s and was killed.`, seeLog));
    }, within);
  };
  expectWord(silenceMs);
  const interrupted = (): void => {
    child.kill('SIGTERM');
    reject(new CliError({ code: 'INTERRUPTED', message: 'Interrupted.', exitCode: EXIT.INTERRUPTED }));
  };
  const onReport = (report: Report): void => {
    // Also what it said before it fell silent arrives in order: the last word counts.
    expectWord((report.type === 'progress' ? report.silenceMs : undefined) ?? silenceMs);
    if (report.type === 'progress') options.onStep(report.step, report.detail);
    else if (report.type === 'ready') resolve(report);
    else if (report.type === 'error') reported = new CliError(report.failure);
  };

  process.once('SIGINT', interrupted);
  child.on('message', (message) => {
    const report = reportSchema.safeParse(message);
    if (report.success) onReport(report.data);
  });
  child.on('error', (error) => reject(failure(`The daemon could not be started: ${error.message}`, seeLog)));
  // Waited for after a reported error, too: the lock of the data directory is free again only then.
  child.on('exit', (code, signal) => {
    reject(reported ?? failure(`The daemon ended before it was ready (${signal ?? `exit code ${code}`}).`, seeLog));
  });
  const order: StartOrder = {
    type: 'start',
    dataDir: options.dataDir,
    flags: { ...options.flags },
    acceptClock: options.acceptClock,
    password: options.password,
  };
  child.send(order, (error) => {
    if (error !== null) reject(reported ?? failure(`The daemon could not be reached: ${error.message}`, seeLog));
  });
  return promise.finally(() => {
    clearTimeout(silence);
    process.off('SIGINT', interrupted);
    child.removeAllListeners();
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error;
  }
}
