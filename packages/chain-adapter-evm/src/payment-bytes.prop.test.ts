import fc from 'fast-check';
import { type Address, bytesToHex, getAddress, type Hex } from 'viem';
import { expect, test } from 'vitest';
import { callOf } from './call-of.ts';
import { decodePayment, encodePayment, type PaymentFields, readSigned } from './payment-bytes.ts';
import { refusals } from './refuse.ts';
import { checkRequest } from './request-check.ts';
import { transferredBy } from './token-transfer.ts';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b): Hex => bytesToHex(b));
const address: fc.Arbitrary<Address> = bytes(20).map((hex) => getAddress(hex));
const wallet = address.filter((each) => BigInt(each) > 0xffffn);
const u256 = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n });
const fields: fc.Arbitrary<PaymentFields> = fc
  .record({
    to: address,
    value: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    data: fc.uint8Array({ maxLength: 300 }).map((b): Hex => bytesToHex(b)),
    chainId: fc.integer({ min: 1, max: 2 ** 31 }),
    nonce: fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }),
    gas: fc.bigInt({ min: 0n, max: 2n ** 63n }),
    prices: fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 128n }), fc.bigInt({ min: 0n, max: 2n ** 128n })),
  })
  .map(({ prices: [tip, more], ...rest }) => ({ ...rest, maxFeePerGas: tip + more, maxPriorityFeePerGas: tip }));
const signature = fc.record({ r: bytes(32), s: bytes(32), yParity: fc.constantFrom(0 as const, 1 as const) });
const sameSignature = (a: { r: Hex; s: Hex } | null, b: { r: Hex; s: Hex }): boolean =>
  a !== null && BigInt(a.r) === BigInt(b.r) && BigInt(a.s) === BigInt(b.s);

test('what is encoded is read back, unsigned and signed', () => {
  fc.assert(
    fc.property(fields, signature, (payment, signed) => {
      expect(decodePayment(encodePayment(payment))).toEqual({ fields: payment, signature: null });
      fc.pre(BigInt(signed.r) > 0n && BigInt(signed.s) > 0n);
      const decoded = decodePayment(encodePayment(payment, signed));
      expect(decoded?.fields).toEqual(payment);
      expect(sameSignature(decoded?.signature ?? null, signed)).toBe(true);
    }),
  );
});

test('no two encodings are read as the same payment', () => {
  fc.assert(
    fc.property(fields, fc.nat(400), fc.integer({ min: 1, max: 255 }), (payment, at, flip) => {
      const encoded = encodePayment(payment);
      const changed = encoded.map((byte, place) => (place === at % encoded.length ? byte ^ flip : byte));
      expect(decodePayment(changed)?.fields).not.toEqual(payment);
    }),
  );
});

test('bytes of any kind are read as themselves or not at all, and never throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (noise, typed) => {
      const candidate = typed ? Uint8Array.of(2, ...noise) : noise;
      const decoded = decodePayment(candidate);
      if (decoded !== null) {
        expect(encodePayment(decoded.fields, decoded.signature ?? undefined)).toEqual(candidate);
      }
      await expect(readSigned(candidate)).resolves.toBeDefined();
    }),
  );
});

test('a request and its call say the same, in wei and in tokens', () => {
  const refuse = refusals('ethereum');
  fc.assert(
    fc.property(wallet, wallet, wallet, u256, (from, to, token, amount) => {
      fc.pre(new Set([from, to, token]).size === 3);
      const native = checkRequest(refuse, { from, to, amount });
      expect(callOf(native)).toEqual({ to, value: amount, data: '0x' });
      const asked = { from, to: to.toLowerCase(), amount, token: { address: token, decimals: 6, symbol: 'T' } };
      const call = callOf(checkRequest(refuse, asked));
      expect(call).toMatchObject({ to: token, value: 0n });
      expect(transferredBy(call.data)).toBe(amount);
      expect(call.data.slice(0, 10)).toBe('0xa9059cbb');
      expect(call.data.slice(34, 74)).toBe(to.slice(2).toLowerCase());
    }),
  );
});
