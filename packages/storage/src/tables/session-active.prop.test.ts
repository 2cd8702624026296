import { agentId, isActive, sessionId } from '@waiaas/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { insertAgent, listAgentOverviews } from './agents.ts';
import {
  countAllLiveSessions,
  countLiveSessions,
  findSession,
  insertSession,
  listSessions,
  revokeSession,
} from './sessions.ts';

const AGENT = agentId(testId(1));
let temporary: TemporaryStorage;
beforeEach(() => {
  temporary = openTemporaryStorage();
});
afterEach(() => temporary.remove());

test('the database calls a session live exactly where isActive does, whatever expiry, revocation and time are', async () => {
  const second = fc.integer({ min: 0, max: 40 });
  const lives = fc.sample(fc.record({ expiresAt: second, revokedAt: fc.option(second, { nil: null }) }), {
    numRuns: 120,
    seed: 1,
  });
  const { storage } = temporary;
  await storage.write(async ({ db }) => {
    await insertAgent(db, {
      id: AGENT,
      name: 'a',
      chain: 'solana',
      network: 'localnet',
      public_key: 'key',
      status: 'ACTIVE',
      owner_address: null,
      created_at: 0,
      updated_at: 0,
      suspended_at: null,
      suspension_reason: null,
    });
    for (const [index, { expiresAt, revokedAt }] of lives.entries()) {
      const id = sessionId(testId(1000 + index));
      await insertSession(db, testSealer, {
        id,
        agentId: AGENT,
        tokenHash: index.toString(16).padStart(64, '0'),
        expiresAt,
        createdAt: 0,
        constraints: '{}',
        absoluteExpiresAt: 100,
      });
      const row = await findSession(db, id);
      if (row !== undefined && revokedAt !== null) await revokeSession(db, testSealer, row, revokedAt);
    }
  });
  for (let now = -1; now <= 41; now += 1) {
    const expected = lives.flatMap((life, index) => (isActive(life, now) ? [testId(1000 + index)] : []));
    const listed = await listSessions(storage.read, { agentId: AGENT, liveAt: now, order: 'asc', limit: 1000 });
    expect(listed.map(({ id }) => id)).toEqual(expected);
    expect(await countLiveSessions(storage.read, AGENT, now)).toBe(expected.length);
    expect(await countAllLiveSessions(storage.read, now)).toBe(expected.length);
    expect((await listAgentOverviews(storage.read, now))[0]?.session_count).toBe(expected.length);
  }
});
