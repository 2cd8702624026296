import {
  type AgentId,
  CHAINS,
  type Chain,
  canonicalJson,
  isAgentId,
  isNetworkOf,
  NETWORKS,
  type Network,
} from '@waiaas/core';
import { IV_LENGTH, type SealedBox, TAG_LENGTH } from './aead.ts';
import { fileReader, parseJson, versionOf } from './file-reader.ts';
import { SECRET_LENGTH } from './signing-algorithm.ts';

/** Version 1 is the export format, under a password of its own (00 §3). */
const VERSION = 2;
const CIPHER = 'aes-256-gcm';
const KDF = 'hkdf-sha256';
const MAX_NAME_LENGTH = 256;

/** What a key file says in the open. */
export interface KeyFileInfo {
  readonly agentId: AgentId;
  readonly chain: Chain;
  readonly network: Network;
  /** Solana: base58 public key. Ethereum: EIP-55 address. */
  readonly publicKey: string;
  /** Not authenticated: a label for people. */
  readonly name: string;
  /** ISO 8601, UTC. Not authenticated. */
  readonly createdAt: string;
}

/** A key file: what it says and what it hides. */
export interface KeyFile {
  readonly info: KeyFileInfo;
  readonly box: SealedBox;
}

/** Base name of an agent's key file. */
export const keyFileName = (agentId: AgentId): string => `${agentId}.json`;

/** The agent whose key file that is; null for every other name, which is none of the keystore's business. */
export function agentOfFile(name: string): AgentId | null {
  const id = name.slice(0, -'.json'.length);
  return name.endsWith('.json') && isAgentId(id) ? id : null;
}

/** What encryption binds the secret to: none of it can be exchanged without the secret becoming unreadable (00 §3). */
export const boundHeader = ({ agentId, chain, network, publicKey }: Omit<KeyFileInfo, 'name' | 'createdAt'>): string =>
  canonicalJson({ version: VERSION, agentId, chain, network, publicKey });

/** Text of a key file. */
export const encodeKeyFile = ({ info, box }: KeyFile): string =>
  `${JSON.stringify(
    {
      version: VERSION,
      agentId: info.agentId,
      chain: info.chain,
      network: info.network,
      publicKey: info.publicKey,
      crypto: {
        cipher: CIPHER,
        kdf: KDF,
        iv: box.iv.toString('hex'),
        ciphertext: box.ciphertext.toString('hex'),
        tag: box.tag.toString('hex'),
      },
      metadata: { name: info.name, createdAt: info.createdAt },
    },
    null,
    2,
  )}\n`;

const EVM_ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const PUBLIC_KEY: Readonly<Record<Chain, RegExp>> = {
  solana: /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
  ethereum: EVM_ADDRESS,
  polygon: EVM_ADDRESS,
  arbitrum: EVM_ADDRESS,
  base: EVM_ADDRESS,
};

/**
 * Reads a key file strictly. Whether header and secret belong together shows only when it is decrypted.
 * @param agentId the agent its name says it belongs to
 * @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION
 */
export function parseKeyFile(agentId: AgentId, text: string): KeyFile {
  const name = keyFileName(agentId);
  const read = fileReader(name);
  const json = parseJson(name, text);
  read.version(versionOf(json), VERSION);
  const fields = read.object(json, ['version', 'agentId', 'chain', 'network', 'publicKey', 'crypto', 'metadata']);
  const crypto = read.object(fields.crypto, ['cipher', 'kdf', 'iv', 'ciphertext', 'tag']);
  const metadata = read.object(fields.metadata, ['name', 'createdAt']);
  if (fields.agentId !== agentId) throw read.corrupt('agentId is not the one of the file name');
  const chain = read.oneOf(fields.chain, 'chain', CHAINS);
  const network = read.oneOf(fields.network, 'network', NETWORKS);
  if (!isNetworkOf(chain, network)) throw read.corrupt('network is not one of the chain');
  const publicKey = read.text(fields.publicKey, 'publicKey', 44);
  if (!PUBLIC_KEY[chain].test(publicKey)) throw read.corrupt('publicKey is invalid');
  read.literal(crypto.cipher, CIPHER);
  read.literal(crypto.kdf, KDF);
  return {
    info: {
      agentId,
      chain,
      network,
      publicKey,
      name: read.text(metadata.name, 'name', MAX_NAME_LENGTH),
      createdAt: read.time(metadata.createdAt, 'createdAt'),
    },
    box: {
      iv: read.hex(crypto.iv, 'iv', IV_LENGTH),
      ciphertext: read.hex(crypto.ciphertext, 'ciphertext', SECRET_LENGTH),
      tag: read.hex(crypto.tag, 'tag', TAG_LENGTH),
    },
  };
}
