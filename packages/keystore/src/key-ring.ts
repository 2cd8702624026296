import { timingSafeEqual } from 'node:crypto';
import type { AgentId } from '@waiaas/core';
import { decrypt, encrypt } from './aead.ts';
import { type GuardedMemory, readOnly, type SecureBuffer, wipe } from './guarded-memory.ts';
import { boundHeader, type KeyFile, type KeyFileInfo, keyFileName } from './key-file.ts';
import { createKeySlots, type KeySlot } from './key-slots.ts';
import { KeystoreError } from './keystore-error.ts';
import { agentKeyPurpose, type MasterKey, ROW_SEAL_PURPOSE, SECRET_BOX_PURPOSE } from './master-key.ts';
import { SEAL_KEY_LENGTH } from './row-seals.ts';
import { SECRET_KEY_LENGTH } from './secret-box.ts';
import { algorithmOf, SECRET_LENGTH, type SigningAlgorithm } from './signing-algorithm.ts';

interface LoadedKey {
  readonly publicKey: string;
  readonly algorithm: SigningAlgorithm;
  readonly slot: KeySlot;
}

/** A key that exists in memory and as an encrypted file in the making, but is not in use yet. */
export interface PreparedKey {
  readonly file: KeyFile;
  /** Puts the key to use. */
  keep(): void;
  /** Overwrites the key. */
  drop(): void;
}

/** Everything secret of an unlocked keystore: from the unlock that makes it to the lock that wipes it. */
export interface KeyRing {
  readonly size: number;
  publicKey(agentId: AgentId): string | undefined;
  /** Makes a new key and encrypts it; both in one step without leaving guarded memory. */
  prepare(agent: Omit<KeyFileInfo, 'publicKey'>): PreparedKey;
  /**
   * Encrypts a given key for an agent. Null when the secret is not the one of the address; overwriting the secret is left to
   * whoever gave it.
   */
  adopt(agent: KeyFileInfo, secret: Buffer): PreparedKey | null;
  /** Runs with the first bytes of an agent's key, which are only read; undefined when there is none. */
  lend<T>(agentId: AgentId, length: number, use: (secret: Buffer) => T): T | undefined;
  /** Agents whose keys are loaded. */
  agents(): readonly AgentId[];
  /** Whether a key file opens to the very key that is loaded for its agent. */
  matches(file: KeyFile): boolean;
  /** Whether an agent has the key of an address. */
  has(publicKey: string): boolean;
  /** Decrypts a key file. @throws KeystoreError CORRUPT when it was altered */
  load(file: KeyFile): void;
  /** A signature with the agent's key; undefined when there is none. */
  sign(agentId: AgentId, message: Buffer): Uint8Array | undefined;
  /** Overwrites the agent's key. */
  drop(agentId: AgentId): void;
  /** The key of the row seals, in read-only memory. It belongs to the caller and outlives the ring. */
  deriveSealKey(): SecureBuffer;
  /** Key of secrets in the database, in read-only memory. */
  readonly secretKey: Buffer;
  /** Overwrites everything and shuts the memory off. */
  wipe(): void;
}

/** A key of its own purpose, in read-only memory. */
function deriveKey(memory: GuardedMemory, master: MasterKey, purpose: string, length: number): SecureBuffer {
  const buffer = memory.allocate(length);
  try {
    master.derive(purpose, (key) => buffer.set(key));
    readOnly(buffer);
    return buffer;
  } catch (error) {
    wipe(buffer);
    throw error;
  }
}

/** The key of secrets in the database. On failure nothing of the ring is left. */
function deriveSecretKey(memory: GuardedMemory, master: MasterKey): SecureBuffer {
  try {
    return deriveKey(memory, master, SECRET_BOX_PURPOSE, SECRET_KEY_LENGTH);
  } catch (error) {
    master.wipe();
    throw error;
  }
}

/** An empty ring under a master key, which it owns from now on, also when this fails. */
export function createKeyRing(memory: GuardedMemory, master: MasterKey): KeyRing {
  const keys = new Map<AgentId, LoadedKey>();
  const slots = createKeySlots(memory);
  const secretKey = deriveSecretKey(memory, master);

  /** Fills a slot and gives it back when that fails. */
  function filled<T>(fill: (bytes: Buffer) => T): { slot: KeySlot; result: T } {
    const slot = slots.take();
    try {
      return { slot, result: slot.write(fill) };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  /** Encrypts the key in a slot for its file; the slot is given back when that fails. */
  function encrypted(info: KeyFileInfo, slot: KeySlot): PreparedKey {
    try {
      const { agentId, publicKey } = info;
      const box = master.derive(agentKeyPurpose(agentId), (key) =>
        encrypt(key, slot.bytes.subarray(0, SECRET_LENGTH), boundHeader(info)),
      );
      return {
        file: { info, box },
        keep: () => keys.set(agentId, { publicKey, algorithm: algorithmOf(info.chain), slot }),
        drop: () => slot.release(),
      };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  return {
    deriveSealKey: () => deriveKey(memory, master, ROW_SEAL_PURPOSE, SEAL_KEY_LENGTH),
    secretKey,
    get size() {
      return keys.size;
    },
    publicKey: (agentId) => keys.get(agentId)?.publicKey,

    prepare(agent) {
      const { slot, result: publicKey } = filled(algorithmOf(agent.chain).generate);
      return encrypted({ ...agent, publicKey }, slot);
    },

    adopt(agent, secret) {
      const { slot, result: publicKey } = filled((bytes) =>
        algorithmOf(agent.chain).install(bytes, secret.subarray(0, SECRET_LENGTH)),
      );
      // What a longer secret holds besides, the public key of a libsodium key, must be what belongs to it.
      if (publicKey === agent.publicKey && slot.bytes.subarray(0, secret.length).equals(secret)) {
        return encrypted(agent, slot);
      }
      slot.release();
      return null;
    },

    lend(agentId, length, use) {
      const key = keys.get(agentId);
      return key === undefined ? undefined : use(key.slot.bytes.subarray(0, length));
    },

    agents: () => [...keys.keys()],

    matches({ info, box }) {
      const loaded = keys.get(info.agentId);
      if (loaded === undefined || loaded.publicKey !== info.publicKey) return false;
      let isSame = false;
      master.derive(agentKeyPurpose(info.agentId), (key) =>
        decrypt(key, box, boundHeader(info), (secret) => {
          isSame =
            secret.length === SECRET_LENGTH && timingSafeEqual(secret, loaded.slot.bytes.subarray(0, SECRET_LENGTH));
        }),
      );
      return isSame;
    },

    has: (publicKey) => [...keys.values()].some((key) => key.publicKey === publicKey),

    load({ info, box }) {
      const algorithm = algorithmOf(info.chain);
      const altered = (): KeystoreError =>
        new KeystoreError(
          'CORRUPT',
          'the key does not open or is not the one of the header',
          keyFileName(info.agentId),
        );
      const install = (secret: Buffer): void => {
        const { slot, result: publicKey } = filled((bytes) => algorithm.install(bytes, secret));
        if (publicKey === null || publicKey !== info.publicKey) {
          slot.release();
          throw altered();
        }
        keys.set(info.agentId, { publicKey, algorithm, slot });
      };
      const opened = master.derive(agentKeyPurpose(info.agentId), (key) =>
        decrypt(key, box, boundHeader(info), install),
      );
      if (!opened) throw altered();
    },

    sign(agentId, message) {
      const key = keys.get(agentId);
      return key?.algorithm.sign(key.slot.bytes, message);
    },

    drop(agentId) {
      keys.get(agentId)?.slot.release();
      keys.delete(agentId);
    },

    wipe() {
      keys.clear();
      slots.wipe();
      wipe(secretKey);
      master.wipe();
    },
  };
}
