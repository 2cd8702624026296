import type { Network } from '@waiaas/core';

/** First block of each public cluster: what a node says it serves must match what is configured (02 §6). */
const GENESIS_HASHES: ReadonlyMap<Network, string> = new Map<Network, string>([
  ['mainnet-beta', '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d'],
  ['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'],
  ['testnet', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY'],
]);

/** Genesis hash of a public network; a local ledger has none that is known in advance. */
export const genesisHashOf = (network: Network): string | undefined => GENESIS_HASHES.get(network);

/** Public network that has this genesis hash. */
export const networkOfGenesis = (hash: string): Network | undefined =>
  [...GENESIS_HASHES].find(([, known]) => known === hash)?.[0];
