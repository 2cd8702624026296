import type { Logger } from '@waiaas/core';
import { expect, test } from 'vitest';
import { createBalanceReader } from './balance-reader.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Time that a test sets. */
function virtualTime() {
  let now = 1_000_000;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
    async advance(ms: number) {
      now += ms;
      for (const { at, wake } of sleepers) if (at <= now) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A reader, and wallets whose answers a test gives. */
function setUp() {
  const time = virtualTime();
  const reader = createBalanceReader({ clock: time, timers: time, logger: silent });
  let asked = 0;
  const wallet = (id: string, read: () => Promise<bigint>) => ({
    id,
    read() {
      asked += 1;
      return read();
    },
  });
  return { time, reader, wallet, asked: () => asked };
}

test('the chain is asked once in ten seconds, however many ask', async () => {
  const { time, reader, wallet, asked } = setUp();
  const wallets = [wallet('a', async () => 5n), wallet('b', async () => 7n)];
  await Promise.all(Array.from({ length: 20 }, () => reader.read(wallets)));
  expect(asked()).toBe(2);
  const at = time.now();
  expect(await reader.read(wallets)).toEqual(
    new Map([
      ['a', { balance: 5n, at, stale: false }],
      ['b', { balance: 7n, at, stale: false }],
    ]),
  );
  await time.advance(10_000);
  await reader.read(wallets);
  expect(asked()).toBe(4);
});

test('what cannot be read is shown as it was, and is not asked for more often for that', async () => {
  const { time, reader, wallet, asked } = setUp();
  let answers = true;
  const wallets = [
    wallet('a', async () => (answers ? 5n : Promise.reject(new Error('down')))),
    wallet('b', async () => 7n),
  ];
  await reader.read(wallets);
  const at = time.now();
  answers = false;
  await time.advance(10_000);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const known = await reader.read(wallets);
    expect(known.get('a')).toEqual({ balance: 5n, at, stale: true });
    expect(known.get('b')).toMatchObject({ balance: 7n, stale: false });
  }
  expect(asked()).toBe(4);
});

test('a chain that never answers keeps nobody waiting for longer than two seconds', async () => {
  const { time, reader, wallet } = setUp();
  let answer: (balance: bigint) => void = () => undefined;
  const hanging = wallet('a', () => new Promise<bigint>((resolve) => (answer = resolve)));
  const reading = reader.read([hanging, wallet('b', async () => 7n)]);
  await time.advance(2000);
  const known = await reading;
  expect(known.get('a')).toEqual({ balance: null, at: null, stale: true });
  expect(known.get('b')).toMatchObject({ balance: 7n, stale: false });
  // The answer that comes late is there for whoever asks later.
  answer(9n);
  await time.advance(0);
  expect((await reader.read([hanging])).get('a')).toMatchObject({ balance: 9n, stale: false });
});
