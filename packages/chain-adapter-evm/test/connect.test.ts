import { type Anvil, type FlakyProxy, startAnvil, startFlakyProxy } from '@waiaas/anvil';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvmAdapter, type EvmAdapter } from '../src/adapter.ts';
import type { EvmAdapterOptions } from '../src/options.ts';
import { createRecord, createWallet, memoryLogger, testClock } from './world.ts';

let anvil: Anvil;
let proxy: FlakyProxy;
const made: EvmAdapter[] = [];
beforeAll(async () => {
  anvil = await startAnvil();
});
beforeEach(async () => {
  proxy = await startFlakyProxy(anvil.url);
});
afterEach(async () => {
  await Promise.all(made.splice(0).map((adapter) => adapter.disconnect()));
  await proxy.close();
});
afterAll(() => anvil.stop());

const logger = memoryLogger();
function create(options: Partial<EvmAdapterOptions> = {}): EvmAdapter {
  const clock = testClock();
  const adapter = createEvmAdapter({
    chain: 'ethereum',
    network: 'localnet',
    endpoints: [proxy.url],
    pending: createRecord(),
    clock,
    logger,
    sleep: async (ms) => clock.advance(ms),
    timeouts: { readMs: 25_000, sendMs: 25_000 },
    ...options,
  });
  made.push(adapter);
  return adapter;
}

describe('connecting', () => {
  test('to a node of another chain is refused, and so is everything after', async () => {
    const adapter = create({ network: 'mainnet' });
    await expect(adapter.connect()).rejects.toMatchObject({
      code: 'WRONG_NETWORK',
      retryable: false,
      details: { expected: 1, served: '31337' },
    });
    expect(adapter.isConnected()).toBe(false);
    const request = { from: createWallet().address, to: createWallet().address, amount: 1n };
    await expect(adapter.buildTransaction(request)).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false });
  });

  test('is refused when one of several endpoints serves another chain', async () => {
    const stranger = await startAnvil({ chainId: 1 });
    try {
      const adapter = create({ endpoints: [proxy.url, stranger.url] });
      await expect(adapter.connect()).rejects.toMatchObject({ code: 'WRONG_NETWORK' });
    } finally {
      await stranger.stop();
    }
  });

  test('succeeds when one of several endpoints answers', async () => {
    const adapter = create({ endpoints: ['http://127.0.0.1:1', proxy.url] });
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
    expect(await adapter.getHealth()).toMatchObject({ healthy: true });
  });

  test('is tried three times', async () => {
    let left = 2;
    proxy.decide = () => (left-- > 0 ? 'drop' : 'pass');
    const adapter = create();
    await adapter.connect();
    expect(proxy.calls.eth_chainId).toBe(3);
  });

  test('gives up after that', async () => {
    const adapter = create({ endpoints: ['http://127.0.0.1:1'] });
    await expect(adapter.connect()).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
      mayHaveLanded: false,
    });
    expect(adapter.isConnected()).toBe(false);
  });

  test('to a node that hangs ends', async () => {
    proxy.decide = () => 'hang';
    await expect(create({ timeouts: { readMs: 200 } }).connect()).rejects.toMatchObject({ code: 'RPC_ERROR' });
  });

  test('of many at once is one attempt', async () => {
    const adapter = create();
    await Promise.all(Array.from({ length: 20 }, () => adapter.connect()));
    expect(proxy.calls.eth_chainId).toBe(1);
  });

  test('elsewhere needs a disconnect first', async () => {
    const adapter = create();
    await adapter.connect();
    await expect(adapter.connect(anvil.url)).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false });
    await adapter.disconnect();
    await adapter.connect(anvil.url);
    expect(adapter.isConnected()).toBe(true);
  });

  test('is ended by a disconnect', async () => {
    proxy.decide = () => 'hang';
    const adapter = create({ timeouts: { readMs: 20_000 } });
    const connecting = adapter.connect();
    await adapter.disconnect();
    await expect(connecting).rejects.toMatchObject({ code: 'RPC_ERROR' });
    expect(adapter.isConnected()).toBe(false);
  });

  test.each([
    ['no endpoint', []],
    ['no URL', ['somewhere']],
    ['a WebSocket', ['ws://127.0.0.1:8545']],
    ['a password in the URL', ['http://user:s3cretpass@127.0.0.1:8545']],
  ])('with %s is refused and shows none of it', async (_what, endpoints) => {
    const refused = await create({ endpoints })
      .connect()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RPC_ERROR', retryable: false });
    expect(String(refused)).not.toMatch(/somewhere|s3cretpass/);
  });
});

test.each([
  ['ethereum', 'devnet'],
  ['solana', 'localnet'],
] as const)('there is no adapter for %s %s', (chain, network) => {
  expect(() => create({ chain, network })).toThrow(expect.objectContaining({ code: 'CHAIN_NOT_SUPPORTED' }));
});

describe('without a connection', () => {
  test('health says so, addresses are checked all the same, and the rest refuses', async () => {
    const adapter = create();
    expect(adapter.isConnected()).toBe(false);
    expect(await adapter.getHealth()).toEqual({ healthy: false, latency: -1 });
    const { address } = createWallet();
    expect(adapter.isValidAddress(address)).toBe(true);
    const refusal = { code: 'RPC_ERROR', retryable: false };
    await expect(adapter.getBalance(address)).rejects.toMatchObject(refusal);
    await expect(adapter.getToken(address)).rejects.toMatchObject(refusal);
    await expect(adapter.listAssets(address)).rejects.toMatchObject(refusal);
    await expect(adapter.estimateFee({ from: address, to: createWallet().address, amount: 1n })).rejects.toMatchObject(
      refusal,
    );
    await expect(adapter.getTransactionStatus(`0x${'ab'.repeat(32)}`)).rejects.toMatchObject(refusal);
    await expect(adapter.waitForConfirmation(`0x${'ab'.repeat(32)}`)).rejects.toMatchObject(refusal);
    await adapter.disconnect();
    await adapter.disconnect();
  });
});

test.each([
  ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', true],
  ['0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed', true],
  ['0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', false],
  ['5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', false],
  ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe', false],
  ['vitalik.eth', false],
  ['', false],
])('address %s is valid: %s', (address, valid) => {
  expect(create().isValidAddress(address)).toBe(valid);
});

describe('a node that fails or lies', () => {
  const request = () => ({ from: createWallet().address, to: createWallet().address, amount: 1n });

  test.each([
    ['hangs', 'hang'],
    ['cuts the line', 'drop'],
    ['answers with HTTP 500', { status: 500 }],
    ['answers with no number', { answer: { result: 'many' } }],
    ['answers with a number too large', { answer: { result: `0x1${'0'.repeat(64)}` } }],
    ['answers with nothing', { answer: { result: null } }],
  ] as const)('that %s is an error and no balance', async (_what, mode) => {
    const adapter = create(mode === 'hang' ? { timeouts: { readMs: 2_000 } } : {});
    await adapter.connect();
    proxy.decide = () => mode;
    await expect(adapter.getBalance(createWallet().address)).rejects.toMatchObject({
      code: expect.stringMatching(/RPC_ERROR|NETWORK_ERROR/),
      mayHaveLanded: false,
    });
    expect(await adapter.getHealth()).toMatchObject({ healthy: false });
    expect(adapter.isConnected()).toBe(true);
  });

  test('that asks for an absurd fee gets no payment', async () => {
    const adapter = create();
    await adapter.connect();
    const payer = createWallet();
    await anvil.fund(payer.address, 10n ** 24n);
    proxy.rewrite = (method, result) =>
      method === 'eth_feeHistory' ? { baseFeePerGas: ['0x1', `0x${(10n ** 18n).toString(16)}`], reward: [] } : result;
    await expect(
      adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 1n }),
    ).rejects.toMatchObject({ code: 'BUILD_FAILED', retryable: true });
  });

  test('that asks for an absurd tip gets one within bounds', async () => {
    const adapter = create();
    await adapter.connect();
    const payer = createWallet();
    await anvil.fund(payer.address, 10n ** 24n);
    const absurd = `0x${(10n ** 15n).toString(16)}`;
    proxy.rewrite = (method, result) =>
      method === 'eth_feeHistory' ? { baseFeePerGas: ['0x1', '0x1'], reward: [[absurd, absurd, absurd]] } : result;
    const built = await adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 1n });
    expect(built.metadata.maxPriorityFeePerGas).toBeLessThanOrEqual(50n * 10n ** 9n + 1_000n);
  });

  test('that keeps no history of fees is asked for its last block', async () => {
    proxy.decide = (method) =>
      method === 'eth_feeHistory' ? { answer: { error: { code: -32601, message: 'Method not found' } } } : 'pass';
    const adapter = create();
    await adapter.connect();
    expect(await adapter.estimateFee(request())).toBeGreaterThan(0n);
  });

  test('that counts more transactions than there can be is not believed', async () => {
    const adapter = create();
    await adapter.connect();
    const payer = createWallet();
    await anvil.fund(payer.address, 10n ** 20n);
    proxy.rewrite = (method, result) => (method === 'eth_getTransactionCount' ? '0xffffffffffffffff' : result);
    await expect(adapter.buildTransaction({ ...request(), from: payer.address })).rejects.toMatchObject({
      code: 'RPC_ERROR',
    });
  });

  test('that cannot show what a token transfer changes gets no token payment', async () => {
    const adapter = create();
    await adapter.connect();
    const payer = createWallet();
    await anvil.fund(payer.address, 10n ** 20n);
    const token = await adapter.getToken(await anvil.deploy('Token', { holder: payer.address, supply: 9n }));
    const built = await adapter.buildTransaction({ ...request(), from: payer.address, token });
    proxy.decide = (method, params) =>
      method === 'eth_call' && params.length > 2 ? { answer: { result: '0x' } } : 'pass';
    await expect(adapter.simulateTransaction(built)).rejects.toMatchObject({
      code: 'SIMULATION_FAILED',
      retryable: false,
    });
  });
});
