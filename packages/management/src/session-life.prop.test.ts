import { isActive, sessionId, unixSeconds } from '@waiaas/core';
import { findSession } from '@waiaas/storage';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, OPERATOR, type World } from '../test/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.remove());

test('a session is renewed only while isActive calls it live, and then it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 300, max: 304 }),
      fc.integer({ min: 297, max: 307 }),
      fc.boolean(),
      async (life, age, revoked) => {
        const agent = await world.agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, OPERATOR);
        const { sessionId: id } = await world.sessions.create({ agentId: agent.id, expiresIn: life }, OPERATOR);
        await world.time.advance(age * 1000);
        if (revoked) await world.sessions.revoke(sessionId(id), OPERATOR);
        const row = await findSession(world.storage.read, id);
        if (row === undefined) throw new Error('The session is gone');
        const session = { sessionId: sessionId(id), tokenHash: row.token_hash, renewBy: null };
        const outcome = await world.sessions.renew(session, sessionId(id), OPERATOR).then(
          () => 'renewed',
          (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        );
        const live = isActive({ expiresAt: row.expires_at, revokedAt: row.revoked_at }, unixSeconds(world.time));
        expect(outcome).toBe(live ? 'renewed' : revoked ? 'SESSION_NOT_FOUND' : 'SESSION_EXPIRED');
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
