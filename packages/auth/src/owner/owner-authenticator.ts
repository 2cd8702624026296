import { type Chain, type Clock, WaiaasError } from '@waiaas/core';
import type { NonceStore } from '../nonce-store.ts';
import { canonicalAddress } from '../sign-in/address.ts';
import { checkSignIn, type SignInFault } from '../sign-in/check-sign-in.ts';
import { parseSignInMessage } from '../sign-in/sign-in-message.ts';
import { actionOfStatement, type OwnerAction } from './owner-action.ts';
import { readOwnerPayload } from './owner-payload.ts';

/** The connected owner, and whether the seal over its row holds. */
export interface ConnectedOwner {
  readonly chain: Chain;
  /** Canonical. */
  readonly address: string;
  readonly authentic: boolean;
}

/** Where the owner is looked up, at every request. Implemented by storage. */
export interface OwnerStore {
  load(): Promise<ConnectedOwner | null>;
}

/** What a request needs to be authorised for. The route says it; nothing of it comes from the client. */
export interface OwnerDemand {
  readonly action: OwnerAction;
  /** Exact statement that must have been signed. */
  readonly statement: string;
  /** Exact resource that must have been signed. */
  readonly resource: string;
}

/** Who authorised a request. */
export interface OwnerContext {
  readonly chain: Chain;
  readonly address: string;
}

/** What an owner authenticator is made of. */
export interface OwnerAuthenticatorOptions {
  readonly nonces: NonceStore;
  readonly owner: OwnerStore;
  readonly clock: Clock;
  /** Names of this daemon with the port it listens on, such as `localhost:3100`. */
  readonly domains: () => readonly string[];
  /** Told why a signature did not hold: for the log, never for the caller. */
  readonly onRefused: (fault: SignInFault | 'TIMESTAMP' | 'NONCE_DIFFERS' | 'OWNER_NOT_AUTHENTIC') => void;
}

/** Checks the owner's signature on requests. */
export interface OwnerAuthenticator {
  /**
   * Resolves when the header authorises exactly this request, and never again.
   * @throws WaiaasError UNAUTHORIZED, INVALID_SIGNATURE (401, or 403 for a signature over another action),
   *   OWNER_NOT_CONNECTED, OWNER_MISMATCH, INVALID_NONCE
   */
  authenticate(authorization: string | undefined, demand: OwnerDemand): Promise<OwnerContext>;
}

/** How far a request's time may be off, ms; the bound itself passes. */
const TIMESTAMP_MS = 300_000;

/**
 * Owner authentication (03 §15). What the payload says beside the message counts for nothing unless the message says the
 * same: nonce, address, chain and action are taken from what was signed. The nonce is used up last, in one synchronous
 * step, once everything else holds: one signature authorises one request, and junk burns no nonces.
 */
export function createOwnerAuthenticator(options: OwnerAuthenticatorOptions): OwnerAuthenticator {
  const { nonces, owner, clock, domains, onRefused } = options;

  return {
    async authenticate(authorization, demand) {
      const payload = readOwnerPayload(authorization);
      const refuse = (fault: Parameters<typeof onRefused>[0], status?: number): WaiaasError => {
        onRefused(fault);
        return new WaiaasError('INVALID_SIGNATURE', status === undefined ? {} : { status });
      };
      const now = clock.now();
      if (Math.abs(now - Date.parse(payload.timestamp)) > TIMESTAMP_MS) throw refuse('TIMESTAMP');
      const message = parseSignInMessage(payload.message);
      const address = canonicalAddress(payload.chain, payload.address);
      if (message === null || address === null) throw refuse('MALFORMED');
      if (message.nonce !== payload.nonce) throw refuse('NONCE_DIFFERS');
      if (actionOfStatement(message.statement) !== payload.action) throw refuse('STATEMENT');
      if (payload.action !== demand.action) throw refuse('STATEMENT', 403);

      const names = domains();
      const verdict = checkSignIn(payload.message, payload.signature, {
        chain: payload.chain,
        address,
        domains: names,
        uris: names.map((name) => `http://${name}`),
        chainIds: ['1'],
        statement: demand.statement,
        resource: demand.resource,
        now,
      });
      if (!verdict.ok) throw refuse(verdict.fault);

      const connected = await owner.load();
      if (connected === null) throw new WaiaasError('OWNER_NOT_CONNECTED');
      if (!connected.authentic) {
        onRefused('OWNER_NOT_AUTHENTIC');
        throw new WaiaasError('OWNER_MISMATCH');
      }
      if (connected.chain !== payload.chain || connected.address !== address) throw new WaiaasError('OWNER_MISMATCH');
      if (!nonces.consume(message.nonce)) throw new WaiaasError('INVALID_NONCE');
      return { chain: payload.chain, address };
    },
  };
}
