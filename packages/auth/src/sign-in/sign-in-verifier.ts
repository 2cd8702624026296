import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Clock,
  type OwnerChain,
  SIGN_IN_CHAIN_ID,
  type SignInMessage,
  uriOfDomain,
  WaiaasError,
} from '@waiaas/core';
import type { NonceStore, NonceUse } from '../nonce-store.ts';
import { createSerialQueue } from '../serial-queue.ts';
import { canonicalAddress } from './address.ts';
import {
  checkSignature,
  checkSigner,
  purposeFault,
  type SignInFault,
  type SignInOrigin,
  type SignInPurpose,
} from './check-sign-in.ts';
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
  /** Signatures that may be checked, or wait for it, at a time. */
  readonly maxQueued?: number;
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
  /**
   * Uses the nonce up; the last step.
   * @param admit asked while the nonce is still whole, in the same synchronous step: what it throws burns nothing
   * @throws WaiaasError INVALID_NONCE unless it is the first use
   */
  consume(use?: NonceUse, admit?: () => void): void;
}

/** When a signature is checked: after those that came before, or, because something is to be stopped, before anything else. */
export type SignatureTurn = 'in turn' | 'at once';

/** The one verifier behind session creation and owner requests (03 §5). */
export interface SignInVerifier {
  /**
   * Checks everything that can be told from the message itself: its grammar, origin, times, nonce and signature.
   * @throws WaiaasError INVALID_NONCE, INVALID_SIGNATURE; RATE_LIMIT_EXCEEDED while too many wait to be checked
   */
  prove(signed: SignedText, turn?: SignatureTurn): Promise<ProvenMessage>;
  /**
   * For a signature that is refused whoever made it: says how. It answers as `prove` does, proves nothing, and asks for no
   * second opinion, which only what is believed needs.
   * @throws WaiaasError as `prove`
   */
  judge(signed: SignedText, turn?: SignatureTurn): Promise<void>;
  /**
   * Checks a signature that came with a purpose already known, such as that of POST /v1/sessions (03 §6), and uses up its
   * nonce.
   * @throws WaiaasError as `prove`
   */
  authorise(signed: SignedText, purpose: SignInPurpose): Promise<SignedBy>;
}

/**
 * A verifier of signed messages.
 *
 * The nonce is looked at first, so that nobody can have signatures verified without one, and used up last, in one
 * synchronous step: of many at once one passes, and what fails for any other reason burns nothing (04 §18).
 *
 * Signatures are checked one at a time, and between two of them whatever else the process has to do has its turn.
 *
 * @example
 * const signer = await verifier.authorise({ chain, address, message, signature }, sessionPurpose(agentId, constraints));
 */
export function createSignInVerifier(options: SignInVerifierOptions): SignInVerifier {
  const { nonces, clock, domains, onRefused, maxQueued = 64 } = options;
  const queue = createSerialQueue();
  const refuse = (fault: SignInFault): WaiaasError => {
    onRefused(fault);
    return new WaiaasError('INVALID_SIGNATURE');
  };

  /** Looks at what costs nothing. @throws WaiaasError INVALID_NONCE, INVALID_SIGNATURE */
  const addressOf = (signed: SignedText): string => {
    const address = canonicalAddress(signed.chain, signed.address);
    const nonce = parseSignInMessage(signed.message)?.nonce;
    if (address === null || nonce === undefined) throw refuse('MALFORMED');
    if (!nonces.isLive(nonce)) throw new WaiaasError('INVALID_NONCE');
    return address;
  };

  const originOf = (chain: OwnerChain, address: string): SignInOrigin => {
    const names = domains();
    return {
      chain,
      address,
      domains: names,
      uris: names.map(uriOfDomain),
      chainIds: [SIGN_IN_CHAIN_ID],
      now: clock.now(),
    };
  };

  /** @throws WaiaasError RATE_LIMIT_EXCEEDED */
  const take = <T>(turn: SignatureTurn, check: () => Promise<T>): Promise<T> => {
    if (turn === 'at once') return check();
    if (queue.size >= maxQueued) {
      throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
        message: 'Too many signatures at once.',
        details: { limit: maxQueued, window: 'at once', retryAfter: 1 },
      });
    }
    return queue.run(async () => {
      await nextTurn();
      return check();
    });
  };

  const prove = async (signed: SignedText, turn: SignatureTurn = 'in turn'): Promise<ProvenMessage> => {
    const { chain } = signed;
    const address = addressOf(signed);
    const verdict = await take(turn, () => checkSigner(signed.message, signed.signature, originOf(chain, address)));
    if (!verdict.ok) throw refuse(verdict.fault);
    const { message } = verdict;
    return {
      signer: { chain, address, message: signed.message, signature: signed.signature },
      message,
      requirePurpose(purpose) {
        const fault = purposeFault(message, purpose);
        if (fault !== null) throw refuse(fault);
      },
      consume(use, admit) {
        // No await from here on: nobody else comes between.
        if (!nonces.isLive(message.nonce)) throw new WaiaasError('INVALID_NONCE');
        admit?.();
        if (!nonces.consume(message.nonce, use)) throw new WaiaasError('INVALID_NONCE');
      },
    };
  };

  return {
    prove,
    async judge(signed, turn = 'in turn') {
      const address = addressOf(signed);
      const verdict = await take(turn, async () =>
        checkSignature(signed.message, signed.signature, originOf(signed.chain, address)),
      );
      if (!verdict.ok) throw refuse(verdict.fault);
    },
    async authorise(signed, purpose) {
      const proven = await prove(signed);
      proven.requirePurpose(purpose);
      proven.consume();
      return proven.signer;
    },
  };
}
