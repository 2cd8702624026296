import type { Address, EncodedAccount } from '@solana/kit';

/** An account that is there. */
export type ExistingAccount = EncodedAccount & { readonly exists: true };

/** An account, or the knowledge that there is none at the address. */
export type LedgerAccount = ExistingAccount | { readonly exists: false; readonly address: Address };
