export * from './lockout-store.ts';
export * from './master-password.ts';
export * from './nonce-store.ts';
export * from './operator-tokens.ts';
export * from './session-active.ts';
export * from './session-authenticator.ts';
export * from './session-store.ts';
export * from './session-tokens.ts';
