import {
  ChainError,
  type IChainAdapter,
  type ITokenReader,
  type SignedTransaction,
  type UnsignedTransaction,
} from '@waiaas/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSolanaAdapter } from '../src/adapter.ts';
import { type Answer, type FakeNode, startFakeNode } from './fake-node.ts';
import { createWallet, createWorld, memoryLogger, SOL, testClock, type Wallet } from './world.ts';

const SECRET = 'k3y-0f-the-0perator';

let node: FakeNode;
let adapter: IChainAdapter & ITokenReader;
let logger: ReturnType<typeof memoryLogger>;
let from: Wallet;
let to: Wallet;
let built: UnsignedTransaction;
let signed: SignedTransaction;

beforeAll(async () => {
  const world = await createWorld();
  [from, to] = [await world.funded(), await createWallet()];
  built = await world.adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
  signed = await world.adapter.signTransaction(built, from.sign);
  await world.close();

  node = await startFakeNode();
  const clock = testClock();
  logger = memoryLogger();
  adapter = createSolanaAdapter({
    network: 'localnet',
    endpoints: [`${node.url}/v2/${SECRET}?api-key=${SECRET}`],
    clock,
    logger,
    timeouts: { readMs: 250, sendMs: 250 },
    sleep: async (ms) => clock.advance(ms),
  });
  await adapter.connect();
});
afterAll(async () => {
  await adapter.disconnect();
  await node.close();
});

const TOKEN = { address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6, symbol: 'USDC' };

const err = (error: unknown): Answer => ({ error });
const preflight = (reason: unknown): Answer =>
  err({ code: -32002, message: 'Transaction simulation failed', data: { err: reason, logs: [], unitsConsumed: 1 } });

/** Everything a node can do wrong. */
const FAULTS: readonly (readonly [string, Answer])[] = [
  ['hangs', 'hang'],
  ['cuts the connection', 'reset'],
  ['is overloaded', { body: 'slow down', status: 429, headers: { 'retry-after': '3' } }],
  ['is down', { body: '<html>bad gateway</html>', status: 502 }],
  ['wants a key', { body: `no key ${SECRET}`, status: 401 }],
  ['talks HTML', { body: '<html></html>' }],
  ['says nothing', { body: '' }],
  ['says null', { body: 'null' }],
  ['says a list', { body: '[]' }],
  ['says a number', { body: '7' }],
  ['answers without a result', { body: '{"jsonrpc":"2.0","id":"1"}' }],
  ['gives a null result', { result: null }],
  ['gives an empty object', { result: {} }],
  ['gives text', { result: 'surprise' }],
  ['gives a negative number', { result: -1 }],
  ['gives a wrong context', { result: { context: null, value: null } }],
  ['gives wrong values', { result: { context: { slot: 'x' }, value: { blockhash: 7, err: 5, lamports: 'many' } } }],
  ['gives lists of the wrong length', { result: { context: { slot: 1 }, value: [1, 2, 3, 4, 5, 6, 7] } }],
  ['gives an error without a code', err({ message: 'oops' })],
  ['gives null as error', err(null)],
  ['gives an error with text as code', err({ code: 'E', message: 7 })],
  ['fails inside', err({ code: -32603, message: `at ${SECRET}` })],
  ['has no such method', err({ code: -32601, message: 'Method not found' })],
  ['is behind', err({ code: -32005, message: 'behind', data: { numSlotsBehind: 42 } })],
  ['gives a preflight failure without data', err({ code: -32002, message: 'failed' })],
  ['gives an unknown reason', preflight('BrandNewError')],
  ['gives a malformed instruction error', preflight({ InstructionError: 'x' })],
  ['gives a reason that is a number', preflight(12)],
];

/** The same for reasons, which are refusals. */
const REASONS: typeof FAULTS = [
  ['gives a big custom code', preflight({ InstructionError: [200, { Custom: 4_294_967_295 }] })],
  ['runs out of funds', preflight({ InsufficientFundsForRent: { account_index: 255 } })],
];

const METHODS = [
  'getBalance',
  'getEpochInfo',
  'getHealth',
  'getLatestBlockhash',
  'getMinimumBalanceForRentExemption',
  'getMultipleAccounts',
  'getRecentPrioritizationFees',
  'getSignatureStatuses',
  'getTokenAccountsByOwner',
  'getTransaction',
  'sendTransaction',
  'simulateTransaction',
];

const ACTIONS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['getHealth', () => adapter.getHealth()],
  ['getBalance', () => adapter.getBalance(to.address)],
  ['estimateFee', () => adapter.estimateFee(built.request)],
  ['buildTransaction', () => adapter.buildTransaction(built.request)],
  ['buildTransaction of a token', () => adapter.buildTransaction({ ...built.request, token: TOKEN })],
  ['getToken', () => adapter.getToken(TOKEN.address)],
  ['getTokenBalance', () => adapter.getTokenBalance(to.address, TOKEN)],
  ['listAssets', () => adapter.listAssets(to.address)],
  ['simulateTransaction', () => adapter.simulateTransaction(built)],
  ['submitTransaction', () => adapter.submitTransaction(signed)],
  ['getTransactionStatus', () => adapter.getTransactionStatus(signed.txHash)],
  ['waitForConfirmation', () => adapter.waitForConfirmation(signed.txHash, { timeoutMs: 1, lastValidBlockHeight: 1n })],
];

/** All text an error carries, to any depth, as a logger would write it. */
const shown = (error: unknown): string => {
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  if (!(error instanceof Error)) return String(error);
  const own = JSON.stringify({ ...error, message: error.message, stack: error.stack }, text);
  return `${own} ${error.cause === undefined ? '' : shown(error.cause)}`;
};

describe('whatever a node does, an adapter gives a result or a ChainError, in time, with no secret', () => {
  test.each([...FAULTS, ...REASONS])('a node that %s', async (_, fault) => {
    for (const method of METHODS) node.answer(method, fault);
    for (const [name, act] of ACTIONS) {
      const outcome = await act().then(
        (value: unknown) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if (!('error' in outcome)) continue;
      expect(outcome.error, name).toBeInstanceOf(ChainError);
      expect(shown(outcome.error), name).not.toContain(SECRET);
      expect(() => JSON.stringify(outcome.error instanceof Error ? outcome.error.cause : null), name).not.toThrow();
    }
    expect(JSON.stringify(logger.lines.map(({ fields }) => Object.values(fields).map(shown)))).not.toContain(SECRET);
  });

  test.each(FAULTS)('no fault proves that a payment cannot land: a node that %s', async (_, fault) => {
    node.answer('sendTransaction', fault);
    const fresh = createSolanaAdapter({
      network: 'localnet',
      endpoints: [node.url],
      clock: testClock(),
      logger: memoryLogger(),
      timeouts: { readMs: 2_000, sendMs: 400 },
    });
    node.answer('getHealth', { result: 'ok' });
    await fresh.connect();
    const outcome = await fresh.submitTransaction(signed).catch((error: unknown) => error);
    await fresh.disconnect();
    if (!(outcome instanceof ChainError)) return;
    expect(outcome.mayHaveLanded).toBe(true);
  });
});
