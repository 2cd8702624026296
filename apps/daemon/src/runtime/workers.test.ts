import { systemClock } from '@waiaas/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWorkers } from './workers.ts';

const HOUR = 3_600_000;
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what is done once a day is done as well where no daemon runs for a day', async () => {
  let rounds = 0;
  const plan = {
    name: 'notificationLog',
    intervalMs: 24 * HOUR,
    firstAfterMs: 60_000,
    run: async () => {
      rounds += 1;
    },
  };
  for (let run = 1; run <= 2; run++) {
    const workers = createWorkers([plan], { clock: systemClock, logger });
    workers.start();
    await vi.advanceTimersByTimeAsync(23 * HOUR);
    await workers.stop();
    expect(rounds).toBe(run);
  }
  await vi.advanceTimersByTimeAsync(48 * HOUR);
  expect(rounds).toBe(2);
});

test('a first round that takes long and one that is due make no two at once', async () => {
  let [underWay, most, rounds] = [0, 0, 0];
  const run = async (): Promise<void> => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 3 * HOUR));
    underWay -= 1;
    rounds += 1;
  };
  const workers = createWorkers([{ name: 'slow', intervalMs: HOUR, firstAfterMs: HOUR / 2, run }], {
    clock: systemClock,
    logger,
  });
  workers.start();
  await vi.advanceTimersByTimeAsync(8 * HOUR);
  expect([most, rounds]).toEqual([1, 2]);
  const stopping = workers.stop();
  await vi.advanceTimersByTimeAsync(3 * HOUR);
  await stopping;
});
