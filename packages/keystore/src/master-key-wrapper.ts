import type { CanonicalValue } from '@waiaas/core';

/** Bytes of the master key. */
export const MASTER_KEY_LENGTH = 32;

/** The wrapped master key as it stands in `vault.json`: plain JSON of the wrapper's own form. */
export type WrappedMasterKey = { readonly [key: string]: CanonicalValue };

/**
 * Wraps the master key for storage (00 §3). The password is one way; a key management service can be another.
 *
 * `context` is text that describes the vault around the wrapped key; the wrapper must authenticate it together with its
 * own parameters, so that neither can be exchanged.
 */
export interface MasterKeyWrapper {
  /** Name of the method, stored in the vault: a vault is only opened by the method that wrote it. */
  readonly kind: string;
  /** Encrypts the master key; fresh salt and nonce every time. `masterKey` is read-only memory. */
  wrap(masterKey: Buffer, password: string, context: string): Promise<WrappedMasterKey>;
  /**
   * Decrypts a master key and hands it to `receive`, synchronously, then overwrites its own copy. What is stored is
   * checked completely before any work is done for it.
   * @throws KeystoreError WRONG_PASSWORD when it does not open, CORRUPT when it is not of the wrapper's form
   */
  unwrap(wrapped: unknown, password: string, context: string, receive: (masterKey: Buffer) => void): Promise<void>;
}
