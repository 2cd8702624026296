import { createHash } from 'node:crypto';
import {
  type AgentId,
  type CanonicalValue,
  canonicalJson,
  type Intent,
  nativeAsset,
  nativeAssetId,
  type OwnerAction,
  ownerStatement,
  paymentText,
  requestPreimage,
  requestResource,
  SESSION_STATEMENT,
  type SessionConstraints,
  sessionResource,
  tokenAssetId,
  transactionResource,
} from '@waiaas/core';
import type { SignInPurpose } from '../sign-in/check-sign-in.ts';

/*
 * What each signature is for: the words an owner reads, and the one resource it is bound to (03 §5.4, 00 §3). Both are
 * recomposed from the daemon's own records when a signature comes in, and compared with what was signed.
 */

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Everything a session may do; how long it lives is always among it. */
export type SignedConstraints = SessionConstraints & { readonly expiresIn: number };

/** SHA-256 of everything a session may do, canonical, lower-case hex. */
function constraintsHash(constraints: SignedConstraints): string {
  const present: Record<string, CanonicalValue> = {};
  for (const [name, value] of Object.entries(constraints)) if (value !== undefined) present[name] = value;
  return sha256(canonicalJson(present));
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

/** SHA-256 of a request: method, path and body to the byte, lower-case hex. */
function requestHash({ method, path, rawBody }: SignedRequest): string {
  const body = typeof rawBody === 'string' ? Buffer.from(rawBody, 'utf8') : rawBody;
  return sha256(Buffer.concat([Buffer.from(requestPreimage(method, path), 'ascii'), body]));
}

/** What of an admitted payment an owner is shown. Always taken from the sealed intent. */
export type SignedPayment = Pick<Intent, 'transactionId' | 'chain' | 'network' | 'asset' | 'token' | 'to' | 'amount'>;

/**
 * A payment in words: amount in whole units, symbol, token and recipient in full, chain and network (00 §3). Always from
 * the sealed intent; shown to the owner wherever the payment is listed, and part of what is signed.
 * @throws TypeError for an asset that the intent does not describe: nobody approves what they cannot read
 * @example paymentInWords(intent) // "pay 12.5 SOL to Fg6P…FsLnS on solana devnet", with the recipient in full
 */
export function paymentInWords({ chain, network, asset, token, to, amount }: SignedPayment): string {
  const described = token === null ? nativeAssetId(chain) : tokenAssetId(chain, token.address);
  if (asset !== described) throw new TypeError('There are no words for payments of this asset');
  const { decimals, symbol } = token ?? nativeAsset(chain);
  return paymentText({ chain, network, to, amount, decimals, symbol, token: token?.address ?? null });
}

/** What an owner signs to approve or reject a payment. @throws TypeError as `paymentInWords` */
export const paymentPurpose = (action: 'approve_tx' | 'reject_tx', payment: SignedPayment): SignInPurpose => ({
  statement: ownerStatement(action, paymentInWords(payment)),
  resource: transactionResource(payment.transactionId),
});

/** What an owner signs to create a session with a signature in the body (03 §6). */
export const sessionPurpose = (agentId: AgentId, constraints: SignedConstraints): SignInPurpose => ({
  statement: SESSION_STATEMENT,
  resource: sessionResource(agentId, constraintsHash(constraints)),
});

/** What an owner signs for any request that is not about one payment. */
export const requestPurpose = (
  action: Exclude<OwnerAction, 'approve_tx' | 'reject_tx'>,
  request: SignedRequest,
): SignInPurpose => ({ statement: ownerStatement(action), resource: requestResource(requestHash(request)) });
