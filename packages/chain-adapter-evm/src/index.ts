export { createEvmAdapter, type EvmAdapter } from './adapter.ts';
export type { EvmNetwork, Finality } from './evm-network.ts';
export type { EvmAdapterOptions, EvmTimeouts } from './options.ts';
export type { PendingTransaction, PendingTransactions } from './pending-transactions.ts';
