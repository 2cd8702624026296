import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { insertOwner, loadOwner, removeOwner, sealNoOwner, touchOwner } from './owner.ts';

let temporary: TemporaryStorage;
/** Somebody who can write the file, but has no vault. */
let raw: BetterSqlite3.Database;

const ALICE = { id: testId(1), chain: 'solana', address: 'Alice', now: 1 } as const;
const BOB = { id: testId(2), chain: 'ethereum', address: '0xBob', now: 2 } as const;

beforeEach(async () => {
  temporary = openTemporaryStorage();
  await temporary.storage.write(({ db }) => sealNoOwner(db, testSealer));
  raw = new BetterSqlite3(temporary.path);
});
afterEach(async () => {
  raw.close();
  await temporary.remove();
});

const load = () => loadOwner(temporary.storage.read, testSealer);
const connect = (owner: typeof ALICE | typeof BOB) =>
  temporary.storage.write(({ db }) => insertOwner(db, testSealer, owner));
const disconnect = () => temporary.storage.write(({ db }) => removeOwner(db, testSealer));
const rowOf = (table: string) => raw.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).get() ?? {};
const restore = (table: string, row: Record<string, unknown>): void => {
  const names = Object.keys(row);
  raw.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`).run(Object.values(row));
};

test('a new database has no owner; one connects and disconnects', async () => {
  expect(await load()).toEqual({ state: 'none' });
  await connect(ALICE);
  expect(await load()).toMatchObject({ state: 'connected', owner: { address: 'Alice', chain: 'solana' } });
  await disconnect();
  expect(await load()).toEqual({ state: 'none' });
  await connect(BOB);
  expect(await load()).toMatchObject({ state: 'connected', owner: { address: '0xBob' } });
});

test('there is never a second owner', async () => {
  await connect(ALICE);
  await expect(connect(BOB)).rejects.toThrow();
  expect(await load()).toMatchObject({ owner: { address: 'Alice' } });
});

test('activity is noted without touching what is sealed', async () => {
  await connect(ALICE);
  await temporary.storage.write(({ db }) => touchOwner(db, ALICE.id, 1000));
  expect(await load()).toMatchObject({ owner: { last_active_at: '1970-01-01T00:16:40.000Z' } });
});

test('a head is given once: asking again does not take the owner away', async () => {
  await connect(ALICE);
  await temporary.storage.write(({ db }) => sealNoOwner(db, testSealer));
  expect(await load()).toMatchObject({ owner: { address: 'Alice' } });
});

describe('whoever writes the file without the vault makes nobody owner, and removes nobody', () => {
  test('an owner put in where there was none', async () => {
    await connect(ALICE);
    const alice = rowOf('owner_wallets');
    await disconnect();
    restore('owner_wallets', { ...alice, address: 'Mallory' });
    expect(await load()).toEqual({ state: 'not_authentic' });
  });

  test('an earlier owner put back, seal and all', async () => {
    await connect(ALICE);
    const alice = rowOf('owner_wallets');
    await disconnect();
    restore('owner_wallets', alice);
    expect(await load()).toEqual({ state: 'not_authentic' });
    raw.exec('DELETE FROM owner_wallets');
    await connect(BOB);
    raw.exec('DELETE FROM owner_wallets');
    restore('owner_wallets', alice);
    expect(await load()).toEqual({ state: 'not_authentic' });
  });

  test.each([
    ['the owner removed', 'DELETE FROM owner_wallets'],
    ['another address', "UPDATE owner_wallets SET address = 'Mallory'"],
    ['another chain', "UPDATE owner_wallets SET chain = 'ethereum'"],
    ['a head that names nobody', 'UPDATE owner_head SET owner_id = NULL, version = version + 1'],
    ['no head', 'DROP TRIGGER owner_head_no_delete; DELETE FROM owner_head'],
    ['neither head nor owner', 'DROP TRIGGER owner_head_no_delete; DELETE FROM owner_head; DELETE FROM owner_wallets'],
    ['another seal', "UPDATE owner_wallets SET seal = ''"],
  ])('%s', async (_what, sql) => {
    await connect(ALICE);
    raw.exec(sql);
    expect(await load()).toEqual({ state: 'not_authentic' });
  });
});
