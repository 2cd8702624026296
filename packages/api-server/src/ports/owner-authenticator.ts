import type { OwnerAction, OwnerChain, SessionCreate, TransactionId } from '@waiaas/core';

/** A wallet that has signed, and what it signed: evidence for the audit log. */
export interface OwnerSigner {
  readonly chain: OwnerChain;
  /** Canonical. */
  readonly address: string;
  readonly message: string;
  readonly signature: string;
}

/** A request as it came over the wire. */
export interface SignedRequest {
  /** In capitals. */
  readonly method: string;
  /** As in the request line, with the query where there is one. */
  readonly path: string;
  /** To the byte; empty when there was none. */
  readonly rawBody: Uint8Array;
}

/** What a signature has to be over: this very request, or one payment (03 §5.4). */
export type OwnerSubject =
  | { readonly kind: 'request'; readonly request: SignedRequest }
  | { readonly kind: 'payment'; readonly transactionId: TransactionId };

/**
 * Where a request is counted that shows a signature: by whom it is from, which shows only in the course of the check. One of
 * them is called, once, unless the request fails in another way.
 */
export interface SignatureCounting {
  /**
   * The request names somebody else than the owner: called before any signature is verified, and nothing is if it throws.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED
   */
  stranger(): void;
  /**
   * The owner has signed this very request: called in the step that uses the signature up, which it is not if this throws.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED
   */
  owner(): void;
}

/** Checks the signatures of owners (03 §15). Every accepted signature is used up. */
export interface OwnerAuthenticator {
  /** Whether an owner is connected; true also while the stored one is not authentic, so that nobody gains by that. */
  isConnected(): Promise<boolean>;
  /**
   * @param authorization the whole header value
   * @throws WaiaasError INVALID_SIGNATURE, INVALID_NONCE, OWNER_MISMATCH, also where there is no owner; and, for a payment,
   *   TX_NOT_FOUND and POLICY_DENIED, which only the owner gets to see; RATE_LIMIT_EXCEEDED, also while too many signatures
   *   wait to be checked
   */
  authenticate(
    authorization: string,
    action: OwnerAction,
    subject: OwnerSubject,
    counting: SignatureCounting,
  ): Promise<OwnerSigner>;
  /**
   * The same for a wallet that is not the owner yet.
   * @throws WaiaasError as `authenticate`; OWNER_MISMATCH when the signer is not who is claimed
   */
  provePossession(
    authorization: string,
    action: OwnerAction,
    request: SignedRequest,
    claimed: { readonly chain: OwnerChain; readonly address: string },
  ): Promise<OwnerSigner>;
  /**
   * The owner's signature in the body of POST /v1/sessions (03 §6).
   * @throws WaiaasError INVALID_SIGNATURE, INVALID_NONCE, OWNER_MISMATCH, also where there is no owner
   */
  authenticateSession(body: SessionCreate): Promise<OwnerSigner>;
}
