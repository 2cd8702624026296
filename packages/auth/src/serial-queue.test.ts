import { expect, test } from 'vitest';
import { createSerialQueue } from './serial-queue.ts';

test('tasks run one after another in the order they came, and their results reach their callers', async () => {
  const queue = createSerialQueue();
  const trace: string[] = [];
  const task = (name: string) => async () => {
    trace.push(`${name} starts`);
    await Promise.resolve();
    trace.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all(['a', 'b', 'c'].map((name) => queue.run(task(name))))).toEqual(['a', 'b', 'c']);
  expect(trace).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
});

test('a task that fails, even before it waits, stops neither the queue nor the count', async () => {
  const queue = createSerialQueue();
  const failed = queue.run(() => {
    throw new Error('no');
  });
  const next = queue.run(async () => 'yes');
  expect(queue.size).toBe(2);
  await expect(failed).rejects.toThrow('no');
  await expect(next).resolves.toBe('yes');
  expect(queue.size).toBe(0);
});
