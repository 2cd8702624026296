import sodium from 'sodium-native';
import { type GuardedMemory, readOnly, type SecureBuffer, wipe } from './guarded-memory.ts';
import { KeystoreError } from './keystore-error.ts';
import { allocateMasterKey, type MasterKey, masterKeyOf } from './master-key.ts';
import type { MasterKeyWrapper } from './master-key-wrapper.ts';
import { encodeVault, parseVault, VAULT_FILE, type VaultHeader, vaultContext } from './vault-file.ts';

/** Makes and opens vaults; takes and gives the text of `vault.json`. */
export interface VaultDoor {
  /** A vault around a new random master key. */
  make(password: string, header: VaultHeader): Promise<string>;
  /** The master key of a vault. @throws KeystoreError WRONG_PASSWORD, CORRUPT or UNSUPPORTED_VERSION */
  open(vault: string, password: string): Promise<MasterKey>;
  /** Whether a password opens a vault. @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION */
  fits(vault: string, password: string): Promise<boolean>;
  /** The same vault under another password. @throws as `open` */
  rewrap(vault: string, oldPassword: string, newPassword: string): Promise<string>;
}

/** A door with that lock. */
export function createVaultDoor({ memory, wrapper }: { memory: GuardedMemory; wrapper: MasterKeyWrapper }): VaultDoor {
  /** Runs with room for a master key, which is overwritten afterwards unless `use` succeeds and keeps it. */
  async function withMasterKey<T>(keep: boolean, use: (buffer: SecureBuffer) => Promise<T>): Promise<T> {
    const buffer = allocateMasterKey(memory);
    let done = false;
    try {
      const result = await use(buffer);
      done = true;
      return result;
    } finally {
      if (!keep || !done) wipe(buffer);
    }
  }

  const unwrapInto = async (buffer: SecureBuffer, text: string, password: string): Promise<VaultHeader> => {
    const { createdAt, wrapped } = parseVault(wrapper, text);
    await wrapper.unwrap(wrapped, password, vaultContext(wrapper, { createdAt }), (key) => buffer.set(key));
    return { createdAt };
  };

  const wrapFrom = async (buffer: SecureBuffer, password: string, header: VaultHeader): Promise<string> => {
    readOnly(buffer);
    return encodeVault(wrapper, header, await wrapper.wrap(buffer, password, vaultContext(wrapper, header)));
  };

  return {
    make: (password, header) =>
      withMasterKey(false, async (buffer) => {
        sodium.randombytes_buf(buffer);
        const vault = await wrapFrom(buffer, password, header);
        parseVault(wrapper, vault);
        return vault;
      }),

    open: (vault, password) =>
      withMasterKey(true, async (buffer) => {
        await unwrapInto(buffer, vault, password);
        return masterKeyOf(buffer);
      }),

    fits: (vault, password) =>
      withMasterKey(false, async (buffer) => {
        try {
          await unwrapInto(buffer, vault, password);
          return true;
        } catch (error) {
          if (error instanceof KeystoreError && error.code === 'WRONG_PASSWORD') return false;
          throw error;
        }
      }),

    rewrap: (vault, oldPassword, newPassword) =>
      withMasterKey(false, async (buffer) => {
        const header = await unwrapInto(buffer, vault, oldPassword);
        const renewed = await wrapFrom(buffer, newPassword, header);
        // Every key hangs on this file: it replaces the old one only after it has been opened once.
        const isSame = await withMasterKey(false, async (reopened) => {
          await unwrapInto(reopened, renewed, newPassword);
          return sodium.sodium_memcmp(reopened, buffer);
        });
        if (!isSame) throw new KeystoreError('CORRUPT', 'the renewed vault does not open', VAULT_FILE);
        return renewed;
      }),
  };
}
