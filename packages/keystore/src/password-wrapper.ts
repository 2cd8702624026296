import { canonicalJson } from '@waiaas/core';
import { decrypt, encrypt, IV_LENGTH, TAG_LENGTH } from './aead.ts';
import { fileReader } from './file-reader.ts';
import { KeystoreError } from './keystore-error.ts';
import { MASTER_KEY_LENGTH, type MasterKeyWrapper } from './master-key-wrapper.ts';
import {
  type Argon2Parameters,
  checkArgon2Parameters,
  derivePasswordKey,
  newPasswordKey,
  type PasswordKeyParameters,
  readPasswordKey,
} from './password-key.ts';

const CIPHER = 'aes-256-gcm';
const KDF = 'argon2id';

const describe = (context: string, parameters: PasswordKeyParameters): string =>
  canonicalJson({
    context,
    cipher: CIPHER,
    kdf: KDF,
    salt: parameters.salt.toString('hex'),
    memoryCost: parameters.memoryCost,
    timeCost: parameters.timeCost,
    parallelism: parameters.parallelism,
    hashLength: parameters.hashLength,
  });

/**
 * Wraps the master key by a password: Argon2id, then AES-256-GCM. Writes with the given parameters, reads with those of
 * the file, so that a change of configuration locks nobody out (01 §3.2).
 * @param file base name of the file it is stored in, for messages
 */
export function passwordWrapper(parameters: Argon2Parameters, file: string): MasterKeyWrapper {
  checkArgon2Parameters(parameters);
  return {
    kind: 'password',

    async wrap(masterKey, password, context) {
      const chosen = newPasswordKey(parameters);
      const { key } = await derivePasswordKey(password, chosen);
      try {
        const box = encrypt(key, masterKey, describe(context, chosen));
        return {
          cipher: CIPHER,
          iv: box.iv.toString('hex'),
          ciphertext: box.ciphertext.toString('hex'),
          tag: box.tag.toString('hex'),
          kdf: KDF,
          kdfparams: {
            salt: chosen.salt.toString('hex'),
            memoryCost: chosen.memoryCost,
            timeCost: chosen.timeCost,
            parallelism: chosen.parallelism,
            hashLength: chosen.hashLength,
          },
        };
      } finally {
        key.fill(0);
      }
    },

    async unwrap(wrapped, password, context, receive) {
      const { box, parameters: stored } = parseWrapped(file, wrapped);
      const { key } = await derivePasswordKey(password, stored);
      try {
        // From here to the end nothing is awaited: the plaintext exists in ordinary memory for this block only.
        if (!decrypt(key, box, describe(context, stored), receive)) {
          throw new KeystoreError('WRONG_PASSWORD', 'The master password is wrong or the vault was altered');
        }
      } finally {
        key.fill(0);
      }
    },
  };
}

function parseWrapped(file: string, value: unknown) {
  const read = fileReader(file);
  const fields = read.object(value, ['cipher', 'iv', 'ciphertext', 'tag', 'kdf', 'kdfparams']);
  read.literal(fields.cipher, CIPHER);
  read.literal(fields.kdf, KDF);
  return {
    parameters: readPasswordKey(read, fields.kdfparams),
    box: {
      iv: read.hex(fields.iv, 'iv', IV_LENGTH),
      ciphertext: read.hex(fields.ciphertext, 'ciphertext', MASTER_KEY_LENGTH),
      tag: read.hex(fields.tag, 'tag', TAG_LENGTH),
    },
  };
}
