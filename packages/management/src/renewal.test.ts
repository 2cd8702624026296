import { type SessionConstraints, sessionId } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorld, OPERATOR, refusal, type World } from '../test/world.ts';

let world: World;
let agentId: string;
beforeEach(async () => {
  world = await createWorld();
  agentId = (await world.agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, OPERATOR)).id;
});
afterEach(() => world.remove());

const LIFE = 1000;
const hash = (token: string): string => Buffer.from(token).toString('hex').padStart(64, '0');

interface Opened {
  readonly id: ReturnType<typeof sessionId>;
  readonly token: string;
}
async function open(constraints: SessionConstraints = {}) {
  const { sessionId: id, token } = await world.sessions.create({ agentId, expiresIn: LIFE, constraints }, OPERATOR);
  return { id: sessionId(id), token };
}
const renew = ({ id, token }: Opened, path = id, renewBy: number | null = null) =>
  world.sessions.renew({ sessionId: id, tokenHash: hash(token), renewBy }, path, OPERATOR);
/** Renewed with a token that ends with its secret. */
const renewInTime = (session: Opened) => renew(session, session.id, Math.floor(world.time.now() / 1000) + 300);
const pass = (seconds: number) => world.time.advance(seconds * 1000);

test('a renewed session lives as long again as it was granted for, under a new token', async () => {
  const session = await open();
  await pass(LIFE / 2);
  const renewed = await renew(session);
  expect(renewed).toMatchObject({ renewalCount: 1, renewalsLeft: 2, maxRenewals: 3 });
  expect(Date.parse(renewed.expiresAt)).toBe(world.time.now() - (world.time.now() % 1000) + LIFE * 1000);
  expect(await world.sessions.findByTokenHash(hash(session.token))).toBeNull();
  expect(await world.sessions.findByTokenHash(hash(renewed.token))).toMatchObject({
    id: session.id,
    constraintsAuthentic: true,
  });
});

test('not a second before half of its life is over', async () => {
  const session = await open();
  await pass(LIFE / 2 - 1);
  expect(await refusal(renew(session))).toEqual({ code: 'RENEWAL_TOO_EARLY', status: 403 });
  await pass(1);
  const { token } = await renew(session);
  expect(await refusal(renew({ ...session, token }))).toMatchObject({ code: 'RENEWAL_TOO_EARLY' });
});

test('at once where the secret of its token was rotated, which is once: the new token is of the new secret', async () => {
  const session = await open();
  const { token } = await renewInTime(session);
  expect(await refusal(renew({ ...session, token }))).toMatchObject({ code: 'RENEWAL_TOO_EARLY' });
});

test('even then no more often than it may, nor beyond its longest life', async () => {
  let { id, token } = await open({ maxRenewals: 1 });
  ({ token } = await renewInTime({ id, token }));
  expect(await refusal(renewInTime({ id, token }))).toMatchObject({ code: 'RENEWAL_LIMIT_REACHED' });
  const { sessionId: old, token: oldToken } = await world.sessions.create({ agentId, expiresIn: 200_000 }, OPERATOR);
  await pass(1);
  expect(await refusal(renewInTime({ id: sessionId(old), token: oldToken }))).toMatchObject({
    code: 'SESSION_ABSOLUTE_LIFETIME_EXCEEDED',
  });
});

test('as often as it may, and not once more', async () => {
  let { id, token } = await open({ maxRenewals: 2 });
  for (let round = 0; round < 2; round += 1) {
    await pass(LIFE / 2);
    ({ token } = await renew({ id, token }));
  }
  await pass(LIFE / 2);
  expect(await refusal(renew({ id, token }))).toEqual({ code: 'RENEWAL_LIMIT_REACHED', status: 403 });
});

test('a session that may not be renewed is not', async () => {
  const session = await open({ maxRenewals: 0 });
  await pass(LIFE / 2);
  expect(await refusal(renew(session))).toMatchObject({ code: 'RENEWAL_LIMIT_REACHED' });
});

test('never beyond its absolute end', async () => {
  const life = 150_000;
  const { sessionId: id, token } = await world.sessions.create({ agentId, expiresIn: life }, OPERATOR);
  await pass(life / 2);
  expect(await refusal(renew({ id: sessionId(id), token }))).toEqual({
    code: 'SESSION_ABSOLUTE_LIFETIME_EXCEEDED',
    status: 403,
  });
});

test('of fifty renewals at once one succeeds; the others are told that they lost', async () => {
  const session = await open();
  await pass(LIFE / 2);
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => renew(session)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RENEWAL_CONFLICT', status: 409 });
});

describe('is refused for', () => {
  test('another session', async () => {
    const [one, other] = [await open(), await open()];
    await pass(LIFE / 2);
    expect(await refusal(renew(one, other.id))).toEqual({ code: 'SESSION_RENEWAL_MISMATCH', status: 403 });
  });

  test('a revoked session, also in a race', async () => {
    const session = await open();
    await pass(LIFE / 2);
    const [, renewal] = await Promise.allSettled([world.sessions.revoke(session.id, OPERATOR), renew(session)]);
    expect(renewal).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_NOT_FOUND' } });
  });

  test('an expired session', async () => {
    const session = await open();
    await pass(LIFE);
    expect(await refusal(renew(session))).toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  test('a session whose row was changed behind the daemon', async () => {
    const session = await open();
    await pass(LIFE / 2);
    await world.storage.write(
      async ({ db }) => void (await db.updateTable('sessions').set({ constraints: '{"expiresIn":604800}' }).execute()),
    );
    expect(await refusal(renew(session))).toMatchObject({ code: 'INVALID_TOKEN' });
  });

  test('everybody while the kill switch is engaged', async () => {
    const session = await open();
    await pass(LIFE / 2);
    await world.storage.write(
      async ({ db }) =>
        void (await db
          .updateTable('system_state')
          .set({ value: '"ACTIVATED"' })
          .where('key', '=', 'kill_switch_status')
          .execute()),
    );
    expect(await refusal(renew(session))).toMatchObject({ code: 'SYSTEM_LOCKED' });
  });
});
