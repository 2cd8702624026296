import { randomBytes } from 'node:crypto';
import { isWaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { createNonceStore } from './nonce-store.ts';

const movable = () => {
  let time = 1_800_000_000_000;
  return {
    now: () => time,
    forward: (ms: number) => {
      time += ms;
    },
  };
};

test('a nonce is 128 random bits in lower-case hex and expires after its time', () => {
  const clock = movable();
  const { nonce, expiresAt } = createNonceStore({ clock, randomBytes }).issue();
  expect(nonce).toMatch(/^[0-9a-f]{32}$/);
  expect(expiresAt).toBe(clock.now() + 300_000);
});

test('50 parallel uses of one nonce give one success', async () => {
  const nonces = createNonceStore({ clock: movable(), randomBytes });
  const { nonce } = nonces.issue();
  const uses = await Promise.all(
    Array.from({ length: 50 }, async () => {
      await Promise.resolve();
      return nonces.consume(nonce);
    }),
  );
  expect(uses.filter(Boolean)).toHaveLength(1);
});

describe('a nonce is refused when', () => {
  test.each([
    ['one second before its expiry', 299_000, true],
    ['one millisecond before its expiry', 299_999, true],
    ['exactly at its expiry', 300_000, false],
    ['after its expiry', 301_000, false],
  ])('used %s: %d ms -> accepted %s', (_name, age, accepted) => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes });
    const { nonce } = nonces.issue();
    clock.forward(age);
    expect(nonces.consume(nonce)).toBe(accepted);
    expect(nonces.consume(nonce)).toBe(false);
  });

  test('expired, also if the clock is set back afterwards', () => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes });
    const { nonce } = nonces.issue();
    clock.forward(300_000);
    expect(nonces.consume(nonce)).toBe(false);
    clock.forward(-300_000);
    expect(nonces.consume(nonce)).toBe(false);
  });

  test.each(['', '0'.repeat(32), '__proto__', 'constructor'])('never issued: %j', (nonce) => {
    const nonces = createNonceStore({ clock: movable(), randomBytes });
    nonces.issue();
    expect(nonces.consume(nonce)).toBe(false);
  });

  test('written in capitals', () => {
    const nonces = createNonceStore({ clock: movable(), randomBytes: () => new Uint8Array(16).fill(0xab) });
    expect(nonces.consume(nonces.issue().nonce.toUpperCase())).toBe(false);
  });
});

describe('a flood', () => {
  const full = (capacity: number) => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes, capacity });
    const first = nonces.issue();
    clock.forward(1000);
    for (let n = 1; n < capacity; n += 1) nonces.issue();
    return { clock, nonces, first };
  };

  test('cannot push out a nonce that somebody is about to use', () => {
    const { nonces, first } = full(1000);
    let refused = 0;
    for (let n = 0; n < 5000; n += 1) {
      try {
        nonces.issue();
      } catch (error) {
        refused += isWaiaasError(error, 'RATE_LIMIT_EXCEEDED') ? 1 : 0;
      }
    }
    expect(refused).toBe(5000);
    expect(nonces.consume(first.nonce)).toBe(true);
  });

  test('is told when to come back', () => {
    const { nonces } = full(3);
    expect(() => nonces.issue()).toThrow(
      expect.objectContaining({
        code: 'RATE_LIMIT_EXCEEDED',
        status: 429,
        details: { limit: 3, window: '300s', retryAfter: 299 },
      }),
    );
  });

  test('ends when a nonce is used or expires', () => {
    const { nonces, first, clock } = full(3);
    nonces.consume(first.nonce);
    nonces.issue();
    expect(() => nonces.issue()).toThrow();
    clock.forward(299_000);
    expect(() => nonces.issue()).toThrow();
    clock.forward(1000);
    for (let n = 0; n < 2; n += 1) nonces.issue();
  });

  test('is not lengthened by a clock that was set back: what expired among the younger ones makes room', () => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes, capacity: 2 });
    nonces.issue();
    clock.forward(-3_600_000);
    nonces.issue();
    clock.forward(300_000);
    expect(() => nonces.issue()).not.toThrow();
  });
});

describe('a broken random source', () => {
  test('that repeats itself issues no second nonce', () => {
    const nonces = createNonceStore({ clock: movable(), randomBytes: (length) => new Uint8Array(length) });
    nonces.issue();
    expect(() => nonces.issue()).toThrow('random');
  });

  test('that gives too little issues none', () => {
    const nonces = createNonceStore({ clock: movable(), randomBytes: () => new Uint8Array(8) });
    expect(() => nonces.issue()).toThrow('random');
  });
});

test.each([0, -1, 1.5, Number.NaN])('a capacity of %d is refused', (capacity) => {
  expect(() => createNonceStore({ clock: movable(), randomBytes, capacity })).toThrow(RangeError);
});

test('looking whether a nonce lives changes nothing and ends with its use or its time', () => {
  const clock = movable();
  const nonces = createNonceStore({ clock, randomBytes });
  const [used, left] = [nonces.issue().nonce, nonces.issue().nonce];
  for (let n = 0; n < 3; n += 1) expect(nonces.isLive(used)).toBe(true);
  expect(nonces.consume(used)).toBe(true);
  expect(nonces.isLive(used)).toBe(false);
  clock.forward(299_999);
  expect(nonces.isLive(left)).toBe(true);
  clock.forward(1);
  expect(nonces.isLive(left)).toBe(false);
  expect(nonces.isLive('0'.repeat(32))).toBe(false);
});
