import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58 } from '@scure/base';
import {
  layOutSignIn,
  type OwnerAction,
  type OwnerChain,
  ownerStatement,
  requestPreimage,
  requestResource,
  SIGN_IN_CHAIN_ID,
  SIGN_IN_LIFE_MS,
  type SignInMessage,
  uriOfDomain,
} from '@waiaas/core';

/** A wallet of an owner, which signs texts and nothing else. */
export interface OwnerWallet {
  readonly chain: OwnerChain;
  readonly address: string;
  sign(text: string): string;
}

function solanaWallet(): OwnerWallet {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const address = base58.encode(publicKey.export({ format: 'der', type: 'spki' }).subarray(12));
  return { chain: 'solana', address, sign: (text) => base58.encode(sign(null, Buffer.from(text), privateKey)) };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function checksummed(digits: string): string {
  const hash = hex(keccak_256(Buffer.from(digits, 'ascii')));
  return `0x${[...digits].map((digit, index) => ((hash[index] ?? '0') >= '8' ? digit.toUpperCase() : digit)).join('')}`;
}

function ethereumWallet(): OwnerWallet {
  const key = secp256k1.utils.randomSecretKey();
  const address = checksummed(hex(keccak_256(secp256k1.getPublicKey(key, false).subarray(1)).subarray(12)));
  return {
    chain: 'ethereum',
    address,
    sign(text) {
      const body = Buffer.from(text, 'utf8');
      const prefix = Buffer.from(`\x19Ethereum Signed Message:\n${body.length}`, 'utf8');
      const signed = secp256k1.sign(keccak_256(Buffer.concat([prefix, body])), key, {
        prehash: false,
        format: 'recovered',
      });
      // noble puts the recovery bit first, wallets put v last.
      return `0x${hex(signed.subarray(1))}${(27 + (signed[0] ?? 0)).toString(16)}`;
    },
  };
}

/** A new wallet. */
export const createOwnerWallet = (chain: OwnerChain): OwnerWallet =>
  chain === 'solana' ? solanaWallet() : ethereumWallet();

/** A request before anybody has signed for it. */
export interface OwnerRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Body as it goes over the wire. */
export const rawBodyOf = ({ body }: OwnerRequest): string => (body === undefined ? '' : JSON.stringify(body));

/** What a signature over a request is bound to. */
export const resourceOf = (request: OwnerRequest): string =>
  requestResource(
    createHash('sha256').update(requestPreimage(request.method, request.path)).update(rawBodyOf(request)).digest('hex'),
  );

/** A message by a wallet, made by hand: nothing in it is checked. */
export function messageBy(
  wallet: OwnerWallet,
  fields: Pick<SignInMessage, 'domain' | 'nonce' | 'statement' | 'resource'> & Partial<SignInMessage>,
  now = Date.now(),
): string {
  return layOutSignIn({
    chain: wallet.chain,
    address: wallet.address,
    uri: uriOfDomain(fields.domain),
    chainId: SIGN_IN_CHAIN_ID,
    issuedAt: now,
    expirationTime: now + SIGN_IN_LIFE_MS,
    ...fields,
  });
}

/** The payload of an owner's header; `changes` lets an attacker say something else beside what was signed. */
export function headerOf(
  wallet: OwnerWallet,
  action: OwnerAction,
  message: string,
  changes: Readonly<Record<string, unknown>> = {},
): string {
  const nonce = /^Nonce: (.*)$/m.exec(message)?.[1];
  const payload = {
    chain: wallet.chain,
    address: wallet.address,
    action,
    nonce,
    timestamp: new Date().toISOString(),
    message,
    signature: wallet.sign(message),
    ...changes,
  };
  return `Bearer ${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
}

/** Statement of an action that is about no payment. */
export const statementOf = (action: OwnerAction): string => ownerStatement(action);
