import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How long a set-up step may take to end after a signal before it is killed. */
const GRACE_MS = 5_000;

/** A terminal and npm both deliver one Ctrl-C; the second copy within this time is the same key press. */
const SAME_SIGNAL_MS = 250;

/** How often to look whether the shell that npm started is still there. */
const PARENT_POLL_MS = 300;

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Outcome How a child process ended. */

/** @type {Map<import('node:child_process').ChildProcess, { killAfterGrace: boolean }>} */
const running = new Map();

/** @type {{ signal: NodeJS.Signals, at: number } | undefined} */
let last;

/**
 * From now on SIGINT, SIGTERM and SIGHUP reach the running children, once each. With no child running the process ends
 * as the signal asks.
 *
 * npm passes SIGTERM to the shell between it and this process and no further; when that shell goes, this process takes
 * it as the signal.
 *
 * @param {NodeJS.ProcessEnv} env in which npm has left its marks when it started this process
 */
export function forwardSignals(env) {
  for (const signal of FORWARDED) process.on(signal, () => forward(signal));
  process.on('exit', () => {
    for (const child of running.keys()) signalGroup(child, 'SIGTERM');
  });
  if (env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (last === undefined) forward('SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}

/** @param {NodeJS.Signals} signal */
function forward(signal) {
  const now = performance.now();
  if (last?.signal === signal && now - last.at < SAME_SIGNAL_MS) return;
  last = { signal, at: now };
  if (running.size === 0) process.exit(exitCodeOf({ code: null, signal }));
  for (const [child, { killAfterGrace }] of running) {
    signalGroup(child, signal);
    if (killAfterGrace) setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS).unref();
  }
}

/**
 * The signal that asked this process to stop, if one did.
 *
 * @returns {NodeJS.Signals | undefined}
 */
export function interruptedBy() {
  return last?.signal;
}

/**
 * Runs a program in a process group of its own, so that a signal arrives once and reaches everything it started.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{
 *   cwd: string,
 *   env: NodeJS.ProcessEnv,
 *   stdin: 'inherit' | 'ignore',
 *   onOutput?: (text: string) => void,
 *   killAfterGrace?: boolean,
 *   abort?: AbortSignal,
 * }} options with `onOutput`, stdout and stderr go there together; without it they are inherited. `abort` kills
 * @returns {Promise<Outcome>} rejects when the program cannot be started
 */
export function runChild(command, args, options) {
  const { onOutput } = options;
  const output = onOutput === undefined ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: [options.stdin, output, output],
    detached: process.platform !== 'win32',
  });
  running.set(child, { killAfterGrace: options.killAfterGrace ?? false });
  const stopGuarding = guard(child);
  const kill = () => signalGroup(child, 'SIGKILL');
  options.abort?.addEventListener('abort', kill);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => onOutput?.(text));
  }
  return new Promise((resolve, reject) => {
    const finish = () => {
      running.delete(child);
      stopGuarding();
      options.abort?.removeEventListener('abort', kill);
    };
    child.once('error', (error) => {
      finish();
      reject(error);
    });
    child.once('close', (code, signal) => {
      finish();
      resolve({ code, signal });
    });
  });
}

/**
 * The exit code a shell would report: the program's own, or 128 plus the number of the signal that ended it.
 *
 * @param {Outcome} outcome
 * @returns {number}
 */
export function exitCodeOf({ code, signal }) {
  if (signal !== null) return 128 + constants.signals[signal];
  return code ?? 1;
}

/**
 * If this process is killed outright it can forward nothing. A small shell then notices the closed pipe and ends the
 * child's group.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void}
 */
function guard(child) {
  if (process.platform === 'win32' || child.pid === undefined) return () => undefined;
  const watcher = spawn('/bin/sh', ['-c', `read -r _; kill -s TERM -- -${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watcher.unref();
  let started = true;
  watcher.once('error', () => {
    // No shell here: everything works except this last resort.
    started = false;
  });
  return () => {
    if (started) watcher.kill('SIGKILL');
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The whole group has ended already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
