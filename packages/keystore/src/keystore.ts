import type { AgentId, Chain, Clock, Logger, Network, RowSealer, SecretBox } from '@waiaas/core';
import type { KeyFileInfo } from './key-file.ts';
import type { MasterKeyWrapper } from './master-key-wrapper.ts';
import type { Argon2Parameters } from './password-key.ts';
import type { PermitMint, SigningGate, SigningPermit } from './signing-permit.ts';

/** How a keystore is set up. */
export interface KeystoreOptions {
  /** The folder of `vault.json` and the key files; made when the keystore is initialised. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Cost of a password guess in vaults to be written; existing ones keep theirs. */
  readonly argon2: Argon2Parameters;
  /** How the master key is wrapped. Default: by the password. */
  readonly wrapper?: MasterKeyWrapper;
}

/** The four capabilities of a keystore, handed to different parts of the daemon: who holds one has not the others. */
export interface KeystoreParts {
  readonly keystore: Keystore;
  /** For the pipeline's claim step, nowhere else. */
  readonly permits: PermitMint;
  /** For the kill switch. Closed until it is opened for the first time. */
  readonly gate: SigningGate;
  /** For the command that carries keys from one data directory to another. A daemon at work has no use for it. */
  readonly carrier: KeyCarrier;
}

/** An agent whose key is to be made. */
export interface NewKey {
  readonly agentId: AgentId;
  readonly chain: Chain;
  readonly network: Network;
  /** For people; at most 256 characters. */
  readonly name: string;
}

/** The one way out for keys, encrypted, and the way in for those that came out elsewhere. */
export interface KeyCarrier {
  /**
   * A loaded key, encrypted under a password of its own with salt and nonce of its own: the one way out, for carrying a key
   * elsewhere (01 §3.1, version 1).
   * @throws KeystoreError UNSUITABLE_PASSWORD
   * @throws WaiaasError AGENT_NOT_FOUND; KEYSTORE_LOCKED
   */
  exportKey(agentId: AgentId, password: string): Promise<string>;

  /**
   * Takes an exported key in, as that of an agent that has none: stores it under the master key and loads it.
   * @param text what `exportKey` returned
   * @throws KeystoreError CORRUPT, also when the secret is not the one of the address in the file; UNSUPPORTED_VERSION;
   *   WRONG_PASSWORD; KEY_EXISTS when the agent has a key file, or another agent has this very key
   * @throws WaiaasError KEYSTORE_LOCKED, STORAGE_UNAVAILABLE
   */
  importKey(text: string, into: KeyImport): Promise<KeyFileInfo>;
}

/** A file of the keystore that is no longer what it was when it was loaded. */
export interface KeystoreFileFault {
  /** Its base name. */
  readonly file: string;
  readonly fault: 'missing' | 'altered';
}

/** Where an exported key is to be taken in. */
export interface KeyImport {
  readonly agentId: AgentId;
  /** For people; at most 256 characters. */
  readonly name: string;
  /** The password that it was exported under. */
  readonly password: string;
}

/**
 * Keys that never leave: a vault that the password opens, one encrypted file for each agent, and signing in place
 * (00 §3). No function returns key bytes.
 *
 * Where a vault, a file or a password is at fault, functions throw `KeystoreError`; states that reach HTTP are
 * `WaiaasError`: KEYSTORE_LOCKED, AGENT_NOT_FOUND, SYSTEM_LOCKED, CHAIN_NOT_SUPPORTED, STORAGE_UNAVAILABLE. Calls that
 * touch files or the password run one after another.
 */
export interface Keystore {
  /** Whether there is a vault. */
  isInitialised(): Promise<boolean>;

  /**
   * Makes the vault: a random master key, wrapped by the password. Leaves the keystore locked.
   * @throws KeystoreError UNSUITABLE_PASSWORD; ALREADY_INITIALISED; CORRUPT when key files lie there without their vault
   */
  initialise(password: string): Promise<void>;

  /**
   * Opens the vault and loads every key, or nothing: one KDF run, however many agents there are.
   * @throws KeystoreError WRONG_PASSWORD, CORRUPT, UNSUPPORTED_VERSION, NOT_INITIALISED, ALREADY_UNLOCKED
   * @throws WaiaasError KEYSTORE_LOCKED when `lock` was called meanwhile: the lock wins
   */
  unlock(password: string): Promise<void>;

  /**
   * Overwrites the master key and every agent's key, and voids every permit. The key of the row seals stays in guarded
   * memory until the process ends: with it nothing can be signed, and without it nothing under way could be settled.
   * @throws WaiaasError KEYSTORE_LOCKED when nothing is unlocked
   */
  lock(): void;

  readonly isUnlocked: boolean;
  /** Number of loaded keys; 0 while locked. */
  readonly keyCount: number;

  /**
   * Whether a password is the vault's: one KDF run, locked or not.
   * @throws KeystoreError NOT_INITIALISED, CORRUPT or UNSUPPORTED_VERSION
   */
  verifyPassword(password: string): Promise<boolean>;

  /**
   * Opens the vault for its seals alone, without any key, and closes it again: for tools that check rows. Works locked and
   * unlocked.
   * @throws KeystoreError WRONG_PASSWORD, CORRUPT, UNSUPPORTED_VERSION, NOT_INITIALISED
   */
  withSeals<T>(password: string, use: (sealer: RowSealer) => Promise<T>): Promise<T>;

  /**
   * Wraps the master key by another password, with new salt and nonce. The former vault is kept in `backups/`; it still
   * opens with the former password. Works locked and unlocked; key files are not touched.
   * @throws KeystoreError WRONG_PASSWORD, UNSUITABLE_PASSWORD, NOT_INITIALISED, CORRUPT, UNSUPPORTED_VERSION
   */
  changePassword(oldPassword: string, newPassword: string): Promise<void>;

  /**
   * Makes an agent's key, stores it encrypted and loads it. When this returns the key survives a crash.
   * @throws KeystoreError KEY_EXISTS when the agent has a key file
   * @throws WaiaasError KEYSTORE_LOCKED, CHAIN_NOT_SUPPORTED, STORAGE_UNAVAILABLE
   */
  createKey(agent: NewKey): Promise<{ readonly publicKey: string }>;

  /**
   * Undoes the creation of a key whose database row was never committed: overwrites the loaded key and moves its file to
   * `discarded/`. The file is never deleted, for someone may have paid to it. Works locked and unlocked.
   * @throws WaiaasError AGENT_NOT_FOUND when there is neither
   */
  discardKey(agentId: AgentId): Promise<void>;

  /**
   * Puts the key of an agent that has ended away: overwrites the loaded key and moves its file to `archived/`, where no unlock
   * looks. It is never deleted, for somebody may still pay to it. Does nothing when it is there already. Works locked and
   * unlocked.
   * @throws WaiaasError AGENT_NOT_FOUND when there is no such key; STORAGE_UNAVAILABLE
   */
  archiveKey(agentId: AgentId): Promise<void>;

  /**
   * Loads a key that was archived; its file stays where it is, so that the next unlock leaves it alone again. Does nothing
   * when it is loaded.
   * @throws WaiaasError KEYSTORE_LOCKED; AGENT_NOT_FOUND when there is no such key; STORAGE_UNAVAILABLE
   * @throws KeystoreError CORRUPT
   */
  restoreKey(agentId: AgentId): Promise<void>;

  /** Address of a loaded key. @throws WaiaasError AGENT_NOT_FOUND; KEYSTORE_LOCKED */
  publicKey(agentId: AgentId): string;

  /**
   * What the key files say in the open, ordered by agent; works locked. Authenticity shows only at unlock.
   * @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION
   */
  listKeyFiles(): Promise<readonly KeyFileInfo[]>;

  /**
   * Compares the files with what was loaded from them: the vault is the one that was opened, and the file of every loaded key
   * is there and opens to that key. What is opened is overwritten at once.
   * @returns what is not so; empty when all is well
   * @throws WaiaasError KEYSTORE_LOCKED; STORAGE_UNAVAILABLE when the disk does not answer, which says nothing about the files
   */
  checkFiles(): Promise<readonly KeystoreFileFault[]>;

  /**
   * Signs for the agent the permit was minted for. The permit is used up before anything else happens, also when signing
   * fails. Solana: Ed25519 over any message, 64 bytes. Ethereum: secp256k1 over a digest of 32 bytes; r, s and recovery
   * bit, 65 bytes. Synchronous from the check of the gate to the signature, so nothing can come between.
   * @throws WaiaasError KEYSTORE_LOCKED; SYSTEM_LOCKED when the gate is closed or was since the permit was minted;
   *   AGENT_NOT_FOUND
   * @throws KeystoreError PERMIT_REFUSED when it is not an unused permit of this keystore
   */
  sign(permit: SigningPermit, message: Uint8Array): Uint8Array;

  /** Seals rows under a key of the vault; throws KEYSTORE_LOCKED until the first unlock of this process. */
  readonly sealer: RowSealer;

  /** Encrypts secrets of the database under a key of the vault; throws KEYSTORE_LOCKED while locked. */
  readonly secrets: SecretBox;
}
