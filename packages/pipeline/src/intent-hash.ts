import { hash } from 'node:crypto';
import { canonicalJson, encodeIntent, type Intent } from '@waiaas/core';

/** SHA-256 of a text, hex. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** SHA-256 of an intent's canonical encoding, hex: what a signing permit and an approval are bound to (00 §3). */
export const intentHash = (intent: Intent): string => sha256(encodeIntent(intent));

/** What a client asked for, apart from who asked and when. */
export type RequestedTransfer = Pick<Intent, 'type' | 'to' | 'asset' | 'amount' | 'memo' | 'priority'>;

/** SHA-256 over what a request asks for: equal requests under one Idempotency-Key have equal hashes (04 §8). */
export const requestHash = ({ type, to, asset, amount, memo, priority }: RequestedTransfer): string =>
  sha256(canonicalJson({ type, to, asset, amount, memo, priority }));
