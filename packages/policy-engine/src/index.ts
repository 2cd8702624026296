export * from './compile-policies.ts';
export type {
  Blocker,
  CompiledLimits,
  CompiledPolicies,
  CompiledRateLimit,
  CompiledSpendingLimit,
  CompiledTimeRestriction,
  CompiledWhitelist,
} from './compiled-policies.ts';
export type * from './decision.ts';
export * from './encode-facts.ts';
export * from './evaluate.ts';
export * from './evaluate-claim.ts';
export * from './facts-needed.ts';
export type * from './payment.ts';
export { policyReferences } from './policy-reference.ts';
export type * from './policy-row.ts';
export * from './spend-windows.ts';
