import { expect, test } from 'vitest';
import { CHAINS, isNetworkOf, nativeAsset, networkConfigKey, networksOf } from './network.ts';

test('a network belongs to the chains that have it; localnet to both', () => {
  expect(networksOf('solana')).toEqual(['mainnet-beta', 'devnet', 'testnet', 'localnet']);
  expect(networksOf('ethereum')).toEqual(['mainnet', 'sepolia', 'localnet']);
  expect(networksOf('polygon')).toEqual(['mainnet', 'amoy']);
  expect(networksOf('arbitrum')).toEqual(['mainnet', 'sepolia']);
  expect(networksOf('base')).toEqual(['mainnet', 'sepolia']);
  expect(isNetworkOf('solana', 'mainnet')).toBe(false);
  expect(isNetworkOf('ethereum', 'mainnet-beta')).toBe(false);
});

test('no two networks of a chain share a configuration key', () => {
  for (const chain of CHAINS) {
    const keys = networksOf(chain).map(networkConfigKey);
    expect(new Set(keys).size).toBe(keys.length);
  }
  expect(networkConfigKey('mainnet-beta')).toBe('mainnet');
});

test('native assets count as their chains do', () => {
  expect(nativeAsset('solana')).toEqual({ symbol: 'SOL', decimals: 9, max: 18_446_744_073_709_551_615n });
  expect(nativeAsset('ethereum')).toEqual({ symbol: 'ETH', decimals: 18, max: 2n ** 256n - 1n });
  expect(nativeAsset('polygon')).toEqual({ symbol: 'POL', decimals: 18, max: 2n ** 256n - 1n });
});
