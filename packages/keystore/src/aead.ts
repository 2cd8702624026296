import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Bytes of the nonce: random, fresh for every encryption (01 §3.2). */
export const IV_LENGTH = 12;
/** Bytes of the tag. Said on every use: Node accepts a four-byte tag otherwise (01 §3.2). */
export const TAG_LENGTH = 16;

/** An encrypted secret. */
export interface SealedBox {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Encrypts under AES-256-GCM with a fresh nonce. `bound` is authenticated but not encrypted. */
export function encrypt(key: Buffer, plaintext: Buffer, bound: string): SealedBox {
  const iv = randomBytes(IV_LENGTH);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_LENGTH });
  cipher.setAAD(Buffer.from(bound));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { iv, ciphertext, tag: cipher.getAuthTag() };
}

/**
 * Decrypts and hands the plaintext over, which is overwritten as soon as `receive` returns. False, with nothing handed
 * over, when key, ciphertext, nonce, tag or `bound` is not the one of the encryption.
 */
export function decrypt(key: Buffer, box: SealedBox, bound: string, receive: (plaintext: Buffer) => void): boolean {
  const decipher = createDecipheriv(CIPHER, key, box.iv, { authTagLength: TAG_LENGTH });
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(box.tag);
  const plaintext = decipher.update(box.ciphertext);
  try {
    if (!isAuthentic(() => decipher.final())) return false;
    receive(plaintext);
    return true;
  } finally {
    plaintext.fill(0);
  }
}

/** `final` throws for a tag that does not fit, and for nothing else once the sizes are right. */
function isAuthentic(final: () => Buffer): boolean {
  try {
    return final().length === 0;
  } catch {
    return false;
  }
}
