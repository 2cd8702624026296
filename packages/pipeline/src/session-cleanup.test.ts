import { transactionId } from '@waiaas/core';
import { findSession, findTransaction } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { createWorld, OPERATOR, type World } from '../test/world.ts';

let world: World;
afterEach(async () => {
  await world.stop();
  await world.remove();
});

test('the cleanup keeps sessions with a payment under way, and records each it removes once', async () => {
  world = await createWorld({ rules: { instant_max: '0', notify_max: '0', delay_max: '0' } });
  const idle = await world.createPayer({ expiresIn: 300 });
  const waiting = await world.createPayer({ expiresIn: 300 });
  const { transactionId: id } = await world.send(waiting, 5n);
  await world.time.advance(301_000);
  expect(await world.cleanUpSessions()).toBe(1);
  expect(await findSession(world.storage.read, idle.sessionId)).toBeUndefined();
  expect(await findSession(world.storage.read, waiting.sessionId)).toBeDefined();
  expect(await world.cleanUpSessions()).toBe(0);

  await world.pipeline.reject(transactionId(id), {}, OPERATOR);
  // Revoked and expired at once: one row, one record.
  await world.revokeSession(waiting.sessionId);
  expect(await world.cleanUpSessions()).toBe(1);
  const row = await findTransaction(world.storage.read, transactionId(id));
  expect([row?.status, row?.session_id]).toEqual(['CANCELLED', null]);
  const removed = await world.storage.read
    .selectFrom('audit_log')
    .select(['event_type', 'session_id'])
    .where('event_type', 'in', ['SESSION_EXPIRED', 'SESSION_CLEANUP'])
    .orderBy('id')
    .execute();
  expect(removed).toEqual([
    { event_type: 'SESSION_EXPIRED', session_id: idle.sessionId },
    { event_type: 'SESSION_CLEANUP', session_id: waiting.sessionId },
  ]);
});
