import {
  type Clock,
  type OwnerChain,
  SIGN_IN_CHAIN_ID,
  type SignInMessage,
  uriOfDomain,
  WaiaasError,
} from '@waiaas/core';
import type { NonceStore } from '../nonce-store.ts';
import { canonicalAddress } from './address.ts';
import { checkSigner, purposeFault, type SignInFault, type SignInPurpose } from './check-sign-in.ts';
import { parseSignInMessage } from './sign-in-message.ts';
import type { SignedText } from './verify-signature.ts';

/** What a sign-in verifier is made of. */
export interface SignInVerifierOptions {
  readonly nonces: NonceStore;
  readonly clock: Clock;
  /** Names of this daemon with the port it listens on, such as `localhost:3100`. */
  readonly domains: () => readonly string[];
  /** Told why a signature did not hold: for the log, never for the caller. */
  readonly onRefused: (fault: SignInFault) => void;
}

/** A wallet that has signed. */
export interface Signer {
  readonly chain: OwnerChain;
  /** Canonical. */
  readonly address: string;
}

/** A wallet that has signed, with what it signed: evidence that can be verified again at any time. */
export interface SignedBy extends Signer {
  /** The whole text. */
  readonly message: string;
  readonly signature: string;
}

/** A message that was really signed by who is said to have signed it. It authorises nothing before its nonce is used up. */
export interface ProvenMessage {
  readonly signer: SignedBy;
  readonly message: SignInMessage;
  /** @throws WaiaasError INVALID_SIGNATURE unless the message is for exactly this purpose */
  requirePurpose(purpose: SignInPurpose): void;
  /** Uses the nonce up; the last step. @throws WaiaasError INVALID_NONCE unless it is the first use */
  consume(): void;
}

/** The one verifier behind session creation and owner requests (03 §5). */
export interface SignInVerifier {
  /**
   * Checks everything that can be told from the message itself: its grammar, origin, times, nonce and signature.
   * @throws WaiaasError INVALID_NONCE, INVALID_SIGNATURE
   */
  prove(signed: SignedText): Promise<ProvenMessage>;
  /**
   * Checks a signature that came with a purpose already known, such as that of POST /v1/sessions (03 §6), and uses up its
   * nonce.
   * @throws WaiaasError INVALID_NONCE, INVALID_SIGNATURE
   */
  authorise(signed: SignedText, purpose: SignInPurpose): Promise<SignedBy>;
}

/**
 * A verifier of signed messages.
 *
 * The nonce is looked at first, so that nobody can have signatures verified without one, and used up last, in one
 * synchronous step: of many at once one passes, and what fails for any other reason burns nothing (04 §18).
 *
 * @example
 * const signer = await verifier.authorise({ chain, address, message, signature }, sessionPurpose(agentId, constraints));
 */
export function createSignInVerifier(options: SignInVerifierOptions): SignInVerifier {
  const { nonces, clock, domains, onRefused } = options;
  const refuse = (fault: SignInFault): WaiaasError => {
    onRefused(fault);
    return new WaiaasError('INVALID_SIGNATURE');
  };

  const prove = async (signed: SignedText): Promise<ProvenMessage> => {
    const address = canonicalAddress(signed.chain, signed.address);
    const nonce = parseSignInMessage(signed.message)?.nonce;
    if (address === null || nonce === undefined) throw refuse('MALFORMED');
    if (!nonces.isLive(nonce)) throw new WaiaasError('INVALID_NONCE');
    const names = domains();
    const verdict = await checkSigner(signed.message, signed.signature, {
      chain: signed.chain,
      address,
      domains: names,
      uris: names.map(uriOfDomain),
      chainIds: [SIGN_IN_CHAIN_ID],
      now: clock.now(),
    });
    if (!verdict.ok) throw refuse(verdict.fault);
    const { message } = verdict;
    return {
      signer: { chain: signed.chain, address, message: signed.message, signature: signed.signature },
      message,
      requirePurpose(purpose) {
        const fault = purposeFault(message, purpose);
        if (fault !== null) throw refuse(fault);
      },
      consume() {
        if (!nonces.consume(message.nonce)) throw new WaiaasError('INVALID_NONCE');
      },
    };
  };

  return {
    prove,
    async authorise(signed, purpose) {
      const proven = await prove(signed);
      proven.requirePurpose(purpose);
      proven.consume();
      return proven.signer;
    },
  };
}
