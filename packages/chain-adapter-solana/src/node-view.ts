import type { Address, Signature } from '@solana/kit';
import { type AccountFacts, createAccountLookup } from './account-lookup.ts';
import type { BatchLookup } from './batch-lookup.ts';
import type { CachedValue } from './cached-value.ts';
import { createFinalizedTip, type FinalizedTip } from './finalized-tip.ts';
import { createFirstHeights, type FirstHeights } from './first-heights.ts';
import { createLatestBlockhash, type FetchedBlockhash } from './latest-blockhash.ts';
import { createMintLookup, MINT_DATA_BYTES, type MintLookup } from './mint-lookup.ts';
import type { SolanaSettings } from './options.ts';
import { createPriorityFees, type PriorityFees } from './priority-fees.ts';
import { createRentLookup, type RentLookup } from './rent.ts';
import type { RpcSession } from './rpc-session.ts';
import { createSignatureLookup, type SignatureReport } from './signature-lookup.ts';
import { createTokenSymbols, type TokenSymbols } from './token-symbol.ts';

/** What is known through one node: every cache lives here, so that nothing of one node is used with another (02 §6). */
export interface NodeView {
  readonly session: RpcSession;
  /** Time limit of a look-up, ms. */
  readonly readMs: number;
  /** Time limit of a simulation, ms. */
  readonly sendMs: number;
  readonly blockhash: CachedValue<FetchedBlockhash>;
  readonly rent: RentLookup;
  readonly finalizedTip: CachedValue<FinalizedTip>;
  readonly firstHeights: FirstHeights;
  readonly priorityFees: PriorityFees;
  /** Accounts without their data. */
  readonly account: BatchLookup<Address, AccountFacts>;
  /** Accounts with the first 16 KiB of their data. */
  readonly accountData: BatchLookup<Address, AccountFacts>;
  readonly mint: MintLookup;
  readonly symbols: TokenSymbols;
  readonly signature: BatchLookup<Signature, SignatureReport>;
}

/** Creates the view of a node; asks nothing yet. */
export function createNodeView(session: RpcSession, settings: SolanaSettings): NodeView {
  const { clock, logger, network, readMs, sendMs, pollMs } = settings;
  const accountData = createAccountLookup(session, readMs, MINT_DATA_BYTES);
  return {
    session,
    readMs,
    sendMs,
    blockhash: createLatestBlockhash(session, clock, network, readMs),
    rent: createRentLookup(session, clock, readMs),
    finalizedTip: createFinalizedTip(session, clock, readMs, pollMs),
    firstHeights: createFirstHeights(),
    priorityFees: createPriorityFees(session, clock, logger, readMs),
    account: createAccountLookup(session, readMs, 0),
    accountData,
    mint: createMintLookup(accountData, clock),
    symbols: createTokenSymbols(accountData, clock),
    signature: createSignatureLookup(session, readMs),
  };
}
