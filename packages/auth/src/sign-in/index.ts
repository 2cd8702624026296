export { canonicalAddress } from './address.ts';
export * from './check-sign-in.ts';
export * from './draft-sign-in.ts';
export * from './sign-in-message.ts';
export * from './sign-in-verifier.ts';
export { type SignedText, verifySignature } from './verify-signature.ts';
