import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandContext } from './context.ts';
import { withElapsed, withProgress } from './progress.ts';

const context = (said: string[] | null, json = false): CommandContext => ({
  json,
  dataDir: '/nonexistent',
  io: {
    out: () => undefined,
    err: () => undefined,
    env: {},
    home: '/nonexistent',
    umask: 0o077,
    status: said === null ? null : (text) => void said.push(text),
    askHidden: null,
    ask: null,
    inputLine: async () => null,
  },
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('at a terminal one line says what is being done, and is gone when it has been done or has failed', async () => {
  const said: string[] = [];
  expect(
    await withProgress(context(said), async (progress) => {
      progress('Copying the database');
      progress('Key of \u001b[2Jagent');
      return 5;
    }),
  ).toBe(5);
  expect(said).toEqual(['Copying the database …', 'Key of �[2Jagent …', '']);
  const failing = withProgress(context(said), async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(said.at(-1)).toBe('');
});

test('what is waited for has its seconds beside it', async () => {
  const said: string[] = [];
  const work = Promise.withResolvers<string>();
  const waiting = withElapsed(context(said), 'Waiting', () => work.promise);
  await vi.advanceTimersByTimeAsync(2500);
  work.resolve('done');
  expect(await waiting).toBe('done');
  await vi.advanceTimersByTimeAsync(5000);
  expect(said).toEqual(['Waiting, 1 s …', 'Waiting, 2 s …', '']);
});

test('programs, and files that output is sent to, see nothing of it', async () => {
  const said: string[] = [];
  await withProgress(context(said, true), async (progress) => progress('Copying'));
  await withProgress(context(null), async (progress) => progress('Copying'));
  expect(said).toEqual([]);
});
