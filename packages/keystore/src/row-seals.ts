import { canonicalJson, type RowSealer, type SealedContent } from '@waiaas/core';
import sodium from 'sodium-native';

/** Bytes of the key and of the MAC. */
export const SEAL_KEY_LENGTH = sodium.crypto_auth_KEYBYTES;

/** The canonical JSON of the four, put together here: of every seal it is the same keys that would be sorted. */
const encode = ({ kind, id, version, payload }: SealedContent): Buffer =>
  Buffer.from(
    `{"id":${canonicalJson(id)},"kind":${canonicalJson(kind)},"payload":${canonicalJson(payload)},"version":${canonicalJson(version)}}`,
  );

/** The encoding, or null for what has none: a row that was read back broken does not verify, it is no accident. */
function tryEncode(content: SealedContent): Buffer | null {
  try {
    return encode(content);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The MAC of a seal, or null for text that `seal` cannot have written: one MAC has one spelling. */
function decodeSeal(seal: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]{43}$/.test(seal)) return null;
  const mac = Buffer.from(seal, 'base64url');
  return mac.length === sodium.crypto_auth_BYTES && mac.toString('base64url') === seal ? mac : null;
}

/**
 * Seals rows by HMAC-SHA-512/256 (`crypto_auth`) under a key in guarded memory (00 §3).
 * @param key the present key; throws KEYSTORE_LOCKED as long as there is none
 */
export const createRowSealer = (key: () => Buffer): RowSealer =>
  Object.freeze<RowSealer>({
    seal(content) {
      const mac = Buffer.alloc(sodium.crypto_auth_BYTES);
      sodium.crypto_auth(mac, encode(content), key());
      return mac.toString('base64url');
    },
    verify(content, seal) {
      const current = key();
      const mac = typeof seal === 'string' ? decodeSeal(seal) : null;
      const encoded = tryEncode(content);
      return mac !== null && encoded !== null && sodium.crypto_auth_verify(mac, encoded, current);
    },
  });
