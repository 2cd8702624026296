export * from './audit/index.ts';
export * from './auto-stop/index.ts';
export { cancelWaiting, type Ending } from './cancel-waiting.ts';
export { checkKeystore, type KeystoreIntegrityDependencies } from './keystore-integrity.ts';
export * from './kill-switch/index.ts';
