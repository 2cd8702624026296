import { randomBytes } from 'node:crypto';
import { canonicalJson } from '@waiaas/core';
import argon2 from 'argon2';
import { decrypt, encrypt, IV_LENGTH, TAG_LENGTH } from './aead.ts';
import { fileReader } from './file-reader.ts';
import { KeystoreError } from './keystore-error.ts';
import { MASTER_KEY_LENGTH, type MasterKeyWrapper } from './master-key-wrapper.ts';

/** Cost of one password guess. */
export interface Argon2Parameters {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** Upper ends: a planted file must not be able to exhaust the machine (01 §3.2). */
const MAX_MEMORY_COST = 1_048_576;
const MAX_TIME_COST = 20;
const MAX_PARALLELISM = 16;
/** Argon2's own lower end for each lane, KiB. */
const MIN_MEMORY_PER_LANE = 8;

const SALT_LENGTH = 16;
const KEY_LENGTH = 32;
const CIPHER = 'aes-256-gcm';
const KDF = 'argon2id';

/** @throws RangeError when parameters that are to be written would not be accepted on reading. */
export function checkArgon2Parameters({ memoryCost, timeCost, parallelism }: Argon2Parameters): void {
  const within = (value: number, min: number, max: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max;
  if (
    !within(parallelism, 1, MAX_PARALLELISM) ||
    !within(timeCost, 1, MAX_TIME_COST) ||
    !within(memoryCost, MIN_MEMORY_PER_LANE * parallelism, MAX_MEMORY_COST)
  ) {
    throw new RangeError('The Argon2 parameters are out of range');
  }
}

const describe = (context: string, parameters: Argon2Parameters, salt: Buffer) => ({
  bound: canonicalJson({
    context,
    cipher: CIPHER,
    kdf: KDF,
    salt: salt.toString('hex'),
    memoryCost: parameters.memoryCost,
    timeCost: parameters.timeCost,
    parallelism: parameters.parallelism,
    hashLength: KEY_LENGTH,
  }),
});

const deriveKey = (password: string, salt: Buffer, parameters: Argon2Parameters): Promise<Buffer> =>
  argon2.hash(password, { ...parameters, type: argon2.argon2id, salt, hashLength: KEY_LENGTH, raw: true });

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
      const salt = randomBytes(SALT_LENGTH);
      const { bound } = describe(context, parameters, salt);
      const key = await deriveKey(password, salt, parameters);
      try {
        const box = encrypt(key, masterKey, bound);
        return {
          cipher: CIPHER,
          iv: box.iv.toString('hex'),
          ciphertext: box.ciphertext.toString('hex'),
          tag: box.tag.toString('hex'),
          kdf: KDF,
          kdfparams: {
            salt: salt.toString('hex'),
            memoryCost: parameters.memoryCost,
            timeCost: parameters.timeCost,
            parallelism: parameters.parallelism,
            hashLength: KEY_LENGTH,
          },
        };
      } finally {
        key.fill(0);
      }
    },

    async unwrap(wrapped, password, context, receive) {
      const { box, salt, parameters: stored } = parseWrapped(file, wrapped);
      const { bound } = describe(context, stored, salt);
      const key = await deriveKey(password, salt, stored);
      try {
        // From here to the end nothing is awaited: the plaintext exists in ordinary memory for this block only.
        if (!decrypt(key, box, bound, receive)) {
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
  const kdf = read.object(fields.kdfparams, ['salt', 'memoryCost', 'timeCost', 'parallelism', 'hashLength']);
  read.literal(kdf.hashLength, KEY_LENGTH);
  const parallelism = read.integer(kdf.parallelism, 'parallelism', 1, MAX_PARALLELISM);
  const memoryCost = read.integer(kdf.memoryCost, 'memoryCost', MIN_MEMORY_PER_LANE * parallelism, MAX_MEMORY_COST);
  const timeCost = read.integer(kdf.timeCost, 'timeCost', 1, MAX_TIME_COST);
  return {
    salt: read.hex(kdf.salt, 'salt', SALT_LENGTH),
    parameters: { memoryCost, timeCost, parallelism },
    box: {
      iv: read.hex(fields.iv, 'iv', IV_LENGTH),
      ciphertext: read.hex(fields.ciphertext, 'ciphertext', MASTER_KEY_LENGTH),
      tag: read.hex(fields.tag, 'tag', TAG_LENGTH),
    },
  };
}
