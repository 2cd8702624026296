import { isoFromSeconds, type OwnerChain, type RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { OwnerWalletsTable } from '../schema.ts';
import { ownerContent, ownerHeadContent } from '../seals.ts';

/** A row of `owner_wallets`. */
export type OwnerRow = Selectable<OwnerWalletsTable>;

/**
 * Who the owner is. `not_authentic`: the database says something that no daemon with this vault has written, such as an
 * owner put in, removed or taken from an older copy. It authorises nobody and nothing (00 §3).
 */
export type OwnerState =
  | { readonly state: 'none' }
  | { readonly state: 'connected'; readonly owner: OwnerRow }
  | { readonly state: 'not_authentic' };

const head = (db: Db) => db.selectFrom('owner_head').selectAll().executeTakeFirst();

/** Reads the owner and checks both seals, on every call. */
export async function loadOwner(db: Db, sealer: RowSealer): Promise<OwnerState> {
  const present = await head(db);
  if (present === undefined || !sealer.verify(ownerHeadContent(present), present.seal))
    return { state: 'not_authentic' };
  const rows = await db.selectFrom('owner_wallets').selectAll().execute();
  if (present.owner_id === null) return rows.length === 0 ? { state: 'none' } : { state: 'not_authentic' };
  const [owner] = rows;
  const authentic =
    rows.length === 1 &&
    owner?.id === present.owner_id &&
    owner.version === present.version &&
    sealer.verify(ownerContent(owner), owner.seal);
  return authentic && owner !== undefined ? { state: 'connected', owner } : { state: 'not_authentic' };
}

/** Moves the head on. The version of an owner's row is that of the head that names it. */
async function moveHead(db: Db, sealer: RowSealer, ownerId: string | null): Promise<number> {
  const version = ((await head(db))?.version ?? 0) + 1;
  const seal = sealer.seal(ownerHeadContent({ version, owner_id: ownerId }));
  const fields = { version, owner_id: ownerId, seal };
  await db
    .insertInto('owner_head')
    .values({ id: 1, ...fields })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(fields))
    .execute();
  return version;
}

/**
 * Records that nobody is connected yet: once for a new database, and once for one from before there were owners. Does
 * nothing where there is a head: only a database that never had one may be given one.
 */
export async function sealNoOwner(db: Db, sealer: RowSealer): Promise<void> {
  if ((await head(db)) === undefined) await moveHead(db, sealer, null);
}

/** A wallet that becomes the owner. */
export interface NewOwner {
  readonly id: string;
  readonly chain: OwnerChain;
  /** Canonical. */
  readonly address: string;
  /** Unix seconds. */
  readonly now: number;
}

/** Makes a wallet the owner. The caller has checked that there is none; the database refuses a second one. */
export async function insertOwner(db: Db, sealer: RowSealer, owner: NewOwner): Promise<OwnerRow> {
  const version = await moveHead(db, sealer, owner.id);
  const content = {
    id: owner.id,
    address: owner.address,
    chain: owner.chain,
    connected_at: isoFromSeconds(owner.now),
    version,
  };
  const row: OwnerRow = {
    ...content,
    wc_session_topic: null,
    wc_pairing_topic: null,
    last_active_at: null,
    metadata: null,
    seal: sealer.seal(ownerContent(content)),
  };
  await db.insertInto('owner_wallets').values(row).execute();
  return row;
}

/** Removes the owner. From here on nobody is connected. */
export async function removeOwner(db: Db, sealer: RowSealer): Promise<void> {
  await db.deleteFrom('owner_wallets').execute();
  await moveHead(db, sealer, null);
}

/** Notes when the owner last signed something. For people; it grants nothing and is not sealed. */
export async function touchOwner(db: Db, id: string, now: number): Promise<void> {
  await db
    .updateTable('owner_wallets')
    .set({ last_active_at: isoFromSeconds(now) })
    .where('id', '=', id)
    .execute();
}
