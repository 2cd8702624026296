import type { OwnerAuthenticator as OwnerAuthenticatorPort, OwnerSubject } from '@waiaas/api-server';
import {
  type ConnectedOwner,
  createOwnerAuthenticator,
  createSignInVerifier,
  type NonceStore,
  type OwnerFault,
  paymentPurpose,
  requestPurpose,
  type SignInPurpose,
  type SignInVerifier,
  sessionPurpose,
} from '@waiaas/auth';
import { agentId, type Clock, type Logger, type OwnerAction, unixSeconds, WaiaasError } from '@waiaas/core';
import type { OwnerManagement, SessionManagement } from '@waiaas/management';
import type { Pipeline } from '@waiaas/pipeline';
import { appendAudit, type Storage } from '@waiaas/storage';
import { createActivityNote } from './owner-activity.ts';

/** What owners' signatures are checked with. */
export interface OwnerGateParts {
  readonly nonces: NonceStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly storage: Storage;
  readonly owner: OwnerManagement;
  readonly sessions: Pick<SessionManagement, 'grantOf'>;
  readonly pipeline: Pick<Pipeline, 'admitted' | 'endAltered'>;
  /** Names of this daemon with the port it listens on. */
  readonly domains: () => readonly string[];
}

/** The check of owners' signatures, and the verifier that a change of owner needs for the next one's. */
export interface OwnerGate {
  readonly authenticator: OwnerAuthenticatorPort;
  readonly verifier: SignInVerifier;
  /** What a signature for a request has to say. @throws WaiaasError TX_NOT_FOUND, POLICY_DENIED */
  purposeOf(action: OwnerAction, subject: OwnerSubject): Promise<SignInPurpose>;
}

/** How often a forged owner is put on record at most, ms: who may ask, may ask often. */
const RECORD_AGAIN_MS = 60_000;

/** Stands for an owner whose row is not what was stored: nobody has this address, so nobody matches it. */
const NOBODY: ConnectedOwner = { chain: 'solana', address: '', authentic: false };

/** Builds the check of owners' signatures over the daemon's own records (03 §15). */
export function createOwnerGate(parts: OwnerGateParts): OwnerGate {
  const { nonces, clock, logger, storage, owner, sessions, pipeline, domains } = parts;

  let recordedAt = Number.NEGATIVE_INFINITY;
  const onRefused = (fault: OwnerFault): void => {
    logger.warn({ fault }, 'A signature did not authorise its request');
    if (fault !== 'OWNER_NOT_AUTHENTIC') return;
    const now = clock.now();
    // By how far apart: a clock that is set back must not silence it.
    if (Math.abs(now - recordedAt) < RECORD_AGAIN_MS) return;
    recordedAt = now;
    storage
      .write(({ db }) =>
        appendAudit(db, unixSeconds(clock), { event: 'SEAL_BROKEN', actor: 'system', details: { what: 'owner' } }),
      )
      .catch((error: unknown) => {
        recordedAt = Number.NEGATIVE_INFINITY;
        logger.error({ error: String(error) }, 'A forged owner could not be recorded');
      });
  };

  async function load(): Promise<ConnectedOwner | null> {
    const present = await owner.load();
    if (present.state === 'none') return null;
    if (present.state === 'not_authentic') return NOBODY;
    return { chain: present.owner.chain, address: present.owner.address, authentic: true };
  }

  const verifier = createSignInVerifier({ nonces, clock, domains, onRefused });
  const authenticator = createOwnerAuthenticator({ verifier, nonces, clock, onRefused, owner: { load } });

  async function purposeOf(action: OwnerAction, subject: OwnerSubject): Promise<SignInPurpose> {
    if (action === 'approve_tx' || action === 'reject_tx') {
      if (subject.kind !== 'payment') throw new TypeError('This action is about a payment');
      return paymentPurpose(action, await pipeline.admitted(subject.transactionId));
    }
    if (subject.kind !== 'request') throw new TypeError('This action is about a request');
    return requestPurpose(action, subject.request);
  }

  /** The same for who has proven to be the owner, and to want this action. */
  async function purposeOfOwner(action: OwnerAction, subject: OwnerSubject): Promise<SignInPurpose> {
    try {
      return await purposeOf(action, subject);
    } catch (error) {
      // They have rejected what nobody can put into words any more: it is over, whatever is put back into the file.
      if (action === 'reject_tx' && subject.kind === 'payment') await pipeline.endAltered(subject.transactionId);
      throw error;
    }
  }

  const noted = createActivityNote({ touch: () => owner.touch(), logger });

  return {
    verifier,
    purposeOf,
    authenticator: {
      isConnected: async () => (await owner.load()).state !== 'none',
      authenticate: async (authorization, action, subject, counting) =>
        noted(
          await authenticator.authenticate(
            authorization,
            { action, purpose: () => purposeOfOwner(action, subject) },
            counting,
          ),
          action,
        ),
      provePossession: (authorization, action, request, claimed) =>
        authenticator.provePossession(
          authorization,
          { action, purpose: () => purposeOf(action, { kind: 'request', request }) },
          claimed,
        ),
      async authenticateSession(body) {
        const { chain, ownerAddress, message, signature } = body;
        if (chain === undefined || ownerAddress === undefined || message === undefined || signature === undefined)
          throw new WaiaasError('INVALID_SIGNATURE');
        const signed = { chain, address: ownerAddress, message, signature };
        // Before the nonce is used up: strangers with wallets of their own leave nothing behind.
        const proven = await authenticator.proveOwner(signed);
        proven.requirePurpose(sessionPurpose(agentId(body.agentId), sessions.grantOf(body)));
        proven.consume();
        return noted(proven.signer, 'manage_sessions');
      },
    },
  };
}
