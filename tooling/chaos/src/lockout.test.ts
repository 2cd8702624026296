import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, type DaemonProcess, type Harness } from './harness.ts';
import { readRemains } from './ledger-truth.ts';

/* Guessing the master password: five tries, then half an hour, whatever is restarted meanwhile. */

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

const WRONG = 'Wrong-Password-000';
const guess = async (daemon: DaemonProcess): Promise<number> =>
  (await daemon.operate('GET', '/v1/agents', undefined, WRONG)).status;
const signIn = async (daemon: DaemonProcess): Promise<number> => (await daemon.operate('GET', '/v1/agents')).status;

test('ten wrong ones at once are five runs of Argon2, locked for 1800 s across a restart; then the right one counts anew', async () => {
  const dataDir = await harness.createDataDir();
  const first = await harness.start(dataDir);
  const { argon2Runs } = await first.uses();
  const statuses = await Promise.all(Array.from({ length: 10 }, () => guess(first)));
  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  expect(await signIn(first)).toBe(429);
  expect((await first.uses()).argon2Runs - argon2Runs).toBe(5);
  await first.stop();

  // A minute before the end of the lock, of which the restart has taken a part.
  const second = await harness.start(dataDir, {}, 1740);
  const locked = await second.operate('GET', '/v1/agents');
  expect(locked).toMatchObject({ status: 429, body: { code: 'MASTER_PASSWORD_LOCKED', retryable: false } });
  await second.stop();

  const third = await harness.start(dataDir, {}, 1801);
  expect(await signIn(third)).toBe(200);
  // Counted from nothing again: four more wrong ones do not lock.
  for (let count = 0; count < 4; count += 1) expect(await guess(third)).toBe(401);
  expect(await signIn(third)).toBe(200);
  // Nor does being killed give a guess back: four before it and one after it are five.
  for (let count = 0; count < 4; count += 1) expect(await guess(third)).toBe(401);
  third.child.kill('SIGKILL');
  await third.ended;
  const fourth = await harness.start(dataDir, {}, 1801);
  expect([await guess(fourth), await signIn(fourth)]).toEqual([401, 429]);
  await fourth.stop();
  // Each that was evaluated is on record, and none of those that were turned away.
  const { audit } = await readRemains(dataDir);
  expect(audit.filter(({ event_type }) => event_type === 'AUTH_FAILED')).toHaveLength(14);
}, 120_000);
