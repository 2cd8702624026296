import type { SignedTransaction } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { SolanaAdapterOptions } from '../src/options.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

let world: World;
let from: Wallet;
let to: Wallet;

/** Pauses that end only when somebody ends them: with these, polling alone never finds anything. */
const untilWoken: SolanaAdapterOptions['sleep'] = (_, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

const open = async (options: Parameters<typeof createWorld>[0] = {}): Promise<void> => {
  world = await createWorld({ webSockets: (ledger) => [ledger.wsUrl], ...options });
  [from, to] = [await world.funded(100n * SOL), await createWallet()];
};

const submitted = async (amount = SOL): Promise<SignedTransaction> => {
  const signed = await world.signed(from, { to: to.address, amount });
  await world.adapter.submitTransaction(signed);
  return signed;
};

const subscriptions = (): number => world.calls().signatureSubscribe ?? 0;

afterEach(() => world.close());

describe('word over WebSocket', () => {
  beforeEach(() => open({ sleep: untilWoken }));

  test('ends the pause: a confirmation is seen although nobody polls', async () => {
    const { txHash } = await submitted();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000 });
    await until(() => subscriptions() === 1);
    world.localnet.advanceSlots(1);
    expect(await waiting).toMatchObject({ verdict: 'confirmed', fee: 5_000n });
  });

  test('is of the depth that was asked for', async () => {
    const { txHash } = await submitted();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000, target: 'finalized' });
    await until(() => subscriptions() === 1);
    world.localnet.advanceSlots(5);
    expect(await waiting).toMatchObject({ verdict: 'confirmed', commitment: 'finalized' });
  });

  test('of twenty transactions comes over one connection, which is closed afterwards', async () => {
    const signed = await Promise.all(Array.from({ length: 20 }, (_, i) => submitted(SOL + BigInt(i))));
    const waiting = signed.map(({ txHash }) => world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000 }));
    await until(() => subscriptions() === 20);
    expect(world.localnet.report().sockets).toBe(1);
    world.localnet.advanceSlots(1);
    const verdicts = await Promise.all(waiting);
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['confirmed']));
    await until(() => world.localnet.report().sockets === 0);
  });

  test('is no longer wanted when the wait has ended', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    const { txHash } = await submitted();
    const controller = new AbortController();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000, signal: controller.signal });
    await until(() => subscriptions() === 1);
    controller.abort();
    expect(await waiting).toEqual({ verdict: 'unknown' });
    await until(() => world.localnet.report().sockets === 0);
  });

  test('does not outlive a disconnect', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    const { txHash } = await submitted();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000 });
    await until(() => subscriptions() === 1);
    await world.adapter.disconnect();
    expect(await waiting).toEqual({ verdict: 'unknown' });
    await until(() => world.localnet.report().sockets === 0);
  });
});

describe('polling goes on beside it', () => {
  test.each(['refuseSockets', 'muteNotifications'] as const)('when sockets are of no use: %s', async (type) => {
    await open();
    world.localnet.faults.add({ type });
    const { txHash } = await submitted();
    expect(await world.adapter.waitForConfirmation(txHash)).toMatchObject({ verdict: 'confirmed' });
  });

  test('when connections are cut in the middle', async () => {
    await open();
    world.localnet.faults.add({ type: 'landLate', slots: 40, times: 1 });
    const { txHash } = await submitted();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 300_000 });
    await until(() => subscriptions() === 1);
    world.localnet.closeSockets();
    expect(await waiting).toMatchObject({ verdict: 'confirmed' });
  });

  test('when nobody is there, or somebody who never answers; the next endpoint is asked for word', async () => {
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await open({
      sleep: untilWoken,
      timeouts: { readMs: 500 },
      webSockets: ({ wsUrl }) => ['ws://127.0.0.1:1', `ws://127.0.0.1:${port}`, wsUrl],
    });
    const { txHash } = await submitted();
    const waiting = world.adapter.waitForConfirmation(txHash, { timeoutMs: 3_600_000 });
    await until(() => subscriptions() === 1);
    world.localnet.advanceSlots(1);
    expect(await waiting).toMatchObject({ verdict: 'confirmed' });
    for (const socket of silent.clients) socket.terminate();
    await new Promise((resolve) => silent.close(resolve));
  });
});

test('word alone is no verdict: what a node claims is looked up', async () => {
  const liar = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => liar.once('listening', resolve));
  liar.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method } = JSON.parse(String(data));
      if (method !== 'signatureSubscribe') return;
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: 7 }));
      const params = { subscription: 7, result: { context: { slot: 1 }, value: { err: null } } };
      setTimeout(() => socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'signatureNotification', params })), 5);
    });
  });
  const address = liar.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await open({ webSockets: () => [`ws://127.0.0.1:${port}`] });
  world.localnet.faults.add({ type: 'landNever' });
  const { txHash } = await submitted();
  expect(await world.adapter.waitForConfirmation(txHash, { timeoutMs: 20_000 })).toEqual({ verdict: 'unknown' });
  for (const socket of liar.clients) socket.terminate();
  await new Promise((resolve) => liar.close(resolve));
});

test('an endpoint that is no WebSocket is refused before anything is asked, and its key is not shown', async () => {
  await open();
  const refused = await createWorld({ webSockets: () => ['https://rpc.example/s3cret-key'] }).catch((e: unknown) => e);
  expect(refused).toMatchObject({ code: 'RPC_ERROR', retryable: false });
  expect(String(refused)).not.toContain('s3cret');
});
