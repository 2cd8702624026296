import { lamports } from '@solana/kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCALNET_GENESIS_HASH, PortInUseError, startLocalnet } from '../src/index.ts';
import { type Client, call, connect, post, someAddress } from './client.ts';

describe('JSON-RPC over HTTP', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.localnet.close());
  const raw = (text: string) => post(client.localnet.rpcUrl, text);

  test('malformed messages are told apart', async () => {
    expect((await raw('{')).body).toMatchObject({ id: null, error: { code: -32700 } });
    expect((await raw('[]')).body).toMatchObject({ id: null, error: { code: -32600 } });
    expect((await raw('7')).body).toMatchObject({ id: null, error: { code: -32600 } });
    expect((await raw('{"jsonrpc":"1.0","id":3,"method":"getSlot"}')).body).toMatchObject({
      id: 3,
      error: { code: -32600 },
    });
    expect((await raw('{"jsonrpc":"2.0","id":3,"method":"getSlot","params":{"a":1}}')).body).toMatchObject({
      error: { code: -32602 },
    });
  });

  test('unknown methods and wrong parameters have their codes', async () => {
    expect(await call(client.localnet, 'getMeACoffee')).toMatchObject({ error: { code: -32601 } });
    expect(await call(client.localnet, 'constructor')).toMatchObject({ error: { code: -32601 } });
    expect(await call(client.localnet, 'getBalance')).toMatchObject({ error: { code: -32602 } });
    expect(await call(client.localnet, 'getBalance', 'O0Il')).toMatchObject({ error: { code: -32602 } });
    expect(await call(client.localnet, 'getSlot', { commitment: 'maybe' })).toMatchObject({ error: { code: -32602 } });
    expect(await call(client.localnet, 'getMinimumBalanceForRentExemption', -1)).toMatchObject({
      error: { code: -32602 },
    });
    expect(await call(client.localnet, 'getSlot', { minContextSlot: 2 ** 50 })).toMatchObject({
      error: { code: -32016, data: { contextSlot: expect.any(Number) } },
    });
  });

  test('a batch is answered in order, without the notifications', async () => {
    const { body } = await raw(
      '[{"jsonrpc":"2.0","id":"a","method":"getHealth"},{"jsonrpc":"2.0","method":"getHealth"},7,{"jsonrpc":"2.0","id":2,"method":"nope"}]',
    );
    expect(body).toMatchObject([
      { id: 'a', result: 'ok' },
      { id: null, error: { code: -32600 } },
      { id: 2, error: { code: -32601 } },
    ]);
  });

  test('integers above 2^53 pass in both directions without rounding', async () => {
    const address = await someAddress();
    const amount = 2n ** 55n + 1n;
    const airdrop = `{"jsonrpc":"2.0","id":18446744073709551615,"method":"requestAirdrop","params":["${address}",${amount}]}`;
    expect((await raw(airdrop)).body).toMatchObject({ id: 2n ** 64n - 1n, result: expect.any(String) });
    client.localnet.advanceSlots(1);
    expect((await client.rpc.getBalance(address).send()).value).toBe(lamports(amount));
    const response = await fetch(client.localnet.rpcUrl, {
      method: 'POST',
      body: `{"jsonrpc":"2.0","id":1,"method":"getAccountInfo","params":["${address}",{"commitment":"confirmed"}]}`,
    });
    const text = await response.text();
    expect(text).toContain(`"lamports":${amount}`);
    expect(text).toContain('"rentEpoch":18446744073709551615');
  });

  test('the health probe and the cluster facts', async () => {
    const health = await fetch(`${client.localnet.rpcUrl}/health`);
    expect([health.status, await health.text()]).toEqual([200, 'ok']);
    expect((await fetch(client.localnet.rpcUrl)).status).toBe(405);
    expect(await client.rpc.getHealth().send()).toBe('ok');
    expect(await client.rpc.getGenesisHash().send()).toBe(LOCALNET_GENESIS_HASH);
    expect(await client.rpc.getVersion().send()).toHaveProperty('solana-core');
    expect(await client.rpc.getMinimumBalanceForRentExemption(0n).send()).toBe(890_880n);
    expect(await client.rpc.getMinimumBalanceForRentExemption(165n).send()).toBe(2_039_280n);
    const slot = await client.rpc.getSlot({ commitment: 'processed' }).send();
    expect(await client.rpc.getBlockTime(slot).send()).toBeGreaterThan(1_600_000_000n);
  });

  test('a body beyond the limit is refused', async () => {
    expect((await raw(' '.repeat(600_000))).status).toBe(413);
  });

  test('a port in use is named', async () => {
    const port = Number(new URL(client.localnet.rpcUrl).port);
    await expect(startLocalnet({ port })).rejects.toThrow(PortInUseError);
    await expect(startLocalnet({ wsPort: port })).rejects.toThrow(`port ${port} is already in use`);
  });

  test('options that make no sense are refused', async () => {
    await expect(startLocalnet({ slotMs: 0 })).rejects.toThrow('slotMs');
    await expect(startLocalnet({ confirmAfterSlots: 5, finalizeAfterSlots: 5 })).rejects.toThrow('finalizeAfterSlots');
  });
});
