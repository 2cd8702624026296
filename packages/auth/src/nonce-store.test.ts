import { randomBytes } from 'node:crypto';
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

test('a nonce is 128 bits in lower-case hex and expires after its time', () => {
  const clock = movable();
  const { nonce, expiresAt } = createNonceStore({ clock, randomBytes }).issue();
  expect(nonce).toMatch(/^[0-9a-f]{32}$/);
  expect(expiresAt).toBe(clock.now() + 300_000);
});

test('those of one moment differ in about half of their bits, and have nothing in common', () => {
  const nonces = createNonceStore({ clock: movable(), randomBytes });
  const issued = Array.from({ length: 1000 }, () => BigInt(`0x${nonces.issue().nonce}`));
  expect(new Set(issued).size).toBe(1000);
  for (let bit = 0n; bit < 128n; bit += 1n) {
    const ones = issued.filter((nonce) => (nonce >> bit) & 1n).length;
    // Eight standard deviations: never by chance.
    expect(Math.abs(ones - 500)).toBeLessThan(127);
  }
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
    const nonces = createNonceStore({ clock: movable(), randomBytes });
    const { nonce } = nonces.issue();
    expect(nonces.consume(`${nonce.slice(0, 31)}G`)).toBe(false);
    if (nonce !== nonce.toUpperCase()) expect(nonces.consume(nonce.toUpperCase())).toBe(false);
    expect(nonces.consume(nonce)).toBe(true);
  });
});

describe('a flood', () => {
  test('of requests takes neither a nonce that somebody is about to use nor the next one', () => {
    const nonces = createNonceStore({ clock: movable(), randomBytes, capacity: 3 });
    const first = nonces.issue();
    const asked = new Set(Array.from({ length: 20_000 }, () => nonces.issue().nonce));
    expect(asked.size).toBe(20_000);
    expect(nonces.consume(first.nonce)).toBe(true);
    expect(nonces.consume(nonces.issue().nonce)).toBe(true);
  });

  test('of uses makes the store forget none of them: it refuses, and says until when', () => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes, capacity: 3 });
    const early = nonces.issue().nonce;
    clock.forward(1000);
    const used = [early, nonces.issue().nonce, nonces.issue().nonce];
    for (const nonce of used) expect(nonces.consume(nonce)).toBe(true);
    const next = nonces.issue().nonce;
    expect(() => nonces.consume(next)).toThrow(
      expect.objectContaining({
        code: 'RATE_LIMIT_EXCEEDED',
        status: 429,
        details: { limit: 3, window: '300s', retryAfter: 299 },
      }),
    );
    for (const nonce of used) expect(nonces.consume(nonce)).toBe(false);
    clock.forward(299_000);
    expect(nonces.consume(early)).toBe(false);
    expect(nonces.consume(next)).toBe(true);
    for (const nonce of used) expect(nonces.consume(nonce)).toBe(false);
  });
});

test('a store that is full has room for what stops everything, and for nothing else', () => {
  const nonces = createNonceStore({ clock: movable(), randomBytes, capacity: 3 });
  const refused = (use: 'stop' | 'anything else'): unknown => {
    try {
      return nonces.consume(nonces.issue().nonce, use);
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
  };
  expect(Array.from({ length: 4 }, () => refused('anything else'))).toEqual([true, true, true, 'RATE_LIMIT_EXCEEDED']);
  const stop = nonces.issue().nonce;
  expect([nonces.consume(stop, 'stop'), nonces.consume(stop, 'stop'), nonces.consume(stop)]).toEqual([
    true,
    false,
    false,
  ]);
  for (let more = 1; more < 64; more += 1) expect(refused('stop')).toBe(true);
  expect([refused('stop'), refused('anything else')]).toEqual(['RATE_LIMIT_EXCEEDED', 'RATE_LIMIT_EXCEEDED']);
});

describe('another process', () => {
  test('takes no nonce of this one, used or not: of fifty uses before and after a restart one counts', () => {
    const clock = movable();
    const before = createNonceStore({ clock, randomBytes });
    const { nonce } = before.issue();
    const uses = Array.from({ length: 25 }, () => before.consume(nonce));
    const after = createNonceStore({ clock, randomBytes });
    uses.push(...Array.from({ length: 25 }, () => after.consume(nonce)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(after.isLive(before.issue().nonce)).toBe(false);
  });

  test('makes none that this one takes', () => {
    const clock = movable();
    const nonces = createNonceStore({ clock, randomBytes });
    for (let n = 0; n < 2000; n += 1) expect(nonces.isLive(randomBytes(16).toString('hex'))).toBe(false);
    const { nonce } = nonces.issue();
    for (let bit = 0n; bit < 128n; bit += 1n) {
      const altered = (BigInt(`0x${nonce}`) ^ (1n << bit)).toString(16).padStart(32, '0');
      expect(nonces.isLive(altered)).toBe(false);
    }
    expect(nonces.isLive(nonce)).toBe(true);
  });
});

test('after they were voided none that is out counts, and a new one does', () => {
  const nonces = createNonceStore({ clock: movable(), randomBytes });
  const [used, left] = [nonces.issue().nonce, nonces.issue().nonce];
  nonces.consume(used);
  nonces.clear();
  for (const nonce of [used, left]) expect([nonces.isLive(nonce), nonces.consume(nonce)]).toEqual([false, false]);
  expect(nonces.consume(nonces.issue().nonce)).toBe(true);
});

describe('a clock that is set back', () => {
  test('makes nothing usable a second time, by however much', () => {
    for (const back of [1, 299_999, 300_000, 300_001, 3_600_000]) {
      const clock = movable();
      const nonces = createNonceStore({ clock, randomBytes, capacity: 1000 });
      const [used, left] = [nonces.issue().nonce, nonces.issue().nonce];
      expect(nonces.consume(used)).toBe(true);
      clock.forward(300_000);
      // What was used is swept away once it has expired.
      for (let n = 0; n < 1000; n += 1) expect(nonces.consume(nonces.issue().nonce)).toBe(true);
      clock.forward(-back);
      expect([nonces.consume(used), nonces.consume(left)]).toEqual([false, false]);
    }
  });

  test('keeps nobody from signing afterwards', () => {
    for (const back of [1, 300_000, 86_400_000]) {
      const clock = movable();
      const nonces = createNonceStore({ clock, randomBytes });
      nonces.issue();
      clock.forward(-back);
      const { nonce, expiresAt } = nonces.issue();
      expect(expiresAt).toBeGreaterThan(clock.now());
      clock.forward(299_999);
      expect(nonces.consume(nonce)).toBe(true);
    }
  });
});

describe('a broken random source', () => {
  test('that repeats itself makes no store', () => {
    const same = (length: number) => new Uint8Array(length);
    expect(() => createNonceStore({ clock: movable(), randomBytes: same })).toThrow('random');
  });

  test('that gives too little makes none', () => {
    expect(() => createNonceStore({ clock: movable(), randomBytes: () => randomBytes(8) })).toThrow('random');
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
