import { deadLetterQuerySchema, type NotificationChannelId, WaiaasError } from '@waiaas/core';
import { writeState } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVENTS } from '../../test/events.ts';
import { type Answer, type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import { isSignedBy } from '../../test/services.ts';
import { createWorld, OPERATOR, type World } from '../../test/world.ts';

const paymentOf = (n: number) => ({
  ...EVENTS.TX_FAILED.payment,
  txId: `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
});
const SECRET = 'whsec_canarycanarycanarycanarycanary';
const HOUR = 3600;
let world: World;
let hook: LoopbackServer;
let id: NotificationChannelId;

beforeEach(async () => {
  hook = await startServer();
  world = await createWorld();
  id = await world.add({ type: 'WEBHOOK', name: 'hook', config: { url: `${hook.url}/in`, secret: SECRET } });
});
afterEach(async () => {
  await world.remove();
  await hook.close();
});

const posts = () => hook.seen.filter(({ method }) => method === 'POST');
const REFUSED: Answer = { status: 422, body: 'canary-of-the-receiver' };
const FAULT: Answer = { status: 500 };
const query = deadLetterQuerySchema.parse({ order: 'asc' });
const kept = async () => (await world.channels.deadLetters(id, query)).deadLetters;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('was not refused');
    },
    ({ code }) => code,
  );
/** So many events that the webhook has refused. */
async function refuse(count: number): Promise<void> {
  hook.script.push(...Array.from({ length: count }, () => REFUSED));
  world.dispatcher.start();
  for (let n = 0; n < count; n++) {
    await world.tell({ ...EVENTS.TX_FAILED, payment: paymentOf(n) });
    await world.settled();
  }
  hook.script.length = 0;
}

test('what a webhook has refused is kept, and sent again under its id, signed anew', async () => {
  await refuse(1);
  const [letter] = await kept();
  const [first] = posts();
  expect(letter).toMatchObject({ channelId: id, event: 'TX_FAILED', error: 'The message is refused (HTTP 422)' });
  expect(JSON.stringify(letter)).not.toContain('canary');
  await world.time.advance(HOUR * 1000);

  const answer = await world.channels.redeliver(id, {}, OPERATOR);
  expect(answer).toEqual({
    channelId: id,
    deliveries: [{ deliveryId: letter?.deliveryId, event: 'TX_FAILED', success: true, status: 200 }],
    nextCursor: null,
  });
  const again = posts().at(-1);
  expect(posts()).toHaveLength(2);
  expect(again?.headers['x-waiaas-delivery']).toBe(letter?.deliveryId);
  expect(again?.body).toBe(first?.body);
  expect(again?.headers['x-waiaas-signature']).not.toBe(first?.headers['x-waiaas-signature']);
  expect(again !== undefined && isSignedBy(SECRET, again, world.time.now() / 1000)).toBe(true);
  expect(again?.body).not.toContain(SECRET);
  expect(await kept()).toEqual([]);
  expect((await world.log()).at(-1)).toMatchObject({ event: 'TX_FAILED', status: 'DELIVERED', channel_id: id });
  expect(await world.audit('CHANNEL_REDELIVERED')).toMatchObject([
    { notificationId: letter?.deliveryId, success: true, actor: 'operator' },
  ]);
});

test('what it could not take for three days is kept as well', async () => {
  hook.script.push(...Array.from({ length: 2000 }, () => FAULT));
  world.dispatcher.start();
  await world.tell(EVENTS.TX_FAILED);
  await world.settled();
  for (let hours = 0; hours < 70; hours++) {
    await world.time.advance(HOUR * 1000);
    await world.until(() => world.dispatcher.underWay === 0);
  }
  expect(await kept()).toEqual([]);
  for (let hours = 0; hours < 6; hours++) {
    await world.time.advance(HOUR * 1000);
    await world.until(() => world.dispatcher.underWay === 0);
  }
  expect((await kept()).filter(({ event }) => event === 'TX_FAILED')).toMatchObject([
    { error: 'The service has a fault (HTTP 500)' },
  ]);
});

test('for 72 hours, and then it is neither shown, nor sent, nor stored', async () => {
  await refuse(1);
  const [letter] = await kept();
  await world.time.advance(72 * HOUR * 1000 - 1000);
  expect(await kept()).toEqual([letter]);
  await world.time.advance(1000);
  expect(await kept()).toEqual([]);
  expect((await world.channels.redeliver(id, {}, OPERATOR)).deliveries).toEqual([]);
  const one = world.channels.redeliver(id, { deliveryId: letter?.deliveryId }, OPERATOR);
  expect(await refusal(one)).toBe('DEAD_LETTER_NOT_FOUND');
  expect(posts()).toHaveLength(1);
  await world.upkeep.trimLog();
  expect(await world.storage.read.selectFrom('dead_letters').selectAll().execute()).toEqual([]);
});

test('many come in parts, in their order', async () => {
  await refuse(25);
  const order = (await kept()).map(({ sequence }) => sequence);
  const second = await world.channels.deadLetters(id, { ...query, cursor: (await kept()).at(-1)?.deliveryId });
  expect([order.length, second.deadLetters.length]).toEqual([20, 5]);
  const before = posts().length;
  const first = await world.channels.redeliver(id, {}, OPERATOR);
  expect(first.nextCursor).toBe(first.deliveries.at(-1)?.deliveryId);
  const rest = await world.channels.redeliver(id, { cursor: first.nextCursor ?? undefined }, OPERATOR);
  expect([first.deliveries.length, rest.deliveries.length, rest.nextCursor]).toEqual([20, 5, null]);
  const sent: number[] = posts()
    .slice(before)
    .map(({ body }) => JSON.parse(body).sequence);
  expect(sent).toEqual([...order, ...second.deadLetters.map(({ sequence }) => sequence)]);
  expect(await kept()).toEqual([]);
});

test('one that is refused again keeps none behind it waiting; a receiver that is down is asked once', async () => {
  await refuse(3);
  hook.script.push(REFUSED);
  const answer = await world.channels.redeliver(id, {}, OPERATOR);
  expect(answer.deliveries.map(({ success }) => success)).toEqual([false, true, true]);
  expect(await kept()).toHaveLength(1);

  await refuse(2);
  hook.script.push({ status: 503 });
  const asked = posts().length;
  const down = await world.channels.redeliver(id, {}, OPERATOR);
  expect(down.deliveries).toMatchObject([{ success: false, status: 503 }]);
  expect(down.nextCursor).toBeNull();
  expect(posts()).toHaveLength(asked + 1);
  expect((await kept()).map(({ error }) => error)[0]).toBe('The service has a fault (HTTP 503)');
  expect(await kept()).toHaveLength(3);

  hook.script.push({ status: 429, headers: { 'retry-after': '60' } });
  expect(await world.channels.redeliver(id, {}, OPERATOR)).toMatchObject({ retryAfter: 60, nextCursor: null });
  expect(await world.channels.redeliver(id, {}, OPERATOR)).toMatchObject({ deliveries: [], retryAfter: 60 });
});

test('one alone is sent, whatever else is kept; and of no channel that is not there', async () => {
  await refuse(3);
  const [, second] = await kept();
  await world.channels.redeliver(id, { deliveryId: second?.deliveryId }, OPERATOR);
  expect((await kept()).map(({ deliveryId }) => deliveryId)).not.toContain(second?.deliveryId);
  expect(await kept()).toHaveLength(2);
  const again = world.channels.redeliver(id, { deliveryId: second?.deliveryId }, OPERATOR);
  expect(await refusal(again)).toBe('DEAD_LETTER_NOT_FOUND');
  await world.channels.remove(id, OPERATOR);
  expect(await refusal(world.channels.redeliver(id, {}, OPERATOR))).toBe('CHANNEL_NOT_FOUND');
  expect(await refusal(world.channels.deadLetters(id, query))).toBe('CHANNEL_NOT_FOUND');
});

test('after a restart it is there still, and goes once the receiver has it after all', async () => {
  await refuse(1);
  const [letter] = await kept();
  world = await world.restart();
  expect(await kept()).toEqual([letter]);
  await world.channels.redeliver(id, {}, OPERATOR);
  expect(posts().at(-1)?.headers['x-waiaas-delivery']).toBe(letter?.deliveryId);
});

test('while the kill switch is engaged nobody sends anything again', async () => {
  await refuse(1);
  await world.storage.write(({ db }) => writeState(db, 'kill_switch_status', 'ACTIVATED', 1));
  expect(await refusal(world.channels.redeliver(id, {}, OPERATOR))).toBe('SYSTEM_LOCKED');
  expect(posts()).toHaveLength(1);
});

test('a daemon that stops waits for no receiver, and leaves everything kept as it was', async () => {
  await refuse(2);
  const before = await kept();
  hook.script.push('never');
  const asked = posts().length;
  const work = refusal(world.channels.redeliver(id, {}, OPERATOR));
  await world.until(() => posts().length > asked);
  world.beginShutdown();
  expect(await work).toBe('SHUTTING_DOWN');
  expect(await kept()).toEqual(before);
  expect(await world.audit('CHANNEL_REDELIVERED')).toEqual([]);
  expect(await refusal(world.channels.redeliver(id, {}, OPERATOR))).toBe('SHUTTING_DOWN');
  expect(posts()).toHaveLength(asked + 1);
});

test('a short pause that the receiver asks for is not waited for: whoever asks is told of it', async () => {
  await refuse(1);
  hook.script.push({ status: 429, headers: { 'retry-after': '10' } });
  const asked = posts().length;
  expect(await world.channels.redeliver(id, {}, OPERATOR)).toMatchObject({ retryAfter: 10, nextCursor: null });
  expect(posts()).toHaveLength(asked + 1);
});

test('whose password or token has ended in the meantime has nothing more sent', async () => {
  await refuse(3);
  let asked = 0;
  const ending = {
    ...OPERATOR,
    confirmCredential: () => {
      // For the request, for the first event, and no more for the second.
      asked += 1;
      if (asked > 2) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
    },
  };
  const before = posts().length;
  expect(await refusal(world.channels.redeliver(id, {}, ending))).toBe('INVALID_OPERATOR_TOKEN');
  expect(posts()).toHaveLength(before + 1);
  expect(await kept()).toHaveLength(2);
  expect(await world.audit('CHANNEL_REDELIVERED')).toMatchObject([{ success: true }]);
});

test('two at once over a channel that takes one message at a time both get through', async () => {
  await refuse(2);
  const [first, second] = await kept();
  const bucket = world.book.find(id)?.state.bucket;
  while (bucket?.take(world.time.now()));
  let done = false;
  const both = Promise.all(
    [first, second].map((letter) => world.channels.redeliver(id, { deliveryId: letter?.deliveryId }, OPERATOR)),
  ).finally(() => {
    done = true;
  });
  await world.until(async () => {
    if (!done) await world.time.advance(20);
    return done;
  });
  expect((await both).map(({ deliveries }) => deliveries)).toMatchObject([[{ success: true }], [{ success: true }]]);
  expect(await kept()).toEqual([]);
});

test('what waits for a webhook that is switched off is kept for it, and what happens from then on is not', async () => {
  world.minChannels = 0;
  hook.script.push(...Array.from({ length: 10 }, () => FAULT));
  world.dispatcher.start();
  await world.tell(EVENTS.TX_FAILED);
  await world.settled();
  const [, attempt] = [await kept(), posts().at(-1)];
  await world.channels.update(id, { enabled: false }, OPERATOR);
  await world.tell({ ...EVENTS.TX_FAILED, payment: paymentOf(7) });
  await world.time.advance(HOUR * 1000);
  await world.settled();
  const letters = await kept();
  expect(letters).toMatchObject([{ event: 'TX_FAILED', error: 'The webhook was switched off before it had taken it' }]);
  expect(letters[0]?.deliveryId).toBe(attempt?.headers['x-waiaas-delivery']);
  hook.script.length = 0;
  await world.channels.update(id, { enabled: true }, OPERATOR);
  await world.channels.redeliver(id, {}, OPERATOR);
  expect(await kept()).toEqual([]);
});
