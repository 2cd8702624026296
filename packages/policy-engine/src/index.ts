export * from './compile-policies.ts';
export type { Blocker, CompiledLimits, CompiledPolicies, CompiledSpendingLimit } from './compiled-policies.ts';
export type * from './decision.ts';
export * from './evaluate.ts';
export type * from './payment.ts';
export type * from './policy-row.ts';
export * from './spend-windows.ts';
