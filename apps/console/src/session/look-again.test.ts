import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CALM, createLookAgain, type Pace, PROMPT, paceFor } from './look-again.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const looks: string[] = [];
  const page = { hidden: false };
  const again = createLookAgain(
    (name) => looks.push(name),
    (name) => (name === 'approvals' ? PROMPT : CALM),
    () => page.hidden,
  );
  return { looks, page, again };
}

test('a change is looked at at once, and what is committed together is looked at once', () => {
  const { looks, again } = watched();
  for (let n = 0; n < 10; n += 1) again.due('approvals');
  vi.advanceTimersByTime(300);
  expect(looks).toEqual(['approvals']);
});

test('a daemon that never rests is looked at about four times a minute, and still to the last change', () => {
  const { looks, again } = watched();
  for (let ms = 0; ms < 600_000; ms += 100) {
    again.due('transactions');
    vi.advanceTimersByTime(100);
  }
  expect(looks.length).toBeLessThanOrEqual(43);
  const before = looks.length;
  again.due('transactions');
  vi.advanceTimersByTime(20_000);
  expect(looks.length).toBe(before + 1);
});

test('what somebody waits for is looked at at once, however often something has begun to wait lately', () => {
  const { looks, again } = watched();
  for (let n = 1; n <= 60; n += 1) {
    again.due('approvals');
    vi.advanceTimersByTime(n <= 15 ? 300 : 3_000);
    expect(looks).toHaveLength(n);
  }
});

test('after a rest a change is looked at at once again', () => {
  const { looks, again } = watched();
  for (let ms = 0; ms < 60_000; ms += 100) {
    again.due('agents');
    vi.advanceTimersByTime(100);
  }
  vi.advanceTimersByTime(60_000);
  const before = looks.length;
  again.due('agents');
  vi.advanceTimersByTime(300);
  expect(looks.length).toBe(before + 1);
});

test('nothing is asked while nobody sees the page, and everything that has changed as soon as somebody does', () => {
  const { looks, page, again } = watched();
  page.hidden = true;
  for (let ms = 0; ms < 60_000; ms += 1000) {
    again.due('transactions');
    again.due('approvals');
    vi.advanceTimersByTime(1000);
  }
  expect(looks).toEqual([]);
  page.hidden = false;
  again.wake();
  expect([...looks].sort()).toEqual(['approvals', 'transactions']);
});

test('once it is stopped nothing is looked at', () => {
  const { looks, again } = watched();
  again.due('agents');
  again.stop();
  vi.advanceTimersByTime(60_000);
  expect(looks).toEqual([]);
});

test.each<[number, Pace]>([
  [0, CALM],
  [1, CALM],
  [6, { burst: 2, everyMs: 20_000 }],
  [12, { burst: 1, everyMs: 40_000 }],
  [60, { burst: 1, everyMs: 200_000 }],
])('what takes %i requests is looked at the more seldom', (requests, pace) => {
  expect(paceFor(CALM, requests)).toEqual(pace);
});

test.each([1, 2, 5, 40])(
  'a list of %i pages that never rests costs twenty requests a minute and no more',
  (requests) => {
    const { everyMs } = paceFor(PROMPT, requests);
    expect((60_000 / everyMs) * requests).toBeLessThanOrEqual(20);
  },
);
