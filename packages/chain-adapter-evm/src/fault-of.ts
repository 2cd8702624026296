import { DECLINED, UNDERPRICED } from '@waiaas/core';
import {
  BaseError,
  FeeCapTooHighError,
  FeeCapTooLowError,
  HttpRequestError,
  InsufficientFundsError,
  IntrinsicGasTooHighError,
  IntrinsicGasTooLowError,
  NonceTooLowError,
  ResponseBodyTooLargeError,
  RpcRequestError,
  TipAboveFeeCapError,
  TransactionTypeNotSupportedError,
} from 'viem';
import { getNodeError } from 'viem/utils';
import { causeChain } from './cause-chain.ts';
import type { Fault } from './node-fault.ts';
import { retryAfterMs } from './retry-after.ts';
import { revertOf } from './revert-reason.ts';
import { UnexpectedAnswer } from './rpc-answer.ts';
import { RpcTimeout, SessionClosed } from './rpc-limits.ts';

const NETWORK_CODES = /^(E[A-Z_]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z_]*CERT[A-Z_]*|ERR_(TLS|SSL)[A-Z_]*)$/;
/** Failures to come to a connection at all: not one byte of the request has left. */
const NOT_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_[A-Z_]+|[A-Z_]*CERT[A-Z_]*)$/;

const codeOf = (link: unknown): string | undefined =>
  link instanceof Error && 'code' in link && typeof link.code === 'string' ? link.code : undefined;

/** JSON-RPC codes by which nodes and providers say that it is they who cannot answer. */
const LIMIT_CODES: ReadonlySet<number> = new Set([429, -32005, -32007]);
const UNABLE_CODES: ReadonlySet<number> = new Set([-32601, -32001, -32002, -32004]);
const LIMITED = /rate limit|too many requests|request limit|quota|capacity/;
/** A node that has not come that far, or no longer has the state of that block. */
const UNABLE =
  /header not found|block not found|unknown block|missing trie node|state .*not available|historical state/;

/** The network has these very bytes already. Asked before viem, which takes it for a nonce that is too low. */
const KNOWN = /already known|(?<!un)known transaction|already imported|already exists|alreadyknown|already_exists/;
/** Refusals that viem has no class for: none of them leaves the bytes with the node. */
const REFUSED =
  /underpriced|txpool is full|exceeds block gas limit|max initcode|oversized data|gas limit is too high|less than minimum|below minimum/;
/**
 * Refusals by a rule of the node or of the protocol that the same bytes will never satisfy. Other nodes may have other rules,
 * and a proxy that says so may have handed them on all the same: it is not proven that they cannot land.
 */
const DECLINED_FOR_GOOD =
  /gas limit too high|per-transaction gas limit|max(imum)? transaction gas limit|exceeds the configured cap/;
/** JSON-RPC code of the same (EIP-1474), which nodes also use for reasons that are told apart by their texts. */
const REJECTED_CODE = -32003;
/** Those that are about the price alone. */
const TOO_CHEAP = /underpriced|less than minimum|below minimum/;
/** The bytes are not what was signed: altered on the way, or sent to another chain. */
const ALTERED = /invalid sender|invalid chain ?id|rlp:|failed to decode|invalid signature|could not decode/;

const refused = (code: Fault['code'], message: string, extra: Partial<Fault> = {}): Fault => ({
  kind: 'answer',
  code,
  message,
  outcome: 'refused',
  retryable: false,
  ...extra,
});

/** Fault of a request that the node understood and answered with an error. */
function answeredFault(error: RpcRequestError, links: readonly unknown[]): Fault {
  const text = error.details.toLowerCase();
  const details = { rpcCode: error.code };
  const limited: Fault = {
    ...{ kind: 'endpoint', code: 'RPC_ERROR', message: 'The node limits its use' },
    ...{ outcome: 'open', details },
  };
  if (LIMIT_CODES.has(error.code)) return limited;
  // Before any word is looked at: these are the words of a contract, which says what its author likes.
  const revert = revertOf(links);
  if (revert !== null) {
    const reason = revert === '' ? '' : `: ${revert}`;
    return refused('EVM_REVERT', `The call would be reverted${reason}`, { revertReason: revert, details });
  }
  if (LIMITED.test(text)) return limited;
  if (KNOWN.test(text)) {
    return refused('SUBMIT_FAILED', 'The network has these bytes already', { outcome: 'known', details });
  }
  const outer = links.find((link) => link instanceof BaseError);
  const known = getNodeError(outer ?? error, {});
  if (known instanceof NonceTooLowError) {
    // Also what a node says about bytes that landed a moment ago, when a proxy sent them to it twice: proves nothing.
    return refused('EVM_NONCE_TOO_LOW', 'The nonce has been used', { outcome: 'open', details });
  }
  if (known instanceof InsufficientFundsError) {
    return refused('INSUFFICIENT_BALANCE', 'The wallet holds less than amount and fee', { details });
  }
  if (known instanceof IntrinsicGasTooLowError) {
    return refused('EVM_GAS_TOO_LOW', 'The gas limit is too low', { retryable: true, details });
  }
  if (
    known instanceof FeeCapTooLowError ||
    known instanceof FeeCapTooHighError ||
    known instanceof TipAboveFeeCapError ||
    known instanceof IntrinsicGasTooHighError
  ) {
    const reason = known instanceof FeeCapTooLowError ? { reason: UNDERPRICED } : {};
    const message = 'The node finds the fee out of range';
    return refused('SUBMIT_FAILED', message, { retryable: true, details: { ...details, ...reason } });
  }
  if (known instanceof TransactionTypeNotSupportedError) {
    return refused('SUBMIT_FAILED', 'The node does not know fees of EIP-1559', { details });
  }
  if (REFUSED.test(text)) {
    const reason = TOO_CHEAP.test(text) ? { reason: UNDERPRICED } : {};
    const message = 'The node did not take the transaction';
    return refused('SUBMIT_FAILED', message, { retryable: true, details: { ...details, ...reason } });
  }
  if (ALTERED.test(text)) {
    return refused('SUBMIT_FAILED', 'The node cannot read the transaction', { alarm: true, details });
  }
  if (DECLINED_FOR_GOOD.test(text) || error.code === REJECTED_CODE) {
    return {
      ...{ kind: 'incapable', code: 'RPC_ERROR', message: 'The node takes no such transaction', outcome: 'open' },
      ...{ retryable: false, details: { ...details, reason: DECLINED } },
    };
  }
  if (UNABLE_CODES.has(error.code) || UNABLE.test(text)) {
    return { kind: 'incapable', code: 'RPC_ERROR', message: 'The node cannot tell', outcome: 'open', details };
  }
  return {
    kind: 'incapable',
    code: 'RPC_ERROR',
    message: 'The node answered with an error',
    outcome: 'open',
    details,
  };
}

function httpFault(error: HttpRequestError, status: number, now: number): Fault {
  const wait = retryAfterMs(error.headers?.get('retry-after') ?? null, now);
  return {
    kind: 'endpoint',
    code: 'RPC_ERROR',
    message: `The node answered with HTTP ${status}`,
    outcome: 'open',
    retryable: status === 408 || status === 429 || status >= 500,
    details: { status, ...(wait === undefined ? {} : { retryAfterMs: wait }) },
  };
}

/**
 * Judges a failed RPC call by the classes and codes along its cause chain, and by what the node said where codes are not
 * agreed upon: JSON-RPC has none for the reasons of a transaction pool. What is not understood has an open outcome: money
 * may have moved (02 §17).
 */
export function faultOf(error: unknown, now: number): Fault {
  const links = causeChain(error);
  const [outer] = links;
  if (outer instanceof SessionClosed) {
    return {
      kind: 'answer',
      code: 'RPC_ERROR',
      message: 'The adapter was disconnected',
      outcome: 'open',
      retryable: false,
    };
  }
  if (outer instanceof RpcTimeout)
    return { kind: 'endpoint', code: 'RPC_ERROR', message: outer.message, outcome: 'open' };
  const codes = links.flatMap((link) => codeOf(link) ?? []);
  if (codes.some((code) => NETWORK_CODES.test(code))) {
    const outcome = codes.some((code) => NOT_CONNECTED.test(code)) ? 'undelivered' : 'open';
    return { kind: 'endpoint', code: 'NETWORK_ERROR', message: 'The node cannot be reached', outcome };
  }
  for (const link of links) {
    if (link instanceof RpcRequestError) return answeredFault(link, links);
    if (link instanceof HttpRequestError && link.status !== undefined) return httpFault(link, link.status, now);
    if (link instanceof UnexpectedAnswer || link instanceof ResponseBodyTooLargeError) break;
    if (link instanceof TypeError && /^(fetch failed|terminated)$/.test(link.message)) {
      return { kind: 'endpoint', code: 'NETWORK_ERROR', message: 'The node cannot be reached', outcome: 'open' };
    }
  }
  return { kind: 'endpoint', code: 'RPC_ERROR', message: "The node's answer cannot be understood", outcome: 'open' };
}
