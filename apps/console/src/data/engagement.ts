import type { AuditLogResponse } from '@waiaas/sdk';
import type { Stopped } from '../session/session.tsx';

/** How the kill switch was engaged once, as the audit log has it. */
export interface Engagement {
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  /** Null where the row does not say. */
  readonly reason: string | null;
  readonly stopped: Stopped | null;
}

/** Reads it from its row. */
export function engagementOf({ timestamp, actor, details }: AuditLogResponse['entries'][number]): Engagement {
  const { reason, sessionsRevoked, transactionsCancelled, agentsSuspended } = details;
  return {
    at: timestamp,
    by: actor,
    reason: typeof reason === 'string' ? reason : null,
    stopped:
      typeof sessionsRevoked === 'number' &&
      typeof transactionsCancelled === 'number' &&
      typeof agentsSuspended === 'number'
        ? { sessionsRevoked, transactionsCancelled, agentsSuspended }
        : null,
  };
}
