import { CHAINS, networksOf } from '@waiaas/core';
import { expect, test } from 'vitest';
import { evmNetwork } from './evm-network.ts';

const ALL = CHAINS.filter((chain) => chain !== 'solana').flatMap((chain) =>
  networksOf(chain).map((network) => ({ chain, network, parameters: evmNetwork(chain, network) })),
);

test('every network of every EVM chain has parameters, and no two share a chain id', () => {
  expect(ALL.length).toBeGreaterThan(8);
  for (const { chain, network, parameters } of ALL) expect(parameters, `${chain} ${network}`).toBeDefined();
  expect(new Set(ALL.map(({ parameters }) => parameters?.chainId)).size).toBe(ALL.length);
});

test('chain ids are those of the public networks', () => {
  expect(
    Object.fromEntries(ALL.map(({ chain, network, parameters }) => [`${chain} ${network}`, parameters?.chainId])),
  ).toEqual({
    'ethereum mainnet': 1,
    'ethereum sepolia': 11_155_111,
    'ethereum localnet': 31_337,
    'polygon mainnet': 137,
    'polygon amoy': 80_002,
    'arbitrum mainnet': 42_161,
    'arbitrum sepolia': 421_614,
    'base mainnet': 8_453,
    'base sepolia': 84_532,
  });
});

test('bounds of the fee make sense, and only a local node is believed about finality without saying so', () => {
  for (const { network, parameters } of ALL) {
    if (parameters === undefined) throw new Error(network);
    expect(parameters.minTip).toBeLessThanOrEqual(parameters.maxTip);
    expect(parameters.maxFee).toBeGreaterThan(21_000n * parameters.maxTip);
    expect(parameters.finality.kind).toBe(network === 'localnet' ? 'depth' : 'tag');
    expect(parameters.confirmations).toBeGreaterThanOrEqual(1);
  }
});

test('Solana has none', () => {
  expect(evmNetwork('solana', 'devnet')).toBeUndefined();
});
