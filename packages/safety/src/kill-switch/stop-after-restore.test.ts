import { unixSeconds } from '@waiaas/core';
import { appendAudit, listAgents, readAuditHead, readState, writeState } from '@waiaas/storage';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, silent, type World } from '../../test/world.ts';
import { createNormalMarker, readNormalMark } from './normal-mark.ts';
import { findRecentRestore, stopAfterRestore } from './stop-after-restore.ts';

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
const marker = () =>
  createNormalMarker({
    storage: world.storage,
    sealer: world.keystoreParts.keystore.sealer,
    clock: world.time,
    isNormal: () => world.keystoreParts.gate.isOpen,
  });
const markedRow = async () => (await readNormalMark(world.storage.read, world.keystoreParts.keystore.sealer))?.auditId;
/** Puts the mark at the end of the log, or at another row, whatever the log says: sealed as a daemon does. */
async function putMark(at?: { readonly auditId: number; readonly hash: string }): Promise<void> {
  const { sealer } = world.keystoreParts.keystore;
  const head = await readAuditHead(world.storage.read);
  if (head === undefined) throw new Error('The log of these tests has a head');
  const { auditId, hash } = at ?? { auditId: head.audit_id, hash: head.hash };
  const seal = sealer.seal({ kind: 'normal_mark', id: 'audit_log', version: auditId, payload: hash });
  await world.storage.write(({ db }) => writeState(db, 'kill_switch_normal_mark', { auditId, hash, seal }, 0));
}
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

describe('where the kill switch was last known not to be engaged', () => {
  test('does not move on past a backup that was put back, so that the next start finds it', async () => {
    await open();
    await world.createAgent();
    await marker().keep();
    const before = await markedRow();
    await restored();
    await world.createAgent();
    const running = marker();
    await running.keep();
    await world.createAgent();
    await running.keep();
    expect(await markedRow()).toBe(before);
    await open(world);
    expect(await check()).toMatchObject({ status: 'ACTIVATED' });
    expect(await findRecentRestore(world.storage.read, world.keystoreParts.keystore.sealer)).toBeDefined();
  });

  test('moves on once it was recovered from', async () => {
    await open();
    await world.owner.connect(ALICE, OPERATOR);
    await restored();
    await check();
    await open(world, true);
    await world.killSwitch.recover(recovery);
    await marker().keep();
    expect(await markedRow()).toBe((await readAuditHead(world.storage.read))?.audit_id);
    expect(await findRecentRestore(world.storage.read, world.keystoreParts.keystore.sealer)).toBeUndefined();
  });

  test('is behind what an earlier version put back, and has worked on: that stops nothing', async () => {
    await open();
    await world.createAgent();
    await restored();
    await world.createAgent();
    await putMark();
    await open(world);
    await world.createAgent();
    expect(await check()).toMatchObject({ status: 'NORMAL' });
    await marker().keep();
    expect(await markedRow()).toBe((await readAuditHead(world.storage.read))?.audit_id);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['by nobody', async () => undefined],
    [
      'by somebody without the vault',
      async () => {
        await putMark();
        const mark = Object(await readState(world.storage.read, 'kill_switch_normal_mark'));
        await world.storage.write(({ db }) => writeState(db, 'kill_switch_normal_mark', { ...mark, seal: 'x' }, 0));
      },
    ],
    [
      'in another copy of the file',
      async () => {
        const head = await readAuditHead(world.storage.read);
        await putMark({ auditId: head?.audit_id ?? 0, hash: 'f'.repeat(64) });
      },
    ],
    ['in a longer copy of the file', () => putMark({ auditId: 1_000_000, hash: 'f'.repeat(64) })],
  ])('is said %s: all of the log counts', async (_who, put) => {
    await open();
    await world.createAgent();
    await restored();
    await world.createAgent();
    await put();
    expect(await check()).toMatchObject({ status: 'ACTIVATED' });
  });
});
