import type { AuditEvent } from '@waiaas/core';

/**
 * What changes something that is under a seal: only a daemon with an open vault does it, and the seal of the log covers its
 * row in the same commit. Where such a row lies behind the sealed head, somebody else has written it.
 */
export const SEALED_EVENTS: readonly AuditEvent[] = [
  'SESSION_ISSUED',
  'SESSION_REVOKED',
  'SESSION_RENEWED',
  'TX_REQUESTED',
  'TX_QUEUED',
  'TX_POSTPONED',
  'TX_APPROVED',
  'TX_PRE_APPROVED',
  'TX_CLAIMED',
  'TX_SIGNED',
  'TX_REPLACED',
  'TX_SUBMITTED',
  'TX_CONFIRMED',
  'TX_FAILED',
  'TX_CANCELLED',
  'TX_LATE_LANDING',
  'POLICY_CREATED',
  'POLICY_UPDATED',
  'POLICY_DELETED',
  'OWNER_CONNECTED',
  'OWNER_DISCONNECTED',
  'OWNER_CHANGED',
  'RECALL_REQUESTED',
  'RECALL_STARTED',
  'RECALL_ENDED',
  'RECOVERY_ADDRESS_SET',
  'KILL_SWITCH_RECOVERED',
  'AUTO_STOP_RULE_CREATED',
  'AUTO_STOP_RULE_UPDATED',
  'AUTO_STOP_RULE_DELETED',
];

const names: ReadonlySet<string> = new Set(SEALED_EVENTS);

/** Whether a row says of itself that it was written with an open vault. */
export const isOfOpenVault = (event: string): boolean => names.has(event);
