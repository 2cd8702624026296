import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { unixSeconds } from '@waiaas/core';
import {
  AUDIT_CHAIN_START,
  appendAudit,
  auditLink,
  type Db,
  readAuditHead,
  readState,
  writeState,
} from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, silent, type World } from '../../test/world.ts';
import { anchorLine } from '../audit/index.ts';
import { confirmNormal } from './confirm-normal.ts';
import { createNormalMarker } from './normal-mark.ts';
import { loadKillSwitch } from './state.ts';

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

describe('an activation that was taken out of the log', () => {
  const marker = () =>
    createNormalMarker({
      storage: world.storage,
      sealer: world.keystoreParts.keystore.sealer,
      clock: world.time,
      isNormal: () => world.keystoreParts.gate.isOpen,
    });
  const ACTIVATED = "event_type = 'KILL_SWITCH_ACTIVATED' AND details LIKE '%second drill%'";
  /** Somebody writes the file of a daemon that was stopped, long after an earlier stop that was recovered from. */
  async function forge(edit: readonly string[], { isMarked = true, relinks = false } = {}): Promise<void> {
    await open();
    await world.owner.connect(ALICE, OPERATOR);
    await world.killSwitch.activate('first drill', by(ALICE));
    await world.killSwitch.recover(recovery);
    if (isMarked) await marker().keep();
    await world.createAgent();
    await world.killSwitch.activate('second drill', by(ALICE));
    if (isMarked) await marker().keep();
    await open({ after: world, locked: true });
    await world.storage.write(async ({ db }) => {
      for (const guard of ['audit_log_no_update', 'audit_log_no_delete'])
        await sql`DROP TRIGGER ${sql.id(guard)}`.execute(db);
      for (const statement of edit) await sql.raw(statement).execute(db);
      if (relinks) await relink(db);
      await writeState(db, 'kill_switch_status', 'NORMAL', 0);
      await db.updateTable('agents').set({ status: 'ACTIVE', suspension_reason: null, suspended_at: null }).execute();
    });
    await open({ after: world });
  }
  async function relink(db: Db): Promise<void> {
    let previous = AUDIT_CHAIN_START;
    for (const row of await db.selectFrom('audit_log').selectAll().orderBy('id').execute()) {
      previous = auditLink(previous, row);
      await db.updateTable('audit_log').set({ hash: previous }).where('id', '=', row.id).execute();
    }
  }
  const MARK_BEYOND = `UPDATE system_state SET value = json_set(value, '$.auditId', (SELECT max(id) FROM audit_log),
     '$.hash', (SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1)) WHERE key = 'kill_switch_normal_mark'`;
  const RENAME = `UPDATE audit_log SET event_type = 'AUTH_FAILED' WHERE ${ACTIVATED}`;
  const DELETE = `DELETE FROM audit_log WHERE ${ACTIVATED}`;

  test.each<[string, readonly string[], Parameters<typeof forge>[1]]>([
    ['by giving its row another name', [RENAME], {}],
    ['by deleting its row', [DELETE], {}],
    [
      'by cutting the log off before it',
      [`DELETE FROM audit_log WHERE id >= (SELECT id FROM audit_log WHERE ${ACTIVATED})`],
      {},
    ],
    ['and all links made anew', [RENAME], { relinks: true }],
    ['before there was a mark', [RENAME], { isMarked: false }],
    ['together with the mark', [RENAME, "DELETE FROM system_state WHERE key = 'kill_switch_normal_mark'"], {}],
    ['with a mark that leads beyond it', [RENAME, MARK_BEYOND], {}],
  ])('%s counts all the same', async (_how, edit, over) => {
    await forge(edit, over);
    expect(world.killSwitch.status()).toBe('NORMAL');
    expect(await confirm()).toMatchObject({ status: 'ACTIVATED', actor: 'system' });
    expect(await events()).toContain('AUDIT_CHAIN_BROKEN');
  });

  test('or only left behind, by a mark that this daemon has not made, counts as soon as the vault is open', async () => {
    await forge([MARK_BEYOND]);
    // With the vault locked nobody can tell; a log that never had a mark is read as a whole.
    expect(world.killSwitch.status()).toBe('NORMAL');
    expect(await confirm()).toMatchObject({ status: 'ACTIVATED', actor: 'system' });
    expect(await events()).toContain('SEAL_BROKEN');
    await world.storage.write(({ db }) => writeState(db, 'kill_switch_status', 'NORMAL', 0));
    expect(await loadKillSwitch(world.storage, world.time, silent, true)).toMatchObject({ status: 'ACTIVATED' });
  });

  test('gets no mark of a head that somebody else has put there', async () => {
    await open();
    await world.createAgent();
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER audit_head_moves_on`.execute(db);
      await db
        .updateTable('audit_head')
        .set({ audit_id: 900, hash: 'f'.repeat(64) })
        .execute();
    });
    await marker().keep();
    expect(await readState(world.storage.read, 'kill_switch_normal_mark')).toBeUndefined();
  });

  test('is looked for from the mark on: what was damaged before it, and recovered from, stops no other start', async () => {
    await open();
    const first = await world.createAgent();
    await marker().keep();
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER audit_log_no_update`.execute(db);
      await db.updateTable('audit_log').set({ actor: 'somebody' }).where('agent_id', '=', first).execute();
    });
    await open({ after: world });
    await world.createAgent();
    expect(await confirm()).toMatchObject({ status: 'NORMAL' });
    await world.storage.write(({ db }) =>
      db.deleteFrom('system_state').where('key', '=', 'kill_switch_normal_mark').execute(),
    );
    expect(await confirm()).toMatchObject({ status: 'ACTIVATED' });
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
