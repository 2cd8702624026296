import { canonicalJson, type SecretBox, type SecretContext } from '@waiaas/core';
import { decrypt, encrypt, IV_LENGTH, type SealedBox, TAG_LENGTH } from './aead.ts';

/** Bytes of the key: AES-256. */
export const SECRET_KEY_LENGTH = 32;
const FORM = /^\{"v":1,"iv":"([A-Za-z0-9_-]+)","ct":"([A-Za-z0-9_-]*)","tag":"([A-Za-z0-9_-]+)"\}$/;

const boundText = ({ kind, id, version, payload }: SecretContext): string =>
  canonicalJson({ kind, id, version, payload });

const digits = (bytes: Buffer): string => bytes.toString('base64url');

/** The parts of an encrypted secret, or null for text that `encrypt` cannot have written. */
function parse(text: string): SealedBox | null {
  const [, iv = '', ciphertext = '', tag = ''] = FORM.exec(text) ?? [];
  const box = {
    iv: Buffer.from(iv, 'base64url'),
    ciphertext: Buffer.from(ciphertext, 'base64url'),
    tag: Buffer.from(tag, 'base64url'),
  };
  return box.iv.length === IV_LENGTH && box.tag.length === TAG_LENGTH ? box : null;
}

/**
 * Encrypts secrets under a key in guarded memory (05 §2.14).
 * @param key the present key; throws KEYSTORE_LOCKED while there is none
 */
export const createSecretBox = (key: () => Buffer): SecretBox =>
  Object.freeze<SecretBox>({
    encrypt(context, secret) {
      const plaintext = Buffer.from(secret, 'utf8');
      try {
        const { iv, ciphertext, tag } = encrypt(key(), plaintext, boundText(context));
        return `{"v":1,"iv":"${digits(iv)}","ct":"${digits(ciphertext)}","tag":"${digits(tag)}"}`;
      } finally {
        plaintext.fill(0);
      }
    },
    decrypt(context, encrypted) {
      const current = key();
      const box = parse(encrypted);
      if (box === null) return null;
      let secret: string | null = null;
      const opened = decrypt(current, box, boundText(context), (plaintext) => {
        secret = plaintext.toString('utf8');
      });
      return opened ? secret : null;
    },
  });
