import { type IChainAdapter, isChainError } from '@waiaas/core';
import { afterEach, describe, expect, test } from 'vitest';
import { createSolanaAdapter } from '../src/adapter.ts';
import type { SolanaAdapterOptions } from '../src/options.ts';
import { type Answer, type FakeNode, startFakeNode } from './fake-node.ts';
import { createWorld, memoryLogger, testClock } from './world.ts';

const DEVNET = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';

const nodes: FakeNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function setUp(genesis: string, options: Partial<SolanaAdapterOptions> = {}) {
  const node = await startFakeNode(genesis);
  nodes.push(node);
  const pauses: number[] = [];
  const logger = memoryLogger();
  const clock = testClock();
  const adapter = createSolanaAdapter({
    network: 'devnet',
    endpoints: [node.url],
    clock,
    logger,
    timeouts: { readMs: 3_000, sendMs: 3_000 },
    sleep: async (ms) => {
      pauses.push(ms);
      clock.advance(ms);
    },
    ...options,
  });
  return { node, adapter, pauses, logger };
}

const asked = (node: FakeNode, method: string): number => node.calls.filter((call) => call.method === method).length;

describe('connect', () => {
  test('accepts a node of the configured network', async () => {
    const { adapter, pauses } = await setUp(DEVNET);
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
    expect(pauses).toEqual([]);
  });

  test.each([
    ['devnet', MAINNET],
    ['mainnet-beta', DEVNET],
    ['testnet', DEVNET],
    ['localnet', MAINNET],
    ['localnet', DEVNET],
  ] as const)('%s refuses a node with genesis %s, without a second attempt', async (network, genesis) => {
    const { adapter, node } = await setUp(genesis, { network });
    await expect(adapter.connect()).rejects.toMatchObject({
      code: 'WRONG_NETWORK',
      retryable: false,
      mayHaveLanded: false,
      details: { network },
    });
    expect(adapter.isConnected()).toBe(false);
    expect(asked(node, 'getGenesisHash')).toBe(1);
  });

  test('takes the genesis hash it is told to expect', async () => {
    const right = await setUp('Ours', { network: 'localnet', expectedGenesisHash: 'Ours' });
    await right.adapter.connect();
    const wrong = await setUp('Theirs', { network: 'localnet', expectedGenesisHash: 'Ours' });
    await expect(wrong.adapter.connect()).rejects.toMatchObject({ code: 'WRONG_NETWORK' });
  });

  test('tries three times, 1 s and 2 s apart', async () => {
    const { adapter, node, pauses } = await setUp(DEVNET);
    node.answer('getHealth', { error: { code: -32005, message: 'behind' } });
    await expect(adapter.connect()).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: true });
    expect(asked(node, 'getHealth')).toBe(3);
    expect(pauses).toEqual([1_000, 2_000]);
  });

  test('succeeds at the third attempt', async () => {
    const { adapter, node } = await setUp(DEVNET);
    node.answer('getHealth', 'reset', { body: '<html>', status: 502 }, { result: 'ok' });
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
  });

  test('an unreachable node is a network error', async () => {
    const { adapter, node } = await setUp(DEVNET);
    await node.close();
    nodes.length = 0;
    await expect(adapter.connect()).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true });
  });

  test('twenty at once make one connection, and a failure reaches all of them', async () => {
    const { adapter, node } = await setUp(DEVNET);
    await Promise.all(Array.from({ length: 20 }, () => adapter.connect()));
    await adapter.connect();
    expect(asked(node, 'getGenesisHash')).toBe(1);

    const wrong = await setUp(MAINNET);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => wrong.adapter.connect()));
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && isChainError(outcome.reason))).toBe(true);
    expect(asked(wrong.node, 'getGenesisHash')).toBe(1);
  });

  test('can be given another URL, but not while connected', async () => {
    const { adapter } = await setUp(DEVNET);
    const other = await setUp(DEVNET);
    await adapter.connect(other.node.url);
    expect(asked(other.node, 'getGenesisHash')).toBe(1);
    await adapter.connect(other.node.url);
    await expect(adapter.connect('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false });
    await adapter.disconnect();
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
  });

  test.each(['', 'nonsense', 'ftp://host/', 'ws://host/', 'http://user:secret@host/'])(
    'the endpoint %j is refused, not retried and not shown',
    async (endpoint) => {
      const { adapter, pauses } = await setUp(DEVNET, { endpoints: [endpoint] });
      const error = await adapter.connect().catch((thrown: unknown) => thrown);
      expect(isChainError(error, 'RPC_ERROR') && !error.retryable && !error.message.includes('secret')).toBe(true);
      expect(pauses).toEqual([]);
    },
  );

  test('needs an endpoint', async () => {
    const { adapter } = await setUp(DEVNET, { endpoints: [] });
    await expect(adapter.connect()).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false });
  });

  test('a network of another chain is refused at creation', () => {
    const options = { endpoints: ['http://127.0.0.1:1'], clock: testClock(), logger: memoryLogger() };
    expect(() => createSolanaAdapter({ ...options, network: 'sepolia' })).toThrow(
      expect.objectContaining({ code: 'CHAIN_NOT_SUPPORTED' }),
    );
  });
});

describe('disconnect', () => {
  test('is allowed at any time, any number of times', async () => {
    const { adapter } = await setUp(DEVNET);
    await adapter.disconnect();
    await adapter.connect();
    await Promise.all([adapter.disconnect(), adapter.disconnect()]);
    expect(adapter.isConnected()).toBe(false);
    await adapter.disconnect();
  });

  test('ends a connect that is under way', async () => {
    const { adapter, node } = await setUp(DEVNET, { timeouts: { readMs: 30_000 } });
    node.answer('getHealth', 'hang');
    const connecting = adapter.connect();
    await adapter.disconnect();
    await expect(connecting).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false });
    expect(adapter.isConnected()).toBe(false);
    node.answer('getHealth', { result: 'ok' });
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
  });

  test('ends calls that are under way, and forgets what was cached', async () => {
    const world = await createWorld();
    const [from, to] = [await world.funded(), await world.funded()];
    const request = { from: from.address, to: to.address, amount: 1n };
    await world.adapter.buildTransaction(request);
    world.localnet.faults.add({ type: 'hang', method: 'getBalance' });
    const reading = world.adapter.getBalance(from.address);
    await Promise.all([
      expect(reading).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false }),
      world.adapter.disconnect(),
    ]);
    await world.adapter.connect();
    await world.adapter.buildTransaction(request);
    expect(world.calls()).toMatchObject({ getLatestBlockhash: 2, getRecentPrioritizationFees: 2 });
    await world.close();
  });
});

describe('health', () => {
  test('is told without ever failing or changing the connection', async () => {
    const { adapter, node } = await setUp(DEVNET);
    expect(await adapter.getHealth()).toEqual({ healthy: false, latency: -1 });
    await adapter.connect();
    expect(await adapter.getHealth()).toEqual({ healthy: true, latency: 0 });
    const ailments: Answer[] = ['reset', { error: { code: -32005, message: 'behind' } }, { body: '<html>' }];
    for (const ailment of ailments) {
      node.answer('getHealth', ailment);
      expect((await adapter.getHealth()).healthy).toBe(false);
      expect(adapter.isConnected()).toBe(true);
    }
  });
});

test('nothing that asks the network works before connect', async () => {
  const { adapter, node } = await setUp(DEVNET);
  const request = { from: DEVNET, to: MAINNET, amount: 1n };
  const attempts: ((target: IChainAdapter) => Promise<unknown>)[] = [
    (target) => target.getBalance(DEVNET),
    (target) => target.buildTransaction(request),
    (target) => target.estimateFee(request),
    (target) => target.getTransactionStatus('1'.repeat(64)),
    (target) => target.waitForConfirmation('1'.repeat(64)),
  ];
  for (const attempt of attempts) {
    await expect(attempt(adapter)).rejects.toMatchObject({
      code: 'RPC_ERROR',
      retryable: false,
      message: expect.stringContaining('call connect first'),
    });
  }
  expect(node.calls).toEqual([]);
});
