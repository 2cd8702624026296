import type { ChainError, IChainAdapter, SignedTransaction, UnsignedTransaction } from '@waiaas/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSolanaAdapter } from '../src/adapter.ts';
import { type Answer, type FakeNode, startFakeNode } from './fake-node.ts';
import { openTreasury } from './tokens.ts';
import { createWallet, createWorld, memoryLogger, SOL, testClock } from './world.ts';

let node: FakeNode;
let adapter: IChainAdapter;
let logger: ReturnType<typeof memoryLogger>;
let built: UnsignedTransaction;
let signed: SignedTransaction;
let signedToken: SignedTransaction;

beforeAll(async () => {
  const world = await createWorld();
  const [from, to] = [await world.funded(), await createWallet()];
  built = await world.adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
  signed = await world.adapter.signTransaction(built, from.sign);
  const token = await (await openTreasury(world.localnet)).createToken();
  await token.mint(from.address, 9n);
  signedToken = await world.signed(from, { to: to.address, amount: 1n, token: token.info });
  await world.close();
});
beforeEach(async () => {
  node = await startFakeNode();
  const clock = testClock();
  logger = memoryLogger();
  adapter = createSolanaAdapter({
    network: 'localnet',
    endpoints: [node.url],
    clock,
    logger,
    sleep: async (ms) => clock.advance(ms),
  });
  await adapter.connect();
});
afterEach(async () => {
  await adapter.disconnect();
  await node.close();
});

const preflight = (reason: unknown): Answer => ({
  error: {
    code: -32002,
    message: 'Transaction simulation failed',
    data: { err: reason, logs: [], unitsConsumed: 1 },
  },
});

describe('the reason of a preflight failure is read from the codes in the cause', () => {
  const cases: readonly (readonly [unknown, Partial<ChainError> & { details?: object }])[] = [
    ['BlockhashNotFound', { code: 'SOLANA_BLOCKHASH_EXPIRED', mayHaveLanded: true }],
    ['AccountNotFound', { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false }],
    ['InsufficientFundsForFee', { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false }],
    [{ InsufficientFundsForRent: { account_index: 1 } }, { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false }],
    [{ InstructionError: [1, { Custom: 1 }] }, { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false }],
    [
      { InstructionError: [0, { Custom: 1 }] },
      { code: 'SOLANA_PROGRAM_ERROR', mayHaveLanded: false, details: { instructionIndex: 0, customCode: 1 } },
    ],
    [{ InstructionError: [1, 'ComputationalBudgetExceeded'] }, { code: 'BUILD_FAILED', mayHaveLanded: false }],
    [{ InstructionError: [1, 'InvalidArgument'] }, { code: 'SOLANA_PROGRAM_ERROR', mayHaveLanded: false }],
    ['AccountInUse', { code: 'SUBMIT_FAILED', retryable: true, mayHaveLanded: false }],
    ['InvalidAccountForFee', { code: 'SUBMIT_FAILED', retryable: false, mayHaveLanded: false }],
  ];
  test.each(cases)('%j', async (reason, expected) => {
    node.answer('sendTransaction', preflight(reason));
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject(expected);
  });

  test('AlreadyProcessed is a success', async () => {
    node.answer('sendTransaction', preflight('AlreadyProcessed'));
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: true });
  });

  test('a node that names another transaction raises an alarm; the id is ours', async () => {
    node.answer('sendTransaction', { result: '1'.repeat(64) });
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
    expect(logger.lines.map(({ level }) => level)).toEqual(['error']);
  });
});

describe('an error number is read by the program it comes from', () => {
  const PLACES = {
    system: { route: false, index: 1 },
    creation: { route: true, index: 1 },
    token: { route: true, index: 2 },
  };
  const cases = [
    ['system', 1, 'INSUFFICIENT_BALANCE'],
    ['system', 17, 'SOLANA_PROGRAM_ERROR'],
    ['creation', 1, 'INSUFFICIENT_BALANCE'],
    ['creation', 0, 'SOLANA_PROGRAM_ERROR'],
    ['token', 1, 'INSUFFICIENT_TOKEN_BALANCE'],
    ['token', 17, 'TOKEN_ACCOUNT_FROZEN'],
    ['token', 18, 'INVALID_TOKEN'],
    ['token', 3, 'SOLANA_PROGRAM_ERROR'],
  ] as const;
  test.each(cases)('%s %i is %s', async (program, customCode, code) => {
    const { route, index } = PLACES[program];
    const transaction = route ? signedToken : signed;
    node.answer('sendTransaction', preflight({ InstructionError: [index, { Custom: customCode }] }));
    await expect(adapter.submitTransaction(transaction)).rejects.toMatchObject({
      code,
      mayHaveLanded: false,
      retryable: false,
      details: { instructionIndex: index, customCode },
    });
  });
});

describe('what a node says of a transaction', () => {
  const status = (commitment: string, error: unknown): Answer => ({
    result: {
      context: { slot: 90 },
      value: [{ slot: 80, confirmations: 1, err: error, confirmationStatus: commitment, status: { Ok: null } }],
    },
  });
  const nothing = (slot: number): Answer => ({ result: { context: { slot }, value: [null] } });
  const tip: Answer = {
    result: {
      absoluteSlot: 100,
      blockHeight: 60,
      epoch: 0,
      slotIndex: 100,
      slotsInEpoch: 432_000,
      transactionCount: 1,
    },
  };
  const wait = () => adapter.waitForConfirmation(signed.txHash, { timeoutMs: 400, lastValidBlockHeight: 50n });

  test('a failure that is not final is no verdict', async () => {
    const failure = { InstructionError: [2, { Custom: 6_001 }] };
    for (const commitment of ['processed', 'confirmed']) {
      node.answer('getSignatureStatuses', status(commitment, failure));
      expect(await wait()).toEqual({ verdict: 'unknown' });
    }
    node.answer('getSignatureStatuses', status('finalized', failure));
    expect(await wait()).toMatchObject({ verdict: 'failed', error: 'Instruction 2: custom error 6001' });
  });

  test('a node that has not come as far as the finalized block cannot prove that nothing happened', async () => {
    node.answer('getEpochInfo', tip);
    node.answer('getSignatureStatuses', nothing(99));
    expect(await wait()).toEqual({ verdict: 'unknown' });
    node.answer('getSignatureStatuses', nothing(100));
    expect(await wait()).toEqual({ verdict: 'expired', finalizedBlockHeight: 60n });
  });

  test('the height is read before the look-up that proves', async () => {
    node.answer('getEpochInfo', tip);
    node.answer('getSignatureStatuses', nothing(100));
    await wait();
    const order = node.calls.map(({ method }) => method).filter((method) => !/Health|Genesis/.test(method));
    expect(order).toEqual(['getSignatureStatuses', 'getEpochInfo', 'getSignatureStatuses']);
    expect(node.calls.at(-1)?.params).toEqual([[signed.txHash], { searchTransactionHistory: true }]);
  });
});

test('logs of a simulation are capped', async () => {
  const logs = Array.from({ length: 500 }, () => 'x'.repeat(5_000));
  node.answer('simulateTransaction', {
    result: { context: { slot: 1 }, value: { err: { InstructionError: [1, { Custom: 9 }] }, logs, unitsConsumed: 7 } },
  });
  const result = await adapter.simulateTransaction(built);
  expect(result).toMatchObject({ success: false, insufficientFunds: false, unitsConsumed: 7n });
  expect(result.logs.join('').length).toBeLessThan(40_000);
});
