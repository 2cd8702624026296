import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { exitCodeOf, interruptedBy, runChild } from './child.mjs';

/** A step that is done sooner than this is not worth a line. */
const QUIET_MS = 700;

/** At most this many lines of a failed program are shown; the log file has all. */
const SHOWN_LINES = 200;

/** @typedef {{ write(text: string): unknown }} Output */

/**
 * Shows one line for a piece of work: its name, then how long it took. Nothing at all when it is done at once.
 *
 * @template T
 * @param {Output} out
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{ quietMs?: number, verdict?: (result: T) => string, tookMs?: (result: T) => number }} [options] `tookMs` tells how
 *   long it took when it began before
 * @returns {Promise<T>}
 */
export async function step(out, name, work, { quietMs = QUIET_MS, verdict = () => '', tookMs } = {}) {
  const start = performance.now();
  const sinceStart = () => performance.now() - start;
  let shown = false;
  const show = () => {
    shown = true;
    out.write(`  ${name} … `);
  };
  const timer = quietMs === 0 ? show() : setTimeout(show, quietMs);
  const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    if (shown) out.write(`${verdict(result)}${seconds(tookMs?.(result) ?? sinceStart())}\n`);
    return result;
  } catch (error) {
    out.write(shown ? `failed after ${seconds(sinceStart())}\n` : `  ${name} … failed\n`);
    throw error;
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/**
 * Runs a program silently. Its output goes to the log file; when it fails it also goes into the error. Addresses of
 * servers are left out of both.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{
 *   cwd: string,
 *   env: NodeJS.ProcessEnv,
 *   logFile: string,
 *   failure: string,
 *   hint?: (output: string) => string | undefined,
 * }} options
 * @returns {Promise<string>} what the program printed
 */
export async function runSilently(command, args, { cwd, env, logFile, failure, hint }) {
  const { outcome, output: raw } = await capture(command, args, { cwd, env });
  const output = withoutServers(raw);
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, output);
  const interruption = interruptedBy();
  if (interruption !== undefined) {
    throw new BootstrapError('Interrupted.', { exitCode: exitCodeOf({ code: null, signal: interruption }) });
  }
  if (outcome.code === 0) return output;
  throw new BootstrapError(`${failure} (exit code ${exitCodeOf(outcome)}).`, {
    log: `${lastLines(output)}\nFull log: ${logFile}`,
    hint: hint?.(output),
  });
}

/**
 * Runs a program to its end and keeps what it printed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ outcome: import('./child.mjs').Outcome, output: string }>}
 */
export async function capture(command, args, { cwd, env }) {
  let output = '';
  const outcome = await runChild(command, args, {
    cwd,
    env,
    stdin: 'ignore',
    killAfterGrace: true,
    onOutput: (text) => {
      output += text;
    },
  }).catch((error) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new BootstrapError(`Cannot start ${command}: ${missing ? 'not found' : String(error)}.`);
  });
  return { outcome, output };
}

/**
 * Leaves the host out of every URL: a registry's address may be private, and may carry a token.
 *
 * @param {string} text
 * @returns {string}
 */
export function withoutServers(text) {
  return text.replace(/\b(https?:\/\/)[^\s/"'<>)\]]+/gi, '$1…');
}

/** @param {string} text */
function lastLines(text) {
  const lines = text.trimEnd().split('\n');
  return lines.slice(-SHOWN_LINES).join('\n');
}
