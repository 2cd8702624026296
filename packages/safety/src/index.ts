export * from './audit/index.ts';
export { cancelWaiting, type Ending } from './cancel-waiting.ts';
export * from './kill-switch/index.ts';
