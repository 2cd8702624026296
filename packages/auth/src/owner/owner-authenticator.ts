import { actionOfStatement, type Clock, type OwnerAction, type OwnerChain, WaiaasError } from '@waiaas/core';
import type { NonceStore, NonceUse } from '../nonce-store.ts';
import { canonicalAddress } from '../sign-in/address.ts';
import { SIGN_IN_AHEAD_MS, type SignInFault, type SignInPurpose } from '../sign-in/check-sign-in.ts';
import { parseSignInMessage } from '../sign-in/sign-in-message.ts';
import type { ProvenMessage, SignatureTurn, SignedBy, Signer, SignInVerifier } from '../sign-in/sign-in-verifier.ts';
import type { SignedText } from '../sign-in/verify-signature.ts';
import { type OwnerPayload, readOwnerPayload } from './owner-payload.ts';

/** The connected owner, and whether the seal over its row holds. */
export interface ConnectedOwner extends Signer {
  readonly authentic: boolean;
}

/** Where the owner is looked up, at every request. Implemented by storage. */
export interface OwnerStore {
  load(): Promise<ConnectedOwner | null>;
}

/** What a request needs to be authorised for. The route says it; nothing of it comes from the client. */
export interface OwnerDemand {
  readonly action: OwnerAction;
  /**
   * The exact statement and resource. Asked for only once the owner is proven, so that a route may load a record for it,
   * and say that there is none, without telling strangers.
   */
  readonly purpose: () => SignInPurpose | Promise<SignInPurpose>;
}

/** Why an owner's request was refused, beyond what its message says. For the log only. */
export type OwnerFault = SignInFault | 'TIMESTAMP' | 'NONCE_DIFFERS' | 'ACTION' | 'OWNER_NOT_AUTHENTIC';

/**
 * Where requests are counted that show a signature: by whom they are from, which shows only in the course of the check. Both
 * are called at most once, and one of them at most.
 */
export interface OwnerCounting {
  /**
   * The request names somebody else than the owner. Nothing has been verified yet, and nothing is if this throws.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED
   */
  stranger(): void;
  /**
   * The owner has signed this very request. Its nonce is still whole, and stays so if this throws.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED
   */
  owner(): void;
}

/** What an owner authenticator is made of. */
export interface OwnerAuthenticatorOptions {
  readonly verifier: SignInVerifier;
  /** Those of the verifier. */
  readonly nonces: Pick<NonceStore, 'isLive'>;
  readonly clock: Clock;
  readonly owner: OwnerStore;
  /** Told why a signature did not hold: for the log, never for the caller. */
  readonly onRefused: (fault: OwnerFault) => void;
}

/** Checks the owner's signature on requests. */
export interface OwnerAuthenticator {
  /**
   * Resolves when a text that came with a purpose already known was signed by the connected owner (steps 4 and 5).
   * @throws WaiaasError INVALID_NONCE, INVALID_SIGNATURE, OWNER_MISMATCH, RATE_LIMIT_EXCEEDED
   */
  proveOwner(signed: SignedText): Promise<ProvenMessage>;
  /**
   * Resolves when the header authorises exactly this request, and never again.
   * @param counting by default the request counts nowhere
   * @throws WaiaasError UNAUTHORIZED, INVALID_SIGNATURE (401; 403 for a signature over another action than the route's),
   *   OWNER_MISMATCH, also where there is no owner; INVALID_NONCE; RATE_LIMIT_EXCEEDED
   */
  authenticate(authorization: string | undefined, demand: OwnerDemand, counting?: OwnerCounting): Promise<SignedBy>;
  /**
   * The same for a wallet that is not the owner yet: who connects proves to hold the key of the address they claim
   * (00 §3). Says nothing about whether they may connect; the master password does.
   * @throws WaiaasError as `authenticate`; OWNER_MISMATCH when the signer is not who is claimed
   */
  provePossession(
    authorization: string | undefined,
    demand: OwnerDemand,
    claimed: { readonly chain: Signer['chain']; readonly address: string },
  ): Promise<SignedBy>;
}

/** How far a request's time may be off, ms; the bound itself passes. */
const TIMESTAMP_MS = 300_000;

/**
 * Owner authentication in the order of 03 §15.2:
 *
 * 1. header, alphabet, JSON, schema: UNAUTHORIZED or INVALID_SIGNATURE
 * 2. time of the request: INVALID_SIGNATURE
 * 3. the nonce is one that could still be used: INVALID_NONCE
 *    then whom the request names is compared with the owner. A stranger is counted now, and refused before any signature is
 *    looked at once that is too many; otherwise the steps are the same for both, so that no answer tells who the owner is
 * 4. the message: grammar, domain, times, signature; and (4b) that nonce, address, chain and action beside the message are
 *    those that were signed: INVALID_SIGNATURE
 * 5. the signer is the owner: OWNER_MISMATCH
 * 6. the action is the route's: INVALID_SIGNATURE with 403; then statement and resource are those of this very request:
 *    INVALID_SIGNATURE
 * 7. the owner is counted, and the nonce is used up: INVALID_NONCE
 *
 * The specification's step 3 uses the nonce up at once; here that is the last step (04 §18). It is one synchronous
 * step either way, so that of fifty parallel uses one passes, but junk that somebody sends with an owner's nonce burns
 * nothing, and what is refused for its rate can be sent again as it is.
 *
 * Who stops everything waits for nobody: neither for signatures that came before, nor for room among the used nonces.
 *
 * Nothing is remembered between requests.
 *
 * @example
 * const owner = await authenticator.authenticate(request.headers.authorization, {
 *   action: 'approve_tx',
 *   purpose: async () => paymentPurpose('approve_tx', await loadIntent(transactionId)),
 * });
 */
export function createOwnerAuthenticator(options: OwnerAuthenticatorOptions): OwnerAuthenticator {
  const { verifier, nonces, owner, clock, onRefused } = options;
  const refuse = (fault: OwnerFault, status?: number): WaiaasError => {
    onRefused(fault);
    return new WaiaasError('INVALID_SIGNATURE', status === undefined ? {} : { status });
  };

  /** Steps 2, 3 and 4b: what the payload says beside the message counts for nothing unless the message says the same. */
  const refuseUnlessBound = (payload: OwnerPayload): void => {
    const sentAt = Date.parse(payload.timestamp);
    if (Math.abs(clock.now() - sentAt) > TIMESTAMP_MS) throw refuse('TIMESTAMP');
    if (!nonces.isLive(payload.nonce)) throw new WaiaasError('INVALID_NONCE');
    const message = parseSignInMessage(payload.message);
    if (message === null) throw refuse('MALFORMED');
    if (message.nonce !== payload.nonce) throw refuse('NONCE_DIFFERS');
    // A command signs first and stamps later; a stamp from before the message was there belongs to another one.
    if (sentAt < message.issuedAt - SIGN_IN_AHEAD_MS) throw refuse('TIMESTAMP');
    if (actionOfStatement(message.statement) !== payload.action) throw refuse('STATEMENT');
  };

  const isOwner = async (wallet: NamedWallet): Promise<boolean> => {
    const connected = await owner.load();
    if (connected === null) return false;
    if (!connected.authentic) {
      onRefused('OWNER_NOT_AUTHENTIC');
      return false;
    }
    return isSame(wallet, connected);
  };

  /**
   * Steps 4 and 5. A stranger gets the answer that the owner would get for the same text, but is never believed. The owner is
   * looked up again once the signature holds: there may be another one by then.
   * @throws WaiaasError OWNER_MISMATCH, and what `prove` does
   */
  const proveEntitled = async (
    signed: SignedText,
    turn: SignatureTurn,
    isEntitled: (wallet: NamedWallet) => boolean | Promise<boolean>,
    onStranger: () => void,
  ): Promise<ProvenMessage> => {
    const { chain, address } = signed;
    if (!(await isEntitled({ chain, address: canonicalAddress(chain, address) }))) {
      onStranger();
      await verifier.judge(signed, turn);
      throw new WaiaasError('OWNER_MISMATCH');
    }
    const proven = await verifier.prove(signed, turn);
    if (!(await isEntitled(proven.signer))) throw new WaiaasError('OWNER_MISMATCH');
    return proven;
  };

  const authorise = async (
    authorization: string | undefined,
    demand: OwnerDemand,
    isEntitled: (wallet: NamedWallet) => boolean | Promise<boolean>,
    counting: OwnerCounting,
  ): Promise<SignedBy> => {
    const payload = readOwnerPayload(authorization);
    refuseUnlessBound(payload);
    const stops = demand.action === 'kill_switch' && payload.action === demand.action;
    const proven = await proveEntitled(payload, stops ? 'at once' : 'in turn', isEntitled, counting.stranger);
    if (payload.action !== demand.action) throw refuse('ACTION', 403);
    const use: NonceUse = stops ? 'stop' : 'anything else';
    proven.requirePurpose(await purposeOf(demand, counting));
    proven.consume(use, counting.owner);
    return proven.signer;
  };

  return {
    proveOwner: (signed) => proveEntitled(signed, 'in turn', isOwner, UNCOUNTED.stranger),
    authenticate: (authorization, demand, counting = UNCOUNTED) => authorise(authorization, demand, isOwner, counting),
    provePossession: (authorization, demand, { chain, address }) => {
      const claimed: NamedWallet = { chain, address: canonicalAddress(chain, address) };
      return authorise(authorization, demand, (wallet) => isSame(wallet, claimed), UNCOUNTED);
    },
  };
}

/** Who somebody says to be; null where that is no address. */
interface NamedWallet {
  readonly chain: OwnerChain;
  readonly address: string | null;
}

const UNCOUNTED: OwnerCounting = { stranger: () => undefined, owner: () => undefined };

/** An address that is none is nobody's, not even that of another one. */
const isSame = (one: NamedWallet, other: NamedWallet): boolean =>
  one.address !== null && one.chain === other.chain && one.address === other.address;

/** What is asked of the owner. That there is no such thing is said to the owner, and so is counted as theirs. */
async function purposeOf(demand: OwnerDemand, counting: OwnerCounting): Promise<SignInPurpose> {
  try {
    return await demand.purpose();
  } catch (error) {
    counting.owner();
    throw error;
  }
}
