import { getAddressDecoder } from '@solana/kit';
import { nativeAsset } from '@waiaas/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSolanaAddress } from './request-check.ts';

test('any 32 bytes are an address, and nothing that is asked makes the check throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(isSolanaAddress(getAddressDecoder().decode(bytes))).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.anything(), fc.string({ unit: 'binary', maxLength: 60 }), (anything, text) => {
      expect(typeof isSolanaAddress(anything)).toBe('boolean');
      expect(typeof isSolanaAddress(text)).toBe('boolean');
    }),
  );
});

test('edges', () => {
  expect(isSolanaAddress('So11111111111111111111111111111111111111112')).toBe(true);
  expect(isSolanaAddress(' So11111111111111111111111111111111111111112')).toBe(false);
  expect(isSolanaAddress('1'.repeat(100_000))).toBe(false);
  expect(nativeAsset('solana').max).toBe(2n ** 64n - 1n);
});
