import {
  airdropFactory,
  isSolanaError,
  lamports,
  SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED,
  sendAndConfirmTransactionFactory,
} from '@solana/kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect, rejection, SOL, someAddress } from './client.ts';

describe('@solana/kit unchanged against a ledger whose slots pass by themselves', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connect({ slotMs: 20 });
  });
  afterAll(() => client.localnet.close());

  test('airdropFactory funds an address and waits for confirmation', async () => {
    const recipientAddress = await someAddress();
    await airdropFactory(client)({ commitment: 'confirmed', lamports: lamports(3n * SOL), recipientAddress });
    expect((await client.rpc.getBalance(recipientAddress).send()).value).toBe(3n * SOL);
  });

  test('fifty parallel sendAndConfirm calls each land exactly once', async () => {
    const to = await someAddress();
    const sendAndConfirm = sendAndConfirmTransactionFactory(client);
    const before = client.localnet.report().landed.length;
    const amounts = Array.from({ length: 50 }, (_, index) => SOL + BigInt(index));
    await Promise.all(
      amounts.map(async (amount) =>
        sendAndConfirm((await client.signTransfer(to, amount)).transaction, { commitment: 'confirmed' }),
      ),
    );
    const { value } = await client.rpc.getBalance(to).send();
    expect(value).toBe(amounts.reduce((sum, amount) => sum + amount));
    expect(client.localnet.report().landed.length - before).toBe(50);
  });

  test('sendAndConfirm reaches finalized', async () => {
    const { transaction, signature } = await client.signTransfer(await someAddress(), SOL);
    await sendAndConfirmTransactionFactory(client)(transaction, { commitment: 'finalized' });
    const { value } = await client.rpc.getSignatureStatuses([signature]).send();
    expect(value[0]).toMatchObject({ confirmationStatus: 'finalized', confirmations: null, err: null });
  });
});

describe('a transaction that never lands', () => {
  test('makes kit give up when the block height passes its last valid one', async () => {
    const client = await connect({ slotMs: 2 });
    try {
      client.localnet.faults.add({ type: 'landNever' });
      const { transaction } = await client.signTransfer(await someAddress(), SOL);
      const error = await rejection(sendAndConfirmTransactionFactory(client)(transaction, { commitment: 'confirmed' }));
      expect(isSolanaError(error, SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED)).toBe(true);
      expect(client.localnet.report().landed).toEqual([]);
    } finally {
      await client.localnet.close();
    }
  });

  test('is not declared expired by slots that had no block', async () => {
    const client = await connect();
    try {
      const { transaction, lastValidBlockHeight } = await client.signTransfer(await someAddress(), SOL);
      client.localnet.faults.add({ type: 'landNever' });
      let settled = false;
      const confirmation = rejection(
        sendAndConfirmTransactionFactory(client)(transaction, { commitment: 'confirmed' }),
      ).finally(() => {
        settled = true;
      });
      const height = () => client.rpc.getBlockHeight({ commitment: 'confirmed' }).send();
      client.localnet.skipSlots(500);
      client.localnet.advanceSlots(Number(lastValidBlockHeight - (await height())));
      expect(await height()).toBe(lastValidBlockHeight);
      expect(settled).toBe(false);
      // Slot by slot, because kit looks at the height only when a slot notification reaches it.
      while (!settled) {
        client.localnet.advanceSlots(1);
        await height();
      }
      expect(isSolanaError(await confirmation, SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED)).toBe(true);
    } finally {
      await client.localnet.close();
    }
  });
});
