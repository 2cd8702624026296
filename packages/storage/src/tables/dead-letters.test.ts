import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import {
  DEAD_LETTERS_MAX,
  type DeadLetterRow,
  findDeadLetter,
  keepDeadLetter,
  listDeadLetters,
  noteDeadLetterError,
  removeDeadLetter,
  trimDeadLetters,
} from './dead-letters.ts';
import { deleteNotificationChannel, insertNotificationChannel } from './notification-channels.ts';

let world: TemporaryStorage;
const HOOK = testId(1);
const OTHER = testId(2);
beforeEach(async () => {
  world = openTemporaryStorage();
  await world.storage.write(async ({ db }) => {
    for (const id of [HOOK, OTHER]) {
      await insertNotificationChannel(db, {
        id,
        version: 1,
        type: 'WEBHOOK',
        name: 'hook',
        config: '{}',
        priority: 0,
        enabled: 1,
        locale: 'en',
        last_health_check: null,
        last_health_status: null,
        consecutive_failures: 0,
        created_at: 1,
        updated_at: 1,
      });
    }
  });
});
afterEach(() => world.remove());

const letter = (n: number, change: Partial<DeadLetterRow> = {}): DeadLetterRow => ({
  channel_id: HOOK,
  id: testId(100 + n),
  sequence: n,
  payload: '{}',
  created_at: 10,
  given_up_at: 20,
  error: 'refused',
  seal: null,
  ...change,
});
const keep = (...letters: readonly DeadLetterRow[]) =>
  world.storage.write(async ({ db }) => {
    for (const one of letters) await keepDeadLetter(db, one);
  });
const sequences = async (channelId = HOOK, after = 0) => {
  const rows = await listDeadLetters(world.storage.read, { channelId, after, order: 'asc', limit: 5000 });
  return rows.map(({ sequence }) => sequence);
};

test('what a webhook has not taken is listed in its order, page by page, for this webhook only', async () => {
  await keep(letter(2), letter(1), letter(3), letter(4, { channel_id: OTHER }));
  expect(await sequences()).toEqual([1, 2, 3]);
  expect(await sequences(OTHER)).toEqual([4]);
  const page = { channelId: HOOK, after: 0, limit: 1 } as const;
  const next = await listDeadLetters(world.storage.read, { ...page, order: 'asc', cursor: testId(101) });
  expect(next.map(({ sequence }) => sequence)).toEqual([2]);
  const before = await listDeadLetters(world.storage.read, { ...page, order: 'desc', cursor: testId(102) });
  expect(before.map(({ sequence }) => sequence)).toEqual([1]);
});

test('kept once more it stays as old as it is, and says what went wrong last', async () => {
  await keep(letter(1), letter(1, { given_up_at: 99, error: 'again' }));
  const found = { channelId: HOOK, id: testId(101), after: 0 };
  expect(await findDeadLetter(world.storage.read, found)).toEqual(letter(1, { error: 'again' }));
  await world.storage.write(({ db }) => noteDeadLetterError(db, HOOK, testId(101), 'and again'));
  expect(await findDeadLetter(world.storage.read, found)).toEqual(letter(1, { error: 'and again' }));
  await expect(
    world.storage.write(({ db }) => db.updateTable('dead_letters').set({ payload: '{"a":1}' }).execute()),
  ).rejects.toThrow('never changes');
});

test('so many are kept for a webhook, and the oldest go first; those of another stay', async () => {
  await keep(letter(0, { channel_id: OTHER, sequence: 1 }));
  await keep(...Array.from({ length: DEAD_LETTERS_MAX + 2 }, (_, n) => letter(n + 1)));
  const kept = await sequences();
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([DEAD_LETTERS_MAX, 3, DEAD_LETTERS_MAX + 2]);
  expect(await sequences(OTHER)).toEqual([1]);
});

test('those that are too old are not shown, and go; those that were taken go at once', async () => {
  await keep(letter(1, { given_up_at: 19 }), letter(2), letter(3, { given_up_at: 21 }), letter(4));
  expect(await sequences(HOOK, 20)).toEqual([3]);
  expect(await findDeadLetter(world.storage.read, { channelId: HOOK, id: testId(102), after: 20 })).toBeUndefined();
  await world.storage.write(({ db }) => removeDeadLetter(db, HOOK, testId(104)));
  expect(await world.storage.write(({ db }) => trimDeadLetters(db, 20, 1))).toBe(1);
  expect(await world.storage.write(({ db }) => trimDeadLetters(db, 20, 10))).toBe(1);
  expect(await sequences()).toEqual([3]);
});

test('they go with their channel, and one that is no more keeps none', async () => {
  await keep(letter(1), letter(2, { channel_id: OTHER }));
  await world.storage.write(({ db }) => deleteNotificationChannel(db, HOOK));
  await keep(letter(3));
  expect([await sequences(), await sequences(OTHER)]).toEqual([[], [2]]);
});
