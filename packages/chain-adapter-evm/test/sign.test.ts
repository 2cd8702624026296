import { randomBytes } from 'node:crypto';
import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePayment, encodePayment, type PaymentFields } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type Wallet, type World } from './world.ts';

let world: World;
let payer: Wallet;
let token: string;
beforeAll(async () => {
  world = await createWorld({ signedMs: 1 });
  payer = await world.funded();
  token = await world.anvil.deploy('Token', { holder: payer.address, supply: 1_000n });
});
afterAll(() => world.close());

const build = (request: Partial<TransferRequest> = {}): Promise<UnsignedTransaction> =>
  world.adapter.buildTransaction({
    from: payer.address,
    to: createWallet().address,
    amount: ETHER,
    memo: 'rent',
    ...request,
  });
const buildToken = () => {
  const { memo: _, ...request } = { memo: '', token: { address: token, decimals: 6, symbol: 'TEST' } };
  return world.adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 9n, ...request });
};
const fieldsOf = ({ serialized }: UnsignedTransaction): PaymentFields => {
  const decoded = decodePayment(serialized);
  if (decoded === null) throw new Error('not a payment');
  return decoded.fields;
};
const altered = (built: UnsignedTransaction, change: Partial<PaymentFields>): UnsignedTransaction => ({
  ...built,
  serialized: encodePayment({ ...fieldsOf(built), ...change }),
});
const neverAsked = () => {
  const asked: Uint8Array[] = [];
  return {
    asked,
    sign: async (message: Uint8Array) => {
      asked.push(message);
      return payer.sign(message);
    },
  };
};

describe('what is signed is what was asked for', () => {
  test.each([
    ['to', (f: PaymentFields) => ({ to: createWallet().address as `0x${string}`, data: f.data })],
    ['value', (f: PaymentFields) => ({ value: f.value + 1n })],
    ['data', () => ({ data: '0x1234' as const })],
    ['chainId', () => ({ chainId: 1 })],
    ['nonce', (f: PaymentFields) => ({ nonce: f.nonce + 1n })],
    ['gas', (f: PaymentFields) => ({ gas: f.gas * 2n })],
    ['maxFeePerGas', (f: PaymentFields) => ({ maxFeePerGas: f.maxFeePerGas + 1n })],
    ['maxPriorityFeePerGas', (f: PaymentFields) => ({ maxPriorityFeePerGas: f.maxPriorityFeePerGas + 1n })],
  ])('another %s is refused before the signer is asked', async (mismatch, change) => {
    const [built, { sign, asked }] = [await build(), neverAsked()];
    await expect(world.adapter.signTransaction(altered(built, change(fieldsOf(built))), sign)).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      details: { mismatch },
      mayHaveLanded: false,
    });
    expect(asked).toEqual([]);
  });

  test('a token transfer to another recipient, of another amount or of another token is refused', async () => {
    const [built, other, { sign, asked }] = [await buildToken(), await buildToken(), neverAsked()];
    const swapped = { ...built, serialized: other.serialized };
    await expect(world.adapter.signTransaction(swapped, sign)).rejects.toMatchObject({ details: { mismatch: 'data' } });
    const more = { ...built, request: { ...built.request, amount: 10n } };
    await expect(world.adapter.signTransaction(more, sign)).rejects.toMatchObject({ details: { mismatch: 'data' } });
    const elsewhere = altered(built, { to: createWallet().address as `0x${string}` });
    await expect(world.adapter.signTransaction(elsewhere, sign)).rejects.toMatchObject({ details: { mismatch: 'to' } });
    const withValue = altered(built, { value: 1n });
    await expect(world.adapter.signTransaction(withValue, sign)).rejects.toMatchObject({
      details: { mismatch: 'value' },
    });
    expect(asked).toEqual([]);
  });

  test('a fee above the estimate that was shown is refused', async () => {
    const [built, { sign }] = [await build(), neverAsked()];
    const cheap = { ...built, estimatedFee: built.estimatedFee - 1n };
    await expect(world.adapter.signTransaction(cheap, sign)).rejects.toMatchObject({ details: { mismatch: 'fee' } });
  });

  test('no changed byte gets a signature', async () => {
    const [built, { sign, asked }] = [await build(), neverAsked()];
    await fc.assert(
      fc.asyncProperty(fc.nat(built.serialized.length - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const serialized = Uint8Array.from(built.serialized, (byte, at) => (at === place ? byte ^ flip : byte));
        await expect(world.adapter.signTransaction({ ...built, serialized }, sign)).rejects.toMatchObject({
          code: 'SIGN_FAILED',
        });
      }),
      { numRuns: 300 },
    );
    expect(asked).toEqual([]);
  });

  test('bytes that follow, and bytes that are none of ours, are refused', async () => {
    const [built, { sign }] = [await build(), neverAsked()];
    for (const serialized of [
      Uint8Array.of(...built.serialized, 0),
      built.serialized.slice(0, -1),
      new Uint8Array(0),
      randomBytes(100),
    ]) {
      await expect(world.adapter.signTransaction({ ...built, serialized }, sign)).rejects.toMatchObject({
        details: { mismatch: 'form' },
      });
    }
  });

  test('a transaction of another chain is refused', async () => {
    const built = await build();
    await expect(world.adapter.signTransaction({ ...built, chain: 'solana' }, payer.sign)).rejects.toMatchObject({
      code: 'CHAIN_NOT_SUPPORTED',
    });
  });
});

describe('a signature', () => {
  test('of another wallet is refused', async () => {
    await expect(world.adapter.signTransaction(await build(), createWallet().sign)).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      message: 'The signature is not one of the sender',
    });
  });

  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const toBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  test.each([
    ['64 bytes', (s: Uint8Array) => s.slice(0, 64)],
    ['66 bytes', (s: Uint8Array) => Uint8Array.of(...s, 0)],
    ['recovery value 27', (s: Uint8Array) => Uint8Array.of(...s.slice(0, 64), 27 + Number(s[64]))],
    ['the other recovery bit', (s: Uint8Array) => Uint8Array.of(...s.slice(0, 64), 1 - Number(s[64]))],
    [
      'the higher of its two forms',
      (s: Uint8Array) => {
        const high = ORDER - BigInt(`0x${Buffer.from(s.slice(32, 64)).toString('hex')}`);
        return Uint8Array.of(...s.slice(0, 32), ...toBytes(high), 1 - Number(s[64]));
      },
    ],
    ['zeros', () => new Uint8Array(65)],
  ])('of %s is refused', async (_form, change) => {
    const signed = world.adapter.signTransaction(await build(), async (digest) => change(await payer.sign(digest)));
    await expect(signed).rejects.toMatchObject({ code: 'SIGN_FAILED', mayHaveLanded: false });
  });

  test('covers the digest that the chain expects', async () => {
    const { sign, asked } = neverAsked();
    const { bytes, txHash } = await world.adapter.signTransaction(await build(), sign);
    expect(asked.map(({ length }) => length)).toEqual([32]);
    expect(txHash).toMatch(/^0x[0-9a-f]{64}$/);
    expect(decodePayment(bytes)?.signature).not.toBeNull();
  });

  test('nobody who holds the digest can change it', async () => {
    const signed = world.adapter.signTransaction(await build(), async (digest) => {
      const signature = await payer.sign(digest);
      digest.fill(0);
      return signature;
    });
    await expect(signed).resolves.toMatchObject({ txHash: expect.stringMatching(/^0x/) });
  });
});
