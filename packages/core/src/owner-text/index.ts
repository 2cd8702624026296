export { type CanonicalValue, canonicalJson } from '../canonical-json.ts';
export * from './owner-action.ts';
export * from './resource.ts';
export * from './sign-in-text.ts';
