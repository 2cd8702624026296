import { describe, expect, test } from 'vitest';
import { createBatchLookup } from './batch-lookup.ts';

const recorder = (maxKeys: number) => {
  const calls: (readonly number[])[] = [];
  const lookUp = createBatchLookup<number, string>({
    maxKeys,
    windowMs: 1,
    async load(keys) {
      calls.push(keys);
      return keys.map((key) => `#${key}`);
    },
  });
  return { calls, lookUp };
};

describe('look-ups at the same moment', () => {
  test('share calls of at most the size a node takes, each key once, each answer in its place', async () => {
    const { calls, lookUp } = recorder(3);
    const keys = [1, 2, 2, 3, 4, 5, 1, 6, 7];
    expect(await Promise.all(keys.map(lookUp))).toEqual(keys.map((key) => `#${key}`));
    expect(calls.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual(
      [
        [1, 2, 3],
        [4, 5, 1],
        [6, 7],
      ].toSorted(),
    );
  });

  test('are not answered from an earlier call', async () => {
    const { calls, lookUp } = recorder(3);
    await lookUp(1);
    await lookUp(1);
    expect(calls).toEqual([[1], [1]]);
  });

  test('fail together, and the next one starts anew', async () => {
    let isBroken = true;
    const lookUp = createBatchLookup<number, number>({
      maxKeys: 9,
      windowMs: 1,
      async load(keys) {
        if (isBroken) throw new Error('down');
        return keys;
      },
    });
    const outcomes = await Promise.allSettled([lookUp(1), lookUp(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await lookUp(3)).toBe(3);
  });
});
