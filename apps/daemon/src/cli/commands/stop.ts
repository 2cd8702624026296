import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type InstanceFiles, isAlive, removeStaleFiles } from '../../instance/index.ts';
import { isSystemError } from '../../system-error.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, localDaemon, warn } from '../context.ts';
import { jsonLine } from '../output.ts';
import { type CommandModule, wholeNumber } from '../program.ts';
import { withElapsed } from '../progress.ts';

interface StopOptions {
  readonly timeout?: string;
  readonly force?: boolean;
}

const POLL_MS = 500;
const KILL_WAIT_MS = 1000;
const NOT_WIPED = 'Its keys may not have been wiped from memory, and its last steps were not taken.';

/** `waiaas stop` (01 §5.3). */
export const stopCommand: CommandModule = (program, handle) => {
  const command = program
    .command('stop')
    .description('stop the daemon')
    .option('--timeout <seconds>', 'how long to wait before killing it (default: shutdown_timeout + 5)')
    .option('--force', 'kill it at once');
  handle<StopOptions>(command, stop);
};

async function stop(context: CommandContext, options: StopOptions): Promise<ExitCode> {
  const { config, files, state } = localDaemon(context);
  const timeout =
    options.timeout === undefined
      ? config.daemon.shutdown_timeout + 5
      : wholeNumber('--timeout', options.timeout, 1, 3600);
  if (state.state !== 'running')
    throw notRunning(context, files, state.state === 'stale' ? state.pid : null, state.state);
  const { pid } = state;
  if (options.force === true) {
    await kill(pid, files);
    return report(
      context,
      { pid, stopped: true, killed: true },
      `Daemon (PID ${pid}) killed.`,
      NOT_WIPED,
      EXIT.SUCCESS,
    );
  }
  signal(pid, 'SIGTERM');
  if (await withElapsed(context, 'Waiting for what it has begun', () => isGone(pid, timeout * 1000))) {
    if (!existsSync(files.pidFile)) {
      return report(
        context,
        { pid, stopped: true, killed: false },
        `Daemon (PID ${pid}) stopped gracefully.`,
        null,
        EXIT.SUCCESS,
      );
    }
    removeStaleFiles(files, pid);
    return report(
      context,
      { pid, stopped: true, killed: false },
      `Daemon (PID ${pid}) stopped.`,
      'It did not finish its shutdown; its log tells why.',
      EXIT.SUCCESS,
    );
  }
  await kill(pid, files);
  return report(
    context,
    { pid, stopped: true, killed: true },
    `Daemon (PID ${pid}) did not stop within ${timeout} s and was killed.`,
    NOT_WIPED,
    EXIT.STOP_TIMEOUT,
  );
}

function notRunning(context: CommandContext, files: InstanceFiles, pid: number | null, state: string): CliError {
  const stale = state === 'stale';
  if (stale) removeStaleFiles(files, pid);
  return new CliError({
    code: 'NOT_RUNNING',
    message: stale
      ? `No daemon is running on ${context.dataDir}; a stale PID file was removed.`
      : `No daemon is running on ${context.dataDir}.`,
    hint: 'Is --data-dir right?',
    exitCode: EXIT.NOT_RUNNING,
  });
}

function report(
  context: CommandContext,
  result: object,
  text: string,
  warning: string | null,
  code: ExitCode,
): ExitCode {
  if (warning !== null) warn(context, warning);
  context.io.out(context.json ? jsonLine(result) : `${text}\n`);
  return code;
}

/** Sends a signal; a process that is gone already is what was wanted. */
function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (isSystemError(error, 'ESRCH')) return;
    if (!isSystemError(error, 'EPERM')) throw error;
    throw new CliError({
      code: 'NOT_PERMITTED',
      message: `The daemon (PID ${pid}) belongs to another user.`,
      hint: 'Run this command as that user.',
      exitCode: EXIT.FAILURE,
    });
  }
}

/** Waits until the process is gone. Its PID file may vanish before it does, so the process itself is what is asked for. */
async function isGone(pid: number, patienceMs: number): Promise<boolean> {
  const deadline = systemClock.now() + patienceMs;
  for (;;) {
    if (!isAlive(pid)) return true;
    const left = deadline - systemClock.now();
    if (left <= 0) return false;
    await wait(Math.min(POLL_MS, left));
  }
}

async function kill(pid: number, files: InstanceFiles): Promise<void> {
  signal(pid, 'SIGKILL');
  await isGone(pid, KILL_WAIT_MS);
  removeStaleFiles(files, pid);
}
