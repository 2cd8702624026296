import { agentId } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import { insertAgent } from './agents.ts';
import { keepBalanceSamples, listBalanceSamples, thinBalanceSamples } from './balance-samples.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Begin of a day, UTC. */
const NOW = 20_000 * DAY;
const [ONE, OTHER] = [agentId(testId(1)), agentId(testId(2))];
let temporary: TemporaryStorage;

beforeEach(async () => {
  temporary = openTemporaryStorage();
  await temporary.storage.write(async ({ db }) => {
    for (const id of [ONE, OTHER]) {
      await insertAgent(db, {
        ...{ id, name: 'a', chain: 'solana', network: 'localnet', public_key: id, status: 'ACTIVE' },
        ...{ owner_address: null, created_at: 1, updated_at: 1, suspended_at: null, suspension_reason: null },
      });
    }
  });
});
afterEach(() => temporary.remove());

const sample = (read_at: number, balance: string, asset = 'solana:native', agent_id: string = ONE) => ({
  ...{ agent_id, asset, read_at, balance, decimals: 9, symbol: 'SOL' },
});
const keep = (...samples: Parameters<typeof keepBalanceSamples>[1]) =>
  temporary.storage.write(({ db }) => keepBalanceSamples(db, samples));
const kept = async (each: 'hour' | 'day' = 'hour', from = 0, to = NOW + 10 * DAY) =>
  (await listBalanceSamples(temporary.storage.read, ONE, { from, to, each })).map(({ hour, balance }) => [
    (hour - NOW) / HOUR,
    balance,
  ]);

test('of an hour the newest balance is kept, to the last digit, however late an older one is written', async () => {
  const huge = (2n ** 256n - 1n).toString();
  await keep(sample(NOW + 5, '1'), sample(NOW + 900, huge), sample(NOW + 300, '3'), sample(NOW + HOUR, '4'));
  expect(await kept()).toEqual([
    [0, huge],
    [1, '4'],
  ]);
});

test('of a day its last hour is told, and of another agent or asset nothing', async () => {
  await keep(sample(NOW + HOUR, '1'), sample(NOW + 23 * HOUR, '2'), sample(NOW + DAY, '3'));
  await keep(sample(NOW + 23 * HOUR + 1, '9', 'solana:native', OTHER));
  expect(await kept('day')).toEqual([
    [23, '2'],
    [24, '3'],
  ]);
});

test('hours go after a week, days after a year, and what is dated ahead of the clock; nothing else does', async () => {
  const at = (hours: number) => sample(NOW + hours * HOUR, String(20_000 + hours));
  const [old, older, oldest] = [-8 * 24, -300 * 24, -400 * 24];
  await keep(at(-1), at(-2), at(old), at(old + 1), at(older), at(older + 5), at(oldest), at(48));
  await keep(sample(NOW + oldest * HOUR, '9', 'solana:native', OTHER));
  await temporary.storage.write(({ db }) => thinBalanceSamples(db, ONE, NOW));
  expect((await kept()).map(([hour]) => hour)).toEqual([older + 5, old + 1, -2, -1]);
  const others = { from: 0, to: NOW, each: 'hour' } as const;
  expect(await listBalanceSamples(temporary.storage.read, OTHER, others)).toHaveLength(1);
});

test('a year of hours is no more than a week of hours and a year of days', async () => {
  for (let end = -380; end <= 0; end += 20) {
    const hours = Array.from({ length: 20 * 24 }, (_, hour) => sample(NOW + end * DAY - hour * HOUR, '1'));
    await keep(...hours);
    await temporary.storage.write(({ db }) => thinBalanceSamples(db, ONE, NOW + end * DAY));
  }
  expect((await kept()).length).toBeLessThanOrEqual(8 * 24 + 366);
  expect((await kept('day')).length).toBeLessThanOrEqual(367);
});
