import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALICE, BOB, by, createWorld, OPERATOR, refusal, type World } from '../test/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.remove());

const address = async (): Promise<string | null> => {
  const present = await world.owner.load();
  return present.state === 'connected' ? present.owner.address : null;
};

test('of ten wallets that connect at once one becomes the owner', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => world.owner.connect(index % 2 === 0 ? ALICE : BOB, OPERATOR)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'OWNER_ALREADY_CONNECTED', status: 409 });
  expect(await address()).toBe(ALICE.address);
  expect((await world.audit()).filter(({ event_type }) => event_type === 'OWNER_CONNECTED')).toHaveLength(1);
});

test('an Ethereum owner is stored in the one spelling of the address', async () => {
  await world.owner.connect({ chain: 'ethereum', address: BOB.address.toLowerCase() }, OPERATOR);
  expect(await address()).toBe(BOB.address);
});

test.each([
  ['solana', BOB.address],
  ['solana', 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnSSS'],
  ['ethereum', ALICE.address],
  ['ethereum', `${BOB.address.slice(0, -1)}D`],
  ['ethereum', ''],
] as const)('on %s, %j can be no owner', async (chain, wrong) => {
  expect(
    await refusal(Promise.resolve().then(() => world.owner.connect({ chain, address: wrong }, OPERATOR))),
  ).toMatchObject({
    code: 'INVALID_ADDRESS',
  });
  expect(await address()).toBeNull();
});

describe('once an owner is connected', () => {
  beforeEach(() => world.owner.connect(ALICE, OPERATOR));

  test('the operator does not disconnect them, and neither does another wallet', async () => {
    expect(await refusal(world.owner.disconnect(OPERATOR))).toEqual({ code: 'OWNER_AUTH_REQUIRED', status: 403 });
    expect(await refusal(world.owner.disconnect(by(BOB)))).toEqual({ code: 'OWNER_MISMATCH', status: 403 });
    expect(await address()).toBe(ALICE.address);
    await world.owner.disconnect(by(ALICE));
    expect(await address()).toBeNull();
    expect(await refusal(world.owner.disconnect(OPERATOR))).toEqual({ code: 'OWNER_NOT_CONNECTED', status: 404 });
  });

  test('they hand over to another wallet in one step', async () => {
    expect(await refusal(world.owner.change(BOB, OPERATOR))).toMatchObject({ code: 'OWNER_AUTH_REQUIRED' });
    expect(await refusal(world.owner.change(BOB, by(BOB)))).toMatchObject({ code: 'OWNER_MISMATCH' });
    expect(await refusal(world.owner.change(ALICE, by(ALICE)))).toMatchObject({ code: 'OWNER_ALREADY_CONNECTED' });
    expect(await world.owner.change(BOB, by(ALICE))).toMatchObject({
      address: BOB.address,
      previousAddress: ALICE.address,
      expiredTransactions: 0,
    });
    expect(await address()).toBe(BOB.address);
  });

  test('what the former owner signed counts for nothing from then on, however far it had come', async () => {
    const agent = await world.agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, by(ALICE));
    await world.owner.change(BOB, by(ALICE));
    for (const work of [
      () => world.owner.disconnect(by(ALICE)),
      () => world.agents.create({ name: 'b', chain: 'solana', network: 'localnet' }, by(ALICE)),
      () => world.sessions.create({ agentId: agent.id }, by(ALICE)),
    ])
      expect(await refusal(work())).toEqual({ code: 'OWNER_MISMATCH', status: 403 });
  });

  test('the audit log keeps who it was and what was signed', async () => {
    await world.owner.change(BOB, by(ALICE));
    const row = (await world.audit()).find(({ event_type }) => event_type === 'OWNER_CHANGED');
    expect(row?.actor).toBe(`owner:${ALICE.address}`);
    expect(JSON.parse(row?.details ?? '')).toMatchObject({
      address: BOB.address,
      previous: ALICE,
      signed: { message: 'a message', signature: 'a signature' },
    });
  });
});

test('an owner who was taken out of the database leaves nobody with their powers', async () => {
  await world.owner.connect(ALICE, OPERATOR);
  await world.storage.write(async ({ db }) => void (await db.deleteFrom('owner_wallets').execute()));
  expect(await refusal(world.owner.connect(BOB, OPERATOR))).toMatchObject({ code: 'OWNER_MISMATCH' });
  expect(await refusal(world.owner.disconnect(OPERATOR))).toMatchObject({ code: 'OWNER_MISMATCH' });
});
