import { type OwnerChain, SIGN_IN_CHAIN_ID, SIGN_IN_LIFE_MS, uriOfDomain } from '@waiaas/core';
import type { SignInPurpose } from './check-sign-in.ts';
import { composeSignInMessage } from './sign-in-message.ts';

/** What a message for an owner to sign is made of; everything else in it is fixed. */
export interface SignInDraft extends SignInPurpose {
  readonly chain: OwnerChain;
  /** Canonical address of the wallet that is to sign. */
  readonly address: string;
  /** Name of the daemon with its port, as the signer reaches it. */
  readonly domain: string;
  /** Issued by the daemon and not yet used. */
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The text for an owner to sign, good for five minutes from now (03 §5.1). Pure, so that a daemon, a command and a client
 * that compose it from the same facts get the same bytes.
 *
 * @throws TypeError when a field cannot stand in a message
 * @example
 * draftSignIn({ chain: 'solana', address, domain: 'localhost:3100', nonce, now: clock.now(), ...requestPurpose('recover', request) });
 */
export function draftSignIn(draft: SignInDraft): string {
  const { chain, address, domain, nonce, now, statement, resource } = draft;
  return composeSignInMessage({
    chain,
    domain,
    address,
    statement,
    uri: uriOfDomain(domain),
    chainId: SIGN_IN_CHAIN_ID,
    nonce,
    issuedAt: now,
    expirationTime: now + SIGN_IN_LIFE_MS,
    resource,
  });
}
