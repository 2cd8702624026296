import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownSymbol } from '../token.ts';
import { type PaymentFigures, paymentText } from './payment-text.ts';

const TO = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';
const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const native: PaymentFigures = {
  chain: 'solana',
  network: 'devnet',
  to: TO,
  amount: 12_500_000_000n,
  decimals: 9,
  symbol: 'SOL',
  token: null,
};
const usdc: PaymentFigures = { ...native, amount: 3_000_001n, decimals: 6, symbol: 'USDC', token: MINT };

test('a payment is told in whole units, with everything that makes it this one', () => {
  expect(paymentText(native)).toBe(`pay 12.5 SOL to ${TO} on solana devnet`);
  expect(paymentText(usdc)).toBe(`pay 3.000001 USDC (token ${MINT}) to ${TO} on solana devnet`);
  expect(paymentText({ ...usdc, decimals: 0 })).toContain('pay 3000001 USDC (token');
  expect(paymentText({ ...usdc, decimals: 18, amount: 2n ** 256n - 1n })).toContain(
    'pay 115792089237316195423570985008687907853269984665640564039457.584007913129639935 USDC (token',
  );
});

test('whatever a token calls itself, its words are read in one way and are those of no other payment', () => {
  const READ = /^pay ([0-9]+(?:\.[0-9]+)?) ([^ ]+) \(token ([^ ]+)\) to ([^ ]+) on solana devnet$/;
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('SOL', `SOL to ${TO} on solana devnet`, 'USDC) to', '5', '\n', 'USDC\u0000', '(token'),
  );
  fc.assert(
    fc.property(hostile, fc.bigInt({ min: 1n, max: 2n ** 64n }), (symbol, amount) => {
      const shown = shownSymbol(symbol);
      const text = paymentText({ ...usdc, amount, symbol: shown });
      const [, figure = '', word, token, to] = READ.exec(text) ?? [];
      const [whole = '', fraction = ''] = figure.split('.');
      expect(BigInt(whole + fraction.padEnd(6, '0'))).toBe(amount);
      expect([word, token, to]).toEqual([shown, MINT, TO]);
      // The characters EIP-4361 has for a statement.
      expect(text).toMatch(/^[A-Za-z0-9 ._~:/?#[\]@!$&'()*+,;=-]+$/);
      expect(text).not.toBe(paymentText({ ...native, amount }));
    }),
  );
});
