import type { Address } from '@solana/kit';
import type { LedgerAccount } from './account.ts';
import type { Commitment } from './commitment.ts';
import type { LandedTransaction } from './landed-transaction.ts';
import type { Block } from './timeline.ts';

/** What the ledger tells its listeners, in the order it happens. */
export type LedgerEvent =
  | { readonly type: 'slot'; readonly block: Block; readonly rootSlot: number }
  /** The node took the transaction in; it may or may not land. */
  | { readonly type: 'received'; readonly signature: string; readonly slot: number }
  /** A landed transaction reached a commitment level. */
  | { readonly type: 'reached'; readonly commitment: Commitment; readonly landed: LandedTransaction }
  /** An account was written from outside any transaction; it is so at every commitment. */
  | { readonly type: 'overwritten'; readonly address: Address; readonly account: LedgerAccount };

export type LedgerListener = (event: LedgerEvent) => void;
