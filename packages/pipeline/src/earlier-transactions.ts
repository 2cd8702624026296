import { isTerminal, unixSeconds } from '@waiaas/core';
import {
  appendAudit,
  type Db,
  findDecision,
  hasAuditEvent,
  isDecisionAuthentic,
  isSpent,
  listUnsealed,
  sealAsFound,
  type TransactionRow,
} from '@waiaas/storage';
import { z } from 'zod';
import { readIntent } from './admission.ts';
import type { PipelineDependencies } from './dependencies.ts';

/** Rows that are sealed in one unit of work. */
const BATCH = 500;

const allowedSchema = z.looseObject({
  outcome: z.literal('ALLOW'),
  tier: z.enum(['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL']),
  delaySeconds: z.int().nullable(),
  approvalTimeoutSeconds: z.int().nullable(),
});

/** Audit events after which a payment no longer waits. */
const BEGUN = ['TX_APPROVED', 'TX_SUBMITTED', 'TX_CONFIRMED', 'TX_FAILED', 'TX_CANCELLED'] as const;

/** Whether a payment that waits does so for what was decided about it: the sealed record of the decision says so. */
async function waitsAsDecided(db: Db, sealer: PipelineDependencies['sealer'], row: TransactionRow): Promise<boolean> {
  const record = await findDecision(db, row.id);
  if (record === undefined || record.decision === null || !isDecisionAuthentic(sealer, record)) return false;
  const allowed = allowedSchema.safeParse(JSON.parse(record.decision));
  if (!allowed.success || allowed.data.tier !== row.tier) return false;
  const { delaySeconds, approvalTimeoutSeconds } = allowed.data;
  if (row.tier === 'DELAY') {
    return delaySeconds !== null && (row.execute_after ?? 0) >= record.decided_at + delaySeconds;
  }
  return (
    row.tier === 'APPROVAL' &&
    approvalTimeoutSeconds !== null &&
    row.approval_expires_at !== null &&
    row.approval_expires_at <= record.decided_at + approvalTimeoutSeconds
  );
}

/** Whether a row can be what the daemon of its time wrote, as far as what was sealed then, or only appended to, can tell. */
async function isPlausible(db: Db, sealer: PipelineDependencies['sealer'], row: TransactionRow): Promise<boolean> {
  if (readIntent(sealer, row) === null) return false;
  if (isTerminal(row.status)) return true;
  if (await isSpent(db, row.id)) return false;
  if (row.status === 'SUBMITTED') return true;
  if (row.status === 'EXECUTING') return row.tx_hash !== null || !(await hasAuditEvent(db, ['TX_SUBMITTED'], row.id));
  return row.status === 'QUEUED' && !(await hasAuditEvent(db, BEGUN, row.id)) && waitsAsDecided(db, sealer, row);
}

/**
 * Seals the transactions of a database from before their states were sealed, once: the audit log says that it was done.
 * A row that contradicts what was sealed before, its intent and its decision, is left as it is and never acted upon.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function sealEarlierTransactions(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock' | 'logger'>,
): Promise<void> {
  const { storage, sealer, clock, logger } = dependencies;
  if (await hasAuditEvent(storage.read, ['ROWS_SEALED'])) return;
  let sealed = 0;
  const refused: string[] = [];
  for (let cursor = ''; ; ) {
    const last = await storage.write(async ({ db }) => {
      const rows = await listUnsealed(db, cursor, BATCH);
      for (const row of rows) {
        if (await isPlausible(db, sealer, row)) {
          await sealAsFound(db, sealer, row);
          sealed += 1;
        } else refused.push(row.id);
      }
      return rows.length < BATCH ? null : rows.at(-1)?.id;
    });
    if (last === null || last === undefined) break;
    cursor = last;
  }
  const details = { sealed, refused: refused.length, transactions: refused.slice(0, 100) };
  if (sealed + refused.length > 0) logger.info(details, 'Sealed the transactions of an earlier version');
  await storage.write(({ db }) =>
    appendAudit(db, unixSeconds(clock), {
      event: 'ROWS_SEALED',
      actor: 'system',
      details,
      severity: refused.length > 0 ? 'critical' : 'info',
    }),
  );
}
