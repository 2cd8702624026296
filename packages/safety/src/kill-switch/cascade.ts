import { type Clock, isoTime, type KillSwitchActor, type RowSealer, unixSeconds, WaiaasError } from '@waiaas/core';
import { type AuditEntry, appendAudit, revokeLiveSessions, suspendAllAgents, type UnitOfWork } from '@waiaas/storage';
import { cancelWaiting, type Ending } from '../cancel-waiting.ts';
import { stopRecalls } from '../stop-recalls.ts';
import { stopUnsigned } from '../stop-unsigned.ts';
import { type KillSwitchState, storedStatus, writeKillSwitch } from './state.ts';

/** What the cascade has done. */
export interface CascadeReport {
  readonly state: KillSwitchState;
  readonly sessionsRevoked: number;
  readonly transactionsCancelled: number;
  readonly agentsSuspended: number;
}

/** Who engages the kill switch, and how audit rows say so. */
export interface Engaging {
  readonly reason: string;
  readonly actor: KillSwitchActor;
  readonly origin: Pick<AuditEntry, 'actor' | 'ip' | 'evidence'>;
  /** How payments and recalls end, where not as the kill switch ends them. */
  readonly ending?: Omit<Ending, 'actor'>;
}

/**
 * Steps 0 to 3 of the cascade (05 §3.3), one unit of work: the state, every session, every payment that waits or has been
 * begun and not signed, every recall, every agent, and their audit rows; or nothing of it.
 *
 * @throws WaiaasError KILL_SWITCH_ACTIVE when the state is not NORMAL
 */
export async function runCascade(
  { db, notify }: UnitOfWork,
  { reason, actor, origin, ending: how = { code: 'SYSTEM_LOCKED', token: 'KILL_SWITCH' } }: Engaging,
  { sealer, clock }: { readonly sealer: RowSealer; readonly clock: Clock },
): Promise<CascadeReport> {
  if ((await storedStatus(db)) !== 'NORMAL') throw new WaiaasError('KILL_SWITCH_ACTIVE');
  const now = unixSeconds(clock);
  const activatedAt = isoTime(clock.now());
  const state: KillSwitchState = { status: 'ACTIVATED', activatedAt, reason, actor };
  await writeKillSwitch(db, state, now);

  const sessions = await revokeLiveSessions(db, sealer, now);
  for (const { id, agent_id } of sessions) {
    const details = { trigger: 'kill_switch' };
    await appendAudit(db, now, { event: 'SESSION_REVOKED', ...origin, agentId: agent_id, sessionId: id, details });
  }
  const ending: Ending = { ...how, actor: origin.actor };
  const transactionsCancelled = await cancelWaiting(db, sealer, now, ending);
  const transactionsStopped = await stopUnsigned(db, sealer, now, ending);
  const recallsStopped = await stopRecalls(db, sealer, now, ending);
  const agents = await suspendAllAgents(db, now, 'kill_switch');
  for (const { id } of agents) {
    const details = { reason: 'kill_switch' };
    await appendAudit(db, now, { event: 'AGENT_SUSPENDED', ...origin, agentId: id, details });
  }
  const counts = { sessionsRevoked: sessions.length, transactionsCancelled, agentsSuspended: agents.length };
  await appendAudit(db, now, {
    event: 'KILL_SWITCH_ACTIVATED',
    ...origin,
    details: { reason, by: actor, ...counts, transactionsStopped, recallsStopped },
  });
  await notify({ event: 'KILL_SWITCH_ACTIVATED', reason, by: origin.actor, ...counts, activatedAt });
  return { state, ...counts };
}
