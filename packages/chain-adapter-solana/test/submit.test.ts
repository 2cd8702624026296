import type { SignedTransaction } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assembleWire, transactionId } from '../src/wire-transaction.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

let world: World;
let from: Wallet;
let to: Wallet;
let signed: SignedTransaction;

beforeEach(async () => {
  world = await createWorld({ timeouts: { readMs: 2_000, sendMs: 1_500 } });
  [from, to] = [await world.funded(), await createWallet()];
  signed = await world.signed(from, { to: to.address, amount: SOL });
});
afterEach(() => world.close());

const submit = () => world.adapter.submitTransaction(signed);
const landings = () => world.localnet.report().landed.filter(({ signature }) => signature === signed.txHash);

describe('a refusal before the network took the bytes', () => {
  test('for lack of money cannot land', async () => {
    const drain = await world.signed(from, { to: (await createWallet()).address, amount: 10n * SOL - 5_000n });
    await world.adapter.submitTransaction(drain);
    await world.adapter.waitForConfirmation(drain.txHash);
    await expect(submit()).rejects.toMatchObject({ code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false });
    expect(world.localnet.report().accepted).toHaveLength(1);
  });

  test('of the transfer itself names the lack of money by the program, not by the number', async () => {
    const drain = await world.signed(from, { to: (await createWallet()).address, amount: 9n * SOL + SOL / 2n });
    await world.adapter.submitTransaction(drain);
    await world.adapter.waitForConfirmation(drain.txHash);
    await expect(submit()).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
      details: { instructionIndex: 1, customCode: 1 },
    });
  });

  test('for a signature that does not verify raises an alarm and cannot land', async () => {
    const other = (await world.signed(from, { to: to.address, amount: 2n * SOL })).bytes.slice(1, 65);
    signed = { bytes: assembleWire(other, signed.bytes.slice(65)), txHash: transactionId(other) };
    await expect(submit()).rejects.toMatchObject({ code: 'SUBMIT_FAILED', mayHaveLanded: false });
    expect(world.logger.lines.some(({ level }) => level === 'error')).toBe(true);
  });

  test.each([
    ['empty', new Uint8Array()],
    ['too short', new Uint8Array(65)],
    ['noise', new Uint8Array(200).fill(7)],
  ])('%s bytes never leave', async (_, bytes) => {
    signed = { ...signed, bytes };
    await expect(submit()).rejects.toMatchObject({ code: 'SUBMIT_FAILED', mayHaveLanded: false });
    expect(world.calls().sendTransaction).toBeUndefined();
  });

  test('an id that is not that of the bytes never leaves', async () => {
    const other = await world.signed(from, { to: to.address, amount: 2n * SOL });
    await expect(world.adapter.submitTransaction({ ...signed, txHash: other.txHash })).rejects.toMatchObject({
      code: 'SUBMIT_FAILED',
      mayHaveLanded: false,
    });
    expect(world.calls().sendTransaction).toBeUndefined();
  });

  test('proves nothing about bytes that were sent before', async () => {
    world.localnet.faults.add({ type: 'dropReply', method: 'sendTransaction', times: 1 });
    await expect(submit()).rejects.toMatchObject({ mayHaveLanded: true });
    world.localnet.faults.add({ type: 'rpcError', method: 'sendTransaction', code: -32602, times: 1 });
    await expect(submit()).rejects.toMatchObject({ mayHaveLanded: true });
    await world.adapter.disconnect();
    await expect(submit()).rejects.toMatchObject({ code: 'RPC_ERROR', mayHaveLanded: true });
  });
});

describe('an open outcome', () => {
  test('a lost reply may have landed, did land, and sending again is a success that pays nothing twice', async () => {
    world.localnet.faults.add({ type: 'dropReply', method: 'sendTransaction', times: 1 });
    await expect(submit()).rejects.toMatchObject({ code: 'NETWORK_ERROR', mayHaveLanded: true });
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
    expect(await submit()).toEqual({ txHash: signed.txHash, alreadyProcessed: true });
    expect(landings()).toHaveLength(1);
    expect(await world.balance(to.address)).toBe(SOL);
  });

  test('a reply that never comes is given up in time, and the payment is found', async () => {
    world.localnet.faults.add({ type: 'withholdReply', method: 'sendTransaction', times: 1 });
    await expect(submit()).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: true, mayHaveLanded: true });
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
    expect(landings()).toHaveLength(1);
  });

  test.each([429, 500, 502, 503, 504])('HTTP %i', async (status) => {
    world.localnet.faults.add({ type: 'httpError', method: 'sendTransaction', status, times: 1 });
    await expect(submit()).rejects.toMatchObject({
      code: 'RPC_ERROR',
      retryable: true,
      mayHaveLanded: true,
      details: { status },
    });
    expect(world.calls().sendTransaction).toBe(1);
  });

  test('a node that is behind', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'sendTransaction', code: -32005, times: 1 });
    await expect(submit()).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: true, mayHaveLanded: true });
  });

  test('a node that calls a failure but no reason', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'sendTransaction', code: -32002, times: 1 });
    await expect(submit()).rejects.toMatchObject({ mayHaveLanded: true });
  });

  test('a blockhash the node does not know: dead, or the node lags', async () => {
    world.localnet.advanceSlots(400);
    await expect(submit()).rejects.toMatchObject({
      code: 'SOLANA_BLOCKHASH_EXPIRED',
      recovery: 'STALE',
      retryable: false,
      mayHaveLanded: true,
    });
  });

  test('a disconnect while sending', async () => {
    world.localnet.faults.add({ type: 'hang', method: 'sendTransaction', times: 1 });
    const sending = submit();
    await Promise.all([
      expect(sending).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false, mayHaveLanded: true }),
      (async () => {
        while (world.calls().sendTransaction === undefined) await new Promise((resolve) => setImmediate(resolve));
        await world.adapter.disconnect();
      })(),
    ]);
  });
});

test('each call sends once, and sending the same bytes many times pays once', async () => {
  await Promise.all([submit(), submit(), submit()]);
  world.localnet.advanceSlots(1);
  await submit();
  expect(landings()).toHaveLength(1);
  expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
  expect(await world.balance(to.address)).toBe(SOL);
});

test('nothing is sent before connecting, and nothing can have landed', async () => {
  await world.adapter.disconnect();
  await expect(submit()).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: false, mayHaveLanded: false });
});
