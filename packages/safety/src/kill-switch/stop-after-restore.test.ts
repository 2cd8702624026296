import { unixSeconds } from '@waiaas/core';
import { appendAudit, listAgents, readState } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, silent, type World } from '../../test/world.ts';
import { stopAfterRestore } from './stop-after-restore.ts';

/* A backup is an earlier state: nothing is paid on it before whoever can recover says that it is meant. */

let world: World;
const opened: World[] = [];
const open = async (after?: World, locked = false): Promise<World> => {
  await after?.close();
  world = await createWorld(after === undefined ? {} : { folder: after.folder, time: after.time, locked });
  opened.push(world);
  return world;
};
afterEach(async () => {
  for (const one of opened) await one.close();
  for (const one of opened.splice(0)) one.remove();
});

const restored = () =>
  world.storage.write(({ db }) =>
    appendAudit(db, unixSeconds(world.time), { event: 'BACKUP_RESTORED', actor: 'cli', details: {} }),
  );
/** A start, as far as it has come once notes are on record. */
const check = () =>
  stopAfterRestore({
    storage: world.storage,
    sealer: world.keystoreParts.keystore.sealer,
    clock: world.time,
    logger: silent,
  });
const events = async () => (await world.audit()).map(({ event_type }) => event_type);
const recovery = {
  password: PASSWORD,
  proveOwner: async () => by(ALICE),
  isLocalCommand: () => false,
  origin: OPERATOR,
};

test('where no backup was put back nothing is stopped', async () => {
  await open();
  await world.createAgent();
  expect(await check()).toMatchObject({ status: 'NORMAL' });
  expect(await events()).not.toContain('KILL_SWITCH_ACTIVATED');
});

test('a start on a backup is stopped: agents, sessions and all, with the reason', async () => {
  await open();
  await world.createSession(await world.createAgent());
  await restored();
  expect(await check()).toMatchObject({ status: 'ACTIVATED', reason: 'a backup was put back', actor: 'system' });
  expect(await readState(world.storage.read, 'kill_switch_status')).toBe('ACTIVATED');
  expect(await listAgents(world.storage.read)).toMatchObject([
    { status: 'SUSPENDED', suspension_reason: 'kill_switch' },
  ]);
  expect((await events()).slice(-4)).toEqual([
    'BACKUP_RESTORED',
    'SESSION_REVOKED',
    'AGENT_SUSPENDED',
    'KILL_SWITCH_ACTIVATED',
  ]);
});

test('until a recovery by two factors, and not once more after it', async () => {
  await open();
  await world.owner.connect(ALICE, OPERATOR);
  await world.createAgent();
  await restored();
  await check();
  // As the next start finds it: the vault stays shut.
  await open(world, true);
  expect(world.killSwitch.status()).toBe('ACTIVATED');
  await world.killSwitch.recover(recovery);
  expect(await listAgents(world.storage.read)).toMatchObject([{ status: 'ACTIVE' }]);
  await open(world);
  expect(await check()).toMatchObject({ status: 'NORMAL' });
  await restored();
  expect(await check()).toMatchObject({ status: 'ACTIVATED' });
});
