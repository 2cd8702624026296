import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaiaasError } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testSealer } from '../test/temporary-storage.ts';
import { DEFAULT_CONNECTION_SETTINGS, openWriteConnection } from './connection.ts';
import { earlierSchema } from './database-file.ts';
import { MigrationError, migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { openStorage } from './open-storage.ts';
import { appendAudit } from './tables/audit-log.ts';

let temporary: TemporaryStorage;
afterEach(() => temporary.remove());

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('files', () => {
  test('are readable for their owner only, whatever the umask, also where looser ones lay before', async () => {
    const before = process.umask(0o022);
    try {
      temporary = openTemporaryStorage();
      await temporary.storage.write(({ db }) => appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system' }));
      const snapshot = temporary.storage.snapshot('manual');
      for (const path of [temporary.path, `${temporary.path}-wal`, `${temporary.path}-shm`, snapshot])
        expect(mode(path), path).toBe('600');
      expect(mode(join(temporary.folder, 'data'))).toBe('700');
      expect(mode(join(temporary.folder, 'backups'))).toBe('700');
      await temporary.storage.close();
      chmodSync(temporary.path, 0o644);
      const again = openStorage({
        path: temporary.path,
        backupFolder: join(temporary.folder, 'backups'),
        clock: temporary.clock,
        sealer: testSealer,
      });
      expect(mode(temporary.path)).toBe('600');
      await again.close();
    } finally {
      process.umask(before);
    }
  });

  test('a snapshot opens and holds what was committed', async () => {
    temporary = openTemporaryStorage();
    await temporary.storage.write(({ db }) => appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system' }));
    const path = temporary.storage.snapshot();
    const snapshot = new BetterSqlite3(path, { readonly: true });
    expect(snapshot.prepare('SELECT event_type FROM audit_log').pluck().all()).toEqual(['DAEMON_STARTED']);
    snapshot.close();
    // One file, without a log of its own.
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test('after a close there is no log left over', async () => {
    temporary = openTemporaryStorage();
    await temporary.storage.write(({ db }) => appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system' }));
    await temporary.storage.close();
    expect(existsSync(`${temporary.path}-wal`) ? statSync(`${temporary.path}-wal`).size : 0).toBe(0);
  });

  test('a file that is no database is refused and left as it is', () => {
    temporary = openTemporaryStorage();
    const path = join(temporary.folder, 'other.db');
    writeFileSync(path, 'this is a text and no database, and it is long enough to be looked at');
    expect(() =>
      openStorage({ path, backupFolder: temporary.folder, clock: temporary.clock, sealer: testSealer }),
    ).toThrow();
    expect(readFileSync(path, 'utf8')).toContain('this is a text');
  });
});

describe('the read connection', () => {
  test('refuses every write and sees committed state only', async () => {
    temporary = openTemporaryStorage();
    const { storage } = temporary;
    await expect(appendAudit(storage.read, 1, { event: 'DAEMON_STARTED', actor: 'system' })).rejects.toThrow(
      'readonly',
    );
    const seen: number[] = [];
    const count = async (): Promise<number> =>
      (await storage.read.selectFrom('audit_log').select('id').execute()).length;
    await storage.write(async ({ db }) => {
      await appendAudit(db, 1, { event: 'DAEMON_STARTED', actor: 'system' });
      seen.push(await count());
    });
    seen.push(await count());
    expect(seen).toEqual([0, 1]);
  });
});

describe('migrations', () => {
  const first: Migration = {
    version: 1,
    name: 'first',
    sql: `CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
          CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);`,
  };
  const rebuild: Migration = {
    version: 2,
    name: 'rebuild',
    rebuildsTables: true,
    sql: `CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
          INSERT INTO parent_new SELECT * FROM parent; DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;`,
  };
  const open = (name: string) => {
    temporary ??= openTemporaryStorage();
    const folder = join(temporary.folder, name);
    mkdirSync(folder, { recursive: true });
    return openWriteConnection(join(folder, 'm.db'), DEFAULT_CONNECTION_SETTINGS);
  };
  const content = (connection: ReturnType<typeof open>): string =>
    JSON.stringify([
      connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all(),
      connection.prepare('SELECT * FROM parent').all(),
      connection.prepare('SELECT * FROM child').all(),
      connection.pragma('user_version'),
    ]);
  const filled = (name: string) => {
    const connection = open(name);
    migrate(connection, [first], () => 'none');
    connection.exec(`INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1), (2, 2), (3, 2)`);
    return connection;
  };

  test('rebuilding a table loses no child row, and foreign keys are on again', () => {
    temporary = openTemporaryStorage();
    const connection = filled('rebuild');
    const backups: string[] = [];
    expect(
      migrate(connection, [first, rebuild], (label) => {
        backups.push(label);
        return 'taken';
      }),
    ).toMatchObject({
      from: 1,
      to: 2,
      backup: 'taken',
    });
    expect(backups).toHaveLength(1);
    expect(connection.prepare('SELECT count(*) FROM child').pluck().get()).toBe(3);
    expect(connection.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
    connection.close();
  });

  test('it can be told beforehand whether there is anything to do', async () => {
    temporary = openTemporaryStorage();
    const { path } = temporary;
    await temporary.storage.close();
    expect(earlierSchema(path)).toBeNull();
    const connection = openWriteConnection(path, DEFAULT_CONNECTION_SETTINGS);
    connection.pragma('user_version = 3');
    expect(earlierSchema(path)).toBe(3);
    connection.pragma('user_version = 9999');
    expect(earlierSchema(path)).toBeNull();
    connection.close();
    expect(earlierSchema(join(temporary.folder, 'nowhere.db'))).toBeNull();
    writeFileSync(join(temporary.folder, 'empty.db'), '');
    expect(earlierSchema(join(temporary.folder, 'empty.db'))).toBeNull();
    writeFileSync(join(temporary.folder, 'other.db'), 'This is a letter, and no database. '.repeat(200));
    const letter = join(temporary.folder, 'other.db');
    expect(() => earlierSchema(letter)).toThrow(WaiaasError);
  });

  test('what a crash has left half written can be told of by nobody that only reads, and is opened all the same', async () => {
    temporary = openTemporaryStorage();
    const path = join(temporary.folder, 'restored.db');
    const half = join(temporary.folder, 'half.db');
    // As a restored copy is: in the mode in which what is to be undone lies in a journal beside the file.
    const connection = new BetterSqlite3(path);
    connection.pragma('cache_size = 1');
    migrate(connection, MIGRATIONS, () => 'none');
    connection.exec(`BEGIN; CREATE TABLE much (text TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO much SELECT printf('%0500d', i) FROM n`);
    for (const suffix of ['', '-journal']) copyFileSync(path + suffix, half + suffix);
    connection.exec('ROLLBACK');
    connection.close();
    expect(() => earlierSchema(half)).toThrow(WaiaasError);
    const again = openStorage({
      path: half,
      backupFolder: join(temporary.folder, 'backups'),
      clock: temporary.clock,
      sealer: testSealer,
    });
    expect(again.migration).toMatchObject({ from: MIGRATIONS.length, to: MIGRATIONS.length });
    await again.close();
  });

  test('a snapshot of what was not changed after all is not kept, one of what was is', () => {
    temporary = openTemporaryStorage();
    const connection = filled('snapshots');
    const broken = (version: number): Migration => ({ version, name: 'broken', sql: 'SELECT * FROM nowhere' });
    const discarded: string[] = [];
    const attempt = (...migrations: readonly Migration[]) =>
      expect(() =>
        migrate(
          connection,
          [first, ...migrations],
          () => 'taken',
          (path) => discarded.push(path),
        ),
      ).toThrow(MigrationError);
    attempt(broken(2));
    expect(discarded).toEqual(['taken']);
    attempt(rebuild, broken(3));
    expect(discarded).toEqual(['taken']);
    connection.close();
  });

  test('a failing step leaves everything as it was, foreign keys on', () => {
    temporary = openTemporaryStorage();
    const connection = filled('failing');
    const before = content(connection);
    const broken: Migration = {
      version: 2,
      name: 'broken',
      rebuildsTables: true,
      sql: 'DELETE FROM child; DROP TABLE parent; SELECT * FROM nowhere;',
    };
    expect(() => migrate(connection, [first, broken], () => 'b')).toThrow(MigrationError);
    expect(content(connection)).toBe(before);
    expect(connection.pragma('foreign_keys', { simple: true })).toBe(1);
    const orphaning: Migration = {
      version: 2,
      name: 'orphaning',
      rebuildsTables: true,
      sql: 'DELETE FROM parent WHERE id = 2',
    };
    expect(() => migrate(connection, [first, orphaning], () => 'b')).toThrow('broken references');
    expect(content(connection)).toBe(before);
    connection.close();
  });

  test('run again they do nothing; a newer database and a gap are refused', () => {
    temporary = openTemporaryStorage();
    const connection = filled('again');
    const before = content(connection);
    expect(migrate(connection, [first], () => 'b')).toEqual({ from: 1, to: 1, backup: null });
    connection.pragma('user_version = 7');
    expect(() => migrate(connection, [first], () => 'b')).toThrow('schema 7');
    connection.pragma('user_version = 1');
    expect(() => migrate(connection, [first, { ...rebuild, version: 3 }], () => 'b')).toThrow('does not follow');
    expect(content(connection)).toBe(before);
    connection.close();
  });
});
