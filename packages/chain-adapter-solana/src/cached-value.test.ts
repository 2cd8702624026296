import { expect, test } from 'vitest';
import { createCachedValue } from './cached-value.ts';

const setUp = () => {
  const time = { now: 1_000 };
  let loads = 0;
  const value = createCachedValue({
    clock: { now: () => time.now },
    ttlMs: 100,
    load: async () => {
      loads += 1;
      if (loads === 2) throw new Error('down');
      return loads;
    },
  });
  return { value, set: (to: number) => Object.assign(time, { now: to }), loads: () => loads };
};

test('callers during a fetch share it, and its answer until it is too old', async () => {
  const { value, set, loads } = setUp();
  expect(await Promise.all([value.get(), value.get()])).toEqual([1, 1]);
  set(1_100);
  expect(await value.get()).toBe(1);
  expect(loads()).toBe(1);
});

test('a failed fetch is not remembered', async () => {
  const { value, set } = setUp();
  await value.get();
  set(1_101);
  await expect(value.get()).rejects.toThrow('down');
  expect(await value.get()).toBe(3);
});

test('whoever joins a fetch that fails asks anew, together with the others who joined', async () => {
  const { value, set, loads } = setUp();
  await value.get();
  set(1_101);
  const outcomes = await Promise.allSettled([value.get(), value.get(), value.get()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(loads()).toBe(3);
});

test('a clock that is set back does not keep a value alive', async () => {
  const { value, set, loads } = setUp();
  await value.get();
  set(999);
  await expect(value.get()).rejects.toThrow('down');
  expect(loads()).toBe(2);
});
