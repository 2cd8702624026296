import { describe, expect, test } from 'vitest';
import { countLine, sum, verdict } from '../src/counts.mjs';
import { countLayers, countLint, countPython, countTypecheck, countVitest } from '../src/reports.mjs';

const PASSED = { passed: 1, failed: 0, skipped: 0 };
const FAILED = { passed: 0, failed: 1, skipped: 0 };

describe('the last line', () => {
  test('names passed and failed, and skipped only when there are some', () => {
    expect(countLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(countLine({ passed: 0, failed: 3, skipped: 2 })).toBe('0 passed, 3 failed, 2 skipped');
  });

  test('adds up every check', () => {
    expect(sum([verdict(true), verdict(false), { passed: 10, failed: 2, skipped: 1 }])).toEqual({
      passed: 11,
      failed: 3,
      skipped: 1,
    });
    expect(sum([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe('lint, type check and layer check', () => {
  const lint = { summary: { changed: 0, unchanged: 80, errors: 0, warnings: 0 } };
  const typecheck = { execution: { attempted: 14, success: 14, failed: 0 } };
  const layers = { packages: 3, files: 9, violations: [] };

  test('pass when program and report agree', () => {
    expect(countLint(lint, 0)).toEqual(PASSED);
    expect(countTypecheck(typecheck, 0)).toEqual(PASSED);
    expect(countLayers(layers, 0)).toEqual(PASSED);
  });

  test('fail when the program failed, whatever its report says', () => {
    expect(countLint(lint, 1)).toEqual(FAILED);
    expect(countTypecheck(typecheck, 2)).toEqual(FAILED);
    expect(countLayers(layers, 137)).toEqual(FAILED);
  });

  test('fail when the report says so, whatever the exit code', () => {
    expect(countLint({ summary: { ...lint.summary, errors: 1 } }, 0)).toEqual(FAILED);
    expect(countLint({ summary: { ...lint.summary, warnings: 1 } }, 0)).toEqual(FAILED);
    expect(countTypecheck({ execution: { ...typecheck.execution, failed: 1 } }, 0)).toEqual(FAILED);
    expect(countLayers({ ...layers, violations: [{}] }, 0)).toEqual(FAILED);
  });

  test('fail when they looked at nothing', () => {
    expect(countLint({ summary: { ...lint.summary, unchanged: 0 } }, 0)).toEqual(FAILED);
    expect(countTypecheck({ execution: { attempted: 0, failed: 0 } }, 0)).toEqual(FAILED);
    expect(countLayers({ ...layers, files: 0 }, 0)).toEqual(FAILED);
  });

  test.each([undefined, null, {}, [], 'passed', 0])('fail on the report %j', (report) => {
    expect(countLint(report, 0)).toEqual(FAILED);
    expect(countTypecheck(report, 0)).toEqual(FAILED);
    expect(countLayers(report, 0)).toEqual(FAILED);
  });
});

describe('vitest', () => {
  const report = {
    success: true,
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
  };
  const quiet = { unhandledErrors: 0 };

  test('counts what its report counts', () => {
    expect(countVitest(report, quiet, 0)).toEqual({ passed: 5, failed: 0, skipped: 0 });
    const red = { ...report, success: false, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1 };
    expect(countVitest(red, quiet, 1)).toEqual({ passed: 5, failed: 2, skipped: 4 });
  });

  test('a run that left no report, or one of another shape, is a failure', () => {
    expect(countVitest(undefined, undefined, 137)).toEqual(FAILED);
    expect(countVitest(undefined, quiet, 0)).toEqual(FAILED);
    expect(countVitest({ success: true }, quiet, 0)).toEqual(FAILED);
  });

  test('a file that could not be loaded, or whose process died, is a failure', () => {
    const broken = { status: 'failed', assertionResults: [] };
    const crashed = { status: 'failed', assertionResults: [{ status: 'pending' }] };
    const red = { ...report, success: false, testResults: [...report.testResults, broken, crashed] };
    expect(countVitest(red, quiet, 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  test('a file with a failed test is not counted a second time', () => {
    const file = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] };
    const red = { ...report, success: false, numFailedTests: 1, testResults: [file] };
    expect(countVitest(red, quiet, 1).failed).toBe(1);
  });

  test('errors outside any test are failures, although the report calls the run a success', () => {
    expect(countVitest(report, { unhandledErrors: 2 }, 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  test('a bad end is a failure even when nothing names one', () => {
    expect(countVitest(report, quiet, 1).failed).toBe(1);
    expect(countVitest(report, undefined, 130).failed).toBe(1);
    expect(countVitest({ ...report, success: false }, quiet, 0).failed).toBe(1);
  });
});

describe('the Python SDK', () => {
  const report = { typed: 0, tested: 0, pytest: { passed: 40, failed: 0, skipped: 0 } };

  test('counts its type check as one and its tests as many as they are', () => {
    expect(countPython(report, 0)).toEqual({ passed: 41, failed: 0, skipped: 0 });
    expect(countPython({ ...report, typed: 1 }, 1)).toEqual({ passed: 40, failed: 1, skipped: 0 });
    expect(countPython({ ...report, pytest: { passed: 39, failed: 1, skipped: 0 } }, 1)).toEqual({
      passed: 40,
      failed: 1,
      skipped: 0,
    });
  });

  test('is skipped, as one, where there is no Python; with arguments it is not asked', () => {
    expect(countPython({ reason: 'there is none' }, 0)).toEqual({ passed: 0, failed: 0, skipped: 1 });
    expect(countPython({ notAsked: true }, 0)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });

  test('fails when its runner failed, left no report, or ran nothing', () => {
    expect(countPython(report, 1).failed).toBe(1);
    expect(countPython(undefined, 0).failed).toBeGreaterThan(0);
    expect(countPython({ ...report, pytest: null }, 0).failed).toBe(1);
    expect(countPython({ ...report, pytest: { passed: 0, failed: 0, skipped: 3 } }, 0).failed).toBe(1);
    expect(countPython({ reason: 'there is none' }, 1).failed).toBeGreaterThan(0);
  });
});
