export { type CanonicalValue, canonicalJson } from '../canonical-json.ts';
export { formatUnits } from '../format-units.ts';
export * from './owner-action.ts';
export * from './payment-text.ts';
export * from './resource.ts';
export * from './sign-in-text.ts';
