import { type AgentId, WaiaasError } from '@waiaas/core';

/** The answer to whoever asks something of an agent of which nothing that is stored can be believed (00 §3). */
export const agentNotAuthentic = (agentId: AgentId): WaiaasError =>
  new WaiaasError('POLICY_DENIED', {
    message: 'What is stored of this agent is not what this daemon wrote; nothing is paid.',
    details: { reason: 'COUNTERS_NOT_AUTHENTIC', agentId },
    hint: 'Restore the database from a backup; see the audit log.',
  });
