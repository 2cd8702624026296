export * from './audit/index.ts';
export * from './auto-stop/index.ts';
export { cancelWaiting, type Ending } from './cancel-waiting.ts';
export * from './kill-switch/index.ts';
