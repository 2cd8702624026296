import {
  isSolanaError,
  SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED,
  SOLANA_ERROR__INSTRUCTION_ERROR__COMPUTATIONAL_BUDGET_EXCEEDED,
  SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
  SOLANA_ERROR__INSTRUCTION_ERROR__UNKNOWN,
  SOLANA_ERROR__JSON_RPC__INVALID_PARAMS,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_NODE_UNHEALTHY,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_PRECOMPILE_VERIFICATION_FAILURE,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_SIGNATURE_VERIFICATION_FAILURE,
  SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
  SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_IN_USE,
  SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND,
  SOLANA_ERROR__TRANSACTION_ERROR__ALREADY_PROCESSED,
  SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND,
  SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE,
  SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_RENT,
  SOLANA_ERROR__TRANSACTION_ERROR__UNKNOWN,
} from '@solana/kit';
import type { AnyDetails, ChainErrorCode } from '@waiaas/core';
import { causeChain } from './cause-chain.ts';
import { customErrorMeaning } from './custom-error.ts';
import { retryAfterMs } from './retry-after.ts';
import { RpcTimeout, SessionClosed } from './rpc-limits.ts';

/**
 * What an answer says about the bytes that were sent, if any were. `refused`: this node did not pass them on.
 * `executed`: they had landed before. `open`: nobody can tell.
 */
export type SendOutcome = 'refused' | 'executed' | 'open';

/** What a failed RPC call means (02 §17). */
export interface SolanaFault {
  readonly code: ChainErrorCode;
  readonly message: string;
  readonly outcome: SendOutcome;
  readonly retryable?: boolean;
  readonly details?: AnyDetails;
  /** Something that must not happen unless bytes were altered on the way: worth an alarm. */
  readonly alarm?: boolean;
}

/** kit numbers the errors of one kind in a block of their own. */
const BLOCK = 1_000;
const within = (code: number, first: number): boolean => code >= first && code < first + BLOCK;

const NETWORK_CODES = /^(E[A-Z_]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z_]*CERT[A-Z_]*|ERR_(TLS|SSL)[A-Z_]*)$/;

const hasNetworkCode = (link: unknown): boolean =>
  link instanceof Error && 'code' in link && typeof link.code === 'string' && NETWORK_CODES.test(link.code);

/** fetch reports whatever goes wrong below HTTP as a TypeError. */
const isFetchFailure = (link: unknown): boolean =>
  link instanceof TypeError && /^(fetch failed|terminated)$/.test(link.message);

const instructionFault = (
  code: number,
  context: Readonly<Record<string, unknown>>,
  places: readonly string[],
): SolanaFault => {
  const index = Number(context.index ?? -1);
  const custom = code === SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM ? Number(context.code) : undefined;
  const details: AnyDetails =
    custom === undefined
      ? { instructionIndex: index, solanaCode: code }
      : { instructionIndex: index, customCode: custom };
  const meaning = customErrorMeaning(places, index, custom);
  if (meaning !== undefined) return { code: meaning.code, message: meaning.message, outcome: 'refused', details };
  if (code === SOLANA_ERROR__INSTRUCTION_ERROR__COMPUTATIONAL_BUDGET_EXCEEDED) {
    return { code: 'BUILD_FAILED', message: 'The compute-unit limit was too low', outcome: 'refused', details };
  }
  const reason = custom === undefined ? '' : `: custom error ${custom}`;
  return {
    code: 'SOLANA_PROGRAM_ERROR',
    message: `Instruction ${index} would fail${reason}`,
    outcome: 'refused',
    details,
  };
};

/** Fault of a transaction the node ran before passing it on, and did not like. */
function preflightFault(links: readonly unknown[], places: readonly string[]): SolanaFault | undefined {
  const has = (code: Parameters<typeof isSolanaError>[1]): boolean => links.some((link) => isSolanaError(link, code));
  if (has(SOLANA_ERROR__TRANSACTION_ERROR__ALREADY_PROCESSED)) {
    return { code: 'SUBMIT_FAILED', message: 'The network has executed these bytes before', outcome: 'executed' };
  }
  if (has(SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND) || has(SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED)) {
    // Also what a node says that lags behind: no proof that the bytes are dead.
    return {
      code: 'SOLANA_BLOCKHASH_EXPIRED',
      message: 'The node does not know the blockhash of the transaction',
      outcome: 'open',
    };
  }
  if (has(SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE)) {
    return { code: 'INSUFFICIENT_BALANCE', message: 'The wallet cannot pay the network fee', outcome: 'refused' };
  }
  if (has(SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND)) {
    // The only account that must exist beforehand is the one that pays the fee.
    return { code: 'INSUFFICIENT_BALANCE', message: 'The wallet has never been funded', outcome: 'refused' };
  }
  if (has(SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_RENT)) {
    return {
      code: 'INSUFFICIENT_BALANCE',
      message: 'The payment would leave an account with less than the rent-exempt minimum',
      outcome: 'refused',
    };
  }
  for (const link of links) {
    if (!isSolanaError(link)) continue;
    const code = link.context.__code;
    if (within(code, SOLANA_ERROR__INSTRUCTION_ERROR__UNKNOWN)) return instructionFault(code, link.context, places);
    if (within(code, SOLANA_ERROR__TRANSACTION_ERROR__UNKNOWN)) {
      return {
        code: 'SUBMIT_FAILED',
        message: 'The node refused the transaction',
        // A reason this version does not know may be one that leaves the outcome open.
        outcome: code === SOLANA_ERROR__TRANSACTION_ERROR__UNKNOWN ? 'open' : 'refused',
        details: { solanaCode: code },
        retryable: code === SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_IN_USE,
      };
    }
  }
  return undefined;
}

/** Fault of a request the node did not get as far as running. */
function rpcFault(links: readonly unknown[], now: number): SolanaFault | undefined {
  for (const link of links) {
    if (isSolanaError(link, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_SIGNATURE_VERIFICATION_FAILURE)) {
      return { code: 'SUBMIT_FAILED', message: 'The signature does not verify', outcome: 'refused', alarm: true };
    }
    if (isSolanaError(link, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_PRECOMPILE_VERIFICATION_FAILURE)) {
      return { code: 'SUBMIT_FAILED', message: 'A precompile does not verify', outcome: 'refused', alarm: true };
    }
    if (isSolanaError(link, SOLANA_ERROR__JSON_RPC__INVALID_PARAMS)) {
      return {
        code: 'RPC_ERROR',
        message: 'The node calls the request malformed',
        outcome: 'refused',
        retryable: false,
      };
    }
    if (isSolanaError(link, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_NODE_UNHEALTHY)) {
      return { code: 'RPC_ERROR', message: 'The node is behind the cluster', outcome: 'open' };
    }
    if (isSolanaError(link, SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR)) {
      const { statusCode, headers } = link.context;
      const wait = retryAfterMs(headers.get('retry-after'), now);
      return {
        code: 'RPC_ERROR',
        message: `The node answered with HTTP ${statusCode}`,
        outcome: 'open',
        retryable: statusCode === 408 || statusCode === 429 || statusCode >= 500,
        details: { status: statusCode, ...(wait === undefined ? {} : { retryAfterMs: wait }) },
      };
    }
    if (isSolanaError(link)) {
      return {
        code: 'RPC_ERROR',
        message: 'The node answered with an error',
        outcome: 'open',
        details: { solanaCode: link.context.__code },
      };
    }
  }
  return undefined;
}

/** What a call needs to be judged. */
export interface FaultContext {
  /** Epoch ms, for `Retry-After` dates. */
  readonly now: number;
  /** The program of each instruction of the transaction that was sent, if one was. */
  readonly places?: readonly string[];
}

/**
 * Judges a failed RPC call by the error codes along its cause chain, never by text (02 §17). What is not understood has
 * an open outcome: money may have moved.
 */
export function faultOf(error: unknown, context: FaultContext): SolanaFault {
  const links = causeChain(error);
  const isPreflight = links.some((link) =>
    isSolanaError(link, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE),
  );
  const fault = (isPreflight ? preflightFault(links, context.places ?? []) : undefined) ?? rpcFault(links, context.now);
  if (fault !== undefined) return fault;
  const [outer] = links;
  if (outer instanceof SessionClosed) {
    return { code: 'RPC_ERROR', message: 'The adapter was disconnected', outcome: 'open', retryable: false };
  }
  if (outer instanceof RpcTimeout) return { code: 'RPC_ERROR', message: outer.message, outcome: 'open' };
  if (links.some(isFetchFailure) || links.some(hasNetworkCode)) {
    return { code: 'NETWORK_ERROR', message: 'The node cannot be reached', outcome: 'open' };
  }
  return { code: 'RPC_ERROR', message: "The node's answer cannot be understood", outcome: 'open' };
}
