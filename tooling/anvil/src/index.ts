export { type Anvil, type AnvilOptions, startAnvil } from './anvil.ts';
export type { TestContract } from './contract-code.ts';
export { type FlakyProxy, type ProxyMode, startFlakyProxy } from './flaky-proxy.ts';
