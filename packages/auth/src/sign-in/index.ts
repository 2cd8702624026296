export { canonicalAddress } from './address.ts';
export * from './check-sign-in.ts';
export * from './sign-in-message.ts';
export { type SignedText, verifySignature } from './verify-signature.ts';
