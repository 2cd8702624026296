import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_AUDIT, NO_HEADS, NO_SCHEMA } from '../test/no-audit.ts';
import { type Connection, DEFAULT_CONNECTION_SETTINGS, openWriteConnection } from './connection.ts';
import { createWriteQueue, type UnitOfWork, type WriteQueue } from './write-queue.ts';

let folder: string;
let path: string;
let connection: Connection;
let queue: WriteQueue;
let statements: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-storage-'));
  path = join(folder, 'test.db');
  connection = openWriteConnection(path, { ...DEFAULT_CONNECTION_SETTINGS, busyTimeoutMs: 50 });
  connection.exec(
    'CREATE TABLE system_state (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT',
  );
  statements = [];
  const exec = connection.exec.bind(connection);
  connection.exec = (text) => {
    statements.push(text);
    return exec(text);
  };
  queue = createWriteQueue(connection, {
    storeEvent: async () => undefined,
    audit: NO_AUDIT,
    heads: NO_HEADS,
    schema: NO_SCHEMA,
  });
});

afterEach(async () => {
  await queue.close();
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = ({ db }: UnitOfWork, key: string, value = '1') =>
  db
    .insertInto('system_state')
    .values({ key: key as never, value, updated_at: 0 })
    .execute();
const keys = (): unknown[] => connection.prepare('SELECT key FROM system_state ORDER BY key').pluck().all();
const commits = (): number => statements.filter((text) => text === 'COMMIT').length;

describe('units of work', () => {
  test('that wait at the same time share one commit, in the order they came', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        queue.write(async (work) => {
          order.push(index);
          await put(work, `k${index}`);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(commits()).toBe(1);
    expect(keys()).toHaveLength(20);
  });

  test('are answered only after the commit', async () => {
    let committedWhenAnswered = 0;
    await queue
      .write((work) => put(work, 'a'))
      .then(() => {
        committedWhenAnswered = commits();
      });
    expect(committedWhenAnswered).toBe(1);
  });

  test('that throw leave no trace and harm no other of their batch', async () => {
    const results = await Promise.allSettled([
      queue.write((work) => put(work, 'a')),
      queue.write(async (work) => {
        await put(work, 'b');
        throw new Error('changed my mind');
      }),
      queue.write((work) => put(work, 'c')),
      queue.write((work) => put(work, 'a')),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(keys()).toEqual(['a', 'c']);
    expect(commits()).toBe(1);
  });

  test('handed in while others run come after them', async () => {
    const order: string[] = [];
    let inner: Promise<void> | undefined;
    await queue.write(async (work) => {
      order.push('outer begins');
      inner = queue.write(async () => void order.push('inner'));
      await put(work, 'a');
      order.push('outer ends');
    });
    await inner;
    expect(order).toEqual(['outer begins', 'outer ends', 'inner']);
  });

  test('that are urgent come before those that wait, after the commit under way, and are committed by themselves', async () => {
    const order: string[] = [];
    const told: Promise<unknown>[] = [];
    const hand = (key: string, urgent: boolean): void => {
      const done = queue.write(
        async (work) => {
          order.push(key);
          await put(work, key);
        },
        { urgent },
      );
      told.push(done.then(() => order.push(`${key} is on disk`)));
    };
    const first = queue.write(async (work) => {
      for (const key of ['a', 'b']) hand(key, false);
      hand('stop', true);
      await put(work, 'first');
    });
    await first;
    await Promise.all(told);
    expect(order).toEqual(['stop', 'stop is on disk', 'a', 'b', 'a is on disk', 'b is on disk']);
    expect(commits()).toBe(3);
  });

  test('that await anything but the database are stopped, rolled back, and can never reach it again', async () => {
    let late: Promise<unknown> | undefined;
    const stalled = queue.write(async (work) => {
      await put(work, 'a');
      await wait(5);
      late = put(work, 'b');
      await late;
    });
    const next = queue.write((work) => put(work, 'c'));
    await expect(stalled).rejects.toThrow('awaited something that is not the database');
    await next;
    await expect.poll(() => late !== undefined).toBe(true);
    await expect(late).rejects.toThrow('over');
    expect(keys()).toEqual(['c']);
  });

  test('that wait for another unit inside themselves are stopped instead of waiting forever', async () => {
    await expect(queue.write(() => queue.write((work) => put(work, 'inner')))).rejects.toThrow('awaited');
    await expect.poll(keys).toEqual(['inner']);
  });

  test('advance the revision with each commit, and not when all of them failed', async () => {
    const before = queue.revision();
    await queue.write((work) => put(work, 'a'));
    expect(queue.revision()).toBe(before + 1);
  });

  test('keep a transaction of Kysely’s own from being opened', async () => {
    await expect(queue.write(({ db }) => db.transaction().execute(async () => 1))).rejects.toThrow('write queue');
  });

  test('behave as if they had run one after another', async () => {
    const command = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        connection.prepare('DELETE FROM system_state').run();
        const model = new Set<string>();
        const expected = commands.map(({ key, fails }) => {
          if (fails || model.has(key)) return 'rejected';
          model.add(key);
          return 'fulfilled';
        });
        const results = await Promise.allSettled(
          commands.map(({ key, fails }) =>
            queue.write(async (work) => {
              await put(work, key);
              if (fails) throw new Error('no');
            }),
          ),
        );
        expect(results.map(({ status }) => status)).toEqual(expected);
        expect(keys()).toEqual([...model].sort());
      }),
      { numRuns: 200 },
    );
  });
});

describe('a database that cannot be written', () => {
  const unavailable = { code: 'STORAGE_UNAVAILABLE', status: 503, retryable: true };

  test('because the disk is full keeps nothing of the batch that hit it and works again afterwards', async () => {
    await queue.write((work) => put(work, 'before'));
    const pages = Number(connection.pragma('page_count', { simple: true }));
    connection.pragma(`max_page_count = ${pages + 2}`);
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => queue.write((work) => put(work, `k${index}`, 'x'.repeat(4000)))),
    );
    const kept = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [`k${index}`] : []));
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(unavailable);
    expect(kept.length).toBeLessThan(8);
    expect(keys()).toEqual(['before', ...kept]);
    connection.pragma('max_page_count = 1000000');
    await queue.write((work) => put(work, 'after'));
    expect(keys()).toContain('after');
  });

  test('because another process holds its lock answers so, and works again afterwards', async () => {
    const other = new BetterSqlite3(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(queue.write((work) => put(work, 'a'))).rejects.toMatchObject(unavailable);
    other.exec('ROLLBACK');
    other.close();
    await queue.write((work) => put(work, 'b'));
    expect(keys()).toEqual(['b']);
  });
});

test('close waits for what was handed in and refuses what comes later', async () => {
  const written = queue.write((work) => put(work, 'a'));
  await queue.close();
  await written;
  expect(keys()).toEqual(['a']);
  await expect(queue.write((work) => put(work, 'b'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

test('what was answered survives SIGKILL at that very moment; what was not is there whole or not at all', async () => {
  const script = fileURLToPath(new URL('../test/killed-writer.ts', import.meta.url));
  for (const killAfter of [0, 1, 3, 7]) {
    const file = join(folder, `killed-${killAfter}.db`);
    const child = spawnSync(process.execPath, [script, file, String(killAfter)], { encoding: 'utf8' });
    expect(child.signal, child.stderr).toBe('SIGKILL');
    const answered = child.stdout.split('\n').filter(Boolean);
    const reopened = new BetterSqlite3(file);
    const found = reopened.prepare('SELECT key, value FROM system_state ORDER BY key').all() as {
      key: string;
      value: string;
    }[];
    reopened.close();
    for (const key of answered) expect(found.map((row) => row.key)).toContain(key);
    // Each unit writes a pair: never one without the other.
    const pairs = found.map((row) => row.value);
    expect(pairs.filter((value) => value === 'first').length).toBe(pairs.filter((value) => value === 'second').length);
  }
});
