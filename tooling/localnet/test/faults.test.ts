import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { LOCALNET_GENESIS_HASH } from '../src/index.ts';
import { type Client, call, connect, control, post, rejection, SOL, someAddress } from './client.ts';

const SLOT = '{"jsonrpc":"2.0","id":1,"method":"getSlot"}';

describe('fault switches', () => {
  let client: Client;
  beforeEach(async () => {
    client = await connect();
  });
  afterEach(() => client.localnet.close());

  const send = (wire: Awaited<ReturnType<Client['signTransfer']>>['wire']) =>
    client.rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
  const landedSignatures = () => client.localnet.report().landed.map(({ signature }) => signature);

  /** True when the request is unanswered although a later request has been answered. */
  const staysUnanswered = async (start: (signal: AbortSignal) => Promise<unknown>) => {
    const abort = new AbortController();
    let settled = false;
    const request = start(abort.signal).finally(() => {
      settled = true;
    });
    await control(client.localnet, { command: 'report' });
    await control(client.localnet, { command: 'report' });
    const unanswered = !settled;
    abort.abort();
    await rejection(request);
    return unanswered;
  };
  const ask = (signal: AbortSignal, text = SLOT) =>
    fetch(client.localnet.rpcUrl, { method: 'POST', body: text, signal });

  test('httpError answers 429 with Retry-After for the next calls of one method only', async () => {
    client.localnet.faults.add({ type: 'httpError', status: 429, method: 'getSlot', times: 2, retryAfterSeconds: 7 });
    expect(await call(client.localnet, 'getHealth')).toMatchObject({ result: 'ok' });
    for (const _ of [1, 2]) {
      const { status, headers } = await post(client.localnet.rpcUrl, SLOT);
      expect([status, headers.get('retry-after')]).toEqual([429, '7']);
    }
    expect((await post(client.localnet.rpcUrl, SLOT)).status).toBe(200);
  });

  test('httpError 503 hits every method until reset and executes nothing', async () => {
    client.localnet.faults.add({ type: 'httpError', status: 503 });
    const address = await someAddress();
    const body = `{"jsonrpc":"2.0","id":1,"method":"requestAirdrop","params":["${address}",1000000000]}`;
    expect((await post(client.localnet.rpcUrl, body)).status).toBe(503);
    client.localnet.faults.reset();
    expect(landedSignatures()).toEqual([]);
    expect((await post(client.localnet.rpcUrl, SLOT)).status).toBe(200);
  });

  test('rpcError answers with the code and executes nothing', async () => {
    client.localnet.faults.add({ type: 'rpcError', code: -32005, message: 'Node is behind by 42 slots', times: 1 });
    expect(await call(client.localnet, 'getSlot')).toMatchObject({
      error: { code: -32005, message: 'Node is behind by 42 slots' },
    });
    expect(await call(client.localnet, 'getSlot')).toHaveProperty('result');
  });

  test('dropReply: the transaction lands, the sender sees a broken connection', async () => {
    client.localnet.faults.add({ type: 'dropReply', method: 'sendTransaction', times: 1 });
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await rejection(send(wire));
    expect(landedSignatures()).toEqual([signature]);
    expect(await send(wire)).toBe(signature);
    expect(client.localnet.report().accepted).toEqual([{ signature, times: 2 }]);
    expect(landedSignatures()).toEqual([signature]);
  });

  test('reset: the sender sees a broken connection, and nothing lands', async () => {
    client.localnet.faults.add({ type: 'reset', method: 'sendTransaction', times: 1 });
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await rejection(send(wire));
    expect(client.localnet.report().accepted).toEqual([]);
    expect(await send(wire)).toBe(signature);
    expect(landedSignatures()).toEqual([signature]);
  });

  test('withholdReply: the transaction lands, the answer never comes', async () => {
    client.localnet.faults.add({ type: 'withholdReply', method: 'sendTransaction' });
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'sendTransaction',
      params: [wire, { encoding: 'base64', preflightCommitment: 'confirmed' }],
    });
    expect(await staysUnanswered((signal) => ask(signal, text))).toBe(true);
    expect(landedSignatures()).toEqual([signature]);
  });

  test('hang: the connection is taken, nothing is executed, nothing is answered', async () => {
    client.localnet.faults.add({ type: 'hang' });
    expect(await staysUnanswered(ask)).toBe(true);
    expect(await staysUnanswered((signal) => fetch(`${client.localnet.rpcUrl}/health`, { signal }))).toBe(true);
    expect(client.localnet.report().calls).toEqual({ getSlot: 1 });
  });

  test('delay executes at once and answers later', async () => {
    client.localnet.faults.add({ type: 'delay', ms: 3_600_000, method: 'requestAirdrop' });
    const body = `{"jsonrpc":"2.0","id":1,"method":"requestAirdrop","params":["${await someAddress()}",1000000000]}`;
    expect(await staysUnanswered((signal) => ask(signal, body))).toBe(true);
    expect(landedSignatures()).toHaveLength(1);
    client.localnet.faults.reset();
    client.localnet.faults.add({ type: 'delay', ms: 1 });
    expect((await post(client.localnet.rpcUrl, SLOT)).status).toBe(200);
  });

  test('landLate: accepted now, in a block only after so many slots', async () => {
    client.localnet.faults.add({ type: 'landLate', slots: 10, times: 1 });
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    expect(await send(wire)).toBe(signature);
    client.localnet.advanceSlots(9);
    expect(client.localnet.report()).toMatchObject({ pending: 1, landed: [] });
    client.localnet.advanceSlots(1);
    expect(client.localnet.report()).toMatchObject({ pending: 0, landed: [{ signature, err: null }] });
  });

  test('landLate: resending meanwhile lands it once', async () => {
    client.localnet.faults.add({ type: 'landLate', slots: 10, times: 1 });
    const to = await someAddress();
    const { wire, signature } = await client.signTransfer(to, SOL);
    await send(wire);
    await send(wire);
    client.localnet.advanceSlots(11);
    expect(landedSignatures()).toEqual([signature]);
    expect((await client.rpc.getBalance(to).send()).value).toBe(SOL);
  });

  test('landLate beyond the life of the blockhash drops the transaction, unless told to land it anyway', async () => {
    client.localnet.faults.add({ type: 'landLate', slots: 151, times: 1 });
    client.localnet.faults.add({ type: 'landLate', slots: 151, evenIfExpired: true, times: 1 });
    const dropped = await client.signTransfer(await someAddress(), SOL);
    const forced = await client.signTransfer(await someAddress(), SOL);
    await send(dropped.wire);
    await send(forced.wire);
    client.localnet.advanceSlots(152);
    expect(landedSignatures()).toEqual([forced.signature]);
  });

  test('landNever: accepted and gone; a second submission lands', async () => {
    client.localnet.faults.add({ type: 'landNever', times: 1 });
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await send(wire);
    client.localnet.advanceSlots(50);
    expect(landedSignatures()).toEqual([]);
    await send(wire);
    expect(landedSignatures()).toEqual([signature]);
  });

  test('hideStatuses: the next polls know nothing', async () => {
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await send(wire);
    client.localnet.faults.add({ type: 'hideStatuses', times: 1 });
    const poll = async () => (await client.rpc.getSignatureStatuses([signature]).send()).value[0];
    expect(await poll()).toBeNull();
    expect(await poll()).toMatchObject({ err: null });
  });

  test('genesisHash: another cluster, until switched off', async () => {
    const off = client.localnet.faults.add({ type: 'genesisHash', hash: '11111111111111111111111111111111' });
    expect(await client.rpc.getGenesisHash().send()).toBe('11111111111111111111111111111111');
    off();
    expect(await client.rpc.getGenesisHash().send()).toBe(LOCALNET_GENESIS_HASH);
  });

  test('priorityFee: every block asks for at least this', async () => {
    client.localnet.faults.add({ type: 'priorityFee', microLamports: 2n ** 60n + 1n });
    const reply = await client.rpc.getRecentPrioritizationFees().send();
    expect(reply.every(({ prioritizationFee }) => prioritizationFee === 2n ** 60n + 1n)).toBe(true);
  });

  test('refuseSockets, closeSockets and muteNotifications', async () => {
    const open = () =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket(client.localnet.wsUrl);
        socket.once('open', () => resolve(socket));
        socket.once('error', reject);
      });
    client.localnet.faults.add({ type: 'refuseSockets' });
    expect(await rejection(open())).toMatchObject({ message: expect.stringContaining('503') });
    client.localnet.faults.reset();

    const socket = await open();
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(data.toString()));
    const answered = (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (messages.length >= count) resolve();
        };
        socket.on('message', check);
        check();
      });
    socket.send('{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}');
    await answered(1);
    const unmute = client.localnet.faults.add({ type: 'muteNotifications' });
    client.localnet.advanceSlots(5);
    unmute();
    client.localnet.advanceSlots(1);
    await answered(2);
    expect(messages).toHaveLength(2);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.localnet.closeSockets();
    await closed;
  });

  test('close ends hanging requests too', async () => {
    client.localnet.faults.add({ type: 'hang' });
    const request = rejection(ask(new AbortController().signal));
    await control(client.localnet, { command: 'report' });
    await client.localnet.close();
    await request;
  });
});

describe('the control endpoint', () => {
  let client: Client;
  beforeEach(async () => {
    client = await connect();
  });
  afterEach(() => client.localnet.close());

  test('switches faults, moves slots, funds accounts and reports', async () => {
    const { localnet } = client;
    const address = await someAddress();
    const { slot } = localnet.report();
    await control(localnet, {
      command: 'fault',
      fault: { type: 'httpError', status: 429, method: 'getSlot', times: 3 },
    });
    await post(localnet.rpcUrl, SLOT);
    await control(localnet, { command: 'airdrop', address, lamports: 5_000_000 });
    await control(localnet, { command: 'skipSlots', slots: 4 });
    const { body } = await control(localnet, { command: 'advanceSlots', slots: 2 });
    expect(body).toMatchObject({
      slot: slot + 7,
      calls: { getSlot: 1 },
      faults: [{ type: 'httpError', status: 429, method: 'getSlot', times: 2 }],
    });
    expect((await client.rpc.getBalance(address).send()).value).toBe(5_000_000n);
    const reset = await control(localnet, { command: 'resetFaults' });
    expect(reset.body).toMatchObject({ faults: [] });
    const counters = await control(localnet, { command: 'resetCounters' });
    expect(counters.body).toMatchObject({ calls: {}, accepted: [] });
    const plain = await fetch(localnet.controlUrl);
    expect(await plain.json()).toMatchObject({ faults: [], pending: 0 });
  });

  test.each([
    ['an unknown command', { command: 'explode' }],
    ['a surplus key', { command: 'report', verbose: true }],
    ['a missing value', { command: 'advanceSlots' }],
    ['a wrong value', { command: 'advanceSlots', slots: -1 }],
    ['an unknown fault', { command: 'fault', fault: { type: 'gremlin' } }],
    ['a fault with a surplus key', { command: 'fault', fault: { type: 'hang', ms: 5 } }],
    ['a fault with a wrong value', { command: 'fault', fault: { type: 'delay', ms: '5' } }],
    ['zero times', { command: 'fault', fault: { type: 'hang', times: 0 } }],
    ['a status that is no error', { command: 'fault', fault: { type: 'httpError', status: 200 } }],
    ['no address', { command: 'airdrop', address: 'me', lamports: 1 }],
  ])('refuses %s and does nothing', async (_what, request) => {
    const before = client.localnet.report();
    const { status, body } = await control(client.localnet, request);
    expect([status, body]).toEqual([400, { error: expect.any(String) }]);
    expect(client.localnet.report()).toEqual(before);
  });

  test('refuses what is not JSON', async () => {
    expect((await post(client.localnet.controlUrl, '{')).status).toBe(400);
  });
});
