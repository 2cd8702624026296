import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect, SOL, someAddress } from './client.ts';

describe('a ledger that keeps few transactions', () => {
  let client: Client;
  beforeEach(async () => {
    client = await connect({ slotMs: 'manual', historyLimit: 2 });
  });
  afterEach(() => client.localnet.close());

  test('forgets the oldest and still counts it', async () => {
    const to = await someAddress();
    const signatures: string[] = [];
    for (const amount of [SOL, 2n * SOL, 3n * SOL]) {
      const { wire, signature } = await client.signTransfer(to, amount);
      await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
      signatures.push(signature);
    }
    client.localnet.advanceSlots(40);
    const found = await client.rpc.getSignaturesForAddress(to).send();
    expect(found.map(({ signature }) => signature)).toEqual(signatures.slice(1).reverse());
    expect(await client.rpc.getTransactionCount().send()).toBe(3n);
    expect((await client.rpc.getBalance(to).send()).value).toBe(6n * SOL);
  });
});
