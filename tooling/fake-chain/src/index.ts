export * from './fake-adapter.ts';
export * from './fake-ledger.ts';
export { FAKE_FEE } from './fake-message.ts';
export * from './faults.ts';
export * from './virtual-time.ts';
