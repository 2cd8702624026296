import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../src/child.mjs';

const RUNNER = fileURLToPath(new URL('run-child.mjs', import.meta.url));

/** Says when it is ready, counts the signals it gets, and ends with exit code 40 + that number a moment after the first. */
const COUNTING = `
  let signals = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {
    signals += 1;
    if (signals === 1) setTimeout(() => process.exit(40 + signals), 100);
  });
  setInterval(() => undefined, 60_000);
  console.log('ready');
`;

test('exit codes pass through', async () => {
  const [code] = await once(run('process.exit(7)'), 'close');
  expect(code).toBe(7);
});

test('a program ended by a signal is reported as a shell does', async () => {
  const [code] = await once(run("process.kill(process.pid, 'SIGKILL')"), 'close');
  expect(code).toBe(137);
  expect(exitCodeOf({ code: null, signal: 'SIGINT' })).toBe(130);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s reaches the program', async (signal) => {
  const runner = run(COUNTING);
  await firstLine(runner);
  runner.kill(signal);
  const [code] = await once(runner, 'close');
  expect(code).toBe(41);
});

test('one Ctrl-C that arrives twice, from the terminal and from npm, reaches the program once', async () => {
  const runner = run(COUNTING);
  await firstLine(runner);
  runner.kill('SIGINT');
  runner.kill('SIGINT');
  const [code] = await once(runner, 'close');
  expect(code).toBe(41);
});

test('nothing outlives a runner that is killed outright', async () => {
  const runner = run(COUNTING);
  await firstLine(runner);
  runner.kill('SIGKILL');
  // The program holds the runner's stdout, so `close` comes only when it has ended too.
  expect(await once(runner, 'close')).toEqual([null, 'SIGKILL']);
});

test('the program is told to end when the shell that npm put in between has gone', async () => {
  const shell = spawn('/bin/sh', ['-c', '"$0" "$1" "$0" -e "$2"; exit', process.execPath, RUNNER, COUNTING], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'demo' },
  });
  await firstLine(shell);
  shell.kill('SIGTERM');
  // As above: `close` waits for everything that holds stdout.
  expect(await once(shell, 'close')).toEqual([null, 'SIGTERM']);
});

test('a program that does not exist is an error, not a hang', async () => {
  const runner = spawn(process.execPath, [RUNNER, '/no/such/program'], { stdio: 'ignore' });
  const [code] = await once(runner, 'close');
  expect(code).not.toBe(0);
});

function run(program: string): ChildProcess {
  return spawn(process.execPath, [RUNNER, process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('stdout is not a pipe');
  await once(child.stdout, 'data');
}
