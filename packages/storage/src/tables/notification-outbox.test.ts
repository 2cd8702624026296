import type { NotificationEvent } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import { enqueueNotification } from './notification-outbox.ts';

let world: TemporaryStorage;
beforeEach(() => {
  world = openTemporaryStorage();
});
afterEach(() => world.remove());

const STOPPED: NotificationEvent = { event: 'DAEMON_STOPPED', reason: 'SIGTERM' };
const rows = () => world.storage.read.selectFrom('notification_outbox').selectAll().orderBy('seq').execute();

test('an event is kept with the change it tells of', async () => {
  await world.storage.write(({ db }) => enqueueNotification(db, { id: testId(1), at: 100, event: STOPPED }));
  expect(await rows()).toMatchObject([
    { id: testId(1), event: 'DAEMON_STOPPED', urgency: 2, created_at: 100, attempts: 0, next_attempt_at: 100 },
  ]);
  expect(JSON.parse((await rows())[0]?.payload ?? '')).toEqual(STOPPED);
});

test('and is gone with a change that was taken back', async () => {
  const unit = world.storage.write(async ({ db }) => {
    await enqueueNotification(db, { id: testId(1), at: 100, event: STOPPED });
    throw new Error('taken back');
  });
  await expect(unit).rejects.toThrow('taken back');
  expect(await rows()).toEqual([]);
});

test('what was stored cannot be made to say something else', async () => {
  await world.storage.write(({ db }) => enqueueNotification(db, { id: testId(1), at: 100, event: STOPPED }));
  await expect(
    world.storage.write(({ db }) => db.updateTable('notification_outbox').set({ payload: '{}' }).execute()),
  ).rejects.toThrow('never changes');
});
