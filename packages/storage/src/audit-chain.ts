import { hash } from 'node:crypto';
import { canonicalJson } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { AuditLogTable } from './schema.ts';

/** A row of `audit_log`. */
export type AuditRow = Selectable<AuditLogTable>;

/** What stands for the hash of the row before the first one. */
export const AUDIT_CHAIN_START = '0'.repeat(64);

/**
 * The link of an audit row: SHA-256 over the link of the row before it, in hex, and the canonical encoding of everything
 * in the row (05, 08 §2.7.6). A row that was changed, removed, added or moved no longer fits the link after it.
 *
 * @throws TypeError for a row that holds a number no daemon has written
 */
export const auditLink = (previous: string, row: Omit<AuditRow, 'hash'>): string =>
  hash(
    'sha256',
    previous +
      canonicalJson([
        row.id,
        row.timestamp,
        row.event_type,
        row.actor,
        row.agent_id,
        row.session_id,
        row.tx_id,
        row.details,
        row.severity,
        row.ip_address,
      ]),
    'hex',
  );
