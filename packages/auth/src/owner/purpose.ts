import { createHash } from 'node:crypto';
import {
  type AgentId,
  type CanonicalValue,
  canonicalJson,
  formatUnits,
  type Intent,
  nativeAsset,
  nativeAssetId,
  type SessionConstraints,
  type TransactionId,
} from '@waiaas/core';
import type { SignInPurpose } from '../sign-in/check-sign-in.ts';
import { type OwnerAction, ownerStatement } from './owner-action.ts';

/*
 * What each signature is for: the words an owner reads, and the one resource it is bound to (03 §5.4, 00 §3). Both are
 * recomposed from the daemon's own records when a signature comes in, and compared with what was signed.
 */

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** What a signature over one transaction is bound to. */
export const transactionResource = (id: TransactionId): string => `urn:waiaas:tx:${id}`;

/** Everything a session may do; how long it lives is always among it. */
export type SignedConstraints = SessionConstraints & { readonly expiresIn: number };

/**
 * What a signature over a new session is bound to: the agent and everything the session may do. `expiresIn` is the life
 * the session will really have: whoever leaves it out of a request signs the default.
 */
export function sessionResource(agentId: AgentId, constraints: SignedConstraints): string {
  const present: Record<string, CanonicalValue> = {};
  for (const [name, value] of Object.entries(constraints)) if (value !== undefined) present[name] = value;
  return `urn:waiaas:session:${agentId}:sha256:${sha256(canonicalJson(present))}`;
}

/** An HTTP request as it goes over the wire. */
export interface SignedRequest {
  /** In capitals. */
  readonly method: string;
  /** As in the request line: the path, and the query where there is one. */
  readonly path: string;
  /** To the byte; empty when there is none. */
  readonly rawBody: string | Uint8Array;
}

/**
 * What a signature over any other request is bound to: its method, its path and its body to the byte.
 * @throws TypeError for a method or a path that could not be told apart from what follows it
 */
export function requestResource({ method, path, rawBody }: SignedRequest): string {
  if (!/^[A-Z]+$/.test(method)) throw new TypeError('A method must be in capitals');
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new TypeError('A path must start with a slash and be printable ASCII');
  const body = typeof rawBody === 'string' ? Buffer.from(rawBody, 'utf8') : rawBody;
  return `urn:waiaas:req:sha256:${sha256(Buffer.concat([Buffer.from(`${method}\n${path}\n`, 'ascii'), body]))}`;
}

/** What of an admitted payment an owner is shown. Always taken from the sealed intent. */
export type SignedPayment = Pick<Intent, 'transactionId' | 'chain' | 'network' | 'asset' | 'to' | 'amount'>;

/**
 * What an owner signs to approve or reject a payment: amount in whole units, symbol, recipient in full, chain and network.
 * @throws TypeError for an asset that there are no words for yet: nobody approves what they cannot read
 * @example paymentPurpose('approve_tx', intent).statement
 *   // "WAIaaS Owner Action: approve_tx - pay 12.5 SOL to Fg6P…FsLnS on solana devnet", with the recipient in full
 */
export function paymentPurpose(action: 'approve_tx' | 'reject_tx', payment: SignedPayment): SignInPurpose {
  const { chain, network, asset, to, amount, transactionId } = payment;
  if (asset !== nativeAssetId(chain)) throw new TypeError('There are no words for payments of this asset');
  const { decimals, symbol } = nativeAsset(chain);
  return {
    statement: ownerStatement(action, `pay ${formatUnits(amount, decimals, symbol)} to ${to} on ${chain} ${network}`),
    resource: transactionResource(transactionId),
  };
}

/** The statement of every session's message. No owner's statement starts like it, so neither passes for the other. */
export const SESSION_STATEMENT = 'Sign in to WAIaaS to create an agent session.';

/** What an owner signs to create a session with a signature in the body (03 §6). */
export const sessionPurpose = (agentId: AgentId, constraints: SignedConstraints): SignInPurpose => ({
  statement: SESSION_STATEMENT,
  resource: sessionResource(agentId, constraints),
});

/** What an owner signs for any request that is not about one payment. */
export const requestPurpose = (
  action: Exclude<OwnerAction, 'approve_tx' | 'reject_tx'>,
  request: SignedRequest,
): SignInPurpose => ({ statement: ownerStatement(action), resource: requestResource(request) });
