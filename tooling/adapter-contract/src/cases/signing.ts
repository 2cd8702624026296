import { strict as assert } from 'node:assert';
import { Buffer } from 'node:buffer';
import type { IChainAdapter, UnsignedTransaction } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { confirmed, fundedWallet, nativeBalance } from '../payment.ts';
import { flippedBitsAreRefused, refusedUnsigned } from '../tampering.ts';
import type { ContractWallet, ContractWorld } from '../world.ts';

interface Approved {
  readonly adapter: IChainAdapter;
  readonly from: ContractWallet;
  readonly to: ContractWallet;
  readonly built: UnsignedTransaction;
}

async function approvedPayment(world: ContractWorld): Promise<Approved> {
  const [from, to] = [await fundedWallet(world), await world.createWallet()];
  const built = await world.adapter.buildTransaction({
    from: from.address,
    to: to.address,
    amount: world.payment,
    memo: 'invoice 12',
  });
  return { adapter: world.adapter, from, to, built };
}

export const signing: ContractSection = {
  about: 'signing',
  cases: [
    {
      promise: 'asks for one signature and knows the id before anything is sent',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        let asked = 0;
        const signed = await adapter.signTransaction(built, (message) => {
          asked += 1;
          return from.sign(message);
        });
        assert.equal(asked, 1);
        assert.ok(signed.txHash.length > 0 && signed.bytes.length > 0);
        assert.equal(signed.lastValidBlockHeight, built.lastValidBlockHeight);
        assert.deepEqual(await adapter.getTransactionStatus(signed.txHash), { state: 'not_found' });
      },
    },
    {
      promise: 'signs nothing but what the request says: no other request under the same bytes',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        const thief = await world.createWallet();
        const { memo: _, ...silent } = built.request;
        const swapped = {
          recipient: { ...built.request, to: thief.address },
          'one unit less': { ...built.request, amount: built.request.amount - 1n },
          'one unit more': { ...built.request, amount: built.request.amount + 1n },
          'another memo': { ...built.request, memo: 'invoice 13' },
          'no memo': silent,
          sender: { ...built.request, from: thief.address },
        };
        for (const [what, request] of Object.entries(swapped)) {
          await refusedUnsigned(adapter, from, { ...built, request }, what);
        }
      },
    },
    {
      promise: 'signs nothing but what the request says: no other bytes under the same request',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        const thief = await world.createWallet();
        const { request } = built;
        for (const other of [
          { ...request, to: thief.address },
          { ...request, amount: request.amount * 2n },
          { ...request, memo: 'invoice 13' },
        ]) {
          const { serialized } = await adapter.buildTransaction(other);
          await refusedUnsigned(adapter, from, { ...built, serialized }, 'the bytes of another payment');
        }
        await flippedBitsAreRefused(adapter, from, built, 1);
        for (const serialized of [
          new Uint8Array(),
          built.serialized.slice(1),
          built.serialized.slice(0, -1),
          Uint8Array.of(...built.serialized, 0),
        ]) {
          await refusedUnsigned(adapter, from, { ...built, serialized }, 'cut or longer bytes');
        }
      },
    },
    {
      promise: 'takes no signature but one of the sender over these bytes',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        const thief = await world.createWallet();
        const keys = {
          'another key': thief.sign,
          'another message': () => from.sign(Uint8Array.of(1, 2, 3)),
          zeros: async (message: Uint8Array) => new Uint8Array((await from.sign(message)).length),
          'no bytes': async () => new Uint8Array(),
        };
        for (const [what, sign] of Object.entries(keys)) {
          const error = await fails(adapter.signTransaction(built, sign), {
            code: 'SIGN_FAILED',
            mayHaveLanded: false,
          });
          assert.equal(error.retryable, false, what);
        }
      },
    },
    {
      promise: 'passes on why the keystore did not sign',
      async run(world) {
        const { adapter, built } = await approvedPayment(world);
        const locked = new Error('locked');
        const error = await fails(
          adapter.signTransaction(built, () => Promise.reject(locked)),
          {
            code: 'SIGN_FAILED',
            mayHaveLanded: false,
          },
        );
        assert.equal(error.cause, locked);
      },
    },
    {
      promise: 'cannot be made to pay something else by changing the bytes while the key is asked',
      async run(world) {
        const { adapter, from, to, built } = await approvedPayment(world);
        const serialized = Uint8Array.from(built.serialized);
        const signed = await adapter.signTransaction({ ...built, serialized }, async (message) => {
          const signature = await from.sign(message);
          serialized.fill(0xff);
          message.fill(0xee);
          return signature;
        });
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
        assert.equal(await nativeBalance(world, to.address), world.payment);
      },
    },
    {
      promise: 'does not sign what has gone stale, or belongs to another chain',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        const other = adapter.chain === 'solana' ? 'ethereum' : 'solana';
        await refusedUnsigned(adapter, from, { ...built, chain: other }, 'another chain');
        if (built.expiresAt === undefined) return;
        await fails(adapter.signTransaction({ ...built, expiresAt: 0 }, from.sign), {
          code: 'TRANSACTION_EXPIRED',
          mayHaveLanded: false,
        });
      },
    },
    {
      promise: 'signs payments only, and not whatever bytes it is given',
      async run(world) {
        const { adapter, from, built } = await approvedPayment(world);
        const texts = ['', '{}', 'transfer', JSON.stringify(built.request, (_, value) => String(value))];
        for (const text of texts) {
          const serialized = Uint8Array.from(Buffer.from(text));
          await refusedUnsigned(adapter, from, { ...built, serialized }, JSON.stringify(text));
        }
      },
    },
  ],
};
