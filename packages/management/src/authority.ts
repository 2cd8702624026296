import { type RowSealer, WaiaasError } from '@waiaas/core';
import { type Db, loadOwner, type OwnerRow, readState } from '@waiaas/storage';
import type { RequestOrigin } from './request-origin.ts';

/*
 * Who may do what (00 §3), asked once more inside the unit of work that does it: between the check of a signature, a
 * password or a token and the change it authorises, the owner may have become another one, and the password or the token
 * may have ended.
 */

/** The stored owner is not what a daemon with this vault has written: nobody can prove to be the owner (00 §3). */
export const ownerNotAuthentic = (): WaiaasError =>
  new WaiaasError('OWNER_MISMATCH', {
    message: 'The stored owner was not written by this daemon; nothing that needs the owner is possible.',
    hint: 'Restore the database from a backup; see the audit log.',
  });

/**
 * Refuses an owner who has been replaced since the signature was checked, and whoever showed a password or an operator
 * token that has ended since.
 * @throws WaiaasError OWNER_MISMATCH, OWNER_NOT_CONNECTED, INVALID_MASTER_PASSWORD, INVALID_OPERATOR_TOKEN
 */
export async function confirmOrigin(
  db: Db,
  sealer: RowSealer,
  { actor, confirmCredential }: RequestOrigin,
): Promise<void> {
  confirmCredential();
  if (actor.kind !== 'owner') return;
  const present = await loadOwner(db, sealer);
  if (present.state === 'none') throw new WaiaasError('OWNER_NOT_CONNECTED');
  if (present.state === 'not_authentic') throw ownerNotAuthentic();
  if (!isOwner(present.owner, actor)) throw new WaiaasError('OWNER_MISMATCH');
}

/** Whether a signer is the owner of a row. */
export const isOwner = (row: OwnerRow, signer: { readonly chain: string; readonly address: string }): boolean =>
  row.chain === signer.chain && row.address === signer.address;

/**
 * Refuses whoever may not change the rules: once an owner is connected, everybody but the owner; before that, everybody
 * but the operator (00 §3).
 * @throws WaiaasError OWNER_AUTH_REQUIRED, and as `confirmOrigin`
 */
export async function confirmGovernor(db: Db, sealer: RowSealer, origin: RequestOrigin): Promise<void> {
  await confirmOrigin(db, sealer, origin);
  if (origin.actor.kind === 'owner') return;
  const present = await loadOwner(db, sealer);
  if (present.state === 'not_authentic') throw ownerNotAuthentic();
  if (present.state === 'connected') throw new WaiaasError('OWNER_AUTH_REQUIRED');
  if (origin.actor.kind !== 'operator') throw new WaiaasError('UNAUTHORIZED');
}

/** Refuses while the kill switch is not in its normal state. @throws WaiaasError SYSTEM_LOCKED */
export async function refuseWhileLocked(db: Db): Promise<void> {
  if ((await readState(db, 'kill_switch_status')) !== 'NORMAL') throw new WaiaasError('SYSTEM_LOCKED');
}
