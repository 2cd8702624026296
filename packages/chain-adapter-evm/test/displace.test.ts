import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import { DECLINED, type SignedTransaction, UNDERPRICED } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePayment } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type Wallet, type World } from './world.ts';

/*
 * A payment that no node takes keeps its nonce, and nothing of its wallet lands before it. What goes back to the owner takes its
 * place: with the same nonce, so that at most one of both lands.
 */

const TEXT = 'exceeds maximum per-transaction gas limit';
const GWEI = 10n ** 9n;

let proxy: FlakyProxy;
let world: World;
let payer: Wallet;
let home: Wallet;
/** What the node says to whatever it is sent; null: it takes it. */
let declines: string | null;

beforeEach(async () => {
  declines = null;
  world = await createWorld({
    through: async (anvil) => {
      proxy = await startFlakyProxy(anvil.url);
      proxy.decide = (method) =>
        method === 'eth_sendRawTransaction' && declines !== null
          ? { answer: { error: { code: -32_000, message: declines } } }
          : 'pass';
      return [proxy.url];
    },
  });
  [payer, home] = [await world.funded(), createWallet()];
});
afterEach(async () => {
  await world.close();
  await proxy.close();
});

const nonceOf = ({ bytes }: Pick<SignedTransaction, 'bytes'>) => decodePayment(bytes)?.fields.nonce;

/** A payment that is on record, and that the node does not take. */
async function stuck(amount = ETHER): Promise<SignedTransaction> {
  const signed = await world.signed(payer, { to: createWallet().address, amount });
  declines = TEXT;
  await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
    ...{ mayHaveLanded: true, details: { reason: DECLINED } },
  });
  declines = null;
  return signed;
}
const request = (amount = 2n * ETHER) => ({ from: payer.address, to: home.address, amount });
const displacing = async (...instead: SignedTransaction[]) => {
  const built = await world.adapter.buildDisplacing(request(), instead);
  if (built === null) throw new Error('Nothing is stuck');
  return built;
};

test('what takes the place of a payment that nobody takes has its nonce, and ends it', async () => {
  const payment = await stuck();
  const built = await displacing(payment);
  expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
  const signed = await world.adapter.signTransaction(built, payer.sign);
  expect(signed.nonce).toBe(nonceOf(payment));
  world.record.add(payer.address, signed);
  await world.adapter.submitTransaction(signed);
  expect(await world.settle(signed, { target: 'finalized' })).toMatchObject({ verdict: 'confirmed' });
  expect(await world.settle(payment)).toMatchObject({ verdict: 'expired' });
  expect(await world.balance(home.address)).toBe(2n * ETHER);
  // And what comes after is not in anybody's way.
  const { verdict } = await world.pay(payer, { to: home.address, amount: 1n });
  expect(verdict).toMatchObject({ verdict: 'confirmed' });
});

test('whichever of both the chain takes, it is one, and each is told apart', async () => {
  const payment = await stuck();
  const signed = await world.adapter.signTransaction(await displacing(payment), payer.sign);
  world.record.add(payer.address, signed);
  // Somebody had it all the same.
  await world.adapter.submitTransaction(payment);
  await world.adapter.submitTransaction(signed).catch(() => undefined);
  expect(await world.settle(payment)).toMatchObject({ verdict: 'confirmed' });
  expect(await world.settle(signed)).toMatchObject({ verdict: 'expired' });
  expect(await world.balance(home.address)).toBe(0n);
  expect(await world.nonce(payer.address)).toBe(1n);
});

test('a refusal of what has somebody else’s nonce proves nothing', async () => {
  const payment = await stuck();
  const signed = await world.adapter.signTransaction(await displacing(payment), payer.sign);
  world.record.add(payer.address, signed);
  declines = 'transaction underpriced';
  await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
});

describe('where one of several endpoints refuses what takes the place', () => {
  const OVERSHOT =
    'insufficient funds for gas * price + value: balance 10000000000000000000, queued cost 11000000000000000000, tx cost 2000000000000000000, overshot 3000000000000000000';
  async function refused() {
    const payment = await stuck();
    const both = await world.restarted({ endpoints: [proxy.url, world.anvil.url] });
    const built = await both.buildDisplacing(request(), [payment]);
    if (built === null) throw new Error('Nothing is stuck');
    const signed = await both.signTransaction(built, payer.sign);
    world.record.add(payer.address, signed);
    return { both, signed };
  }

  test('for what it has in its pool beside it, the next one is offered it, and it lands', async () => {
    const { both, signed } = await refused();
    declines = OVERSHOT;
    expect(await both.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.balance(home.address)).toBe(2n * ETHER);
  });

  test('and none takes it, the refusal is told, not that another one is out of reach', async () => {
    const { both, signed } = await refused();
    await world.anvil.stop();
    proxy.decide = (method) =>
      method === 'eth_sendRawTransaction'
        ? { answer: { error: { code: -32_000, message: OVERSHOT } } }
        : { answer: { result: null } };
    await expect(both.submitTransaction(signed)).rejects.toMatchObject({
      ...{ code: 'INSUFFICIENT_BALANCE', mayHaveLanded: true },
    });
  });

  test('that it is too cheap for one of them is told before all else: it can be raised', async () => {
    const { signed } = await refused();
    const second = await startFlakyProxy(world.anvil.url);
    const both = await world.restarted({ endpoints: [proxy.url, second.url] });
    declines = OVERSHOT;
    second.decide = (method) =>
      method === 'eth_sendRawTransaction'
        ? { answer: { error: { code: -32_000, message: 'replacement transaction underpriced' } } }
        : 'pass';
    await expect(both.submitTransaction(signed)).rejects.toMatchObject({
      ...{ code: 'SUBMIT_FAILED', mayHaveLanded: true, details: { reason: UNDERPRICED } },
    });
    await second.close();
  });
});

test('all that is in flight but what makes way is left for itself', async () => {
  const [payment, next] = [await stuck(6n * ETHER), await stuck(1n * ETHER)];
  const sweep = { from: payer.address, to: home.address, keep: 0n };
  const beside = await world.adapter.quoteSweep(sweep);
  const instead = await world.adapter.quoteSweep({ ...sweep, stuck: [payment, next] });
  expect(beside?.amount).toBeLessThan(3n * ETHER);
  expect(instead?.amount).toBeGreaterThan(8n * ETHER);
  expect(instead?.amount).toBeLessThan(9n * ETHER);
  const built = await world.adapter.buildDisplacing({ ...sweep, amount: 0n, ...instead }, [payment, next]);
  expect(built?.estimatedFee).toBeLessThanOrEqual(instead?.fee ?? 0n);
  expect(built?.displaces).toMatchObject([{ txHash: payment.txHash }]);
});

describe('where those that are stuck may take all that there is', () => {
  /** A small payment and one of all the rest, which fees have left behind. */
  async function emptied() {
    await world.anvil.rpc('evm_setAutomine', false);
    const first = await stuck(1n);
    const beside = await world.adapter.quoteSweep({ from: payer.address, to: home.address, keep: 0n });
    const rest = await stuck(beside?.amount ?? 0n);
    await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', `0x${(20n * GWEI).toString(16)}`);
    await world.anvil.mine();
    world.clock.advance(60_000);
    return [first, rest] as const;
  }
  const sweep = () => ({ from: payer.address, to: home.address, keep: 0n });

  test('all of it goes in the place of the one that is due, and nothing of the others is executed', async () => {
    const stuckOnes = await emptied();
    const quote = await world.adapter.quoteSweep({ ...sweep(), stuck: stuckOnes });
    if (quote === null) throw new Error('All there is is called too little');
    expect(quote.amount).toBeGreaterThan(9n * ETHER);
    const asked = { ...request(quote.amount), fee: quote.fee };
    const built = await world.adapter.buildDisplacing(asked, stuckOnes);
    if (built === null) throw new Error('Nothing is stuck');
    const signed = await world.adapter.signTransaction(built, payer.sign);
    expect(signed.nonce).toBe(nonceOf(stuckOnes[0]));
    world.record.add(payer.address, signed);
    await world.adapter.submitTransaction(signed);
    for (const old of stuckOnes) await world.adapter.submitTransaction(old).catch(() => undefined);
    await world.anvil.mine(3);
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(1n);
    expect(await world.balance(home.address)).toBe(quote.amount);
    // What is left does not pay for another one, beside whatever waits for it.
    world.record.remove(stuckOnes[0].txHash);
    expect(await world.adapter.quoteSweep({ ...sweep(), stuck: [stuckOnes[1]] })).toBeNull();
  });

  test('but not where one of them is not named, and that is not called too little', async () => {
    const [first, rest] = await emptied();
    for (const named of [[], [first], [rest]]) {
      await expect(world.adapter.quoteSweep({ ...sweep(), stuck: named })).rejects.toMatchObject({
        ...{ code: 'INSUFFICIENT_BALANCE', retryable: false },
      });
    }
    await expect(world.adapter.buildDisplacing(request(9n * ETHER), [first])).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
    });
  });
});

describe('what took the place of something', () => {
  /** A payment and what took its place, both on record and neither in a block, with prices far above what they offer. */
  async function leftBehind() {
    await world.anvil.rpc('evm_setAutomine', false);
    const payment = await stuck();
    const instead = await world.adapter.signTransaction(await displacing(payment), payer.sign);
    world.record.add(payer.address, instead);
    await world.adapter.submitTransaction(instead);
    await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', `0x${(100n * GWEI).toString(16)}`);
    await world.anvil.mine();
    world.clock.advance(60_000);
    return { payment, instead };
  }

  test('is raised when prices rise, and lands alone', async () => {
    const { payment, instead } = await leftBehind();
    const built = await world.adapter.buildReplacement(request(), [instead], false, [payment]);
    if (built === null) throw new Error('There is no need');
    expect(built.displaces).toMatchObject([{ txHash: payment.txHash }]);
    expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
    const raised = await world.adapter.signTransaction(built, payer.sign);
    world.record.add(payer.address, raised);
    expect(nonceOf(raised)).toBe(nonceOf(payment));
    await world.adapter.submitTransaction(raised);
    // Whoever kept the others hands them in again.
    for (const old of [payment, instead]) await world.adapter.submitTransaction(old).catch(() => undefined);
    await world.anvil.mine(3);
    const { bytes } = raised;
    expect(await world.adapter.waitForConfirmation(raised.txHash, { bytes, variants: [instead] })).toMatchObject({
      ...{ verdict: 'confirmed', txHash: raised.txHash },
    });
    expect(await world.nonce(payer.address)).toBe(1n);
    expect(await world.balance(home.address)).toBe(2n * ETHER);
  });

  test('is not raised beside what is not named, nor over the same payment', async () => {
    const { payment, instead } = await leftBehind();
    const built = await world.adapter.buildReplacement(request(), [instead], false, [payment]);
    if (built === null) throw new Error('There is no need');
    const { displaces: _, ...unnamed } = built;
    for (const forged of [unnamed, { ...built, displaces: [] }]) {
      await expect(world.adapter.signTransaction(forged, payer.sign)).rejects.toMatchObject({
        ...{ code: 'SIGN_FAILED', details: { mismatch: 'record' } },
      });
    }
    await expect(world.adapter.buildReplacement(request(), [instead], false, [instead])).rejects.toMatchObject({
      ...{ code: 'SIGN_FAILED', details: { mismatch: 'variants' } },
    });
    // And what was displaced is not raised over it either.
    const back = { from: payer.address, to: decodePayment(payment.bytes)?.fields.to ?? '', amount: ETHER };
    const again = await world.adapter.buildReplacement(back, [payment]);
    if (again === null) throw new Error('There is no need');
    await expect(world.adapter.signTransaction(again, payer.sign)).rejects.toMatchObject({
      ...{ code: 'SIGN_FAILED', details: { mismatch: 'record' } },
    });
  });

  test('is displaced in its turn, with all that it had displaced', async () => {
    const { payment, instead } = await leftBehind();
    const other = { ...request(), amount: 3n * ETHER };
    expect(await world.adapter.buildDisplacing(other, [instead])).toBeNull();
    const built = await world.adapter.buildDisplacing(other, [payment, instead]);
    if (built === null) throw new Error('Nothing is stuck');
    const last = await world.adapter.signTransaction(built, payer.sign);
    world.record.add(payer.address, last);
    await world.adapter.submitTransaction(last);
    await world.anvil.mine(3);
    expect(await world.settle(last)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(1n);
    expect(await world.balance(home.address)).toBe(3n * ETHER);
  });
});

test('what a pool has and no record names as sent makes way all the same', async () => {
  await world.anvil.rpc('evm_setAutomine', false);
  const payment = await world.signed(payer, { to: createWallet().address, amount: ETHER });
  await world.adapter.submitTransaction(payment);
  world.record.remove(payment.txHash);
  const signed = await world.adapter.signTransaction(await displacing(payment), payer.sign);
  expect(signed.nonce).toBe(nonceOf(payment));
  world.record.add(payer.address, signed);
  await world.adapter.submitTransaction(signed);
  await world.anvil.mine(3);
  expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  expect(await world.balance(home.address)).toBe(2n * ETHER);
  expect(await world.nonce(payer.address)).toBe(1n);
});

describe('nothing is displaced', () => {
  test('where nothing named has the nonce that is due', async () => {
    expect(await world.adapter.buildDisplacing(request(), [])).toBeNull();
    const [, later] = [await stuck(), await stuck()];
    expect(await world.adapter.buildDisplacing(request(), [later])).toBeNull();
    const { verdict: _, ...landed } = await world.pay(await world.funded(), { to: home.address, amount: 1n });
    expect(await world.adapter.buildDisplacing(request(), [landed])).toBeNull();
  });

  test('by the very same payment: nobody could tell which of both was made', async () => {
    const payment = await world.signed(payer, request());
    expect(await world.adapter.buildDisplacing(request(), [payment])).toBeNull();
  });

  test('once it has landed, or where something else on record has its nonce', async () => {
    const payment = await stuck();
    const built = await displacing(payment);
    const other = await world.adapter.signTransaction(built, payer.sign);
    other.discard?.();
    world.record.add(payer.address, { ...other });
    const third = await displacing(payment).catch(() => null);
    // What was given up is no part of the record any more; another adapter knows nothing of that.
    expect(third).not.toBeNull();
    const restarted = await world.restarted();
    expect(await restarted.buildDisplacing(request(), [payment])).toBeNull();
    await expect(restarted.signTransaction(built, payer.sign)).rejects.toMatchObject({
      ...{ code: 'SIGN_FAILED', details: { mismatch: 'record' } },
    });
    await world.adapter.submitTransaction(payment);
    expect(await world.settle(payment)).toMatchObject({ verdict: 'confirmed' });
    await expect(world.adapter.signTransaction(built, payer.sign)).rejects.toMatchObject({ code: 'EVM_NONCE_TOO_LOW' });
  });

  test('with any other nonce than the one that is due', async () => {
    const [payment, later] = [await stuck(), await stuck()];
    const built = await displacing(payment, later);
    // Somebody names another one as what makes way.
    await expect(world.adapter.signTransaction({ ...built, displaces: [later] }, payer.sign)).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      details: { mismatch: 'record' },
    });
    await expect(world.adapter.signTransaction({ ...built, displaces: [] }, payer.sign)).rejects.toMatchObject({
      ...{ code: 'SIGN_FAILED', details: { mismatch: 'record' } },
    });
  });
});
