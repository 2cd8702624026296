export * from './fake-adapter.ts';
export * from './fake-ledger.ts';
export * from './faults.ts';
export * from './virtual-time.ts';
