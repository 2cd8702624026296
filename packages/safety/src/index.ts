export * from './audit/index.ts';
export * from './kill-switch/index.ts';
