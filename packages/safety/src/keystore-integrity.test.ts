import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WaiaasError } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, OPERATOR, PASSWORD, silent, type World } from '../test/world.ts';
import { checkKeystore } from './index.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.remove();
});

const check = (vault = world.keystoreParts.keystore) =>
  checkKeystore({ vault, killSwitch: world.killSwitch, logger: silent });
const events = async () => (await world.audit()).filter(({ event_type }) => event_type === 'KILL_SWITCH_ACTIVATED');
const fileOf = (name: string): string => join(world.folder, 'keystore', name);

test('a keystore that is as it was stops nothing', async () => {
  await world.createAgent();
  await check();
  await check();
  expect([world.killSwitch.status(), await events()]).toEqual(['NORMAL', []]);
});

test('a key file that was removed stops everything, once, and the owner is told which one', async () => {
  const agents = [await world.createAgent(), await world.createAgent()];
  await world.createSession(agents[0] ?? (await world.createAgent()));
  await rm(fileOf(`${agents[0]}.json`));
  await Promise.all([check(), check(), check()]);
  await check();
  const reason = `integrity_check_failed: ${agents[0]}.json missing`;
  expect(world.killSwitch.details()).toMatchObject({ reason, actor: 'system' });
  expect(await events()).toMatchObject([{ actor: 'system', severity: 'critical' }]);
  expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([false, false]);
  const [told] = await world.storage.read
    .selectFrom('notification_outbox')
    .select('payload')
    .where('event', '=', 'KILL_SWITCH_ACTIVATED')
    .execute();
  expect(JSON.parse(told?.payload ?? '{}')).toMatchObject({ reason, by: 'system', sessionsRevoked: 1 });
});

test('an altered vault keeps the keystore shut until the right one is back', async () => {
  await world.createAgent();
  await writeFile(fileOf('vault.json'), '{}');
  await check();
  const recovery = { password: PASSWORD, proveOwner: null, isLocalCommand: () => true, origin: OPERATOR };
  await expect(world.killSwitch.recover(recovery)).rejects.toMatchObject({ code: 'KEYSTORE_LOCKED' });
  expect(world.killSwitch.status()).toBe('ACTIVATED');
});

test('a reason stays one that fits, however many files are gone', async () => {
  const agents = await Promise.all(Array.from({ length: 12 }, () => world.createAgent()));
  for (const agent of agents) await rm(fileOf(`${agent}.json`));
  await check();
  const { reason } = world.killSwitch.details();
  expect(reason).toMatch(/ and 7 more$/);
  expect(reason?.length).toBeLessThanOrEqual(500);
});

test('a disk that does not answer stops nothing, and is told to whoever asked', async () => {
  const { keystore } = world.keystoreParts;
  const failing = {
    ...keystore,
    isUnlocked: true,
    checkFiles: () => Promise.reject(new WaiaasError('STORAGE_UNAVAILABLE')),
  };
  await expect(check(failing)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(world.killSwitch.status()).toBe('NORMAL');
});

test('while the keystore is locked there is nothing to check', async () => {
  const agent = await world.createAgent();
  await world.killSwitch.activate('drill', OPERATOR);
  await rm(fileOf(`${agent}.json`));
  await check();
  expect(world.killSwitch.details().reason).toBe('drill');
});
