import { generateKeyPairSync, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import type { OwnerChain } from '@waiaas/core';
import { Wallet } from 'ethers';

/** A wallet of an owner, signing with another implementation than the one that verifies. */
export interface TestWallet {
  readonly chain: OwnerChain;
  readonly address: string;
  sign(message: string): string;
}

function solanaWallet(): TestWallet {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const address = base58.encode(publicKey.export({ format: 'der', type: 'spki' }).subarray(12));
  return { chain: 'solana', address, sign: (message) => base58.encode(sign(null, Buffer.from(message), privateKey)) };
}

function ethereumWallet(): TestWallet {
  const wallet = Wallet.createRandom();
  return { chain: 'ethereum', address: wallet.address, sign: (message) => wallet.signMessageSync(message) };
}

/** A new wallet of a chain. */
export const createWallet = (chain: OwnerChain): TestWallet => (chain === 'solana' ? solanaWallet() : ethereumWallet());
