/** Chain ids of EIP-155, by the daemon's names of EVM chains and of their networks. */
const CHAIN_IDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ethereum: { mainnet: 1, sepolia: 11_155_111, localnet: 31_337 },
  polygon: { mainnet: 137, amoy: 80_002 },
  arbitrum: { mainnet: 42_161, sepolia: 421_614 },
  base: { mainnet: 8_453, sepolia: 84_532 },
};

/** The chain id of a network; undefined for one that this version does not know. */
export const chainIdOf = (chain: string, network: string): number | undefined => CHAIN_IDS[chain]?.[network];
