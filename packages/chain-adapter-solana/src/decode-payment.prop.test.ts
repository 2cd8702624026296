import { address, blockhash, getAddressDecoder } from '@solana/kit';
import { memoProblem } from '@waiaas/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePayment } from './decode-payment.ts';
import { compilePayment } from './payment-message.ts';
import { isNoWallet } from './programs.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => getAddressDecoder().decode(bytes));
const u64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const memo = fc.option(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => memoProblem(text) === null),
  { nil: undefined },
);

test('whatever payment is compiled, reading its bytes gives that payment back', () => {
  fc.assert(
    fc.property(
      key,
      key,
      key,
      u64,
      memo,
      fc.nat(1_400_000),
      u64,
      (from, to, hash, amount, text, unitLimit, unitPrice) => {
        fc.pre(from !== to && !isNoWallet(to) && !isNoWallet(from));
        const bytes = compilePayment({
          from: address(from),
          to: address(to),
          amount,
          ...(text === undefined ? {} : { memo: text }),
          blockhash: { blockhash: blockhash(hash), lastValidBlockHeight: 1n, expiresAt: 0 },
          unitLimit,
          unitPrice,
        });
        expect(decodePayment(bytes)).toEqual({
          feePayer: from,
          source: from,
          destination: to,
          amount,
          memo: text,
          blockhash: hash,
          unitLimit,
          unitPrice,
        });
      },
    ),
  );
});

test('bytes that are no payment are refused, never read as one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(() => decodePayment(bytes)).toThrow();
    }),
  );
});
