import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { unixSeconds } from '@waiaas/core';
import { appendAudit, readAuditHead, readState, writeState } from '@waiaas/storage';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, silent, type World } from '../../test/world.ts';
import { anchorLine } from '../audit/index.ts';
import { confirmNormal } from './confirm-normal.ts';

/* Somebody has the database file, knows how rows are linked, and has no vault. Whatever they write, the next start does not
   sign for them. */

let world: World;
const opened: World[] = [];
const open = async (over: { readonly after?: World; readonly locked?: boolean } = {}): Promise<World> => {
  const { after, locked = false } = over;
  await after?.close();
  world = await createWorld(after === undefined ? {} : { folder: after.folder, time: after.time, locked });
  opened.push(world);
  return world;
};
afterEach(async () => {
  for (const one of opened) await one.close();
  for (const one of opened.splice(0)) one.remove();
});

const events = async () => (await world.audit()).map(({ event_type }) => event_type);
/** A start, as far as it has come once the vault is open. */
const confirm = (anchors = '') =>
  confirmNormal({
    storage: world.storage,
    sealer: world.keystoreParts.keystore.sealer,
    anchors: { name: 'outside', read: async () => anchors },
    clock: world.time,
    logger: silent,
    isLogNew: false,
  });
const outside = async (): Promise<string> => {
  const head = await readAuditHead(world.storage.read);
  if (head === undefined) throw new Error('The log of these tests has a head');
  return anchorLine(head);
};
const recovery = {
  password: PASSWORD,
  proveOwner: async () => by(ALICE),
  isLocalCommand: () => false,
  origin: OPERATOR,
};

describe('a kill switch that was lifted in the file', () => {
  test('is engaged at the next start, by a recovery that is linked as it should be and under no seal', async () => {
    await open();
    await world.owner.connect(ALICE, OPERATOR);
    await world.createAgent();
    await world.killSwitch.activate('drill', by(ALICE));
    await open({ after: world, locked: true });
    await world.storage.write(async ({ db }) => {
      const now = unixSeconds(world.time);
      await appendAudit(db, now, { event: 'KILL_SWITCH_RECOVERED', actor: `owner:${ALICE.address}` });
      await writeState(db, 'kill_switch_status', 'NORMAL', now);
      await db.updateTable('agents').set({ status: 'ACTIVE', suspension_reason: null, suspended_at: null }).execute();
    });
    await open({ after: world });
    expect(world.killSwitch.status()).toBe('NORMAL');
    expect(await confirm()).toMatchObject({ status: 'ACTIVATED', actor: 'system' });
    expect(await readState(world.storage.read, 'kill_switch_status')).toBe('ACTIVATED');
    expect((await events()).slice(-6)).toEqual([
      'KILL_SWITCH_RECOVERED',
      'AUDIT_ROWS_ADOPTED',
      'AUDIT_CHAIN_BROKEN',
      'SEAL_BROKEN',
      'AGENT_SUSPENDED',
      'KILL_SWITCH_ACTIVATED',
    ]);
    // The forged row is under the seal by now, and is no recovery all the same.
    await open({ after: world, locked: true });
    await world.storage.write(({ db }) => writeState(db, 'kill_switch_status', 'NORMAL', 0));
    await open({ after: world });
    expect(world.killSwitch.status()).toBe('ACTIVATED');
  });

  test('stays lifted where it was recovered from', async () => {
    await open();
    await world.owner.connect(ALICE, OPERATOR);
    await world.killSwitch.activate('drill', by(ALICE));
    await world.killSwitch.recover(recovery);
    const kept = await outside();
    await open({ after: world });
    expect(await confirm(kept)).toMatchObject({ status: 'NORMAL' });
    expect(await events()).not.toContain('SEAL_BROKEN');
  });
});

describe('a database that was put back', () => {
  test('to an earlier day stops everything, as soon as a head outside has seen a later one', async () => {
    await open();
    const agent = await world.createAgent();
    const session = await world.createSession(agent);
    await open({ after: world });
    const earlier = join(world.folder, 'earlier.db');
    await world.close();
    copyFileSync(join(world.folder, 'waiaas.db'), earlier);
    await open({ after: world });
    const first = await outside();
    expect(await confirm(first)).toMatchObject({ status: 'NORMAL' });
    await world.createAgent();
    const kept = first + (await outside());
    expect(await confirm(kept)).toMatchObject({ status: 'NORMAL' });
    await world.close();
    copyFileSync(earlier, join(world.folder, 'waiaas.db'));
    await open({ after: world });
    expect(await confirm(`${kept}not a head\n`)).toMatchObject({ status: 'ACTIVATED' });
    expect(await events()).toEqual(expect.arrayContaining(['AUDIT_CHAIN_BROKEN', 'KILL_SWITCH_ACTIVATED']));
    const { revoked_at } = await world.storage.read
      .selectFrom('sessions')
      .select('revoked_at')
      .where('id', '=', session)
      .executeTakeFirstOrThrow();
    expect(revoked_at).not.toBeNull();
    const told = await world.storage.read.selectFrom('notification_outbox').select('event').execute();
    expect(told.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['AUDIT_CHAIN_BROKEN', 'KILL_SWITCH_ACTIVATED']),
    );
  });

  test('is not what a head of another vault says', async () => {
    await open();
    await world.createAgent();
    const foreign = (await outside()).replace(/"version":\d+/, '"version":99');
    expect(await confirm(foreign)).toMatchObject({ status: 'NORMAL' });
  });
});
