import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage } from '../test/temporary-storage.ts';
import { rememberUntilWrite } from './remember-until-write.ts';
import { readState, writeState } from './tables/system-state.ts';

let temporary: TemporaryStorage;
let loads: number;
let find: (key: 'kill_switch_reason') => Promise<unknown>;

beforeEach(() => {
  temporary = openTemporaryStorage();
  loads = 0;
  find = rememberUntilWrite(temporary.storage, (key: 'kill_switch_reason') => {
    loads += 1;
    return readState(temporary.storage.read, key);
  });
});
afterEach(() => temporary.remove());

const set = (value: string) => temporary.storage.write(({ db }) => writeState(db, 'kill_switch_reason', value, 1));

test('asks the database once between two commits', async () => {
  await set('a');
  expect([await find('kill_switch_reason'), await find('kill_switch_reason')]).toEqual(['a', 'a']);
  expect(loads).toBe(1);
});

test('whoever was told of a commit sees it', async () => {
  for (const value of ['a', 'b', 'c']) {
    await set(value);
    expect(await find('kill_switch_reason')).toBe(value);
  }
});

test('what was read while a commit went on is not kept beyond it', async () => {
  await set('a');
  await find('kill_switch_reason');
  await Promise.all([set('b'), find('kill_switch_reason'), find('kill_switch_reason')]);
  expect(await find('kill_switch_reason')).toBe('b');
});
