import { createHmac } from 'node:crypto';
import { canonicalJson } from '@waiaas/core';
import { AUDIT_CHAIN_START, type AuditHead, type AuditRow, auditLink } from '@waiaas/storage';

/** A row without its link. */
export type BareRow = Omit<AuditRow, 'hash'>;

export const bareRow = (id: number, over: Partial<BareRow> = {}): BareRow => ({
  id,
  timestamp: 1_800_000_000 + id,
  event_type: 'TX_QUEUED',
  actor: 'system',
  agent_id: `agent ${id % 3}`,
  session_id: null,
  tx_id: `tx ${id}`,
  details: `{"n":${id}}`,
  severity: 'info',
  ip_address: null,
  ...over,
});

/** Links rows as a daemon does. */
export function linkAll(rows: readonly BareRow[]): AuditRow[] {
  let previous = AUDIT_CHAIN_START;
  return rows.map((row) => {
    previous = auditLink(previous, row);
    return { ...row, hash: previous };
  });
}

const sealOf = (head: Omit<AuditHead, 'seal'>): string =>
  createHmac('sha256', 'the vault of these tests')
    .update(canonicalJson([head.version, head.audit_id, head.hash, head.sealed_at]))
    .digest('base64url');

/** The head over a row, sealed. */
export function headAt(row: AuditRow): AuditHead {
  const head = { version: row.id, audit_id: row.id, hash: row.hash, sealed_at: row.timestamp };
  return { ...head, seal: sealOf(head) };
}

export const isAuthentic = (head: AuditHead): boolean => head.seal === sealOf(head);
