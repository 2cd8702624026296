import type { Chain, Network } from '@waiaas/core';
import type { Db } from '../query-executor.ts';
import { firstOf } from '../statement.ts';

/** Where the breaker of a network keeps its state. */
export type NetworkStateKey = `circuit:${Chain}:${Network}`;

/** Keys of `system_state` (01 §2.3). */
export type SystemStateKey =
  | 'kill_switch_status'
  | 'kill_switch_activated_at'
  | 'kill_switch_reason'
  | 'kill_switch_actor'
  | 'kill_switch_normal_mark'
  | 'restored_copy'
  | 'recovery_failed_attempts'
  | 'recovery_lockout_until'
  | 'auto_stop_cursor'
  | 'audit_head_told_at'
  | 'daily_summary_day'
  | 'jwt_secrets'
  | 'session_warnings_until'
  | 'telegram_offset'
  | 'settings'
  | NetworkStateKey;

/** Reads a value; undefined when it was never set. The stored text is JSON and always decoded before it is compared. */
export async function readState(db: Db, key: SystemStateKey): Promise<unknown> {
  const row = await firstOf<{ value: string }>(db, 'SELECT value FROM system_state WHERE key = ?', [key]);
  const value: unknown = row === undefined ? undefined : JSON.parse(row.value);
  return value;
}

/** Sets a value. */
export async function writeState(db: Db, key: SystemStateKey, value: unknown, now: number): Promise<void> {
  const fields = { value: JSON.stringify(value), updated_at: now };
  await db
    .insertInto('system_state')
    .values({ key, ...fields })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(fields))
    .execute();
}

/** Takes a value away. */
export async function removeState(db: Db, key: SystemStateKey): Promise<void> {
  await db.deleteFrom('system_state').where('key', '=', key).execute();
}
