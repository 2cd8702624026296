import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldReference, paymentKey } from './payment-key.ts';

const TO = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const payment = { to: TO, amount: '1000' };

describe('the key of a payment', () => {
  test('is the same for the same payment, however its reference is written', () => {
    expect(paymentKey({ ...payment })).toBe(paymentKey({ ...payment, reference: undefined }));
    for (const [one, other] of [
      ['Invoice 17', 'invoice-17'],
      ['rent 2026-12', 'RENT  2026/12!'],
      ['Ｎｏ．１', 'no. 1'],
      ['거래 3', '거래-3'],
    ] as const)
      expect(paymentKey({ ...payment, reference: one })).toBe(paymentKey({ ...payment, reference: other }));
  });

  test('differs with the recipient, the amount and the reference', () => {
    const keys = [
      payment,
      { ...payment, amount: '1001' },
      { ...payment, to: TO.toLowerCase() },
      { ...payment, token: TO },
      { ...payment, token: 'null' },
      { ...payment, reference: '1' },
      { ...payment, reference: '2' },
      { ...payment, reference: '12' },
      { ...payment, reference: '1 2' },
      { ...payment, reference: 'null' },
      { ...payment, amount: '10', reference: '00' },
    ].map(paymentKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('does not differ with the letter case of a hexadecimal address', () => {
    const to = '0xAbCdEf0123456789aBcDeF0123456789ABCDEF01';
    expect(paymentKey({ to, amount: '1' })).toBe(paymentKey({ to: to.toLowerCase(), amount: '1' }));
  });

  test('is one that the daemon takes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), (to, reference) => {
        expect(paymentKey({ to, amount: '5', reference })).toMatch(/^mcp-[0-9a-f]{64}$/);
      }),
    );
  });

  test('two references that fold to different texts never meet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const same = paymentKey({ ...payment, reference: a }) === paymentKey({ ...payment, reference: b });
        expect(same).toBe(foldReference(a) === foldReference(b));
      }),
    );
  });
});
