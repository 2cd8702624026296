import type {
  IChainAdapter,
  IReplacer,
  ISweeper,
  ITokenReader,
  SignBytes,
  SignedTransaction,
  TokenInfo,
} from '@waiaas/core';

/** A wallet with its key. */
export interface ContractWallet {
  readonly address: string;
  readonly sign: SignBytes;
}

/** What happens between the adapter and its network. Every fault lasts until `restore`, but for the answer lost once. */
export interface ContractFaults {
  /** The next transaction that is sent reaches the network; the answer to it does not come back. */
  loseNextSubmitAnswer(): void;
  /** Every call fails at once and reaches nobody: connections are refused or cut. */
  cut(): void;
  /** Every call is taken, reaches nobody and is never answered. Networks without time limits of their own may `cut`. */
  silence(): void;
  restore(): void;
}

/** A token the adapter can carry. */
export interface ContractToken {
  /** What the chain says it is. */
  readonly info: TokenInfo;
  /** Gives an address this much of it, base units, at once. */
  mint(address: string, amount: bigint): Promise<void>;
}

/** What an adapter that carries tokens is tried with. */
export interface ContractTokens {
  /** The token side of the adapter under test. */
  readonly reader: ITokenReader;
  /** At least two: a payment in one must not pass for a payment in another. */
  readonly kinds: readonly [ContractToken, ContractToken, ...ContractToken[]];
  /** Addresses that are well formed and no token: a wallet, nothing at all. */
  readonly noTokens: readonly string[];
}

/**
 * A chain, and an adapter that is to be tried on it. The suite opens one for each test and closes it afterwards; several may
 * share one node, as long as their wallets are their own. Amounts are base units of the native asset unless said otherwise.
 */
export interface ContractWorld {
  /** The adapter under test. Not connected; `connect()` without an argument connects it. */
  readonly adapter: IChainAdapter;
  /** An amount that may be paid to a new wallet, and be left in one: above every minimum of the chain. */
  readonly payment: bigint;
  /** Texts that look like addresses of the chain and are none. */
  readonly notAddresses: readonly string[];
  /** Texts that no error may show, such as the API key in the URL of the node. */
  readonly secrets: readonly string[];
  /** A wallet the chain has never seen. */
  createWallet(): Promise<ContractWallet>;
  /** Gives an address this much, so that the adapter sees it at once. */
  fund(address: string, amount: bigint): Promise<void>;
  /** Produces this many blocks. What the network has taken before is in one of them. */
  advance(blocks: number): Promise<void>;
  /** Brings about that a signed transaction that was never sent cannot land any more, beyond doubt and reorganisation. */
  outlive(signed: SignedTransaction): Promise<void>;
  /** Makes a transaction land and fail, behind the adapter's back, in a block that is not final yet where there are such. Answers its id. */
  failOnChain(): Promise<string>;
  readonly faults: ContractFaults;
  close(): Promise<void>;
}

/** A world whose adapter carries tokens, too. */
export interface TokenWorld extends ContractWorld {
  readonly tokens: ContractTokens;
}

/** A world whose adapter can empty a wallet, too. */
export interface SweepWorld extends TokenWorld {
  /** The side of the adapter under test that does. */
  readonly sweeper: ISweeper;
}

/** A world whose adapter can have one transaction take the place of another. */
export interface ReplacementWorld extends ContractWorld {
  /** The side of the adapter under test that does. */
  readonly replacer: IReplacer;
  /**
   * Raises what blocks want above all that was offered so far, so that nothing of it lands; a wallet that can make ordinary payments
   * can still pay for one. May be called twice in a test.
   */
  outprice(): Promise<void>;
}
