import type { RowSealer } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import { GLOBAL_SCOPE } from '../heads/scope.ts';
import type { Db } from '../query-executor.ts';
import { isAuditHeadAuthentic, readAuditHead } from './audit-log.ts';
import { reportBrokenHead, reportBrokenTransaction } from './heads.ts';
import { recordedSettingsVersion } from './settings-version.ts';
import { isStateAuthentic } from './transaction-states.ts';
import { findTransaction } from './transactions.ts';

/**
 * Notes in the head of what holds for all where the audit log is, with all heads that can be believed sealed anew in the same
 * unit: the next start reads it from there. Whatever it says, no head from before it is believed, and all of the log after it
 * is read: a wrong note could only stop more. From then on the head also says which settings are the last ones, where only the
 * log did.
 */
async function noteLog(db: Db, sealer: RowSealer): Promise<void> {
  const end = await readAuditHead(db);
  if (end === undefined || !isAuditHeadAuthentic(sealer, end) || headsOf(db).read(GLOBAL_SCOPE) === null) return;
  const head = headsOf(db).edit(GLOBAL_SCOPE);
  head.readFrom = { auditId: end.audit_id, hash: end.hash };
  if (head.marks.has('settings')) return;
  const settings = await recordedSettingsVersion(db);
  if (settings !== null) head.marks.set('settings', settings);
}

/**
 * Meets every head and seals it anew, when a daemon starts and now and then after that. One that cannot be believed is
 * reported, and so is a transaction that is open and no longer there, or another one: by its seal, which the head names, and
 * by what is stored under that seal, because somebody who changes a row can leave its seal as it is. And the part of the
 * audit log that has to be read for the others stays short.
 *
 * @param notesLog where the log is as this daemon has left it and nothing is stopped: then it is noted how far it has come
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function renewHeads(db: Db, sealer: RowSealer, now: number, notesLog = false): Promise<void> {
  const agents = await db.selectFrom('agents').select('id').orderBy('id').execute();
  for (const scope of [GLOBAL_SCOPE, ...agents.map(({ id }) => id)]) {
    const head = headsOf(db).read(scope);
    if (head === null) {
      await reportBrokenHead(db, scope, now);
      continue;
    }
    headsOf(db).renew(scope);
    for (const [id, { seal, status }] of head.open) {
      const row = await findTransaction(db, id);
      if (row?.state_seal === seal && isStateAuthentic(sealer, row)) continue;
      await reportBrokenTransaction(db, { id, agentId: scope, status }, now);
    }
  }
  if (notesLog) await noteLog(db, sealer);
}
