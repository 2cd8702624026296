import { join } from 'node:path';
import { agentId, policyId, sessionId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAgent } from '../test/payments.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../test/temporary-storage.ts';
import { examineDatabase } from './database-file.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openForReading, openStorage, type Storage } from './open-storage.ts';
import { appendAudit } from './tables/audit-log.ts';
import { beginHeads } from './tables/heads.ts';
import { deletePolicy, loadPolicies, sealPolicySet, storePolicy } from './tables/policies.ts';
import { areSessionsAuthentic } from './tables/session-sets.ts';
import { addSessionUsage, findSession, insertSession, revokeSession } from './tables/sessions.ts';

const AGENT = agentId(testId(1));
const SESSION = sessionId(testId(2));
const POLICY = policyId(testId(3));
const AT = { now: 1, actor: 'system' };

let temporary: TemporaryStorage;
let storage: Storage;

const rules = (rule: string) => ({
  id: POLICY,
  agentId: AGENT,
  type: 'SPENDING_LIMIT' as const,
  rules: rule,
  priority: 0,
  enabled: true,
});

beforeEach(async () => {
  temporary = openTemporaryStorage();
  ({ storage } = temporary);
  await createAgent(storage, 1);
  await storage.write(async ({ db }) => {
    await beginHeads(db);
    await sealPolicySet(db, testSealer, AGENT);
    await storePolicy(db, testSealer, rules('{"limit":"9"}'), AT);
    await insertSession(db, testSealer, {
      id: SESSION,
      agentId: AGENT,
      tokenHash: 'a'.repeat(64),
      expiresAt: 2000,
      createdAt: 1,
      constraints: '{}',
      absoluteExpiresAt: 9000,
    });
  });
});
afterEach(() => temporary.remove());

const inTheFile = (statements: string): void => {
  const raw = new BetterSqlite3(temporary.path);
  raw.exec(statements);
  raw.close();
};
const write = () =>
  storage.write(({ db }) => appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system' })).then(() => 'written');
const reopen = (): Storage =>
  openStorage({ path: temporary.path, backupFolder: temporary.folder, clock: temporary.clock, sealer: testSealer });

const SET_FREE = 'DROP TRIGGER sessions_identity; DROP TRIGGER sessions_stay_revoked; DROP TRIGGER sessions_stay_over;';
const FROZEN_SESSIONS = `AFTER UPDATE ON main.sessions BEGIN
  UPDATE sessions SET usage_stats = OLD.usage_stats, revoked_at = OLD.revoked_at, version = OLD.version, seal = OLD.seal
  WHERE id = OLD.id; END`;
const FROZEN_POLICIES = `AFTER UPDATE ON main.policies BEGIN
  UPDATE policies SET rules = OLD.rules, version = OLD.version, seal = OLD.seal WHERE id = OLD.id; END`;

const PLANTED = [
  ['a trigger', 'CREATE TRIGGER frozen AFTER UPDATE ON sessions BEGIN SELECT 1; END', 'trigger frozen'],
  ['a view', 'CREATE VIEW mirror AS SELECT * FROM sessions', 'view mirror'],
  ['an index', 'CREATE INDEX doctored ON audit_log (event_type) WHERE id < 3', 'index doctored'],
  [
    'another trigger of a known name',
    'DROP TRIGGER audit_log_no_delete; CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT 1; END',
    'trigger audit_log_no_delete',
  ],
  [
    'a trigger on a table of its own',
    'CREATE TABLE mine (a); CREATE TRIGGER on_mine AFTER DELETE ON mine BEGIN DELETE FROM policies; END',
    'trigger on_mine',
  ],
] as const;

describe('what somebody has planted in the schema', () => {
  test.each(PLANTED)('%s under the running daemon ends every unit of work', async (_what, statements) => {
    await write();
    inTheFile(statements);
    await expect(write()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    await expect(write()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  test.each(PLANTED)('%s in a file that is opened is refused by name', async (_what, statements, name) => {
    await storage.close();
    inTheFile(statements);
    expect(reopen).toThrow(name);
    expect(() => openForReading({ path: temporary.path })).toThrow(name);
    expect(examineDatabase(temporary.path).damage).toEqual([expect.stringContaining(name)]);
  });

  test('goes on once it is gone', async () => {
    inTheFile('CREATE TRIGGER frozen AFTER UPDATE ON sessions BEGIN SELECT 1; END');
    await expect(write()).rejects.toThrow('changed by somebody else');
    inTheFile('DROP TRIGGER frozen');
    expect(await write()).toBe('written');
  });
});

test('guards and indexes that were removed are put back, and told', async () => {
  await storage.close();
  inTheFile('DROP TRIGGER audit_log_no_delete; DROP INDEX idx_transactions_idempotency');
  const again = reopen();
  expect(again.migration.restored.toSorted()).toEqual([
    'index idx_transactions_idempotency',
    'trigger audit_log_no_delete',
  ]);
  await again.close();
  const third = reopen();
  expect(third.migration.restored).toEqual([]);
  await third.close();
});

test('what was planted in an earlier schema, and goes with a table that is rebuilt, is told', async () => {
  await storage.close();
  const path = join(temporary.folder, 'earlier.db');
  const raw = new BetterSqlite3(path);
  migrate(raw, MIGRATIONS.slice(0, 19), () => '');
  raw.exec(`CREATE TRIGGER frozen AFTER INSERT ON audit_log BEGIN SELECT 1; END; DROP TRIGGER transactions_no_delete`);
  raw.close();
  const open = () => openStorage({ path, backupFolder: temporary.folder, clock: temporary.clock, sealer: testSealer });
  const brought = open();
  expect(brought.migration.changed.toSorted()).toEqual(['no trigger transactions_no_delete', 'trigger frozen']);
  expect(brought.migration.restored).toEqual([]);
  await brought.close();
  const again = open();
  expect(again.migration.changed).toEqual([]);
  await again.close();
});

test('a table beside ours, and a file that was compacted or analysed, are left alone', async () => {
  inTheFile('CREATE TABLE beside (a PRIMARY KEY, b); CREATE INDEX of_beside ON beside (b); ANALYZE; VACUUM');
  expect(await write()).toBe('written');
  await storage.close();
  await reopen().close();
});

/* The schema is looked at before a unit; these are there in spite of it, in the connection itself. */
describe('a trigger that undoes a change inside its unit seals nothing', () => {
  const plant = (trigger: string) =>
    storage.write(async ({ db }) => {
      for (const statement of [...SET_FREE.split(';'), 'DROP TRIGGER policies_identity'].filter((s) => s.trim() !== ''))
        await sql.raw(statement).execute(db);
      await sql.raw(`CREATE TEMP TRIGGER frozen ${trigger}`).execute(db);
    });
  const session = async () => {
    const row = await findSession(storage.read, SESSION);
    if (row === undefined) throw new Error('It is there');
    return row;
  };

  test('of the use and the revocation of a session', async () => {
    await plant(FROZEN_SESSIONS);
    const before = await session();
    await expect(storage.write(({ db }) => revokeSession(db, testSealer, before, 5))).rejects.toThrow('Somebody else');
    await expect(
      storage.write(({ db }) => addSessionUsage(db, testSealer, SESSION, 7n, '2027-01-01T00:00:00Z')),
    ).rejects.toThrow('Somebody else');
    expect(await session()).toEqual(before);
    expect(await areSessionsAuthentic(storage.read, testSealer, AGENT)).toBe(true);
  });

  test('of a policy', async () => {
    await plant(FROZEN_POLICIES);
    await expect(storage.write(({ db }) => storePolicy(db, testSealer, rules('{"limit":"1"}'), AT))).rejects.toThrow(
      'Somebody else',
    );
  });

  test('of another policy, at the same time', async () => {
    await plant(`AFTER INSERT ON main.policies BEGIN DELETE FROM policies WHERE id = '${POLICY}'; END`);
    const another = { ...rules('{"limit":"1"}'), id: policyId(testId(4)) };
    await expect(storage.write(({ db }) => storePolicy(db, testSealer, another, AT))).rejects.toThrow('Somebody else');
    expect(await loadPolicies(storage.read, testSealer, AGENT)).toMatchObject({ policies: [{ id: POLICY }] });
  });
});

test('a set that was taken away does not get a version again that once was sealed', async () => {
  const sealed = new BetterSqlite3(temporary.path);
  const copy = sealed.prepare('SELECT * FROM session_sets').get();
  const policies = sealed.prepare('SELECT * FROM policy_sets WHERE scope = ?').get(AGENT);
  expect([copy, policies]).toMatchObject([{ version: 1 }, { version: 2 }]);
  const row = await findSession(storage.read, SESSION);
  if (row === undefined) throw new Error('It is there');
  await storage.write(async ({ db }) => {
    await revokeSession(db, testSealer, row, 5);
    await deletePolicy(db, testSealer, POLICY);
  });
  sealed.exec('DELETE FROM session_sets; DELETE FROM policy_sets');
  await storage.write(async ({ db }) => {
    const other = { id: sessionId(testId(9)), agentId: AGENT, tokenHash: 'b'.repeat(64), constraints: '{}' };
    await insertSession(db, testSealer, { ...other, expiresAt: 2000, createdAt: 1, absoluteExpiresAt: 9000 });
    await storePolicy(db, testSealer, { ...rules('{"limit":"1"}'), id: policyId(testId(4)) }, AT);
  });
  expect(sealed.prepare('SELECT version FROM session_sets').pluck().get()).toBe(3);
  expect(sealed.prepare('SELECT version FROM policy_sets WHERE scope = ?').pluck().get(AGENT)).toBe(4);
  sealed.close();
});
