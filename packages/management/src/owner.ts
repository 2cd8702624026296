import { canonicalAddress } from '@waiaas/auth';
import {
  type Clock,
  type IdGenerator,
  isoFromSeconds,
  type OwnerChain,
  type OwnerChangeResponse,
  type OwnerConnectResponse,
  type OwnerDisconnectResponse,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import {
  appendAudit,
  type Db,
  insertOwner,
  loadOwner,
  mergeMetadata,
  notifyBy,
  type OwnerRow,
  type OwnerState,
  removeOwner,
  type Storage,
  takeOpen,
  touchOwner,
  transition,
} from '@waiaas/storage';
import { confirmGovernor, confirmOrigin, ownerNotAuthentic, refuseWhileLocked } from './authority.ts';
import { paymentInMessage } from './notified-payment.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

/** What owner management works with. */
export interface OwnerManagementDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** A wallet that wants to be the owner. Its signature has been checked by the caller. */
export interface OwnerWallet {
  readonly chain: OwnerChain;
  readonly address: string;
}

/** Connecting, changing and disconnecting the owner of the funds (00 §3, 03 §16, §19). */
export interface OwnerManagement {
  /** The owner as it is stored now, seals checked. */
  load(): Promise<OwnerState>;
  /**
   * Makes a wallet the owner. The caller has checked the master password and that the wallet signed for it.
   * @throws WaiaasError OWNER_ALREADY_CONNECTED, INVALID_ADDRESS, SYSTEM_LOCKED
   */
  connect(wallet: OwnerWallet, origin: RequestOrigin): Promise<OwnerConnectResponse>;
  /**
   * Puts another wallet in the place of the owner, in one step: there is no moment without an owner. Payments that wait
   * for an approval expire; the next owner is not asked about what was asked of the last one.
   * @throws WaiaasError OWNER_NOT_CONNECTED, OWNER_MISMATCH, INVALID_ADDRESS, OWNER_ALREADY_CONNECTED, SYSTEM_LOCKED
   */
  change(wallet: OwnerWallet, origin: RequestOrigin): Promise<OwnerChangeResponse>;
  /**
   * Lets the owner go. Payments that wait for an approval expire; delayed ones stay.
   * @throws WaiaasError OWNER_NOT_CONNECTED, OWNER_AUTH_REQUIRED, OWNER_MISMATCH, SYSTEM_LOCKED
   */
  disconnect(origin: RequestOrigin): Promise<OwnerDisconnectResponse>;
  /** Notes that the owner has signed something just now. */
  touch(): Promise<void>;
}

function canonical({ chain, address }: OwnerWallet): string {
  const spelt = /^[A-Za-z0-9]{32,44}$/.test(address) ? canonicalAddress(chain, address) : null;
  if (spelt === null) throw new WaiaasError('INVALID_ADDRESS', { details: { chain, address } });
  return spelt;
}

/** Ends every payment that waits for the owner's approval. Answers how many there were. */
async function expireApprovals(
  db: Db,
  sealer: RowSealer,
  now: number,
  token: 'OWNER_CHANGED' | 'OWNER_DISCONNECTED',
): Promise<number> {
  let expired = 0;
  for (const row of await takeOpen(db, sealer, now, { statuses: ['QUEUED'], tier: 'APPROVAL' })) {
    const metadata = mergeMetadata(row, { refusal: { code: 'TX_EXPIRED', token } });
    if ((await transition(db, sealer, row, 'EXPIRED', { error: token, reserved_amount: null, metadata })) === null)
      continue;
    expired += 1;
    await appendAudit(db, now, {
      event: 'TX_FAILED',
      actor: 'system',
      agentId: row.agent_id,
      txId: row.id,
      ...(row.session_id === null ? {} : { sessionId: row.session_id }),
      details: { error: token },
    });
    const payment = paymentInMessage(row);
    const reason = token === 'OWNER_CHANGED' ? 'owner_changed' : 'owner_disconnected';
    if (payment !== null) await notifyBy(db, { event: 'TX_APPROVAL_EXPIRED', payment, reason });
  }
  return expired;
}

const connected = (row: OwnerRow): OwnerConnectResponse => ({
  ownerId: row.id,
  address: row.address,
  chain: row.chain,
  connectedAt: row.connected_at,
});

/** Builds owner management. */
export function createOwnerManagement(dependencies: OwnerManagementDependencies): OwnerManagement {
  const { storage, sealer, clock, ids } = dependencies;

  return {
    load: () => loadOwner(storage.read, sealer),

    connect(wallet, origin) {
      const address = canonical(wallet);
      return storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        // The wallet is not the owner yet; what counts here is the password.
        origin.confirmCredential();
        await refuseWhileLocked(db);
        const present = await loadOwner(db, sealer);
        if (present.state === 'not_authentic') throw ownerNotAuthentic();
        if (present.state === 'connected') throw new WaiaasError('OWNER_ALREADY_CONNECTED');
        const row = await insertOwner(db, sealer, { id: ids.next(), chain: wallet.chain, address, now });
        const details = { ownerId: row.id, chain: row.chain, address };
        await appendAudit(db, now, { event: 'OWNER_CONNECTED', ...auditOrigin(origin), details });
        const by = actorName(origin);
        await notifyBy(db, { event: 'OWNER_CHANGED', change: 'connected', chain: row.chain, address, by });
        return connected(row);
      });
    },

    change(wallet, origin) {
      const address = canonical(wallet);
      return storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        await refuseWhileLocked(db);
        if (origin.actor.kind !== 'owner') throw new WaiaasError('OWNER_AUTH_REQUIRED');
        await confirmOrigin(db, sealer, origin);
        const { chain, address: previousAddress } = origin.actor;
        if (chain === wallet.chain && previousAddress === address) {
          throw new WaiaasError('OWNER_ALREADY_CONNECTED', { message: 'That wallet is the owner already.' });
        }
        await removeOwner(db, sealer);
        const row = await insertOwner(db, sealer, { id: ids.next(), chain: wallet.chain, address, now });
        const expiredTransactions = await expireApprovals(db, sealer, now, 'OWNER_CHANGED');
        const details = { ownerId: row.id, chain: row.chain, address, previous: { chain, address: previousAddress } };
        await appendAudit(db, now, {
          event: 'OWNER_CHANGED',
          ...auditOrigin(origin),
          details: { ...details, expiredTransactions },
        });
        const by = actorName(origin);
        await notifyBy(db, { event: 'OWNER_CHANGED', change: 'changed', chain: row.chain, address, by });
        return { ...connected(row), previousAddress, expiredTransactions };
      });
    },

    disconnect: (origin) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        await refuseWhileLocked(db);
        const present = await loadOwner(db, sealer);
        if (present.state === 'none') throw new WaiaasError('OWNER_NOT_CONNECTED');
        await confirmGovernor(db, sealer, origin);
        if (present.state === 'not_authentic') throw ownerNotAuthentic();
        await removeOwner(db, sealer);
        const expiredTransactions = await expireApprovals(db, sealer, now, 'OWNER_DISCONNECTED');
        const { id, chain, address } = present.owner;
        await appendAudit(db, now, {
          event: 'OWNER_DISCONNECTED',
          ...auditOrigin(origin),
          details: { ownerId: id, chain, address, expiredTransactions },
        });
        const by = actorName(origin);
        await notifyBy(db, { event: 'OWNER_CHANGED', change: 'disconnected', chain, address, by });
        return { disconnected: true as const, disconnectedAt: isoFromSeconds(now), expiredTransactions };
      }),

    touch: () =>
      storage.write(async ({ db }) => {
        const present = await loadOwner(db, sealer);
        if (present.state === 'connected') await touchOwner(db, present.owner.id, unixSeconds(clock));
      }),
  };
}
