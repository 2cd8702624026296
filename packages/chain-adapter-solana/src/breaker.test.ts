import { expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';

const setUp = () => {
  const time = { now: 1_000_000 };
  const breaker = createBreaker({ now: () => time.now });
  const failAgain = (): number => {
    time.now = Math.max(time.now, breaker.dueAt);
    breaker.failed();
    return breaker.dueAt - time.now;
  };
  return { time, breaker, failAgain };
};

test('each failure in a row pauses for longer, up to a minute', () => {
  const { failAgain } = setUp();
  expect(Array.from({ length: 8 }, failAgain)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('calls that fail together count once', () => {
  const { breaker, time } = setUp();
  for (let call = 0; call < 64; call += 1) breaker.failed();
  expect(breaker.dueAt - time.now).toBe(1_000);
});

test('a success ends it, the mere passing of time does not', () => {
  const { breaker, time, failAgain } = setUp();
  failAgain();
  failAgain();
  time.now += 3_600_000;
  expect(breaker.isClosed).toBe(false);
  breaker.succeeded();
  expect([breaker.isClosed, breaker.dueAt]).toEqual([true, 0]);
  expect(failAgain()).toBe(1_000);
});

test('an endpoint that asks to be left alone is', () => {
  const { breaker, time } = setUp();
  breaker.failed(7_000);
  expect(breaker.dueAt - time.now).toBe(7_000);
});
