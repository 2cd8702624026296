import { describe, expect, test } from 'vitest';
import { createRateLimiter, MAX_KEYS } from './limiter.ts';

const START = 1_700_000_000_000;
const setUp = () => {
  const time = { now: START };
  return { time, limiter: createRateLimiter({ now: () => time.now }) };
};

describe('the rate limiter', () => {
  test('admits up to the limit and frees a place when the oldest request is a minute old, not before', () => {
    const { time, limiter } = setUp();
    const bucket = { key: 'a', limit: 2 };
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: true, remaining: 1 });
    time.now += 10_000;
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: true, remaining: 0, reset: START / 1000 + 60 });
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: false, remaining: 0, retryAfter: 50 });
    time.now = START + 59_999;
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: false, retryAfter: 1 });
    time.now = START + 60_000;
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: true });
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: false, retryAfter: 10 });
  });

  test('is a sliding window: twice the limit never fits around the end of a minute', () => {
    const { time, limiter } = setUp();
    const bucket = { key: 'a', limit: 10 };
    time.now = START + 59_000;
    for (let count = 0; count < 10; count += 1) expect(limiter.admit(bucket, null).admitted).toBe(true);
    time.now = START + 61_000;
    expect(limiter.admit(bucket, null).admitted).toBe(false);
  });

  test('a refused request counts nowhere', () => {
    const { limiter } = setUp();
    const base = { key: 'base', limit: 10 };
    const endpoint = { key: 'endpoint', limit: 1 };
    limiter.admit(base, endpoint);
    for (let count = 0; count < 5; count += 1) expect(limiter.admit(base, endpoint).admitted).toBe(false);
    expect(limiter.inspect(base).remaining).toBe(9);
  });

  test('reports the tightest bucket', () => {
    const { limiter } = setUp();
    expect(limiter.admit({ key: 'a', limit: 100 }, { key: 'b', limit: 5 })).toMatchObject({ limit: 5, remaining: 4 });
    expect(limiter.admit({ key: 'c', limit: 2 }, { key: 'd', limit: 5 })).toMatchObject({ limit: 2, remaining: 1 });
    expect(limiter.admit(null, { key: 'e', limit: 5 })).toMatchObject({ limit: 5, remaining: 4 });
  });

  test('a clock that is set back neither frees a full bucket nor keeps it full', () => {
    const { time, limiter } = setUp();
    const bucket = { key: 'a', limit: 1 };
    limiter.admit(bucket, null);
    time.now -= 3_600_000;
    expect(limiter.admit(bucket, null)).toMatchObject({ admitted: false, reset: time.now / 1000 + 60 });
    time.now += 60_000;
    expect(limiter.admit(bucket, null).admitted).toBe(true);
  });

  test('charges count even against a full bucket', () => {
    const { time, limiter } = setUp();
    const bucket = { key: 'a', limit: 2 };
    limiter.charge('a');
    time.now += 1000;
    limiter.charge('a');
    limiter.charge('a');
    expect(limiter.admit(bucket, null).admitted).toBe(false);
    time.now = START + 60_000;
    expect(limiter.admit(bucket, null).admitted).toBe(false);
  });

  test('asking for the state counts nothing and remembers nothing', () => {
    const { limiter } = setUp();
    for (let count = 0; count < 10; count += 1)
      expect(limiter.inspect({ key: 'a', limit: 5 })).toMatchObject({ remaining: 5, reset: START / 1000 + 60 });
  });

  test('remembers a bounded number of keys and forgets the least recently used', () => {
    const { limiter } = setUp();
    limiter.admit({ key: 'first', limit: 5 }, null);
    for (let count = 0; count < MAX_KEYS; count += 1) limiter.admit({ key: `k${count}`, limit: 5 }, null);
    expect(limiter.inspect({ key: 'first', limit: 5 }).remaining).toBe(5);
    expect(limiter.inspect({ key: `k${MAX_KEYS - 1}`, limit: 5 }).remaining).toBe(4);
  });
});
