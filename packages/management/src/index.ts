export * from './agents.ts';
export * from './policies.ts';
export type { RequestOrigin } from './request-origin.ts';
export * from './seed.ts';
export * from './sessions.ts';
