import { NOTIFICATION_EVENTS } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVENTS } from '../../test/events.ts';
import { type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import { createWorld, OPERATOR, type World } from '../../test/world.ts';

/* Who can write the database file has the daemon tell nothing that it has not stored itself, and sign nothing of it. */

let world: World;
let hook: LoopbackServer;
beforeEach(async () => {
  hook = await startServer();
  world = await createWorld();
});
afterEach(async () => {
  await world.remove();
  await hook.close();
});

const addHook = () => world.add({ type: 'WEBHOOK', name: 'hook', config: { url: `${hook.url}/in` } });
const types = (): readonly string[] =>
  hook.seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body).type);
const ID = '00000000-0000-7000-8000-00000000f0f0';
/** Plants a row as somebody does who has the file. */
const plant = (
  event: { readonly event: string },
  change: { readonly seal?: string | null; readonly seq?: number } = {},
) =>
  world.storage.write(({ db }) =>
    db
      .insertInto('notification_outbox')
      .values({
        id: ID,
        event: EVENTS.TX_CONFIRMED.event,
        urgency: 0,
        payload: JSON.stringify(event),
        created_at: Math.floor(world.time.now() / 1000),
        next_attempt_at: 0,
        ...change,
      })
      .execute(),
  );
/** A row that is there. */
const present = <Row extends object>(row: Row | undefined): Row => {
  if (row === undefined) throw new Error('No event was stored');
  return row;
};
const broken = () => world.audit('SEAL_BROKEN');

test('a planted event is not told; that somebody has planted it is, once', async () => {
  await addHook();
  await plant(EVENTS.TX_CONFIRMED);
  world.dispatcher.start();
  await world.tell(EVENTS.TX_FAILED);
  await world.until(() => types().includes('TX_FAILED') && types().includes('SEAL_BROKEN'));
  await world.settled();
  expect(types().toSorted()).toEqual(['SEAL_BROKEN', 'TX_FAILED']);
  expect(await broken()).toMatchObject([{ what: 'notification', events: ['TX_CONFIRMED'], ids: [ID] }]);
  expect(await world.waiting()).toBe(0);
});

test('nor is one under the seal of another, under another place, or with other words', async () => {
  await addHook();
  await world.tell(EVENTS.TX_CONFIRMED);
  const [sealed] = await world.storage.read.selectFrom('notification_outbox').selectAll().execute();
  expect(sealed?.seal).toMatch(/^[\w-]{43}$/);
  await plant(EVENTS.TX_CONFIRMED, { seal: sealed?.seal ?? null });
  await world.storage.write(async ({ db }) => {
    await db
      .deleteFrom('notification_outbox')
      .where('id', '=', sealed?.id ?? '')
      .execute();
    await db
      .insertInto('notification_outbox')
      .values({ ...present(sealed), seq: 999 })
      .execute();
  });
  world.dispatcher.start();
  await world.until(() => types().includes('SEAL_BROKEN'));
  await world.settled();
  expect(types()).toEqual(['SEAL_BROKEN']);
});

test('what a start with the vault locked stores is told once it is open, without a seal', async () => {
  await addHook();
  world = await world.restart({ locked: true });
  await world.tell(EVENTS.DAEMON_STARTED);
  const [row] = await world.storage.read.selectFrom('notification_outbox').selectAll().execute();
  expect(row?.seal).toBeNull();
  await world.unlock();
  await world.book.reload();
  world.dispatcher.start();
  await world.until(() => types().includes('DAEMON_STARTED'));
  await world.settled();
  expect(await broken()).toEqual([]);
});

test('every kind is told that the daemon itself has stored with the vault open, also after a restart', async () => {
  await addHook();
  for (const name of NOTIFICATION_EVENTS) await world.tell(EVENTS[name]);
  world = await world.restart();
  world.dispatcher.start();
  await world.settled();
  expect(new Set(types())).toEqual(new Set(NOTIFICATION_EVENTS));
  expect((await broken()).length).toBe(0);
});

test('a dead letter that somebody has planted is neither shown nor sent', async () => {
  const id = await addHook();
  hook.script.push({ status: 422 });
  world.dispatcher.start();
  await world.tell(EVENTS.TX_FAILED);
  await world.settled();
  await world.storage.write(async ({ db }) => {
    const [real] = await db.selectFrom('dead_letters').selectAll().execute();
    const payload = JSON.stringify(EVENTS.TX_CONFIRMED);
    await db
      .insertInto('dead_letters')
      .values({ ...present(real), id: ID, payload })
      .execute();
  });
  const query = { order: 'asc', limit: 20 } as const;
  expect((await world.channels.deadLetters(id, query)).deadLetters).toMatchObject([{ event: 'TX_FAILED' }]);
  const { deliveries } = await world.channels.redeliver(id, {}, OPERATOR);
  expect(deliveries).toMatchObject([{ event: 'TX_FAILED', success: true }]);
  expect(types()).not.toContain('TX_CONFIRMED');
  expect(await broken()).toMatchObject([{ what: 'dead letter', ids: [ID] }]);
  expect(await world.storage.read.selectFrom('dead_letters').selectAll().execute()).toEqual([]);
});
