import { isActive, transferRequestSchema, unixSeconds } from '@waiaas/core';
import { findSession } from '@waiaas/storage';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, RECIPIENT, type World } from '../test/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

test('a session pays exactly while isActive calls it live, whatever its expiry, its revocation and the time', async () => {
  const body = transferRequestSchema.parse({ to: RECIPIENT, amount: '5' });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 300, max: 304 }),
      fc.integer({ min: 297, max: 307 }),
      fc.option(fc.integer({ min: 0, max: 307 }), { nil: null }),
      async (life, age, revokedAt) => {
        const payer = await world.createPayer({ expiresIn: life });
        const revoked = revokedAt !== null && revokedAt <= age;
        if (revoked) {
          await world.time.advance(revokedAt * 1000);
          await world.revokeSession(payer.sessionId);
        }
        await world.time.advance((age - (revoked ? revokedAt : 0)) * 1000);
        const row = await findSession(world.storage.read, payer.sessionId);
        if (row === undefined) throw new Error('The session is gone');
        const session = { expiresAt: row.expires_at, revokedAt: row.revoked_at };
        const { outcome, code } = await world.pipeline.dryRun(payer, body);
        expect(outcome).toBe(isActive(session, unixSeconds(world.time)) ? 'ALLOW' : 'DENY');
        if (outcome === 'DENY') expect(code).toBe(revoked ? 'SESSION_REVOKED' : 'SESSION_EXPIRED');
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
