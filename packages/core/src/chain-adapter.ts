import type { FeePriority } from './enums.ts';
import type { Chain, Network } from './network.ts';

/** A token of a chain: a mint on Solana, an ERC-20 contract on EVM chains (02 §2.3). */
export interface TokenInfo {
  /** Base58 mint, or 0x contract with the checksum of EIP-55. */
  readonly address: string;
  /** Fraction digits of one whole token, 0–18, as the chain says. */
  readonly decimals: number;
  /** 1–10 printable ASCII characters, for people; anybody may choose any symbol, so it identifies nothing. */
  readonly symbol: string;
}

/** A payment as an adapter understands it (02 §2.3). */
export interface TransferRequest {
  readonly from: string;
  readonly to: string;
  /** Base units, greater than zero; 0 where an account is only closed. */
  readonly amount: bigint;
  /** At most 256 UTF-8 bytes, no control characters. */
  readonly memo?: string;
  readonly priority?: FeePriority;
  /** What is paid; absent means the native asset. `to` is always a wallet, never a token account. */
  readonly token?: TokenInfo;
  /**
   * Base units of the native asset: what the network fee was reckoned to be, where the whole wallet is emptied. Exactly this
   * much is offered on chains that bill what is offered (Solana), at most this much on others. Absent: what the adapter finds
   * fit.
   */
  readonly fee?: bigint;
  /** The account the token is taken out of, all of it; only recalls of the owner say so (08 §2.5.4). */
  readonly emptied?: EmptiedAccount;
}

/** A token account that a payment empties, on chains that have them. */
export interface EmptiedAccount {
  readonly account: string;
  /** Whether it is closed in the same transaction; its rent, and what it holds of the wrapped native asset, go to its owner. */
  readonly close: boolean;
}

/** A built, not yet signed transaction (02 §2.3). */
export interface UnsignedTransaction {
  readonly chain: Chain;
  /** Solana: the compiled v0 message. EVM: the unsigned EIP-1559 encoding. */
  readonly serialized: Uint8Array;
  /** Upper bound of the network fee in base units of the native asset. */
  readonly estimatedFee: bigint;
  /**
   * Part of `estimatedFee` that the network does not keep: base units of the native asset that are put into an account opened for
   * the recipient, who can take them out again. Absent or 0 when no account is opened.
   */
  readonly accountRent?: bigint;
  /** Epoch milliseconds after which it must not be signed any more; absent where a transaction never goes stale. */
  readonly expiresAt?: number;
  /** Last block height at which it can land; absent where there is no such bound. */
  readonly lastValidBlockHeight?: bigint;
  /** The request it was built from; signing checks the bytes against it. */
  readonly request: TransferRequest;
  /** What it takes the place of, newest first; absent for a transaction that takes the place of none. */
  readonly replaces?: readonly SignedVariant[];
  /** What it makes way for, of another payment with the same nonce: at most one of them can land. Absent for all others. */
  readonly displaces?: readonly SignedVariant[];
  readonly metadata: Readonly<Record<string, string | number | bigint>>;
}

/** Outcome of a simulation that could be run. */
export interface SimulationResult {
  readonly success: boolean;
  readonly logs: readonly string[];
  readonly unitsConsumed?: bigint;
  /** Why it would fail, for people. Present only on failure. */
  readonly error?: string;
  /** True when the failure is a lack of funds. */
  readonly insufficientFunds?: boolean;
}

/** Signs bytes with the key the transaction is to be paid from. Supplied by the pipeline, backed by the keystore (00 §3). */
export type SignBytes = (message: Uint8Array) => Promise<Uint8Array>;

/** One of several signed transactions for one payment: with the same nonce, so that at most one of them can land. */
export interface SignedVariant {
  readonly bytes: Uint8Array;
  /** Known from the signature, before anything is sent. */
  readonly txHash: string;
}

/** A signed transaction: what is stored before it is sent, so that a crash in between loses nothing (04 §6.5). */
export interface SignedTransaction extends SignedVariant {
  readonly lastValidBlockHeight?: bigint;
  /** Its place among the transactions of its sender, on chains where each has one (EVM). */
  readonly nonce?: bigint;
  /**
   * Tells the adapter that these bytes will never be sent, so that what they hold, a nonce, is free at once. Where it is not
   * called it becomes free after a while, and the bytes are refused from then on. To be called only for bytes that were
   * never handed to `submitTransaction`.
   */
  readonly discard?: () => void;
}

/** How deep a transaction is in the chain. */
export type Commitment = 'processed' | 'confirmed' | 'finalized';

/** The network took the bytes, or had them already. */
export interface SubmitResult {
  readonly txHash: string;
  /** True when the network had executed these very bytes before: a success, not a failure (02 §15). */
  readonly alreadyProcessed: boolean;
}

/** What the chain says about a transaction right now. Absence proves nothing on its own. */
export type TransactionStatusReport =
  | { readonly state: 'not_found' }
  | {
      readonly state: 'landed';
      readonly commitment: Commitment;
      readonly blockNumber: bigint;
      /** Null when it executed; otherwise why it failed, for people. */
      readonly error: string | null;
    };

/** How long and for what to wait. */
export interface ConfirmationOptions {
  /** How long to keep asking, ms. Running out of time is a verdict of `unknown`, never an error. Default 60,000. */
  readonly timeoutMs?: number;
  /** Depth that counts as confirmed. Default `confirmed`. What has failed counts only once its block is final, whatever is asked for. */
  readonly target?: 'confirmed' | 'finalized';
  /** Bound after which it can no longer land; without it, `expired` is never answered. */
  readonly lastValidBlockHeight?: bigint;
  /**
   * The signed bytes. On EVM chains the nonce in them is what `expired` is proven by, and an adapter may hand them to the
   * network again when it has forgotten them; never others.
   */
  readonly bytes?: Uint8Array;
  /** Whose transaction it is and its nonce: what `expired` is proven by on EVM chains where the bytes are gone. */
  readonly place?: { readonly from: string; readonly nonce: bigint };
  /** Further variants of the transaction: the verdict is about all of them, and says which one has landed. */
  readonly variants?: readonly SignedVariant[];
  readonly signal?: AbortSignal;
}

/**
 * Verdict on a submitted transaction. All but `unknown` are proven by the chain (04 §6.6): `expired` only when the
 * finalized block height had passed the bound *before* a look-up with full history found nothing; where transactions have
 * nonces instead of a bound, only when another payment has the nonce for good. Where the same payment has it, the verdict is
 * about that one, also when its variant is none of those that were asked about. `failed` only once the block in which it failed
 * is final: where the chain takes that block back, another one may still execute the payment.
 */
export type ConfirmationVerdict =
  | {
      readonly verdict: 'confirmed';
      readonly commitment: 'confirmed' | 'finalized';
      readonly blockNumber: bigint;
      /** Fee actually paid, when the node tells. */
      readonly fee?: bigint;
      /** Which variant it was, where there are several, or it is none of those that were asked about. */
      readonly txHash?: string;
    }
  | {
      readonly verdict: 'failed';
      readonly error: string;
      readonly blockNumber: bigint;
      readonly fee?: bigint;
      /** Which variant it was, where there are several, or it is none of those that were asked about. */
      readonly txHash?: string;
    }
  | { readonly verdict: 'expired'; readonly finalizedBlockHeight: bigint }
  | { readonly verdict: 'unknown' };

/** Native balance of an address. */
export interface BalanceInfo {
  readonly address: string;
  /** Base units. */
  readonly balance: bigint;
  readonly decimals: number;
  readonly symbol: string;
}

/** Result of a health probe; latency in whole ms, −1 when not connected. */
export interface AdapterHealth {
  readonly healthy: boolean;
  readonly latency: number;
}

/**
 * What the daemon needs of a chain: 13 methods (02 §3, with method 9 as 00 §3 has it: a sign function, never a key).
 *
 * Every method that asks the network first checks that the adapter is connected, gives each call a time-out, and throws
 * nothing but `ChainError`. One instance serves all agents of its network at once; it keeps no per-agent state.
 */
export interface IChainAdapter {
  readonly chain: Chain;
  readonly network: Network;
  /** 1. Connects and checks that the node serves this network (genesis hash or chain id). An empty URL means the configured one. */
  connect(rpcUrl?: string): Promise<void>;
  /** 2. Aborts what is under way and forgets caches. May be called at any time, any number of times. */
  disconnect(): Promise<void>;
  /** 3. Whether `connect` has succeeded. Never throws. */
  isConnected(): boolean;
  /** 4. Probes the node. Never throws and never changes `isConnected`. */
  getHealth(): Promise<AdapterHealth>;
  /** 5. Checks the form of an address only. Never throws. */
  isValidAddress(address: string): boolean;
  /** 6. Native balance; an address the chain has never seen holds 0. */
  getBalance(address: string): Promise<BalanceInfo>;
  /** 7. Builds a transaction with a fresh lifetime; no two built transactions of one adapter have equal bytes (02 §9). */
  buildTransaction(request: TransferRequest): Promise<UnsignedTransaction>;
  /** 8. Runs it without a signature. */
  simulateTransaction(transaction: UnsignedTransaction): Promise<SimulationResult>;
  /** 9. Signs it, after checking that its bytes do exactly what its request says (02 §14). */
  signTransaction(transaction: UnsignedTransaction, sign: SignBytes): Promise<SignedTransaction>;
  /**
   * 10. Hands the bytes to the network, once. A thrown error says in `mayHaveLanded` whether they may land all the same.
   * Of what was handed in before, only `GIVEN_UP` as `details.reason` says that they may not: a refusal may be about bytes that landed.
   * @param mayGoOn asked before they are handed to another endpoint than the first: one may have kept them waiting for long
   */
  submitTransaction(transaction: SignedTransaction, mayGoOn?: () => boolean): Promise<SubmitResult>;
  /** 11. Looks a transaction up, with full history. */
  getTransactionStatus(txHash: string): Promise<TransactionStatusReport>;
  /** 12. Waits for a proven verdict. RPC faults while waiting are not verdicts. */
  waitForConfirmation(txHash: string, options?: ConfirmationOptions): Promise<ConfirmationVerdict>;
  /** 13. Fee that `buildTransaction` would expect, base units of the native asset. */
  estimateFee(request: TransferRequest): Promise<bigint>;
}

/** What an address holds of one asset. */
export interface AssetBalance {
  /** Absent for the native asset. */
  readonly token?: TokenInfo;
  /** Base units. */
  readonly balance: bigint;
  readonly decimals: number;
  readonly symbol: string;
}

/** What an adapter can tell of tokens, beside the 13 methods (02 §D57, 00 §3). Time-outs and errors as there. */
export interface ITokenReader {
  /**
   * What a token is, read from the chain.
   * @throws ChainError INVALID_TOKEN when there is none at that address, UNSUPPORTED_TOKEN when it is of a kind that is refused
   */
  getToken(address: string): Promise<TokenInfo>;
  /** Balance of one token; 0 for an address that never held it. @throws ChainError INVALID_TOKEN */
  getTokenBalance(address: string, token: TokenInfo): Promise<bigint>;
  /**
   * Everything an address holds: the native asset first, then tokens, largest first. Tokens of refused kinds are left out.
   * @param known further tokens to look for, where the chain cannot list them (EVM)
   */
  listAssets(address: string, known?: readonly string[]): Promise<readonly AssetBalance[]>;
}

/** Whether an adapter can carry tokens. */
export const isTokenReader = (adapter: IChainAdapter): adapter is IChainAdapter & ITokenReader =>
  'getToken' in adapter && 'getTokenBalance' in adapter && 'listAssets' in adapter;

/** What an adapter can tell beside the 13 methods where a payment may open an account for its recipient (Solana). */
export interface IAccountOpener {
  /**
   * What a payment would put into an account opened for its recipient, base units of the native asset; 0 when it opens none.
   * @throws ChainError as `estimateFee`
   */
  quoteAccountRent(request: TransferRequest): Promise<bigint>;
}

/** Whether payments through an adapter may open accounts for their recipients. */
export const isAccountOpener = (adapter: IChainAdapter): adapter is IChainAdapter & IAccountOpener =>
  'quoteAccountRent' in adapter;

/**
 * What an adapter can do beside the 13 methods where a transaction has no end of its own: one that the market has left behind
 * waits until another one with its nonce takes its place (02 §22).
 */
export interface IReplacer {
  /**
   * Builds what takes the place of a transaction that the market has left behind: the same payment with the same nonce, for
   * a higher fee. `signTransaction` signs it with that nonce and no other. Null while there is no need for it: the nonce was
   * used or is not yet due, or the next block could take what was signed as it is.
   *
   * @param signed all that was signed and recorded for the payment, newest first
   * @param refused whether nodes turn the newest one away as too cheap, whatever the market looks like
   * @param displaced what the payment has taken the place of, and may still land in its stead; none of it is the same payment
   * @throws ChainError BUILD_FAILED, retryable, when the fee would exceed its bound; INSUFFICIENT_BALANCE when the wallet cannot
   * pay it beside what else is under way; RPC_ERROR, NETWORK_ERROR
   */
  buildReplacement(
    request: TransferRequest,
    signed: readonly SignedVariant[],
    refused?: boolean,
    displaced?: readonly SignedVariant[],
  ): Promise<UnsignedTransaction | null>;
  /**
   * Builds a payment with the nonce of a transaction that is stuck, whatever the reason, and lets nothing of its wallet land before
   * it (08 §2.5.4). `signTransaction` signs it with that nonce and no other, so that at most one of both lands, and the chain
   * proves which.
   *
   * @param stuck all that was signed for the transactions that may be stuck, of any nonce
   * @returns null where none of them has the nonce that is due
   * @throws ChainError as `buildTransaction`
   */
  buildDisplacing(request: TransferRequest, stuck: readonly SignedVariant[]): Promise<UnsignedTransaction | null>;
}

/** `details.reason` of an error by which a node says that it takes no transaction that offers so little. */
export const UNDERPRICED = 'UNDERPRICED';

/** `details.reason` of an error by which a node says that it takes no such transaction, now or later. It may have it all the same. */
export const DECLINED = 'DECLINED';

/**
 * `reason` in the details of an error of `submitTransaction` that says `mayHaveLanded: false` of what was handed in before: whoever
 * was offered it has refused it, and nobody has got it. It never leaves again, and its nonce is free.
 */
export const GIVEN_UP = 'GIVEN_UP';

/** Whether transactions through an adapter can be replaced. */
export const isReplacer = (adapter: IChainAdapter): adapter is IChainAdapter & IReplacer =>
  'buildReplacement' in adapter && 'buildDisplacing' in adapter;

/** One thing an address holds, in the pieces in which it has to be moved away: on Solana each token account by itself. */
export interface Holding {
  /** The mint or contract; null for the native asset. */
  readonly mint: string | null;
  /** Null for the native asset, and for tokens of a kind that is refused. */
  readonly token: TokenInfo | null;
  /** The token account, on chains that have them. */
  readonly account: string | null;
  /** Base units. */
  readonly balance: bigint;
  /** The native asset in the form of a token: closing its account gives it back. */
  readonly wrapped: boolean;
  /** Why it cannot be moved; null when it can. UNREADABLE: how much of it there is cannot be told, and `balance` says nothing. */
  readonly obstacle: 'FROZEN' | 'UNSUPPORTED' | 'UNREADABLE' | null;
}

/** How much of the native asset to move, and the fee to name with it; base units. */
export interface NativeSweep {
  readonly amount: bigint;
  readonly fee: bigint;
}

/** What an adapter can tell of emptying a wallet, beside the 13 methods (08 §2.5.4). Time-outs and errors as there. */
export interface ISweeper {
  /**
   * Everything an address holds: tokens of every kind in every account, empty and frozen ones too, and the native asset last.
   * @param known further tokens to look for, where the chain cannot list them (EVM)
   */
  listHoldings(address: string, known?: readonly string[]): Promise<readonly Holding[]>;
  /** What has to stay of the native asset so that one more token can be moved away some day, base units. */
  gasForLater(): Promise<bigint>;
  /**
   * What of the native asset can be moved from one wallet to another, so that nothing but `keep` is left as far as the chain
   * allows. Null when what there is does not pay for its transfer, or when the chain would not let the recipient have so little.
   * @throws ChainError INVALID_ADDRESS for whatever the chain knows to be no wallet; a wallet that holds nothing is asked about too.
   * INSUFFICIENT_BALANCE when there is enough, and what is under way may take all of it
   */
  quoteSweep(sweep: {
    readonly from: string;
    readonly to: string;
    readonly keep: bigint;
    /** What may be stuck and will be displaced, each once it is due: what it would take need not be left for it. */
    readonly stuck?: readonly SignedVariant[];
  }): Promise<NativeSweep | null>;
}

/** Whether an adapter can empty a wallet. */
export const isSweeper = (adapter: IChainAdapter): adapter is IChainAdapter & ISweeper =>
  'listHoldings' in adapter && 'gasForLater' in adapter && 'quoteSweep' in adapter;
