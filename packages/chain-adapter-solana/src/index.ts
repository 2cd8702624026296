export { createSolanaAdapter } from './adapter.ts';
export type { SolanaAdapterOptions, SolanaTimeouts } from './options.ts';
export type { Sleep } from './sleep.ts';
