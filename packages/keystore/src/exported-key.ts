import { randomUUID } from 'node:crypto';
import { CHAINS, type Chain, isNetworkOf, NETWORKS, type Network } from '@waiaas/core';
import { IV_LENGTH, type SealedBox, TAG_LENGTH } from './aead.ts';
import { fileReader, parseJson, versionOf } from './file-reader.ts';
import { type PasswordKey, type PasswordKeyParameters, readPasswordKey } from './password-key.ts';

/** Version 1 of a key file: one key under a password of its own, for carrying it elsewhere (00 §3, 01 §3.1). */
const VERSION = 1;
const CIPHER = 'aes-256-gcm';
/** Name of the file in messages; where it lies is the caller's business. */
const FILE = 'exported key';
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Bytes of the plaintext: a libsodium secret key (seed and public key) for Ed25519, the scalar for secp256k1. */
export const exportedLength = (chain: Chain): number => (chain === 'solana' ? 64 : 32);

/** What an exported key says in the open. Nothing of it is authenticated: the secret decides whose key it is. */
export interface ExportedKeyInfo {
  readonly chain: Chain;
  readonly network: Network;
  readonly publicKey: string;
  readonly name: string;
  /** ISO 8601: when the key was made. */
  readonly createdAt: string;
}

/** An exported key: what it says, what it hides, and how its password is turned into a key. */
export interface ExportedKey {
  readonly info: ExportedKeyInfo;
  readonly box: SealedBox;
  readonly parameters: PasswordKeyParameters;
}

/** Text of an exported key. */
export const encodeExportedKey = (
  info: ExportedKeyInfo,
  box: SealedBox,
  { parameters: { salt, memoryCost, timeCost, parallelism, hashLength } }: PasswordKey,
): string =>
  `${JSON.stringify(
    {
      version: VERSION,
      id: randomUUID(),
      chain: info.chain,
      network: info.network,
      publicKey: info.publicKey,
      crypto: {
        cipher: CIPHER,
        cipherparams: { iv: box.iv.toString('hex') },
        ciphertext: box.ciphertext.toString('hex'),
        authTag: box.tag.toString('hex'),
        kdf: 'argon2id',
        kdfparams: { salt: salt.toString('hex'), memoryCost, timeCost, parallelism, hashLength },
      },
      metadata: { name: info.name, createdAt: info.createdAt, lastUnlockedAt: null },
    },
    null,
    2,
  )}\n`;

/**
 * Reads an exported key strictly, before any work is done for it: sizes, words and the cost of its password are bounded.
 * @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION
 */
export function parseExportedKey(text: string): ExportedKey {
  const read = fileReader(FILE);
  const json = parseJson(FILE, text);
  read.version(versionOf(json), VERSION);
  const fields = read.object(json, ['version', 'id', 'chain', 'network', 'publicKey', 'crypto', 'metadata']);
  const crypto = read.object(fields.crypto, ['cipher', 'cipherparams', 'ciphertext', 'authTag', 'kdf', 'kdfparams']);
  const { iv } = read.object(crypto.cipherparams, ['iv']);
  const metadata = read.object(fields.metadata, ['name', 'createdAt', 'lastUnlockedAt']);
  if (!UUID_V4.test(read.text(fields.id, 'id', 36))) throw read.corrupt('id is invalid');
  const chain = read.oneOf(fields.chain, 'chain', CHAINS);
  const network = read.oneOf(fields.network, 'network', NETWORKS);
  if (!isNetworkOf(chain, network)) throw read.corrupt('network is not one of the chain');
  read.literal(crypto.cipher, CIPHER);
  read.literal(crypto.kdf, 'argon2id');
  return {
    info: {
      chain,
      network,
      publicKey: read.text(fields.publicKey, 'publicKey', 44),
      name: read.text(metadata.name, 'name', 256),
      createdAt: read.time(metadata.createdAt, 'createdAt'),
    },
    box: {
      iv: read.hex(iv, 'iv', IV_LENGTH),
      ciphertext: read.hex(crypto.ciphertext, 'ciphertext', exportedLength(chain)),
      tag: read.hex(crypto.authTag, 'authTag', TAG_LENGTH),
    },
    parameters: readPasswordKey(read, crypto.kdfparams),
  };
}
