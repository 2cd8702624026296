import type { SignedTransaction } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

let world: World;
let from: Wallet;
let to: Wallet;
let signed: SignedTransaction;
let bound: bigint;

beforeEach(async () => {
  world = await createWorld({ ledger: { finalizeAfterSlots: 8 }, timeouts: { readMs: 1_000, sendMs: 1_000 } });
  [from, to] = [await world.funded(), await createWallet()];
  signed = await world.signed(from, { to: to.address, amount: SOL });
  bound = signed.lastValidBlockHeight ?? 0n;
});
afterEach(() => world.close());

const submit = () => world.adapter.submitTransaction(signed);
const wait = (options: Parameters<World['adapter']['waitForConfirmation']>[1] = {}) =>
  world.adapter.waitForConfirmation(signed.txHash, options);

describe('confirmed', () => {
  test('at the depth that was asked for', async () => {
    await submit();
    expect(await wait()).toMatchObject({ verdict: 'confirmed', commitment: 'confirmed', fee: 5_000n });
    expect(await wait({ target: 'finalized' })).toMatchObject({ verdict: 'confirmed', commitment: 'finalized' });
  });

  test('is noticed quickly, then looked for ever more slowly, and the time limit is kept', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    await submit();
    expect(await wait({ timeoutMs: 10_000, lastValidBlockHeight: bound })).toEqual({ verdict: 'unknown' });
    expect(world.pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 850]);
  });

  test('a fee that cannot be had does not hold the verdict up', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'getTransaction', code: -32603 });
    await submit();
    const verdict = await wait();
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(verdict).not.toHaveProperty('fee');
  });

  test('a transaction that lands at 75 s is unknown at 60 s and confirmed afterwards', async () => {
    world.localnet.faults.add({ type: 'landLate', slots: 180, evenIfExpired: true });
    await submit();
    expect(await wait()).toEqual({ verdict: 'unknown' });
    expect(await wait()).toMatchObject({ verdict: 'confirmed' });
  });
});

describe('failed', () => {
  test('only once the failure is final, whatever depth was asked for', async () => {
    // The money goes away between the preflight and the slot in which the payment lands.
    world.localnet.faults.add({ type: 'landLate', slots: 3, times: 1 });
    await submit();
    const drain = await world.signed(from, { to: (await createWallet()).address, amount: 9n * SOL + SOL / 2n });
    await world.adapter.submitTransaction(drain);
    world.localnet.advanceSlots(5);
    const error = 'Instruction 1: custom error 1';
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({ commitment: 'confirmed', error });
    expect(await wait({ timeoutMs: 0 })).toEqual({ verdict: 'unknown' });
    expect(await wait()).toMatchObject({ verdict: 'failed', error, fee: 5_000n });
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({ commitment: 'finalized', error });
    expect(await wait({ target: 'finalized' })).toMatchObject({ verdict: 'failed' });
  });
});

describe('expired is proven, never guessed', () => {
  test('by a finalized height past the bound and a look-up after it that finds nothing', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    await submit();
    const verdict = await wait({ timeoutMs: 300_000, lastValidBlockHeight: bound });
    expect(verdict.verdict).toBe('expired');
    expect('finalizedBlockHeight' in verdict && verdict.finalizedBlockHeight > bound).toBe(true);
    expect(await world.balance(to.address)).toBe(0n);
  });

  test('not while only the tip is past the bound, and not by the clock', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    await submit();
    const behind = Number(bound) - world.localnet.report().blockHeight;
    world.localnet.advanceSlots(behind + 2);
    world.clock.advance(3_600_000);
    expect(BigInt(world.localnet.report().blockHeight)).toBeGreaterThan(bound);
    expect(await wait({ timeoutMs: 100, lastValidBlockHeight: bound })).toEqual({ verdict: 'unknown' });
  });

  test('not without a bound, however long it takes', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    await submit();
    expect(await wait({ timeoutMs: 600_000 })).toEqual({ verdict: 'unknown' });
  });

  test('not for a payment that landed in the last block before the bound', async () => {
    world.localnet.faults.add({ type: 'landLate', slots: 149, times: 1 });
    await submit();
    expect(await wait({ timeoutMs: 300_000, lastValidBlockHeight: bound, target: 'finalized' })).toMatchObject({
      verdict: 'confirmed',
    });
  });

  test('not while the node is out of reach, for five minutes past the bound', async () => {
    await submit();
    world.localnet.advanceSlots(400);
    world.localnet.faults.add({ type: 'httpError', method: 'getSignatureStatuses', status: 503 });
    expect(await wait({ timeoutMs: 300_000, lastValidBlockHeight: bound })).toEqual({ verdict: 'unknown' });
    world.localnet.faults.reset();
    expect(await wait({ lastValidBlockHeight: bound })).toMatchObject({ verdict: 'confirmed' });
  });

  test('not while the height cannot be had', async () => {
    world.localnet.faults.add({ type: 'landNever' });
    await submit();
    world.localnet.advanceSlots(400);
    world.localnet.faults.add({ type: 'rpcError', method: 'getEpochInfo', code: -32005 });
    expect(await wait({ timeoutMs: 60_000, lastValidBlockHeight: bound })).toEqual({ verdict: 'unknown' });
  });

  test('a first look-up that missed it is not taken for the proof', async () => {
    await submit();
    world.localnet.advanceSlots(400);
    world.localnet.faults.add({ type: 'hideStatuses', times: 1 });
    expect(await wait({ lastValidBlockHeight: bound })).toMatchObject({ verdict: 'confirmed' });
  });
});

describe('faults while waiting', () => {
  test('are not verdicts, slow the polling down, and honour Retry-After', async () => {
    await submit();
    world.localnet.faults.add({
      type: 'httpError',
      method: 'getSignatureStatuses',
      status: 429,
      retryAfterSeconds: 7,
      times: 1,
    });
    world.localnet.faults.add({ type: 'rpcError', method: 'getSignatureStatuses', code: -32603, times: 3 });
    expect(await wait()).toMatchObject({ verdict: 'confirmed' });
    expect(world.pauses.slice(0, 4)).toEqual([7_000, 1_000, 2_000, 4_000]);
  });

  test('a node that hangs costs one time limit, not the verdict', async () => {
    await submit();
    world.localnet.faults.add({ type: 'hang', method: 'getSignatureStatuses', times: 1 });
    expect(await wait()).toMatchObject({ verdict: 'confirmed' });
  });

  test('an abort ends the waiting at once with no verdict', async () => {
    world.localnet.faults.add({ type: 'hang', method: 'getSignatureStatuses' });
    const controller = new AbortController();
    const waiting = wait({ signal: controller.signal });
    controller.abort();
    expect(await waiting).toEqual({ verdict: 'unknown' });
    expect(await wait({ signal: controller.signal })).toEqual({ verdict: 'unknown' });
  });

  test('a disconnect ends the waiting with no verdict', async () => {
    world.localnet.faults.add({ type: 'hang', method: 'getSignatureStatuses' });
    const waiting = wait();
    await world.adapter.disconnect();
    expect(await waiting).toEqual({ verdict: 'unknown' });
  });
});

describe('the status right now', () => {
  test('is not_found, then landed ever deeper', async () => {
    const status = () => world.adapter.getTransactionStatus(signed.txHash);
    expect(await status()).toEqual({ state: 'not_found' });
    await submit();
    world.localnet.advanceSlots(1);
    expect(await status()).toMatchObject({ state: 'landed', error: null });
    world.localnet.advanceSlots(20);
    expect(await status()).toMatchObject({ state: 'landed', commitment: 'finalized', error: null });
  });

  test('of something that is no transaction id is an error, not "not found"', async () => {
    for (const bad of ['', 'abc', from.address, '0x00', '1'.repeat(500)]) {
      await expect(world.adapter.getTransactionStatus(bad)).rejects.toMatchObject({
        code: 'RPC_ERROR',
        retryable: false,
      });
      await expect(world.adapter.waitForConfirmation(bad)).rejects.toMatchObject({ code: 'RPC_ERROR' });
    }
  });
});
