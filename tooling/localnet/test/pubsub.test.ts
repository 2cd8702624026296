import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { JsonObject } from '../src/json/json-value.ts';
import { type Client, connect, SOL, someAddress } from './client.ts';

/** The next notification of a subscription. */
async function next<T>(notifications: AsyncIterable<T>): Promise<T> {
  for await (const notification of notifications) return notification;
  throw new Error('the subscription ended without a notification');
}

describe('PubSub', () => {
  let client: Client;
  let abort: AbortController;
  beforeEach(async () => {
    client = await connect();
    abort = new AbortController();
  });
  afterEach(async () => {
    abort.abort();
    await client.localnet.close();
  });

  const send = async (to: Awaited<ReturnType<typeof someAddress>>, amount = SOL) => {
    const signed = await client.signTransfer(to, amount);
    await client.rpc.sendTransaction(signed.wire, { encoding: 'base64', skipPreflight: true }).send();
    return signed;
  };

  test('slotSubscribe tells of every slot with its root', async () => {
    const slots = await client.rpcSubscriptions.slotNotifications().subscribe({ abortSignal: abort.signal });
    const first = next(slots);
    client.localnet.advanceSlots(1);
    const { slot, parent, root } = await first;
    expect([slot - parent, slot - root]).toEqual([1n, 32n]);
  });

  test('signatureSubscribe tells once, when the commitment is reached', async () => {
    const { wire, signature } = await client.signTransfer(await someAddress(), 10_000n * SOL);
    const seen = await client.rpcSubscriptions
      .signatureNotifications(signature, { commitment: 'confirmed' })
      .subscribe({ abortSignal: abort.signal });
    const first = next(seen);
    await client.rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
    client.localnet.advanceSlots(1);
    expect(await first).toMatchObject({ value: { err: { InstructionError: [0n, { Custom: 1n }] } } });
  });

  test('signatureSubscribe answers for what has already happened', async () => {
    const { signature } = await send(await someAddress());
    client.localnet.advanceSlots(40);
    const seen = await client.rpcSubscriptions
      .signatureNotifications(signature, { commitment: 'finalized' })
      .subscribe({ abortSignal: abort.signal });
    expect(await next(seen)).toMatchObject({ value: { err: null } });
  });

  test('tells what has already happened only once the id of the subscription has been read', async () => {
    const { signature } = await send(await someAddress());
    client.localnet.advanceSlots(1);
    const socket = new WebSocket(client.localnet.wsUrl, { autoPong: false });
    const inbox: JsonObject[] = [];
    socket.on('message', (data) => inbox.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    const params = [signature, { commitment: 'confirmed' }];
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'signatureSubscribe', params }));
    const [ping] = await once(socket, 'ping');
    await client.rpc.getSlot().send();
    expect(inbox).toMatchObject([{ id: 1 }]);
    socket.pong(ping);
    await once(socket, 'message');
    expect(inbox[1]).toMatchObject({ params: { subscription: inbox[0]?.result, result: { value: { err: null } } } });
    socket.close();
  });

  test('accountSubscribe shows the account as it was in the block that reached the commitment', async () => {
    const to = await someAddress();
    const changes = await client.rpcSubscriptions
      .accountNotifications(to, { commitment: 'confirmed', encoding: 'base64' })
      .subscribe({ abortSignal: abort.signal });
    const first = next(changes);
    await send(to);
    client.localnet.advanceSlots(1);
    await send(to, 2n * SOL);
    expect(await first).toMatchObject({ value: { lamports: SOL } });
  });

  test('logsSubscribe filters by mention', async () => {
    const to = await someAddress();
    const logs = await client.rpcSubscriptions
      .logsNotifications({ mentions: [to] }, { commitment: 'processed' })
      .subscribe({ abortSignal: abort.signal });
    const first = next(logs);
    await send(await someAddress());
    const { signature } = await send(to);
    expect(await first).toMatchObject({ value: { signature, err: null } });
  });

  test('subscriptions follow the protocol: ids, one shot, unsubscribe, errors', async () => {
    const socket = new WebSocket(client.localnet.wsUrl);
    const inbox: JsonObject[] = [];
    const waiting: ((message: JsonObject) => void)[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      const receiver = waiting.shift();
      if (receiver === undefined) inbox.push(message);
      else receiver(message);
    });
    const receive = async () => inbox.shift() ?? new Promise<JsonObject>((resolve) => waiting.push(resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    const request = (id: number, method: string, params: unknown[]) => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      return receive();
    };

    const { signature, wire } = await client.signTransfer(await someAddress(), SOL);
    const { result: id } = await request(1, 'signatureSubscribe', [
      signature,
      { commitment: 'processed', enableReceivedNotification: true },
    ]);
    await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
    expect(await receive()).toMatchObject({ params: { subscription: id, result: { value: 'receivedSignature' } } });
    expect(await receive()).toMatchObject({ params: { subscription: id, result: { value: { err: null } } } });
    expect(await request(2, 'signatureUnsubscribe', [id])).toMatchObject({ id: 2, error: { code: -32602 } });

    const slots = await request(3, 'slotSubscribe', []);
    expect(await request(4, 'accountUnsubscribe', [slots.result])).toMatchObject({ error: { code: -32602 } });
    expect(await request(5, 'slotUnsubscribe', [slots.result])).toMatchObject({ result: true });
    client.localnet.advanceSlots(1);
    expect(await request(6, 'blockSubscribe', ['all'])).toMatchObject({ id: 6, error: { code: -32601 } });
    expect(await request(7, 'accountSubscribe', ['nonsense'])).toMatchObject({ id: 7, error: { code: -32602 } });
    socket.send('{');
    expect(await receive()).toMatchObject({ id: null, error: { code: -32700 } });
    // Keep-alive messages carry no id and get no answer.
    socket.send('{"jsonrpc":"2.0","method":"ping"}');
    expect(await request(8, 'slotSubscribe', [])).toMatchObject({ id: 8 });
    socket.terminate();
  });
});
