import { type Clock, type Logger, type RowSealer, unixSeconds } from '@waiaas/core';
import {
  type AuditHead,
  appendAudit,
  type Db,
  findAudit,
  findLastAudit,
  isAuditHeadAuthentic,
  readAuditHead,
  type Storage,
} from '@waiaas/storage';
import { adoptRows } from '../audit/adopt-rows.ts';
import { parseAnchors } from '../audit/anchor-lines.ts';
import type { AnchorStore } from '../audit/audit-trail.ts';
import { runCascade } from './cascade.ts';
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

/**
 * Whether a start may go on where the database says that the kill switch is not engaged: right after the vault was opened,
 * before anything is written and before the gate opens. It is engaged when
 *
 * - the recovery it was lifted by lies under no seal: a recovery has the vault open, so the row of a genuine one is covered
 *   in its own commit, and anybody else can write the state and the row, but not the seal;
 * - the log has not what the newest head outside the database has seen: the database was put back to an earlier day, on
 *   which caps were not spent and sessions not revoked (08 §2.7.4).
 *
 * Doubt, cascade and what was found are one unit of work.
 *
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export async function confirmNormal(dependencies: ConfirmNormalDependencies): Promise<KillSwitchState> {
  const { storage, sealer, clock, logger } = dependencies;
  const doubt = (await doubtRecovery(dependencies)) ?? (await doubtLog(dependencies));
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

async function doubtRecovery({ storage, sealer, isLogNew }: ConfirmNormalDependencies): Promise<Doubt | null> {
  const last = await findLastAudit(storage.read, ['KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED']);
  if (last?.event_type !== 'KILL_SWITCH_RECOVERED' || isLogNew) return null;
  const head = await authenticHead(storage.read, sealer);
  if (head !== null && last.id <= head.audit_id) return null;
  return { event: 'SEAL_BROKEN', why: 'the recorded recovery is under no seal', sealedTo: head?.audit_id ?? null };
}

async function doubtLog({ storage, sealer, anchors, logger }: ConfirmNormalDependencies): Promise<Doubt | null> {
  const outside = await lastAnchor({ sealer, anchors, logger });
  if (outside === null) return null;
  const head = await authenticHead(storage.read, sealer);
  const row = await findAudit(storage.read, outside.audit_id);
  if (row?.hash === outside.hash && head !== null && head.version >= outside.version) return null;
  const why = 'the audit log has not what a head outside the database has seen';
  return { event: 'AUDIT_CHAIN_BROKEN', why, sealedTo: head?.audit_id ?? null };
}

/** The newest head outside that this vault has sealed. A file that cannot be read says nothing; the log of the daemon says so. */
async function lastAnchor({
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
  const last = parseAnchors(text, anchors.name).anchors.findLast(({ head }) => isAuditHeadAuthentic(sealer, head));
  return last?.head ?? null;
}
