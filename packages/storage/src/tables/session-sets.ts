import type { RowSealer } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { SessionSetsTable } from '../schema.ts';
import { formerSessionContent, sessionContent, sessionSetContent } from '../seals.ts';
import { changeRows, firstOf, rowsOf } from '../statement.ts';
import { assertAsWritten, changedSet, type SetChange, type SetMember } from './sealed-set.ts';

/*
 * A seal on a row shows that the row was changed; it does not show that an older row was put in its place. So the sessions
 * of an agent that are not revoked are sealed together: whoever brings a revoked one back, takes use off a session by an
 * older copy of it, or puts in one that was removed, has a set that nobody sealed, and none of its sessions counts.
 */

const inSet = (db: Db, agentId: string) =>
  rowsOf<SetMember>(
    db,
    'SELECT id, version, seal FROM sessions WHERE agent_id = (SELECT ?) AND revoked_at IS NULL ORDER BY id',
    [agentId],
  );

const headOf = (db: Db, agentId: string) =>
  firstOf<SessionSetsTable>(db, 'SELECT * FROM session_sets WHERE agent_id = ?', [agentId]);

/** No daemon comes to a version beyond this one. */
const LAST_VERSION = 2 ** 48;

const STORE_HEAD = `INSERT INTO session_sets (agent_id, version, seal) VALUES (?, ?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET version = excluded.version, seal = excluded.seal`;

/** Whether the sessions of an agent are as the daemon stored them. Where there are none, nothing can be wrong with them. */
export const areSessionsAuthentic = async (db: Db, sealer: RowSealer, agentId: string): Promise<boolean> =>
  isSetAuthentic(db, sealer, agentId, await inSet(db, agentId));

async function isSetAuthentic(
  db: Db,
  sealer: RowSealer,
  agentId: string,
  sessions: readonly SetMember[],
): Promise<boolean> {
  if (sessions.length === 0) return true;
  const head = await headOf(db, agentId);
  return (
    head !== undefined &&
    // A set of an older copy of the file, with its sessions, is genuine in itself.
    head.version === headsOf(db).read(agentId)?.marks.get('sessions') &&
    sealer.verify(sessionSetContent(agentId, head.version, sessions), head.seal)
  );
}

/** The version of the sealed set of an agent's sessions, whatever its head says of it; null when its seal does not hold. */
export async function sessionSetVersion(db: Db, sealer: RowSealer, agentId: string): Promise<number | null> {
  const head = await headOf(db, agentId);
  if (head === undefined) return null;
  const content = sessionSetContent(agentId, head.version, await inSet(db, agentId));
  return sealer.verify(content, head.seal) ? head.version : null;
}

async function sealSet(db: Db, sealer: RowSealer, agentId: string, sessions: readonly SetMember[]): Promise<void> {
  const heads = headsOf(db);
  const head = heads.read(agentId);
  // Never a version again that once was sealed, also where somebody has taken the set itself away.
  const found = (await headOf(db, agentId))?.version ?? 0;
  const version = Math.max(found > LAST_VERSION ? 0 : found, head?.marks.get('sessions') ?? 0) + 1;
  // One that was put there by somebody else must not be in the way: its guard lets through nothing but the version after it.
  if (found !== version - 1) await changeRows(db, 'DELETE FROM session_sets WHERE agent_id = ?', [agentId]);
  const seal = sealer.seal(sessionSetContent(agentId, version, sessions));
  await changeRows(db, STORE_HEAD, [agentId, version, seal]);
  // A revocation must not fail because of what somebody has done to the file; an agent whose head is broken pays nothing.
  if (head !== null) heads.edit(agentId).marks.set('sessions', version);
}

/**
 * Changes sessions of an agent and seals their set as it is to be then. A set that was not authentic is not sealed: the
 * change would make genuine what somebody has put there.
 *
 * @param change answers what it has made of the sessions that are not revoked; null where it has changed nothing
 * @returns whether something was changed
 * @throws NotAsWritten when the database then holds anything else
 */
export async function changeSessions(
  db: Db,
  sealer: RowSealer,
  agentId: string,
  change: () => Promise<SetChange | null>,
): Promise<boolean> {
  const before = await inSet(db, agentId);
  const authentic = await isSetAuthentic(db, sealer, agentId, before);
  const changed = await change();
  if (changed === null) return false;
  const after = changedSet(before, changed);
  assertAsWritten('sessions', after, await inSet(db, agentId));
  if (authentic) await sealSet(db, sealer, agentId, after);
  return true;
}

/**
 * Seals that none of an agent's sessions counts, once all have been revoked, unless that is what is sealed: one that somebody had
 * hidden meanwhile does not count either when it is put back, with the set that it was in. To seal none makes nothing genuine.
 */
export async function sealNoSessions(db: Db, sealer: RowSealer, agentId: string): Promise<void> {
  const sealed = headsOf(db).read(agentId)?.marks.get('sessions');
  const head = await headOf(db, agentId);
  // It has never had any.
  if (sealed === undefined && head === undefined) return;
  const isNone =
    head?.version === sealed &&
    head !== undefined &&
    sealer.verify(sessionSetContent(agentId, head.version, []), head.seal);
  if (!isNone) await sealSet(db, sealer, agentId, []);
}

/**
 * Seals the sessions of a database from before there were sets, once: those whose former seal holds get the present one.
 * Called only where the schema has just been brought up to date; at any other time, former seals count for nothing.
 */
export async function adoptSessions(db: Db, sealer: RowSealer): Promise<void> {
  const rows = await db.selectFrom('sessions').selectAll().execute();
  for (const row of rows) {
    if (!sealer.verify(formerSessionContent(row), row.seal)) continue;
    const version = row.version + 1;
    const seal = sealer.seal(sessionContent({ ...row, version }));
    await db.updateTable('sessions').set({ version, seal }).where('id', '=', row.id).execute();
  }
  for (const agentId of new Set(rows.map(({ agent_id }) => agent_id)))
    await sealSet(db, sealer, agentId, await inSet(db, agentId));
}
