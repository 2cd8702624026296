import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Check } from '../src/checks.mjs';
import { verdict } from '../src/counts.mjs';
import { countVitest } from '../src/reports.mjs';
import { runTests } from '../src/test-run.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'test run '));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('ends with the count, and with 0 when everything passed', async () => {
  const { code, lines } = await runChecks([check('one', true), check('two', true)]);
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('2 passed, 0 failed');
});

test('a failed check does not keep the others from running, and its output is shown', async () => {
  const { code, lines } = await runChecks([check('one', false), check('two', true)]);
  expect(code).toBe(1);
  expect(lines).toContain('output of one');
  expect(lines).not.toContain('output of two');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
});

test('passing nothing is not success', async () => {
  expect((await runChecks([])).code).toBe(1);
});

test('a check beside the others runs while they do, and is told of after them', async () => {
  const meet = meeting();
  const { code, lines } = await runChecks([
    { ...check('beside', true), beside: true, run: () => meet() },
    { ...check('live', true), live: true, run: () => meet() },
    check('last', true),
  ]);
  expect(code).toBe(0);
  expect(lines.filter((line) => line.includes('…')).map((line) => line.trim().split(' ')[0])).toEqual([
    'last',
    'beside',
  ]);
  // The table keeps the order of the checks.
  expect(lines.slice(-6, -3).map((line) => line.trim().split(' ')[0])).toEqual(['beside', 'live', 'last']);
  expect(lines.at(-1)).toBe('3 passed, 0 failed');
});

test('a failure beside the others is counted and shown, however early it came', async () => {
  const failed = { ...check('beside', false), beside: true };
  const { code, lines } = await runChecks([failed, check('one', true), { ...check('two', true), live: true }]);
  expect(code).toBe(1);
  expect(lines).toContain('output of beside');
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
});

test('a check beside the others that cannot be run ends the run, but only when they have ended', async () => {
  let ended = false;
  const impossible: Check = {
    ...check('beside', true),
    beside: true,
    run: () => Promise.reject(new Error('no such program')),
  };
  const after: Check = {
    ...check('after', true),
    run: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ended = true;
      return { exitCode: 0, output: '' };
    },
  };
  await expect(runChecks([impossible, after])).rejects.toThrow('no such program');
  expect(ended).toBe(true);
});

test('where another cannot be run, what runs beside it is waited for before its reports are put in place', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: Check = {
    ...check('beside', true),
    beside: true,
    reports: ['beside.json'],
    run: async ({ folder }) => {
      await promise;
      writeFileSync(join(folder, 'beside.json'), '{}');
      return { exitCode: 0, output: '' };
    },
  };
  const impossible: Check = {
    ...check('after', true),
    run: () => {
      setImmediate(resolve);
      return Promise.reject(new Error('no such program'));
    },
  };
  await expect(runChecks([slow, impossible])).rejects.toThrow('no such program');
  expect(readdirSync(join(root, '.reports'))).toEqual(['beside.json']);
});

test('the reports of this run replace the last ones, also when a runner left none or half a one', async () => {
  const runner = (text: string | undefined): Check => ({
    name: 'vitest',
    reports: ['vitest.json'],
    live: true,
    run: async ({ folder }) => {
      if (text !== undefined) writeFileSync(join(folder, 'vitest.json'), text);
      return { exitCode: 0, output: '' };
    },
    count: (read, exitCode) => countVitest(read('vitest.json'), undefined, exitCode),
  });
  const green = JSON.stringify({
    success: true,
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  });
  expect((await runChecks([runner(green)])).lines.at(-1)).toBe('3 passed, 0 failed');
  expect(readdirSync(join(root, '.reports')).sort()).toEqual(['summary.json', 'vitest.json']);
  expect(JSON.parse(readFileSync(join(root, '.reports/summary.json'), 'utf8'))).toMatchObject({ passed: 3, failed: 0 });

  expect((await runChecks([runner(green.slice(0, 20))])).lines.at(-1)).toBe('0 passed, 1 failed');
  expect((await runChecks([runner(undefined)])).lines.at(-1)).toBe('0 passed, 1 failed');
  expect(readdirSync(join(root, '.reports'))).toEqual(['summary.json']);
});

test('what a killed run left behind is cleared away; what a live one is writing is not', async () => {
  const child = spawnSync(process.execPath, ['-e', '']);
  mkdirSync(join(root, '.reports', `.run-${child.pid}`), { recursive: true });
  mkdirSync(join(root, '.reports', `.run-${process.ppid}`));
  await runChecks([check('one', true)]);
  expect(readdirSync(join(root, '.reports')).sort()).toEqual([`.run-${process.ppid}`, 'summary.json']);
});

function check(name: string, holds: boolean): Check {
  return {
    name,
    reports: [],
    live: false,
    run: async () => ({ exitCode: holds ? 0 : 1, output: `output of ${name}\n` }),
    count: () => verdict(holds),
  };
}

/** Two that wait for each other: neither would come back if one ran after the other. */
function meeting(): () => ReturnType<Check['run']> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let come = 0;
  return async () => {
    come += 1;
    if (come === 2) resolve();
    await promise;
    return { exitCode: 0, output: '' };
  };
}

async function runChecks(checks: readonly Check[]): Promise<{ code: number; lines: string[] }> {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  const code = await runTests({ root, node: process.execPath, env: {}, filters: [], out, checks });
  return { code, lines: text.trimEnd().split('\n') };
}
