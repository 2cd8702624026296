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

async function runChecks(checks: readonly Check[]): Promise<{ code: number; lines: string[] }> {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  const code = await runTests({ root, node: process.execPath, env: {}, filters: [], out, checks });
  return { code, lines: text.trimEnd().split('\n') };
}
