import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, type Logger, type RowSealer, unixSeconds } from '@waiaas/core';
import {
  AUDIT_CHAIN_START,
  type AuditHead,
  type AuditRow,
  appendAudit,
  type Db,
  findAudit,
  isAuditHeadAuthentic,
  listAuditAfter,
  readAuditHead,
  type Storage,
} from '@waiaas/storage';
import { adoptRows } from '../audit/adopt-rows.ts';
import { lastAnchor } from '../audit/anchor-lines.ts';
import { linkOf } from '../audit/audit-check.ts';
import type { AnchorStore } from '../audit/audit-trail.ts';
import { runCascade } from './cascade.ts';
import { readNormalMark } from './normal-mark.ts';
import { type KillSwitchState, NORMAL } from './state.ts';

/** What the check of a start works with. */
export interface ConfirmNormalDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  /** Heads of the audit log outside the database. */
  readonly anchors: Pick<AnchorStore, 'name' | 'read'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the database comes from a version whose log had no seal yet. */
  readonly isLogNew: boolean;
}

/** Why a database that says that nothing is stopped is not believed. */
interface Doubt {
  readonly event: 'SEAL_BROKEN' | 'AUDIT_CHAIN_BROKEN';
  readonly why: string;
  readonly sealedTo: number | null;
}

/** Rows that are read at a time. */
const PAGE = 1000;

/**
 * Whether a start may go on where the database says that the kill switch is not engaged: right after the vault was opened,
 * before anything is written and before the gate opens. It is engaged when
 *
 * - the audit log says so since the sealed mark of where it was last known not to be, or is not whole since then: anybody can
 *   write the state, but not the seal that covers the row of an activation, nor that of the recovery from it;
 * - the log has not what the newest head outside the database has seen: the database was put back to an earlier day, on
 *   which caps were not spent and sessions not revoked (08 §2.7.4).
 *
 * Doubt, cascade and what was found are one unit of work.
 *
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export async function confirmNormal(dependencies: ConfirmNormalDependencies): Promise<KillSwitchState> {
  const { storage, sealer, clock, logger } = dependencies;
  const doubt = (await doubtHistory(dependencies)) ?? (await doubtLog(dependencies));
  if (doubt === null) return NORMAL;
  const { event, why, sealedTo } = doubt;
  logger.error({ why }, 'The database is not what the daemon has left: the kill switch is engaged');
  const { state } = await storage.write(async (work) => {
    const now = unixSeconds(clock);
    await adoptRows(work, now);
    await appendAudit(work.db, now, { event, actor: 'system', details: { what: 'kill_switch', why, sealedTo } });
    if (event === 'AUDIT_CHAIN_BROKEN') await work.notify({ event, sealedTo });
    return runCascade(work, { reason: why, actor: 'system', origin: { actor: 'system' } }, { sealer, clock });
  });
  return state;
}

async function authenticHead(db: Db, sealer: RowSealer): Promise<AuditHead | null> {
  const head = await readAuditHead(db);
  return head !== undefined && isAuditHeadAuthentic(sealer, head) ? head : null;
}

/** What the log says of the kill switch since it was last known not to be engaged; all of it where no mark says when. */
async function doubtHistory({ storage, sealer, isLogNew }: ConfirmNormalDependencies): Promise<Doubt | null> {
  if (isLogNew) return null;
  const head = await authenticHead(storage.read, sealer);
  const sealedTo = head?.audit_id ?? null;
  const broken = (why: string): Doubt => ({ event: 'AUDIT_CHAIN_BROKEN', why, sealedTo });
  const mark = await readNormalMark(storage.read, sealer);
  let [after, previous] = mark === null ? [Number.MIN_SAFE_INTEGER, AUDIT_CHAIN_START] : [mark.auditId, mark.hash];
  let isCovered = head !== null && head.audit_id === mark?.auditId && head.hash === mark.hash;
  let last: AuditRow | undefined;
  for (;;) {
    const rows = await listAuditAfter(storage.read, after, PAGE);
    for (const row of rows) {
      if (linkOf(previous, row) !== row.hash) return broken('the audit log was changed');
      if (row.event_type === 'KILL_SWITCH_ACTIVATED' || row.event_type === 'KILL_SWITCH_RECOVERED') last = row;
      if (row.id === head?.audit_id) isCovered = row.hash === head.hash;
      after = row.id;
      previous = row.hash;
    }
    if (rows.length < PAGE) break;
    await nextTurn();
  }
  const forged = (why: string): Doubt => ({ event: 'SEAL_BROKEN', why, sealedTo });
  if (last?.event_type === 'KILL_SWITCH_ACTIVATED') return forged('the audit log says that it is engaged');
  if (last !== undefined && last.id > (sealedTo ?? 0)) return forged('the recorded recovery is under no seal');
  if (isCovered || (head === null && previous === AUDIT_CHAIN_START)) return null;
  return broken('the audit log has not what its sealed head says');
}

async function doubtLog({ storage, sealer, anchors, logger }: ConfirmNormalDependencies): Promise<Doubt | null> {
  const outside = await newestOutside({ sealer, anchors, logger });
  if (outside === null) return null;
  const head = await authenticHead(storage.read, sealer);
  const row = await findAudit(storage.read, outside.audit_id);
  if (row?.hash === outside.hash && head !== null && head.version >= outside.version) return null;
  const why = 'the audit log has not what a head outside the database has seen';
  return { event: 'AUDIT_CHAIN_BROKEN', why, sealedTo: head?.audit_id ?? null };
}

/** The newest head outside that this vault has sealed. A file that cannot be read says nothing; the log of the daemon says so. */
async function newestOutside({
  sealer,
  anchors,
  logger,
}: Pick<ConfirmNormalDependencies, 'sealer' | 'anchors' | 'logger'>): Promise<AuditHead | null> {
  let text: string;
  try {
    text = await anchors.read();
  } catch (error) {
    logger.error({ file: anchors.name, error: String(error) }, 'The heads outside the database cannot be read');
    return null;
  }
  return lastAnchor(text, (head) => isAuditHeadAuthentic(sealer, head));
}
