import { join } from 'node:path';
import { type RowSealer, WaiaasError } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testSealer } from '../test/temporary-storage.ts';
import { AUDIT_CHAIN_START, auditLink } from './audit-chain.ts';
import { DEFAULT_CONNECTION_SETTINGS, openWriteConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openForReading, openStorage, type Storage } from './open-storage.ts';
import { appendAudit, isAuditHeadAuthentic, listAuditAfter, readAuditHead } from './tables/audit-log.ts';

let temporary: TemporaryStorage;
let locked: boolean;

const whileUnlocked = <T>(value: () => T): T => {
  if (locked) throw new WaiaasError('KEYSTORE_LOCKED');
  return value();
};
/** A vault that a test can lock. */
const vault: RowSealer = {
  seal: (content) => whileUnlocked(() => testSealer.seal(content)),
  verify: (content, seal) => whileUnlocked(() => testSealer.verify(content, seal)),
};

beforeEach(() => {
  locked = false;
  temporary = openTemporaryStorage({ sealer: vault });
});
afterEach(() => temporary.remove());

const append = (storage: Storage, n = 1): Promise<void> =>
  storage.write(async ({ db }) => {
    for (let i = 0; i < n; i++)
      await appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system', details: { big: 2n ** 70n, i } });
  });
const rows = (storage: Storage) => listAuditAfter(storage.read, 0, 1000);
const reopen = (): Storage =>
  openStorage({
    path: temporary.path,
    backupFolder: join(temporary.folder, 'backups'),
    clock: temporary.clock,
    sealer: vault,
  });

/** Expects every link to fit and the head to be at the end, sealed. */
async function expectWhole(storage: Storage, length: number): Promise<void> {
  let previous = AUDIT_CHAIN_START;
  const all = await rows(storage);
  for (const row of all) {
    expect(row.hash).toBe(auditLink(previous, row));
    previous = row.hash;
  }
  expect(all.map(({ id }) => id)).toEqual(Array.from({ length }, (_, index) => index + 1));
  const head = await readAuditHead(storage.read);
  expect(head).toMatchObject({ audit_id: length, hash: previous });
  if (head !== undefined) expect(isAuditHeadAuthentic(testSealer, head)).toBe(true);
}

/** Writes past the daemon, as somebody with sqlite3 and the file would. */
function behindItsBack(...statements: readonly string[]): void {
  const other = new BetterSqlite3(temporary.path);
  try {
    for (const statement of statements) other.exec(statement);
  } finally {
    other.close();
  }
}
const NO_TRIGGERS = 'DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete';
const FREE_HEAD = 'DROP TRIGGER audit_head_moves_on; DROP TRIGGER audit_head_no_delete';

describe('the chain', () => {
  test('links every row, of one unit, of many at once, across a restart', async () => {
    const { storage } = temporary;
    await append(storage, 3);
    await Promise.all(Array.from({ length: 20 }, () => append(storage, 2)));
    await storage.close();
    const again = reopen();
    await append(again);
    await expectWhole(again, 44);
    expect(again.isAuditIntact()).toBe(true);
    await again.close();
  });

  test('has no gap where a unit was taken back', async () => {
    const { storage } = temporary;
    await append(storage);
    const failing = storage.write(async ({ db }) => {
      await appendAudit(db, 1, { event: 'DAEMON_STOPPED', actor: 'system' });
      throw new Error('no');
    });
    const [failed] = await Promise.allSettled([failing, append(storage), append(storage)]);
    expect(failed.status).toBe('rejected');
    await expectWhole(storage, 3);
  });

  test('covers rows from before there was one', async () => {
    const path = join(temporary.folder, 'old.db');
    const connection = openWriteConnection(path, DEFAULT_CONNECTION_SETTINGS);
    migrate(connection, MIGRATIONS.slice(0, 5), () => '');
    const insert = connection.prepare(
      `INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (?, 'TX_QUEUED', 'system', '{}')`,
    );
    connection.transaction(() => {
      for (let i = 0; i < 2500; i++) insert.run(i);
    })();
    connection.close();
    expect(() => openForReading({ path })).toThrow('Start the daemon once');

    const { clock, folder } = temporary;
    const upgraded = openStorage({ path, backupFolder: join(folder, 'backups'), clock, sealer: vault });
    await append(upgraded);
    let previous = AUDIT_CHAIN_START;
    for (const row of await listAuditAfter(upgraded.read, 0, 5000)) {
      expect(row.hash).toBe(auditLink(previous, row));
      previous = row.hash;
    }
    expect(await readAuditHead(upgraded.read)).toMatchObject({ audit_id: 2501, hash: previous });
    await upgraded.close();
  });
});

describe('the sealed head', () => {
  test('waits while the vault is locked and covers what was written meanwhile', async () => {
    const { storage } = temporary;
    await append(storage, 2);
    locked = true;
    await append(storage, 3);
    expect(await readAuditHead(storage.read)).toMatchObject({ audit_id: 2 });
    locked = false;
    await append(storage);
    await expectWhole(storage, 6);
    expect(storage.isAuditIntact()).toBe(true);
  });

  test.each([
    ['the last rows are cut off', [NO_TRIGGERS, 'DELETE FROM audit_log WHERE id > 3']],
    ['all rows are deleted', [NO_TRIGGERS, 'DELETE FROM audit_log']],
    [
      'a row is added',
      [`INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (1, 'TX_APPROVED', 'owner', '{}')`],
    ],
    ['the last link is altered', [NO_TRIGGERS, "UPDATE audit_log SET hash = 'x' WHERE id = 5"]],
    ['the head is taken back', [FREE_HEAD, 'UPDATE audit_head SET version = 1, audit_id = 1']],
    ['the head is removed', [FREE_HEAD, 'DELETE FROM audit_head']],
  ])('stays where it was once %s, under the running daemon and after its next start', async (_what, statements) => {
    const { storage } = temporary;
    for (let i = 0; i < 5; i++) await append(storage);
    behindItsBack(...statements);
    const before = await readAuditHead(storage.read);
    await append(storage);
    expect(storage.isAuditIntact()).toBe(false);
    expect(await readAuditHead(storage.read)).toEqual(before);
    for (let i = 0; i < 5; i++) await append(storage);
    expect(await readAuditHead(storage.read)).toEqual(before);
  });

  test('stays where it was when rows are cut off inside of a unit of work, and the daemon goes on', async () => {
    const { storage } = temporary;
    await append(storage, 5);
    const before = await readAuditHead(storage.read);
    behindItsBack(NO_TRIGGERS);
    await storage.write(({ db }) => db.deleteFrom('audit_log').where('id', '>', 3).execute());
    await append(storage);
    expect(storage.isAuditIntact()).toBe(false);
    expect(await readAuditHead(storage.read)).toEqual(before);
  });

  test.each([
    ['the last rows are cut off', [NO_TRIGGERS, 'DELETE FROM audit_log WHERE id > 3']],
    ['the last row is replaced', [NO_TRIGGERS, "UPDATE audit_log SET hash = 'x' WHERE id = 5"]],
    ['the head is forged', [FREE_HEAD, "UPDATE audit_head SET seal = 'x'"]],
    [
      'a row without a link is added',
      [`INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (1, 'TX_APPROVED', 'owner', '{}')`],
    ],
    ['the head is removed', [FREE_HEAD, 'DELETE FROM audit_head']],
    ['everything is removed', [FREE_HEAD, NO_TRIGGERS, 'DELETE FROM audit_head; DELETE FROM audit_log']],
  ])('is not moved on by a daemon that starts after %s', async (_what, statements) => {
    for (let i = 0; i < 5; i++) await append(temporary.storage);
    await temporary.storage.close();
    behindItsBack(...statements);
    const again = reopen();
    const before = await readAuditHead(again.read);
    // Not every unit of work leaves a row.
    await again.write(async () => undefined);
    for (let i = 0; i < 5; i++) await append(again);
    expect(again.isAuditIntact()).toBe(false);
    expect(await readAuditHead(again.read)).toEqual(before);
    await again.close();
  });
});

test('a database that is only read can be read and not written', async () => {
  await append(temporary.storage);
  const reading = openForReading({ path: temporary.path });
  expect(await listAuditAfter(reading.read, 0, 10)).toHaveLength(1);
  await expect(appendAudit(reading.read, 1, { event: 'DAEMON_STARTED', actor: 'system' })).rejects.toThrow('readonly');
  reading.close();
  expect(() => openForReading({ path: join(temporary.folder, 'nothing.db') })).toThrow();
});
