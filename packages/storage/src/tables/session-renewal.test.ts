import { agentId, sessionId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { insertAgent } from './agents.ts';
import { findSession, insertSession, isSessionAuthentic, renewSession, revokeSession } from './sessions.ts';

let temporary: TemporaryStorage;
const AGENT = agentId(testId(1));
const SESSION = sessionId(testId(2));
const hash = (digit: string): string => digit.repeat(64);

beforeEach(async () => {
  temporary = openTemporaryStorage();
  await temporary.storage.write(async ({ db }) => {
    await insertAgent(db, {
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
    });
    await insertSession(db, testSealer, {
      id: SESSION,
      agentId: AGENT,
      tokenHash: hash('a'),
      expiresAt: 1000,
      createdAt: 1,
      constraints: '{}',
      absoluteExpiresAt: 5000,
    });
  });
});
afterEach(() => temporary.remove());

const present = async () => {
  const row = await findSession(temporary.storage.read, SESSION);
  if (row === undefined) throw new Error('The session is gone');
  return row;
};

test('of two renewals of the same session only one succeeds, and the row stays sealed', async () => {
  const before = await present();
  const outcomes = await Promise.all(
    ['b', 'c'].map((digit) =>
      temporary.storage.write(({ db }) =>
        renewSession(db, testSealer, before, { tokenHash: hash(digit), expiresAt: 2000, now: 500 }),
      ),
    ),
  );
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  const after = await present();
  expect(after).toMatchObject({ renewal_count: 1, last_renewed_at: 500, expires_at: 2000, version: 2 });
  expect(await isSessionAuthentic(temporary.storage.read, testSealer, after)).toBe(true);
});

test('a revoked session is not renewed, not even by a statement of its own', async () => {
  const before = await present();
  await temporary.storage.write(({ db }) => revokeSession(db, testSealer, before, 10));
  const renewal = { tokenHash: hash('b'), expiresAt: 2000, now: 500 };
  expect(await temporary.storage.write(({ db }) => renewSession(db, testSealer, before, renewal))).toBe(false);
  const raw = new BetterSqlite3(temporary.path);
  expect(() => raw.exec('UPDATE sessions SET expires_at = 9999')).toThrow('not renewed');
  raw.close();
});

test('nobody without the vault gives a session more renewals or a longer life', async () => {
  const raw = new BetterSqlite3(temporary.path);
  const authentic = async () => isSessionAuthentic(temporary.storage.read, testSealer, await present());
  expect(await authentic()).toBe(true);
  expect(() => raw.exec('UPDATE sessions SET absolute_expires_at = 99999')).toThrow('never changes');
  raw.exec('DROP TRIGGER sessions_absolute_end_fixed');
  for (const change of [
    'renewal_count = 7',
    'absolute_expires_at = 99999',
    'absolute_expires_at = 0',
    'last_renewed_at = 1',
  ]) {
    raw.exec(`UPDATE sessions SET ${change}`);
    expect(await authentic()).toBe(false);
    raw.exec('UPDATE sessions SET renewal_count = 0, absolute_expires_at = 5000, last_renewed_at = NULL');
  }
  raw.close();
});
