import { type OwnerChain, SIGN_IN_LIFE_MS, type SignInMessage } from '@waiaas/core';
import { parseSignInMessage } from './sign-in-message.ts';
import { siweAgrees } from './siwe-opinion.ts';
import { verifySignature } from './verify-signature.ts';

/** How far a signer's clock may be ahead, ms. */
export const SIGN_IN_AHEAD_MS = 60_000;

/** Who is said to have signed, for which daemon, and when it is now. */
export interface SignInOrigin {
  readonly chain: OwnerChain;
  /** Canonical address of who is said to have signed. */
  readonly address: string;
  /** Domains of this daemon, with the port it listens on. */
  readonly domains: readonly string[];
  readonly uris: readonly string[];
  readonly chainIds: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What a signature has to be for. The daemon says it; nothing of it comes from the client. */
export interface SignInPurpose {
  /** Exact statement that must have been signed. */
  readonly statement: string;
  /** Exact resource that must have been signed. */
  readonly resource: string;
}

/** What a message has to be to authorise this very request. */
export interface SignInExpectation extends SignInOrigin, SignInPurpose {}

/** Why a message does not authorise a request. For the log only; callers are told nothing but that it does not. */
export type SignInFault =
  | 'MALFORMED'
  | 'SIGNATURE'
  | 'CHAIN'
  | 'ADDRESS'
  | 'DOMAIN'
  | 'URI'
  | 'CHAIN_ID'
  | 'STATEMENT'
  | 'RESOURCE'
  | 'NOT_YET'
  | 'EXPIRED'
  | 'TOO_LONG'
  | 'SECOND_OPINION';

/** A message that holds, or why it does not. */
export type SignInVerdict =
  | { readonly ok: true; readonly message: SignInMessage }
  | { readonly ok: false; readonly fault: SignInFault };

function originFault(message: SignInMessage, expected: SignInOrigin): SignInFault | null {
  const life = message.expirationTime - message.issuedAt;
  if (message.chain !== expected.chain) return 'CHAIN';
  if (message.address !== expected.address) return 'ADDRESS';
  if (!expected.domains.includes(message.domain)) return 'DOMAIN';
  if (!expected.uris.includes(message.uri)) return 'URI';
  if (!expected.chainIds.includes(message.chainId)) return 'CHAIN_ID';
  if (message.issuedAt > expected.now + SIGN_IN_AHEAD_MS) return 'NOT_YET';
  if (expected.now >= message.expirationTime) return 'EXPIRED';
  if (life <= 0 || life > SIGN_IN_LIFE_MS) return 'TOO_LONG';
  return null;
}

/** Whether a message is for a purpose: null, or what it is not for. */
export function purposeFault(message: SignInMessage, purpose: SignInPurpose): SignInFault | null {
  if (message.statement !== purpose.statement) return 'STATEMENT';
  if (message.resource !== purpose.resource) return 'RESOURCE';
  return null;
}

/**
 * Whether a message of today for this daemon carries the signature of who is said to have signed it. That is not yet enough to
 * believe it: `checkSigner` is.
 */
export function checkSignature(text: string, signature: string, expected: SignInOrigin): SignInVerdict {
  const message = parseSignInMessage(text);
  if (message === null) return { ok: false, fault: 'MALFORMED' };
  const fault = originFault(message, expected);
  if (fault !== null) return { ok: false, fault };
  const { chain, address } = expected;
  return verifySignature({ chain, address, message: text, signature })
    ? { ok: true, message }
    : { ok: false, fault: 'SIGNATURE' };
}

/**
 * Whether somebody really signed a message of today for this daemon, whatever it is for. `purposeFault` and the nonce are
 * left to the caller.
 */
export async function checkSigner(text: string, signature: string, expected: SignInOrigin): Promise<SignInVerdict> {
  const verdict = checkSignature(text, signature, expected);
  if (!verdict.ok || expected.chain !== 'ethereum') return verdict;
  return (await siweAgrees(text, signature, verdict.message, expected.now))
    ? verdict
    : { ok: false, fault: 'SECOND_OPINION' };
}

/**
 * Every check of a signed message but that of its nonce, which the caller uses up only once all of these have passed, so
 * that junk cannot burn nonces (03 §5.2, §5.3; 04 §18). Never rejects for what a client sent.
 */
export async function checkSignIn(
  text: string,
  signature: string,
  expected: SignInExpectation,
): Promise<SignInVerdict> {
  const verdict = await checkSigner(text, signature, expected);
  if (!verdict.ok) return verdict;
  const fault = purposeFault(verdict.message, expected);
  return fault === null ? verdict : { ok: false, fault };
}
