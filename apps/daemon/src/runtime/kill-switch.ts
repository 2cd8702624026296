import type { KillSwitchView } from '@waiaas/api-server';
import { type KillSwitchStatus, killSwitchStatusSchema } from '@waiaas/core';
import { readState, type Storage } from '@waiaas/storage';

/** The kill switch as the database has it at start. */
export interface KillSwitchRecord extends KillSwitchView {
  readonly actor: string | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Reads the kill switch. A state that is missing or cannot be read counts as ACTIVATED: an unknown state must not sign
 * (01 §4.1 step 2c).
 */
export async function readKillSwitch(storage: Storage): Promise<KillSwitchRecord> {
  const parsed = killSwitchStatusSchema.safeParse(await readState(storage.read, 'kill_switch_status'));
  const status: KillSwitchStatus = parsed.success ? parsed.data : 'ACTIVATED';
  const details = {
    activatedAt: text(await readState(storage.read, 'kill_switch_activated_at')),
    reason: text(await readState(storage.read, 'kill_switch_reason')),
  };
  const actor = text(await readState(storage.read, 'kill_switch_actor'));
  return { status: () => status, details: () => details, actor };
}
