import { agentId, type SessionId, sessionId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { formerSessionContent } from '../seals.ts';
import { insertAgent } from './agents.ts';
import { adoptSessions, areSessionsAuthentic } from './session-sets.ts';
import {
  addSessionUsage,
  findSession,
  insertSession,
  isSessionAuthentic,
  removeOverSessions,
  renewSession,
  revokeSession,
} from './sessions.ts';

/* Whoever can write the file but has not the vault gives no session back what it has used, or its life (00 §3). */

const AGENT = agentId(testId(1));
const ONE = sessionId(testId(2));
const OTHER = sessionId(testId(3));
let temporary: TemporaryStorage;
let raw: BetterSqlite3.Database;

async function insert(id: SessionId, digit: string, expiresAt = 1000): Promise<void> {
  await temporary.storage.write(({ db }) =>
    insertSession(db, testSealer, {
      id,
      agentId: AGENT,
      tokenHash: digit.repeat(64),
      expiresAt,
      createdAt: 1,
      constraints: '{"maxTotalAmount":"10"}',
      absoluteExpiresAt: 5000,
    }),
  );
}
async function present(id: SessionId = ONE) {
  const row = await findSession(temporary.storage.read, id);
  if (row === undefined) throw new Error('The session is gone');
  return row;
}
const use = (amount: bigint, id: SessionId = ONE) =>
  temporary.storage.write(({ db }) => addSessionUsage(db, testSealer, id, amount, '2026-11-22T00:00:00.000Z'));
const revoke = async (id: SessionId = ONE) => {
  const row = await present(id);
  return temporary.storage.write(({ db }) => revokeSession(db, testSealer, row, 10));
};
const authentic = async (id: SessionId = ONE) =>
  isSessionAuthentic(temporary.storage.read, testSealer, await present(id));
/** A row as it is in the file now, to be put back later. */
const copyOf = (id: SessionId) => raw.prepare<[string], object>('SELECT * FROM sessions WHERE id = ?').get(id) ?? {};
function putBack(row: object): void {
  const columns = Object.keys(row);
  raw.prepare(`INSERT OR REPLACE INTO sessions (${columns}) VALUES (${columns.map((name) => `@${name}`)})`).run(row);
}

beforeEach(async () => {
  temporary = openTemporaryStorage();
  await temporary.storage.write(({ db }) =>
    insertAgent(db, {
      id: AGENT,
      name: 'a',
      chain: 'solana',
      network: 'localnet',
      public_key: 'key',
      status: 'ACTIVE',
      owner_address: null,
      created_at: 1,
      updated_at: 1,
      suspended_at: null,
      suspension_reason: null,
    }),
  );
  await insert(ONE, 'a');
  await insert(OTHER, 'b');
  raw = new BetterSqlite3(temporary.path);
});
afterEach(async () => {
  raw.close();
  await temporary.remove();
});

test('what the daemon does itself stays authentic: use, renewal, revocation, cleanup', async () => {
  await use(3n);
  await use(4n);
  expect(JSON.parse((await present()).usage_stats)).toMatchObject({ totalTx: 2, totalAmount: '7' });
  const before = await present();
  await temporary.storage.write(({ db }) =>
    renewSession(db, testSealer, before, { tokenHash: 'c'.repeat(64), expiresAt: 2000, now: 500 }),
  );
  expect([await authentic(ONE), await authentic(OTHER)]).toEqual([true, true]);
  await revoke(OTHER);
  expect(await authentic(ONE)).toBe(true);
  // What was under way when it was revoked still counts.
  await use(5n, OTHER);
  expect(JSON.parse((await present(OTHER)).usage_stats)).toMatchObject({ totalTx: 1, totalAmount: '5' });
  await temporary.storage.write(({ db }) => removeOverSessions(db, testSealer, 3000, 10));
  expect(await findSession(temporary.storage.read, ONE)).toBeUndefined();
  await insert(sessionId(testId(4)), 'd', 9000);
  expect(await authentic(sessionId(testId(4)))).toBe(true);
});

describe('it shows when somebody without the vault', () => {
  test('takes the revocation off a session', async () => {
    await revoke();
    expect(() => raw.exec('UPDATE sessions SET revoked_at = NULL')).toThrow('stays revoked');
    raw.exec('DROP TRIGGER sessions_stay_revoked');
    raw.prepare('UPDATE sessions SET revoked_at = NULL WHERE id = ?').run(ONE);
    expect([await authentic(ONE), await authentic(OTHER)]).toEqual([false, false]);
  });

  test.each([
    ['the use', `usage_stats = '{"totalTx":0,"totalAmount":"0","lastTxAt":null}'`],
    ['the limits', `constraints = '{}'`],
    ['the end', 'expires_at = 99999'],
    ['the version', 'version = 1'],
  ])('changes %s', async (_what, change) => {
    await use(9n);
    raw.prepare(`UPDATE sessions SET ${change} WHERE id = ?`).run(ONE);
    expect(await authentic()).toBe(false);
  });

  test('puts a session back as it was before it was used', async () => {
    const fresh = copyOf(ONE);
    await use(9n);
    putBack(fresh);
    // Its own seal holds: it was sealed by the daemon, once.
    expect(await authentic(ONE)).toBe(false);
    expect(await authentic(OTHER)).toBe(false);
  });

  test('puts a session back as it was before it was revoked, or renewed', async () => {
    const live = copyOf(ONE);
    await revoke();
    raw.exec('DROP TRIGGER sessions_stay_revoked');
    putBack(live);
    expect(await authentic()).toBe(false);
  });

  test('puts back one that was removed', async () => {
    const live = copyOf(ONE);
    await revoke();
    await temporary.storage.write(({ db }) => removeOverSessions(db, testSealer, 10 + 86_401, 10));
    await insert(sessionId(testId(4)), 'd', 99_999);
    putBack(live);
    expect([await authentic(ONE), await authentic(sessionId(testId(4)))]).toEqual([false, false]);
  });

  test('removes a session, or the seal of them all', async () => {
    raw.prepare('DELETE FROM sessions WHERE id = ?').run(OTHER);
    expect(await authentic()).toBe(false);
    raw.exec('DELETE FROM session_sets');
    expect(await authentic()).toBe(false);
  });
});

test('nothing the daemon does afterwards makes genuine what was forged', async () => {
  const fresh = copyOf(ONE);
  await use(9n);
  putBack(fresh);
  await use(1n, OTHER);
  await use(1n, ONE);
  await insert(sessionId(testId(4)), 'd');
  await revoke(OTHER);
  expect(await areSessionsAuthentic(temporary.storage.read, testSealer, AGENT)).toBe(false);
  expect([await authentic(ONE), await authentic(sessionId(testId(4)))]).toEqual([false, false]);
  // Revoking works all the same, and once none is left new ones can be opened.
  expect(await revoke(ONE)).toBe(true);
  expect(await revoke(sessionId(testId(4)))).toBe(true);
  await insert(sessionId(testId(5)), 'e');
  expect(await authentic(sessionId(testId(5)))).toBe(true);
});

test('limits that were forged stay forged when the session is used', async () => {
  raw.prepare(`UPDATE sessions SET constraints = '{}' WHERE id = ?`).run(ONE);
  await use(1n);
  expect(await authentic()).toBe(false);
});

describe('a database from before there were sets', () => {
  /** Seals the rows as they were sealed then. */
  async function former(): Promise<void> {
    raw.exec('DELETE FROM session_sets');
    for (const id of [ONE, OTHER]) {
      const row = await present(id);
      raw.prepare('UPDATE sessions SET seal = ? WHERE id = ?').run(testSealer.seal(formerSessionContent(row)), id);
    }
  }

  test('is brought up to date: what was sealed rightly is now', async () => {
    await former();
    expect(await authentic()).toBe(false);
    await temporary.storage.write(({ db }) => adoptSessions(db, testSealer));
    expect([await authentic(ONE), await authentic(OTHER)]).toEqual([true, true]);
    await use(2n);
    expect(await authentic()).toBe(true);
  });

  test('what was not sealed rightly then is not made genuine', async () => {
    await former();
    raw.prepare(`UPDATE sessions SET constraints = '{}' WHERE id = ?`).run(ONE);
    await temporary.storage.write(({ db }) => adoptSessions(db, testSealer));
    expect([await authentic(ONE), await authentic(OTHER)]).toEqual([false, true]);
  });
});
