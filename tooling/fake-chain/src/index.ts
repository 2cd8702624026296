export * from './fake-adapter.ts';
export * from './fake-ledger.ts';
export { FAKE_FEE } from './fake-message.ts';
export * from './faults.ts';
export * from './nonce-adapter.ts';
export * from './nonce-ledger.ts';
export { decodeSigned } from './nonce-message.ts';
export * from './virtual-time.ts';
