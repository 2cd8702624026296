import { type Signature, signature } from '@solana/kit';
import { expect, test } from 'vitest';
import { createFirstHeights } from './first-heights.ts';
import { transactionId } from './wire-transaction.ts';

const signatureOf = (index: number): Signature => {
  const bytes = new Uint8Array(64).fill(1);
  new DataView(bytes.buffer).setUint32(0, index);
  return signature(transactionId(bytes));
};

test('the first height stays, whatever comes after it', () => {
  const heights = createFirstHeights();
  expect(heights.note(signatureOf(1), 100n)).toBe(100n);
  expect(heights.note(signatureOf(2), 150n)).toBe(150n);
  expect(heights.note(signatureOf(1), 400n)).toBe(100n);
  expect(heights.note(signatureOf(1), 3n)).toBe(100n);
});

test('the oldest is dropped beyond ten thousand, and then begins anew: later, never earlier', () => {
  const heights = createFirstHeights();
  for (let index = 0; index < 10_000; index += 1) heights.note(signatureOf(index), 100n);
  expect(heights.note(signatureOf(0), 500n)).toBe(100n);
  heights.note(signatureOf(10_000), 100n);
  expect(heights.note(signatureOf(1), 500n)).toBe(100n);
  expect(heights.note(signatureOf(0), 500n)).toBe(500n);
});
