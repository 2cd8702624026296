import { isUuidV7, type NotificationEvent } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { isNotificationAuthentic } from '../seals.ts';
import {
  enqueueNotification,
  listDueNotifications,
  nextNotificationAt,
  postponeNotification,
  removeNotification,
  sealEarlierNotifications,
  sealedOf,
} from './notification-outbox.ts';

let world: TemporaryStorage;
beforeEach(() => {
  world = openTemporaryStorage();
});
afterEach(() => world.remove());

const STOPPED: NotificationEvent = { event: 'DAEMON_STOPPED', reason: 'SIGTERM' };
const rows = () => world.storage.read.selectFrom('notification_outbox').selectAll().orderBy('seq').execute();

test('an event is kept with the change it tells of, and whoever sends it is woken after the commit', async () => {
  const seen: number[] = [];
  world.storage.onNotification(() => seen.push(world.storage.revision()));
  await world.storage.write(async ({ notify }) => {
    await notify(STOPPED);
    expect(seen).toEqual([]);
  });
  expect(seen).toEqual([world.storage.revision()]);
  const now = world.clock.seconds;
  expect(await rows()).toMatchObject([
    { event: 'DAEMON_STOPPED', urgency: 2, created_at: now, attempts: 0, next_attempt_at: now },
  ]);
  expect(isUuidV7((await rows())[0]?.id ?? '')).toBe(true);
  expect(JSON.parse((await rows())[0]?.payload ?? '')).toEqual(STOPPED);
});

test('and is gone with a change that was taken back; nobody is woken for it', async () => {
  let woken = 0;
  world.storage.onNotification(() => void woken++);
  const unit = world.storage.write(async ({ notify }) => {
    await notify(STOPPED);
    throw new Error('taken back');
  });
  await expect(unit).rejects.toThrow('taken back');
  expect(await rows()).toEqual([]);
  expect(woken).toBe(0);
});

test('what was stored cannot be made to say something else', async () => {
  await world.storage.write(({ notify }) => notify(STOPPED));
  await expect(
    world.storage.write(({ db }) => db.updateTable('notification_outbox').set({ payload: '{}' }).execute()),
  ).rejects.toThrow('never changes');
});

test('alarms come first, then what happened first; what is not due yet waits', async () => {
  const now = world.clock.seconds;
  const crashed: NotificationEvent = { event: 'DAEMON_CRASHED', kind: 'a fault' };
  await world.storage.write(async ({ db }) => {
    await enqueueNotification(db, { id: testId(1), at: now, event: STOPPED }, testSealer);
    await enqueueNotification(db, { id: testId(2), at: now, event: STOPPED }, testSealer);
    await enqueueNotification(db, { id: testId(3), at: now, event: crashed }, testSealer);
    await enqueueNotification(db, { id: testId(4), at: now + 60, event: crashed }, testSealer);
  });
  const due = await listDueNotifications(world.storage.read, { now, limit: 10, except: [testId(2)] });
  expect(due.map(({ id }) => id)).toEqual([testId(3), testId(1)]);
  expect(await nextNotificationAt(world.storage.read, now)).toBe(now + 60);
  await world.storage.write(async ({ db }) => {
    await removeNotification(db, testId(1));
    await postponeNotification(db, testId(3), { at: now + 30, attempts: 1, deliveredTo: ['a'] });
  });
  expect(await nextNotificationAt(world.storage.read, now)).toBe(now + 30);
  expect((await rows()).map(({ id, attempts }) => [id, attempts])).toEqual([
    [testId(2), 0],
    [testId(3), 1],
    [testId(4), 0],
  ]);
});

test('each is sealed with its place; what waits in a database of before there were seals is sealed once', async () => {
  await world.storage.write(({ notify }) => notify(STOPPED));
  const early = {
    event: 'DAEMON_STOPPED',
    urgency: 2,
    payload: '{"event":"X"}',
    created_at: 1,
    next_attempt_at: 1,
  } as const;
  await world.storage.write(({ db }) =>
    db
      .insertInto('notification_outbox')
      .values({ id: testId(7), ...early })
      .execute(),
  );
  const authentic = async () => (await rows()).map((row) => isNotificationAuthentic(testSealer, sealedOf(row)));
  expect(await authentic()).toEqual([true, false]);
  await world.storage.write(({ db }) => sealEarlierNotifications(db, testSealer));
  expect(await authentic()).toEqual([true, true]);
  const [first, second] = (await rows()).map(sealedOf);
  if (first === undefined || second === undefined) throw new Error('Nothing is stored');
  for (const change of [{ id: second.id }, { sequence: 9 }, { payload: '{}' }, { createdAt: 2 }, { seal: second.seal }])
    expect(isNotificationAuthentic(testSealer, { ...first, ...change })).toBe(false);
  await expect(
    world.storage.write(({ db }) => db.updateTable('notification_outbox').set({ seal: 'another' }).execute()),
  ).rejects.toThrow('never changes');
});
