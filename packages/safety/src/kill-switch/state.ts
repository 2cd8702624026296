import {
  type Clock,
  type KillSwitchActor,
  type KillSwitchStatus,
  killSwitchActorSchema,
  killSwitchStatusSchema,
  type Logger,
  unixSeconds,
} from '@waiaas/core';
import { appendAudit, type Db, findLastAudit, readState, type Storage, writeState } from '@waiaas/storage';
import { readClaimedNormalRow } from './normal-mark.ts';

/** The kill switch at one moment. */
export interface KillSwitchState {
  readonly status: KillSwitchStatus;
  /** ISO 8601; null while it is not engaged. */
  readonly activatedAt: string | null;
  readonly reason: string | null;
  readonly actor: KillSwitchActor | null;
}

/** The kill switch that is not engaged. */
export const NORMAL: KillSwitchState = { status: 'NORMAL', activatedAt: null, reason: null, actor: null };

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Reads the state. One that is missing or cannot be read counts as ACTIVATED: an unknown state must not sign. */
async function readKillSwitch(db: Db): Promise<KillSwitchState> {
  const status = killSwitchStatusSchema.safeParse(await readState(db, 'kill_switch_status'));
  const actor = killSwitchActorSchema.safeParse(await readState(db, 'kill_switch_actor'));
  return {
    status: status.success ? status.data : 'ACTIVATED',
    activatedAt: text(await readState(db, 'kill_switch_activated_at')),
    reason: text(await readState(db, 'kill_switch_reason')),
    actor: actor.success ? actor.data : null,
  };
}

/** Writes the state; part of the unit of work that changes it. */
export async function writeKillSwitch(db: Db, state: KillSwitchState, now: number): Promise<void> {
  await writeState(db, 'kill_switch_status', state.status, now);
  await writeState(db, 'kill_switch_activated_at', state.activatedAt, now);
  await writeState(db, 'kill_switch_reason', state.reason, now);
  await writeState(db, 'kill_switch_actor', state.actor, now);
}

/** What the state says that is stored. */
export const storedStatus = async (db: Db): Promise<KillSwitchStatus> => (await readKillSwitch(db)).status;

/**
 * The kill switch as a start finds it. A recovery that the last run did not finish counts as not begun (05 §3.7). A state
 * that says NORMAL while the audit log says that it was engaged and never recovered was changed by somebody else, and
 * counts as engaged.
 *
 * The log is read from where a mark says that it was not engaged. The vault is locked, so that somebody may have put that mark
 * where it suits them: once it is open, `confirmNormal` decides by the seal, before anything is signed.
 *
 * @param isLogNew whether the database comes from a version whose log had no seal, and so no mark, yet: all of it is read
 */
export async function loadKillSwitch(
  storage: Storage,
  clock: Clock,
  logger: Logger,
  isLogNew = false,
): Promise<KillSwitchState> {
  const stored = await readKillSwitch(storage.read);
  if (stored.status === 'RECOVERING') {
    return engage({ ...stored, status: 'ACTIVATED' }, { event: 'KILL_SWITCH_RECOVERY_FAILED', why: 'restart' });
  }
  if (stored.status === 'ACTIVATED') return stored;
  const after = isLogNew ? 0 : await readClaimedNormalRow(storage.read);
  const last = await findLastAudit(storage.read, ['KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED'], after);
  if (last?.event_type !== 'KILL_SWITCH_ACTIVATED') return stored;
  logger.error({ auditId: last.id }, 'The kill switch was set to normal by somebody else; it counts as engaged');
  const reason = 'the stored state was changed';
  return engage(
    { status: 'ACTIVATED', activatedAt: stored.activatedAt, reason, actor: 'system' },
    { event: 'SEAL_BROKEN', why: reason },
  );

  async function engage(
    state: KillSwitchState,
    { event, why }: { readonly event: 'KILL_SWITCH_RECOVERY_FAILED' | 'SEAL_BROKEN'; readonly why: string },
  ): Promise<KillSwitchState> {
    await storage.write(async ({ db }) => {
      const now = unixSeconds(clock);
      await writeKillSwitch(db, state, now);
      await appendAudit(db, now, { event, actor: 'system', details: { what: 'kill_switch', why } });
    });
    return state;
  }
}
