import { QueryObserver } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { daemonClock } from '../session/daemon-clock.ts';
import { askedAgainAt, createQueryClient } from '../session/query-client.ts';
import { askAnew } from './asking.ts';

const KEY = ['policies'];

/** A question that somebody looks at, with what becomes of each time it is asked. */
function asking(answers: readonly (() => Promise<string>)[]) {
  const queries = createQueryClient();
  const given: AbortSignal[] = [];
  const observer = new QueryObserver(queries, {
    queryKey: KEY,
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => {
      given.push(signal);
      return answers[given.length - 1]?.() ?? Promise.reject(new Error('asked too often'));
    },
  });
  const close = observer.subscribe(() => undefined);
  return { queries, given, close, now: () => observer.getCurrentResult() };
}
const hangs = (): Promise<string> => new Promise(() => undefined);
const answered = async (): Promise<string> => 'answered';
const fails = (details?: Readonly<Record<string, unknown>>) => async (): Promise<string> => {
  const code = details === undefined ? 'NETWORK_ERROR' : 'RATE_LIMIT_EXCEEDED';
  throw new WAIaaSError({ code, message: 'no', statusCode: 429, retryable: true, details });
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-07-01T12:00:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a first answer that hangs is given up, and asked for anew', async () => {
  const page = asking([hangs, answered]);
  await vi.advanceTimersByTimeAsync(10);
  expect(page.now().isPending).toBe(true);
  const anew = askAnew(page.queries, KEY);
  await vi.advanceTimersByTimeAsync(10);
  await anew;
  expect(page.given.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(page.now().data).toBe('answered');
  page.close();
});

test('a newer answer that hangs is given up too, and the last one stays shown meanwhile', async () => {
  const page = asking([answered, hangs, answered]);
  await vi.advanceTimersByTimeAsync(10);
  page.queries.invalidateQueries({ queryKey: KEY });
  await vi.advanceTimersByTimeAsync(10);
  const anew = askAnew(page.queries, KEY);
  expect(page.now().data).toBe('answered');
  await vi.advanceTimersByTimeAsync(10);
  await anew;
  expect(page.given.map(({ aborted }) => aborted)).toEqual([false, true, false]);
  expect(page.now()).toMatchObject({ data: 'answered', isFetching: false, error: null });
  page.close();
});

test('what failed is known at once, and asked for twice more before that is the end of it', async () => {
  const page = asking([fails(), fails(), fails()]);
  await vi.advanceTimersByTimeAsync(10);
  expect(page.now()).toMatchObject({ isPending: true, error: null, failureCount: 1 });
  expect(page.now().failureReason).toMatchObject({ code: 'NETWORK_ERROR' });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.given).toHaveLength(3);
  expect(page.now().error).toMatchObject({ code: 'NETWORK_ERROR' });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(page.given).toHaveLength(3);
  page.close();
});

test('whom the daemon wants to be left alone by asks again when that is over, and knows when', async () => {
  const page = asking([fails({ retryAfter: 40 }), answered]);
  await vi.advanceTimersByTimeAsync(10);
  const at = askedAgainAt(page.now().failureReason) ?? 0;
  expect(at - daemonClock.now()).toBeGreaterThan(39_000);
  expect(at - daemonClock.now()).toBeLessThanOrEqual(40_000);
  await vi.advanceTimersByTimeAsync(39_000);
  expect(page.given).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_010);
  expect(page.now().data).toBe('answered');
  page.close();
});

test('nobody has to wait for that: asked anew, it is asked at once', async () => {
  const page = asking([fails({ retryAfter: 40 }), answered]);
  await vi.advanceTimersByTimeAsync(10);
  const anew = askAnew(page.queries, KEY);
  await vi.advanceTimersByTimeAsync(10);
  await anew;
  expect(page.now().data).toBe('answered');
  expect(page.given).toHaveLength(2);
  page.close();
});

test('who is to stay away for longer than a minute is told so, and asked for nothing', async () => {
  const page = asking([fails({ retryAfter: 1_800 })]);
  await vi.advanceTimersByTimeAsync(10);
  expect(page.now().error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
  expect(askedAgainAt(page.now().error)).toBeUndefined();
  page.close();
});
