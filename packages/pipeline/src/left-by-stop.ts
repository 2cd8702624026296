import {
  type AuditRow,
  type AuthenticTransaction,
  type Db,
  findAuditOf,
  findLastAudit,
  isWatchedOnly,
  type Storage,
} from '@waiaas/storage';
import { z } from 'zod';
import type { Settlement } from './settlement.ts';

/**
 * Whether the kill switch was engaged since a transaction was signed, as the audit log has it. One whose signature it does
 * not have counts as stopped.
 */
export async function isStoppedSinceSigned(db: Db, { id }: Pick<AuthenticTransaction, 'id'>): Promise<boolean> {
  const signed = await findAuditOf(db, 'TX_SIGNED', id);
  return signed === undefined || (await findLastAudit(db, ['KILL_SWITCH_ACTIVATED'], signed.id)) !== undefined;
}

const takenSchema = z.looseObject({ ambiguous: z.literal(false) });

/** Whether a row of the audit log says that the network has taken what was sent. */
function saysTaken({ details }: AuditRow): boolean {
  try {
    return takenSchema.safeParse(JSON.parse(details)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/**
 * Whether a transaction that was sent is left to itself since the kill switch was engaged: the network had given no word for it
 * by then, so that it may be that nobody has it but this daemon, and to send it again would be to pay after the stop. One that
 * the network has taken before is on its way whatever this daemon does, and is helped once all goes on.
 */
export async function isLeftByStop(db: Db, row: Pick<AuthenticTransaction, 'id'>): Promise<boolean> {
  const submitted = await findAuditOf(db, 'TX_SUBMITTED', row.id);
  return !(submitted !== undefined && saysTaken(submitted)) && (await isStoppedSinceSigned(db, row));
}

/**
 * Marks a transaction that was sent and that a stop has left to itself: it is watched from then on, and its nonce is free for the
 * next one. To be called before the gate opens, so that nothing is signed behind it that would wait for it.
 *
 * @returns the row as it is then
 */
export async function markLeftByStop(
  {
    storage,
    settlement,
  }: { readonly storage: Pick<Storage, 'read'>; readonly settlement: Pick<Settlement, 'watchedOnly'> },
  row: AuthenticTransaction,
): Promise<AuthenticTransaction> {
  if (isWatchedOnly(row) || !(await isLeftByStop(storage.read, row))) return row;
  return (await settlement.watchedOnly(row)) ?? row;
}
