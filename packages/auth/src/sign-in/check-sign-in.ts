import type { Chain } from '@waiaas/core';
import { parseSignInMessage, type SignInMessage } from './sign-in-message.ts';
import { verifySignature } from './verify-signature.ts';

/** Longest life of a sign-in message, ms (03 §5.2). */
export const SIGN_IN_LIFE_MS = 300_000;
/** How far a signer's clock may be ahead, ms. */
const AHEAD_MS = 60_000;

/** What a message has to be to authorise this very request. */
export interface SignInExpectation {
  readonly chain: Chain;
  /** Canonical address of who is said to have signed. */
  readonly address: string;
  /** Domains of this daemon, with the port it listens on. */
  readonly domains: readonly string[];
  readonly uris: readonly string[];
  readonly chainIds: readonly string[];
  readonly statement: string;
  readonly resource: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

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
  | 'TOO_LONG';

/** A message that holds, or why it does not. */
export type SignInVerdict =
  | { readonly ok: true; readonly message: SignInMessage }
  | { readonly ok: false; readonly fault: SignInFault };

function faultOf(message: SignInMessage, expected: SignInExpectation): SignInFault | null {
  const life = message.expirationTime - message.issuedAt;
  if (message.chain !== expected.chain) return 'CHAIN';
  if (message.address !== expected.address) return 'ADDRESS';
  if (!expected.domains.includes(message.domain)) return 'DOMAIN';
  if (!expected.uris.includes(message.uri)) return 'URI';
  if (!expected.chainIds.includes(message.chainId)) return 'CHAIN_ID';
  if (message.statement !== expected.statement) return 'STATEMENT';
  if (message.resource !== expected.resource) return 'RESOURCE';
  if (message.issuedAt > expected.now + AHEAD_MS) return 'NOT_YET';
  if (expected.now >= message.expirationTime) return 'EXPIRED';
  if (life <= 0 || life > SIGN_IN_LIFE_MS) return 'TOO_LONG';
  return null;
}

/**
 * Every check of a signed message but that of its nonce, which the caller uses up only once all of these have passed, so
 * that junk cannot burn nonces (03 §5.2, §5.3; 04 §18).
 */
export function checkSignIn(text: string, signature: string, expected: SignInExpectation): SignInVerdict {
  const message = parseSignInMessage(text);
  if (message === null) return { ok: false, fault: 'MALFORMED' };
  const fault = faultOf(message, expected);
  if (fault !== null) return { ok: false, fault };
  const { chain, address } = expected;
  if (!verifySignature({ chain, address, message: text, signature })) return { ok: false, fault: 'SIGNATURE' };
  return { ok: true, message };
}
