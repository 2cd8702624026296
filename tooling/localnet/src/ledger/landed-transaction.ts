import type { Address } from '@solana/kit';
import type { LedgerAccount } from './account.ts';
import type { LoadedAddresses } from './lookup-tables.ts';
import type { Outcome } from './runtime.ts';
import type { TransactionAccount, WireTransaction } from './wire-transaction.ts';

/** Who put a transaction into the ledger. */
export type TransactionSource = 'sendTransaction' | 'requestAirdrop';

/** A transaction that is in a block, successful or not. */
export interface LandedTransaction {
  readonly signature: string;
  readonly source: TransactionSource;
  readonly slot: number;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly wire: WireTransaction;
  readonly outcome: Outcome;
  /** Every account of the transaction in message order, loaded ones last. */
  readonly accounts: readonly TransactionAccount[];
  readonly loaded: LoadedAddresses;
  /** Lamports of {@link accounts} before and after, same order. */
  readonly preBalances: readonly bigint[];
  readonly postBalances: readonly bigint[];
  /** The writable accounts before and after, for token balances and account notifications. */
  readonly before: ReadonlyMap<Address, LedgerAccount>;
  readonly after: ReadonlyMap<Address, LedgerAccount>;
}
