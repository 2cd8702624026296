import type { AnyDetails } from './error-catalogue.ts';
import type { Chain } from './network.ts';

/**
 * What can go wrong at a chain (02 §4), and what may be done about it. PERMANENT: nothing. TRANSIENT: the same call
 * again. STALE: build a new transaction, but only once the old one is proven dead (02 §15).
 */
export const CHAIN_ERRORS = {
  INSUFFICIENT_BALANCE: 'PERMANENT',
  INVALID_ADDRESS: 'PERMANENT',
  INVALID_MEMO: 'PERMANENT',
  /** There is no token at that address. */
  INVALID_TOKEN: 'PERMANENT',
  /** A token whose rules the daemon cannot keep its promise under, such as one with a permanent delegate (02 §13). */
  UNSUPPORTED_TOKEN: 'PERMANENT',
  INSUFFICIENT_TOKEN_BALANCE: 'PERMANENT',
  /** The issuer of the token has frozen an account of the payment; it cannot be moved until they thaw it. */
  TOKEN_ACCOUNT_FROZEN: 'PERMANENT',
  /** Executed on chain and failed; never used for refusals before the network took the bytes. */
  TRANSACTION_FAILED: 'PERMANENT',
  TRANSACTION_EXPIRED: 'STALE',
  RPC_ERROR: 'TRANSIENT',
  NETWORK_ERROR: 'TRANSIENT',
  /** The simulation could not be run. A simulation that ran and failed is a result, not an error. */
  SIMULATION_FAILED: 'TRANSIENT',
  CHAIN_NOT_SUPPORTED: 'PERMANENT',
  WRONG_NETWORK: 'PERMANENT',
  BUILD_FAILED: 'PERMANENT',
  SIGN_FAILED: 'PERMANENT',
  SUBMIT_FAILED: 'PERMANENT',
  SOLANA_BLOCKHASH_EXPIRED: 'STALE',
  SOLANA_PROGRAM_ERROR: 'PERMANENT',
  EVM_NONCE_TOO_LOW: 'STALE',
  EVM_GAS_TOO_LOW: 'TRANSIENT',
  EVM_REVERT: 'PERMANENT',
} as const;

/** A code of a chain error. */
export type ChainErrorCode = keyof typeof CHAIN_ERRORS;

/** What may be done about a chain error. */
export type RecoveryClass = (typeof CHAIN_ERRORS)[ChainErrorCode];

/** What is said about one occurrence of a chain error. */
export interface ChainErrorParameters {
  readonly code: ChainErrorCode;
  readonly chain: Chain;
  readonly message: string;
  /** Never key bytes, signed bytes or a full RPC URL, which may hold an API key: the host at most. */
  readonly details?: AnyDetails;
  readonly retryable?: boolean;
  /**
   * Whether a transaction handed to the network may still land in spite of this error. True unless it is known that the
   * network refused the bytes: an unknown outcome must never be booked as a failure (04 §6.5).
   */
  readonly mayHaveLanded?: boolean;
  readonly cause?: unknown;
}

/** The only error that leaves a chain adapter (02 §3). */
export class ChainError extends Error {
  override readonly name = 'ChainError';
  readonly code: ChainErrorCode;
  readonly chain: Chain;
  readonly details: AnyDetails | undefined;
  readonly retryable: boolean;
  readonly mayHaveLanded: boolean;

  constructor(parameters: ChainErrorParameters) {
    super(parameters.message, parameters.cause === undefined ? undefined : { cause: parameters.cause });
    this.code = parameters.code;
    this.chain = parameters.chain;
    this.details = parameters.details;
    this.retryable = parameters.retryable ?? CHAIN_ERRORS[parameters.code] === 'TRANSIENT';
    this.mayHaveLanded = parameters.mayHaveLanded ?? true;
  }

  /** What may be done about it. */
  get recovery(): RecoveryClass {
    return CHAIN_ERRORS[this.code];
  }
}

/** Whether something thrown is a chain error, of any or of one code. */
export const isChainError = (error: unknown, code?: ChainErrorCode): error is ChainError =>
  error instanceof ChainError && (code === undefined || error.code === code);
