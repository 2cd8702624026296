export * from './agents.ts';
export { confirmGovernor, confirmOrigin, isOwner, refuseWhileLocked } from './authority.ts';
export { intentInMessage, paymentInMessage } from './notified-payment.ts';
export * from './owner.ts';
export * from './policies.ts';
export { type RenewalLimits, renewalsLeft } from './renewal.ts';
export { actorName, auditOrigin, type OwnerActor, type RequestOrigin } from './request-origin.ts';
export * from './seed.ts';
export * from './sessions.ts';
