import type { AnyDetails, ChainErrorCode } from '@waiaas/core';

/**
 * What an answer says about bytes that were sent, if any were. `undelivered`: no connection came about, so nobody has
 * them. `refused`: this node has looked at them and did not take them. `known`: it has them already. `open`: nobody can
 * tell.
 */
export type SendOutcome = 'undelivered' | 'refused' | 'known' | 'open';

/**
 * Whose fault it is. `endpoint`: it does not work, others may. `incapable`: it works, and cannot answer this question.
 * `answer`: it answered, and no other would say anything else.
 */
export type FaultKind = 'endpoint' | 'incapable' | 'answer';

/** What a failed RPC call means. */
export interface Fault {
  readonly kind: FaultKind;
  readonly code: ChainErrorCode;
  readonly message: string;
  readonly outcome: SendOutcome;
  readonly retryable?: boolean;
  readonly details?: AnyDetails;
  /** Set when a contract refused: why, for people, empty when it gave no reason. */
  readonly revertReason?: string;
  /** Something that must not happen unless bytes were altered on the way: worth an alarm. */
  readonly alarm?: boolean;
}

/** A call that failed at one endpoint. Never leaves this package: it is turned into a `ChainError`. */
export class NodeFault extends Error {
  override readonly name = 'NodeFault';
  readonly fault: Fault;
  readonly host: string;
  readonly method: string;

  constructor(fault: Fault, at: { readonly host: string; readonly method: string }, cause: Error) {
    super(fault.message, { cause });
    this.fault = fault;
    this.host = at.host;
    this.method = at.method;
  }
}
