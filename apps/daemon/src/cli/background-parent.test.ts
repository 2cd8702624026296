import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../instance/index.ts';
import { startInBackground } from './background-parent.ts';
import { CliError, failureOf } from './cli-error.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiaas-background-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Starts a child with this program in place of the daemon. */
function start(program: string, silenceMs = 20_000) {
  const childModule = join(directory, 'child.mjs');
  writeFileSync(childModule, program);
  const steps: string[] = [];
  const logFile = join(directory, 'log');
  const started = startInBackground({
    childModule,
    dataDir: directory,
    env: { PATH: process.env.PATH },
    flags: { port: '4000' },
    acceptClock: false,
    password: 'canary-password',
    logFile,
    onStep: (step) => steps.push(step),
    silenceMs,
  });
  return { started, steps, log: () => readFileSync(logFile, 'utf8') };
}

const failure = async (started: Promise<unknown>) => {
  const error: unknown = await started.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(CliError);
  return failureOf(error);
};

test('the password reaches the child, but not by argv or environment', async () => {
  const { started, steps, log } = start(`
    process.on('message', (order) => {
      console.log(JSON.stringify({ order, argv: process.argv, env: process.env }));
      process.send({ type: 'progress', step: 'one' });
      process.send({ type: 'ready', pid: process.pid, hostname: '127.0.0.1', port: 4000 }, () => process.disconnect());
    });`);
  expect(await started).toMatchObject({ port: 4000 });
  expect(steps).toEqual(['one']);
  await expect.poll(log).toContain('\n');
  const { order, argv, env } = JSON.parse(log());
  expect(order).toEqual({
    type: 'start',
    dataDir: directory,
    flags: { port: '4000' },
    acceptClock: false,
    password: 'canary-password',
  });
  expect(JSON.stringify([argv, env])).not.toContain('canary');
});

test('a child that says nothing is killed', async () => {
  const { started, log } = start(
    "console.log(process.pid); setInterval(() => {}, 1000); process.on('message', () => {});",
    1000,
  );
  expect(await failure(started)).toMatchObject({ exitCode: 1, message: expect.stringContaining('said nothing') });
  const pid = Number(log());
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a child that has said how long it will be silent is given that time, and no longer', async () => {
  const program = (quiet: number, end: string) => `
    process.on('message', () => {
      process.send({ type: 'progress', step: 'Bringing the database up to date', silenceMs: ${quiet} }, () => {
        const end = Date.now() + 1500;
        while (Date.now() < end);
        ${end}
      });
    });
    setInterval(() => {}, 1000);`;
  const ready =
    "process.send({ type: 'ready', pid: process.pid, hostname: '127.0.0.1', port: 4000 }, () => process.disconnect());";
  const patient = start(program(20_000, `${ready} process.exit();`), 1000);
  expect(await patient.started).toMatchObject({ port: 4000 });
  expect(patient.steps).toEqual(['Bringing the database up to date']);
  expect(await failure(start(program(1400, ''), 1000).started)).toMatchObject({
    message: expect.stringContaining('said nothing for 1.4 s'),
  });
  // With the next word, the usual time holds again.
  const fallen = start(program(20_000, "process.send({ type: 'alive' });"), 1000);
  expect(await failure(fallen.started)).toMatchObject({ message: expect.stringContaining('said nothing for 1 s') });
});

test('a child that dies, or cannot even load, is reported with where to look', async () => {
  const dies = await failure(start("process.on('message', () => process.exit(7));").started);
  expect(dies).toMatchObject({ exitCode: 1, message: expect.stringContaining('exit code 7') });
  const broken = start('this is not a program');
  expect(await failure(broken.started)).toMatchObject({ exitCode: 1, hint: expect.stringContaining('log') });
  expect(broken.log()).toContain('SyntaxError');
});

test("the child's own failure and exit code are what is told", async () => {
  const { started } = start(`
    process.on('message', () => {
      const failure = { code: 'PORT_IN_USE', message: 'Port 4000 is in use.', exitCode: 1 };
      process.send({ type: 'error', failure }, () => process.exit(1));
    });`);
  expect(await failure(started)).toEqual({ code: 'PORT_IN_USE', message: 'Port 4000 is in use.', exitCode: 1 });
});
