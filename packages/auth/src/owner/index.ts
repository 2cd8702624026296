export * from './owner-authenticator.ts';
export * from './owner-payload.ts';
export * from './purpose.ts';
