import { expect, test } from 'vitest';
import { createSigningTurns, TooBusy } from './signing-turns.ts';

const ALICE = '0xa';

test('a wallet has one turn at a time, in the order of asking', async () => {
  const turns = createSigningTurns(60_000, 60_000);
  const order: string[] = [];
  const first = await turns.enter(ALICE);
  const second = turns.enter(ALICE).then((turn) => {
    order.push('second');
    return turn;
  });
  const third = turns.enter(ALICE).then(() => order.push('third'));
  await Promise.resolve();
  order.push('first');
  first.leave();
  (await second).signed('hash');
  expect(order).toEqual(['first', 'second']);
  turns.sent('hash');
  await third;
  expect(order).toEqual(['first', 'second', 'third']);
});

test('who waited too long leaves the queue, and it moves on all the same', async () => {
  const turns = createSigningTurns(60_000, 1);
  const first = await turns.enter(ALICE);
  await expect(turns.enter(ALICE)).rejects.toThrow(TooBusy);
  const patient = createSigningTurns(60_000, 60_000);
  expect(patient.isGivenUp('hash')).toBe(false);
  first.leave();
  await expect(turns.enter(ALICE)).resolves.toBeDefined();
});

test('one who leaves the queue does not let the next one in beside the one whose turn it is', async () => {
  const turns = createSigningTurns(60_000, 20);
  const first = await turns.enter(ALICE);
  await expect(turns.enter(ALICE)).rejects.toThrow(TooBusy);
  let inside = false;
  const next = turns.enter(ALICE).then(() => {
    inside = true;
  });
  await Promise.resolve();
  expect(inside).toBe(false);
  first.leave();
  await next;
});

test('what is given up stays given up', async () => {
  const turns = createSigningTurns(60_000, 60_000);
  (await turns.enter(ALICE)).signed('hash');
  turns.giveUp('hash');
  turns.sent('hash');
  expect(turns.isGivenUp('hash')).toBe(true);
  await expect(turns.enter(ALICE)).resolves.toBeDefined();
});

test('signed and not handed in in time: the next one may go, and unless it is recorded it is given up', async () => {
  const turns = createSigningTurns(1, 60_000);
  for (const txHash of ['recorded', 'forgotten']) (await turns.enter(ALICE)).signed(txHash);
  (await turns.enter(ALICE)).leave();
  turns.giveUpLapsed('0xb', []);
  expect(turns.isGivenUp('forgotten')).toBe(false);
  turns.giveUpLapsed(ALICE, ['recorded']);
  expect([turns.isGivenUp('recorded'), turns.isGivenUp('forgotten')]).toEqual([false, true]);
});

test('a transaction is fresh from its signature until it is handed in', async () => {
  const turns = createSigningTurns(60_000, 60_000);
  expect(turns.isFresh('hash')).toBe(false);
  (await turns.enter(ALICE)).signed('hash');
  expect(turns.isFresh('hash')).toBe(true);
  turns.sent('hash');
  expect(turns.isFresh('hash')).toBe(false);
});

test('the mark of what nobody can have who has not refused it is taken by one', async () => {
  const turns = createSigningTurns(60_000, 60_000);
  expect(turns.takeUnheld('hash')).toBe(false);
  turns.markUnheld('hash');
  expect([turns.takeUnheld('hash'), turns.takeUnheld('hash')]).toEqual([true, false]);
});
