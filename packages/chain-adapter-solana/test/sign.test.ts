import { createHash } from 'node:crypto';
import { blockhash } from '@solana/kit';
import type { UnsignedTransaction } from '@waiaas/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BASE_FEE, priorityFee } from '../src/fee.ts';
import { compilePayment } from '../src/payment-message.ts';
import { readWire } from '../src/wire-transaction.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

let world: World;
let from: Wallet;
let to: Wallet;
let thief: Wallet;
let built: UnsignedTransaction;
let asked: number;

beforeAll(async () => {
  world = await createWorld();
  world.localnet.faults.add({ type: 'priorityFee', microLamports: 5_000_000n });
  [from, to, thief] = [await world.funded(100n * SOL), await createWallet(), await world.funded(SOL)];
});
afterAll(() => world.close());
beforeEach(async () => {
  asked = 0;
  built = await world.adapter.buildTransaction({
    from: from.address,
    to: to.address,
    amount: SOL,
    memo: 'invoice 12',
    priority: 'high',
  });
});

const counted: Wallet['sign'] = (message) => {
  asked += 1;
  return from.sign(message);
};
const sign = (transaction: UnsignedTransaction) => world.adapter.signTransaction(transaction, counted);

/** The same payment with some parts replaced behind the policy's back. */
function altered(parts: Partial<Parameters<typeof compilePayment>[0]>): Uint8Array {
  return compilePayment({
    from: from.address,
    to: to.address,
    amount: SOL,
    memo: 'invoice 12',
    blockhash: {
      blockhash: blockhash(String(built.metadata.blockhash)),
      lastValidBlockHeight: built.lastValidBlockHeight ?? 0n,
      expiresAt: 0,
    },
    unitLimit: Number(built.metadata.computeUnitLimit),
    unitPrice: BigInt(built.metadata.computeUnitPrice ?? 0),
    ...parts,
  });
}

describe('what is signed is what was approved', () => {
  test('the untouched bytes are signed, and the id is known before anything is sent', async () => {
    expect(altered({})).toEqual(built.serialized);
    const signed = await sign(built);
    const parts = readWire(signed.bytes);
    expect(parts?.message).toEqual(built.serialized);
    expect(signed.lastValidBlockHeight).toBe(built.lastValidBlockHeight);
    expect(signed.txHash).toMatch(/^[1-9A-HJ-NP-Za-km-z]{86,88}$/);
  });

  const limit = 1_300_000;
  test.each([
    ['destination', () => altered({ to: thief.address })],
    ['amount', () => altered({ amount: 2n * SOL })],
    ['feePayer', () => altered({ from: thief.address })],
    ['memo', () => altered({ memo: 'invoice 13' })],
    ['unitLimit', () => altered({ unitLimit: limit })],
    ['unitPrice', () => altered({ unitPrice: 10n ** 12n })],
    [
      'blockhash',
      () => altered({ blockhash: { blockhash: blockhash(thief.address), lastValidBlockHeight: 0n, expiresAt: 0 } }),
    ],
  ])('another %s is refused and the key is not asked', async (mismatch, bytes) => {
    await expect(sign({ ...built, serialized: bytes() })).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      mayHaveLanded: false,
      retryable: false,
      details: { mismatch },
    });
    expect(asked).toBe(0);
  });

  test('a memo that was removed is refused', async () => {
    const { memo: _, ...plain } = { memo: 'invoice 12' };
    const serialized = compilePayment({
      from: from.address,
      to: to.address,
      amount: SOL,
      ...plain,
      blockhash: {
        blockhash: blockhash(String(built.metadata.blockhash)),
        lastValidBlockHeight: 0n,
        expiresAt: 0,
      },
      unitLimit: Number(built.metadata.computeUnitLimit),
      unitPrice: BigInt(built.metadata.computeUnitPrice ?? 0),
    });
    await expect(sign({ ...built, serialized })).rejects.toMatchObject({ details: { mismatch: 'memo' } });
  });

  test('a request that was swapped under the bytes is refused', async () => {
    for (const request of [
      { ...built.request, to: thief.address },
      { ...built.request, amount: 1n },
      { ...built.request, memo: 'x' },
    ]) {
      await expect(sign({ ...built, request })).rejects.toMatchObject({ code: 'SIGN_FAILED' });
    }
    expect(asked).toBe(0);
  });

  test('a bid above what was estimated or above the cap is refused, even when the record of the build agrees', async () => {
    const unitPrice = BigInt(built.metadata.computeUnitPrice ?? 0) + 1_000n;
    const serialized = altered({ unitPrice });
    const metadata = { ...built.metadata, computeUnitPrice: unitPrice };
    await expect(sign({ ...built, serialized, metadata })).rejects.toMatchObject({ details: { mismatch: 'fee' } });

    const dear = 10n ** 9n;
    const estimatedFee = BASE_FEE + priorityFee(Number(built.metadata.computeUnitLimit), dear);
    const capped = { ...built, serialized: altered({ unitPrice: dear }), estimatedFee };
    const rich = { ...capped, metadata: { ...built.metadata, computeUnitPrice: dear } };
    await expect(sign(rich)).rejects.toMatchObject({ details: { mismatch: 'fee' } });
    expect(asked).toBe(0);
  });

  test('no single flipped bit, missing byte or added byte gets a signature', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(built.serialized.length - 1),
        fc.integer({ min: 0, max: 7 }),
        fc.constantFrom('flip', 'drop', 'insert', 'append'),
        async (place, bit, how) => {
          const bytes = [...built.serialized];
          if (how === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
          else if (how === 'drop') bytes.splice(place, 1);
          else if (how === 'insert') bytes.splice(place, 0, 1 << bit);
          else bytes.push(1 << bit);
          await expect(sign({ ...built, serialized: Uint8Array.from(bytes) })).rejects.toMatchObject({
            code: 'SIGN_FAILED',
          });
        },
      ),
      { numRuns: 1_500 },
    );
    expect(asked).toBe(0);
  });

  test('every single bit, one after another', async () => {
    for (let bit = 0; bit < built.serialized.length * 8; bit += 1) {
      const bytes = Uint8Array.from(built.serialized);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const outcome = await sign({ ...built, serialized: bytes }).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) throw new Error(`bit ${bit} was signed`);
    }
    expect(asked).toBe(0);
  });

  test('changing the bytes while the key is being asked changes nothing', async () => {
    const serialized = Uint8Array.from(built.serialized);
    const digest = createHash('sha256').update(serialized).digest('hex');
    const signed = await world.adapter.signTransaction({ ...built, serialized }, async (message) => {
      const signature = await from.sign(message);
      serialized.fill(0xff);
      message.fill(0xee);
      return signature;
    });
    const parts = readWire(signed.bytes);
    expect(
      createHash('sha256')
        .update(parts?.message ?? '')
        .digest('hex'),
    ).toBe(digest);
  });
});

describe('the signature must be one of the sender', () => {
  test.each([
    ['another key', () => thief.sign],
    ['another message', () => () => from.sign(new Uint8Array([1, 2, 3]))],
    ['zeros', () => async () => new Uint8Array(64)],
    ['63 bytes', () => async () => new Uint8Array(63)],
    ['no bytes', () => async () => new Uint8Array(0)],
  ])('%s is refused', async (_, key) => {
    await expect(world.adapter.signTransaction(built, key())).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      mayHaveLanded: false,
    });
  });

  test('a keystore that refuses is the cause of the error', async () => {
    const locked = new Error('locked');
    const refusing = world.adapter.signTransaction(built, async () => {
      throw locked;
    });
    await expect(refusing).rejects.toMatchObject({ code: 'SIGN_FAILED', cause: locked });
  });
});

describe('a stale transaction', () => {
  test('is neither simulated nor signed, to the millisecond', async () => {
    const stale = { ...built, expiresAt: world.clock.now() };
    for (const attempt of [sign(stale), world.adapter.simulateTransaction(stale)]) {
      await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_EXPIRED', mayHaveLanded: false });
    }
    await expect(sign({ ...built, expiresAt: world.clock.now() + 1 })).resolves.toBeDefined();
  });

  test('nor is one without a time, or of another chain', async () => {
    const { expiresAt: _, ...timeless } = built;
    await expect(sign(timeless)).rejects.toMatchObject({ code: 'TRANSACTION_EXPIRED' });
    await expect(sign({ ...built, chain: 'ethereum' })).rejects.toMatchObject({ code: 'CHAIN_NOT_SUPPORTED' });
  });
});
