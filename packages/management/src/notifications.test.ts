import { agentId, notificationEventSchema, policyCreateSchema, policyId, sessionId } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALICE, BOB, by, createWorld, OPERATOR, type World } from '../test/world.ts';

/* What the owner is told of management: stored with the change itself. */

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.remove());

const events = async () =>
  (await world.storage.read.selectFrom('notification_outbox').select('payload').orderBy('seq').execute()).map(
    ({ payload }) => notificationEventSchema.parse(JSON.parse(payload)),
  );
const last = async () => (await events()).at(-1);
const agent = async () =>
  agentId((await world.agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, OPERATOR)).id);
const minutes = (count: number) => world.time.advance(count * 60_000);

test('agents: created, suspended, resumed', async () => {
  const id = await agent();
  await world.agents.suspend(id, OPERATOR);
  await world.agents.resume(id, OPERATOR);
  expect(await events()).toMatchObject([
    { event: 'AGENT_CREATED', agentId: id, by: 'operator' },
    { event: 'AGENT_SUSPENDED', agentId: id, reason: 'manual' },
    { event: 'AGENT_RESUMED', agentId: id },
  ]);
});

test('policies: created, updated, deleted, by whom and for whom', async () => {
  const id = await agent();
  const rules = { max_tx_per_hour: 5 };
  const { policy } = await world.policies.create(
    policyCreateSchema.parse({ type: 'RATE_LIMIT', agentId: id, rules }),
    OPERATOR,
  );
  await world.policies.update(policyId(policy.id), { priority: 3 }, OPERATOR);
  await world.policies.remove(policyId(policy.id), {}, OPERATOR);
  expect((await events()).slice(1)).toMatchObject(
    ['created', 'updated', 'deleted'].map((change) => ({
      event: 'POLICY_CHANGED',
      change,
      policyId: policy.id,
      policyType: 'RATE_LIMIT',
      agentId: id,
      by: 'operator',
    })),
  );
});

test('the owner: connected, changed, disconnected', async () => {
  await world.owner.connect(ALICE, OPERATOR);
  await world.owner.change(BOB, by(ALICE));
  await world.owner.disconnect(by(BOB));
  expect(await events()).toMatchObject([
    { event: 'OWNER_CHANGED', change: 'connected', address: ALICE.address, by: 'operator' },
    { event: 'OWNER_CHANGED', change: 'changed', address: BOB.address, by: `owner:${ALICE.address}` },
    { event: 'OWNER_CHANGED', change: 'disconnected', address: BOB.address },
  ]);
});

test('what was refused is not told', async () => {
  await world.owner.connect(ALICE, OPERATOR);
  const before = await events();
  await expect(world.owner.change(BOB, OPERATOR)).rejects.toThrow();
  await expect(world.agents.suspend(agentId('00000000-0000-7000-8000-000000000001'), OPERATOR)).rejects.toThrow();
  expect(await events()).toEqual(before);
});

describe('sessions', () => {
  const open = async (expiresIn: number, agent_?: Awaited<ReturnType<typeof agent>>) => {
    const id = agent_ ?? (await agent());
    return world.sessions.create({ agentId: id, expiresIn }, OPERATOR);
  };

  test('opened, renewed, revoked', async () => {
    const { sessionId: id, token } = await open(3600);
    await minutes(40);
    const tokenHash = Buffer.from(token).toString('hex').padStart(64, '0');
    const session = { sessionId: sessionId(id), tokenHash, renewBy: null };
    await world.sessions.renew(session, session.sessionId, OPERATOR);
    await world.sessions.revoke(session.sessionId, OPERATOR);
    expect((await events()).slice(1)).toMatchObject([
      { event: 'SESSION_CREATED', sessionId: id, by: 'operator' },
      { event: 'SESSION_RENEWED', sessionId: id, renewalsLeft: 2 },
      { event: 'SESSION_REVOKED', sessionId: id, transactionsCancelled: 0 },
    ]);
  });

  test('that end soon are told of once, at a tenth of their life, not before', async () => {
    const { sessionId: id, expiresAt } = await open(36_000);
    await minutes(539);
    await world.sessions.warnOfEnds();
    expect(await last()).toMatchObject({ event: 'SESSION_CREATED' });
    await minutes(1);
    await world.sessions.warnOfEnds();
    expect(await last()).toEqual({
      event: 'SESSION_EXPIRING',
      sessionId: id,
      agentId: expect.any(String),
      expiresAt,
    });
    const told = (await events()).length;
    for (let minute = 0; minute < 70; minute += 10) {
      await minutes(10);
      await world.sessions.warnOfEnds();
    }
    expect(await events()).toHaveLength(told);
  });

  test('that are over, or were revoked, are not told of', async () => {
    const id = await agent();
    const revoked = await open(600, id);
    await world.sessions.revoke(sessionId(revoked.sessionId), OPERATOR);
    await open(300, id);
    await minutes(6);
    await world.sessions.warnOfEnds();
    expect((await events()).filter(({ event }) => event === 'SESSION_EXPIRING')).toEqual([]);
  });

  test('are told of each, also when one comes after another was told of', async () => {
    const id = await agent();
    await open(6000, id);
    await minutes(91);
    await world.sessions.warnOfEnds();
    await open(600, id);
    await minutes(9);
    await world.sessions.warnOfEnds();
    expect((await events()).filter(({ event }) => event === 'SESSION_EXPIRING')).toHaveLength(2);
  });
});
