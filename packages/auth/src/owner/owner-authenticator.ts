import { actionOfStatement, type OwnerAction, WaiaasError } from '@waiaas/core';
import { canonicalAddress } from '../sign-in/address.ts';
import { SIGN_IN_AHEAD_MS, type SignInFault, type SignInPurpose } from '../sign-in/check-sign-in.ts';
import { parseSignInMessage } from '../sign-in/sign-in-message.ts';
import {
  createSignInVerifier,
  type SignedBy,
  type Signer,
  type SignInVerifierOptions,
} from '../sign-in/sign-in-verifier.ts';
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

/** What an owner authenticator is made of. */
export interface OwnerAuthenticatorOptions extends SignInVerifierOptions {
  readonly owner: OwnerStore;
  /** Told why a signature did not hold: for the log, never for the caller. */
  readonly onRefused: (fault: OwnerFault) => void;
}

/** Checks the owner's signature on requests. */
export interface OwnerAuthenticator {
  /**
   * Resolves when a proven signer is the connected owner (step 5).
   * @throws WaiaasError OWNER_MISMATCH
   */
  confirmOwner(signer: Signer): Promise<void>;
  /**
   * Resolves when the header authorises exactly this request, and never again.
   * @throws WaiaasError UNAUTHORIZED, INVALID_SIGNATURE (401; 403 for a signature over another action than the route's),
   *   OWNER_MISMATCH, also where there is no owner; INVALID_NONCE
   */
  authenticate(authorization: string | undefined, demand: OwnerDemand): Promise<SignedBy>;
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
 * 4. the message: grammar, domain, times, signature; and (4b) that nonce, address, chain and action beside the message are
 *    those that were signed: INVALID_SIGNATURE
 * 5. the signer is the owner: OWNER_MISMATCH
 * 6. the action is the route's: INVALID_SIGNATURE with 403; then statement and resource are those of this very request:
 *    INVALID_SIGNATURE
 * 7. the nonce is used up: INVALID_NONCE
 *
 * The specification's step 3 uses the nonce up at once; here that is the last step (04 §18). It is one synchronous
 * step either way, so that of fifty parallel uses one passes, but junk that somebody sends with an owner's nonce burns
 * nothing.
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
  const { nonces, owner, clock, onRefused } = options;
  const verifier = createSignInVerifier(options);
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

  const authorise = async (
    authorization: string | undefined,
    demand: OwnerDemand,
    refuseUnlessEntitled: (signer: Signer) => void | Promise<void>,
  ): Promise<SignedBy> => {
    const payload = readOwnerPayload(authorization);
    refuseUnlessBound(payload);
    const proven = await verifier.prove(payload);
    await refuseUnlessEntitled(proven.signer);
    if (payload.action !== demand.action) throw refuse('ACTION', 403);
    proven.requirePurpose(await demand.purpose());
    proven.consume();
    return proven.signer;
  };

  const refuseUnlessOwner = async (signer: Signer): Promise<void> => {
    const connected = await owner.load();
    // The same answer as to any stranger: whether there is an owner is nobody's business.
    if (connected === null) throw new WaiaasError('OWNER_MISMATCH');
    if (!connected.authentic) {
      onRefused('OWNER_NOT_AUTHENTIC');
      throw new WaiaasError('OWNER_MISMATCH');
    }
    refuseUnlessSame(signer, connected);
  };

  return {
    confirmOwner: refuseUnlessOwner,
    authenticate: (authorization, demand) => authorise(authorization, demand, refuseUnlessOwner),
    provePossession: (authorization, demand, { chain, address }) =>
      authorise(authorization, demand, (signer) =>
        refuseUnlessSame(signer, { chain, address: canonicalAddress(chain, address) }),
      ),
  };
}

function refuseUnlessSame(signer: Signer, wanted: { readonly chain: string; readonly address: string | null }): void {
  if (signer.chain !== wanted.chain || signer.address !== wanted.address) throw new WaiaasError('OWNER_MISMATCH');
}
