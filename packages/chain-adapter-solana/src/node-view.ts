import type { Address, Signature } from '@solana/kit';
import { type AccountFacts, createAccountLookup } from './account-lookup.ts';
import type { BatchLookup } from './batch-lookup.ts';
import type { CachedValue } from './cached-value.ts';
import { createFinalizedTip, type FinalizedTip } from './finalized-tip.ts';
import { createLatestBlockhash, type FetchedBlockhash } from './latest-blockhash.ts';
import type { SolanaSettings } from './options.ts';
import { createPriorityFees, type PriorityFees } from './priority-fees.ts';
import { createWalletRent } from './rent.ts';
import type { RpcSession } from './rpc-session.ts';
import { createSignatureLookup, type SignatureReport } from './signature-lookup.ts';

/** What one connection knows of its node: every cache lives here and goes with the connection (02 §6). */
export interface NodeView {
  readonly session: RpcSession;
  readonly blockhash: CachedValue<FetchedBlockhash>;
  readonly walletRent: CachedValue<bigint>;
  readonly finalizedTip: CachedValue<FinalizedTip>;
  readonly priorityFees: PriorityFees;
  readonly account: BatchLookup<Address, AccountFacts>;
  readonly signature: BatchLookup<Signature, SignatureReport>;
}

/** Creates the view of a fresh connection; asks nothing yet. */
export function createNodeView(session: RpcSession, settings: SolanaSettings): NodeView {
  const { clock, logger, readMs, pollMs } = settings;
  return {
    session,
    blockhash: createLatestBlockhash(session, clock, readMs),
    walletRent: createWalletRent(session, clock, readMs),
    finalizedTip: createFinalizedTip(session, clock, readMs, pollMs),
    priorityFees: createPriorityFees(session, clock, logger, readMs),
    account: createAccountLookup(session, readMs),
    signature: createSignatureLookup(session, readMs),
  };
}
