import { hkdfSync } from 'node:crypto';
import { type GuardedMemory, noAccess, readOnly, type SecureBuffer, wipe } from './guarded-memory.ts';
import { MASTER_KEY_LENGTH } from './master-key-wrapper.ts';

/** The master key of an unlocked vault, inaccessible but while something is derived from it. */
export interface MasterKey {
  /**
   * Derives a key by HKDF-SHA256 and overwrites it as soon as `use` returns.
   * @param purpose names what the key is for; different purposes have independent keys
   */
  derive<T>(purpose: string, use: (key: Buffer) => T): T;
  /** Overwrites it for good. */
  wipe(): void;
}

/** Room for a master key, still writable. */
export const allocateMasterKey = (memory: GuardedMemory): SecureBuffer => memory.allocate(MASTER_KEY_LENGTH);

/** Takes over a buffer that holds a master key. */
export function masterKeyOf(buffer: SecureBuffer): MasterKey {
  noAccess(buffer);
  return {
    derive(purpose, use) {
      readOnly(buffer);
      let key: Buffer | undefined;
      try {
        // No salt: the master key is uniformly random already (RFC 5869 §3.1).
        key = Buffer.from(hkdfSync('sha256', buffer, Buffer.alloc(0), purpose, 32));
        return use(key);
      } finally {
        key?.fill(0);
        noAccess(buffer);
      }
    },
    wipe: () => wipe(buffer),
  };
}

/** Purpose of the key an agent's file is encrypted under. */
export const agentKeyPurpose = (agentId: string): string => `waiaas/agent-key/v1/${agentId}`;

/** Purpose of the key rows are sealed under. */
export const ROW_SEAL_PURPOSE = 'waiaas/row-seal/v1';

/** Purpose of the key that secrets in the database are encrypted under. */
export const SECRET_BOX_PURPOSE = 'waiaas/secret-box/v1';
