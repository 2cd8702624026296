import { address, blockhash, getAddressDecoder } from '@solana/kit';
import { memoProblem } from '@waiaas/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePayment } from './decode-payment.ts';
import { compilePayment } from './payment-message.ts';
import { isNoWallet, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';

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
          transfer: { kind: 'native', source: from, destination: to, amount },
          closing: null,
          memo: text,
          blockhash: hash,
          unitLimit,
          unitPrice,
        });
      },
    ),
  );
});

test('whatever token payment is compiled, reading its bytes gives that payment back', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { minLength: 6, maxLength: 6 }),
      u64,
      fc.nat(18),
      memo,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(TOKEN_PROGRAM, TOKEN_2022_PROGRAM),
      fc.constantFrom(0n, 1n, 2n ** 64n - 1n),
      (keys, amount, decimals, text, createsDestination, closesSource, program, unitPrice) => {
        fc.pre(!keys.some(isNoWallet));
        const [from, to, mint, source, destination, hash] = keys.map((text) => address(text));
        if (!from || !to || !mint || !source || !destination || !hash) throw new Error('six keys');
        const route = { program, mint, decimals, source, destination, createsDestination };
        const bytes = compilePayment({
          from,
          to,
          amount,
          route,
          ...(closesSource ? { closed: { program, account: source } } : {}),
          ...(text === undefined ? {} : { memo: text }),
          blockhash: { blockhash: blockhash(hash), lastValidBlockHeight: 1n, expiresAt: 0 },
          unitLimit: 12_345,
          unitPrice,
        });
        const creation = { payer: from, account: destination, owner: to, mint, program };
        expect(decodePayment(bytes)).toEqual({
          feePayer: from,
          transfer: {
            kind: 'token',
            program,
            mint,
            source,
            destination,
            authority: from,
            amount,
            decimals,
            creation: createsDestination ? creation : null,
          },
          closing: closesSource ? { program, account: source, destination: from, owner: from } : null,
          memo: text,
          blockhash: hash,
          unitLimit: 12_345,
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
