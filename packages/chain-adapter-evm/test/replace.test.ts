import { startFlakyProxy } from '@waiaas/anvil';
import type { SignedTransaction, TransferRequest } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { committed } from '../src/account.ts';
import { decodePayment, encodePayment, type PaymentFields } from '../src/payment-bytes.ts';
import { createRecord, createWallet, createWorld, ETHER, type Wallet, type World } from './world.ts';

/* A transaction that the market has left behind is signed again with its nonce, for a real node that has left it behind. */

const GWEI = 10n ** 9n;

let world: World;
let payer: Wallet;
let request: TransferRequest;

beforeEach(async () => {
  world = await createWorld();
  payer = await world.funded(100n * ETHER);
  request = { from: payer.address, to: createWallet().address, amount: ETHER };
  await world.anvil.rpc('evm_setAutomine', false);
});
afterEach(() => world.close());

const fieldsOf = ({ bytes }: Pick<SignedTransaction, 'bytes'>): PaymentFields => {
  const decoded = decodePayment(bytes);
  if (decoded === null) throw new Error('These are no transaction');
  return decoded.fields;
};

/** Makes a block of this base fee, without what offers less. */
async function raiseBaseFee(baseFee: bigint): Promise<void> {
  await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', `0x${baseFee.toString(16)}`);
  await world.anvil.mine();
  // What was read of the market before is too old by now.
  world.clock.advance(60_000);
}

/** Sends a payment and leaves it behind. */
async function stuck(asked: TransferRequest = request): Promise<SignedTransaction> {
  const signed = await world.signed(payer, asked);
  await world.adapter.submitTransaction(signed);
  await raiseBaseFee(100n * GWEI);
  return signed;
}

async function replace(...replaced: readonly SignedTransaction[]): Promise<SignedTransaction> {
  const built = await world.adapter.buildReplacement(request, replaced);
  if (built === null) throw new Error('There is no need');
  expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
  const signed = await world.adapter.signTransaction(built, payer.sign);
  world.record.add(payer.address, signed);
  return signed;
}

const wait = ([newest, ...variants]: readonly SignedTransaction[], timeoutMs?: number) => {
  if (newest === undefined) throw new Error('Nothing to wait for');
  const { txHash, bytes } = newest;
  return world.adapter.waitForConfirmation(txHash, {
    bytes,
    variants,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
};

test('what was left behind is replaced by the same for a higher fee, and paid once', async () => {
  const first = await stuck();
  expect(await world.nonce(payer.address)).toBe(0n);
  const second = await replace(first);
  const [before, after] = [fieldsOf(first), fieldsOf(second)];
  const { maxFeePerGas, maxPriorityFeePerGas, ...rest } = after;
  expect(rest).toEqual({
    ...{ chainId: before.chainId, nonce: before.nonce, gas: before.gas },
    ...{ to: before.to, value: before.value, data: before.data },
  });
  expect(maxFeePerGas).toBeGreaterThan(87n * GWEI);
  expect(maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(before.maxPriorityFeePerGas * 9n);

  await world.adapter.submitTransaction(second);
  // The old signature, played again by whoever kept it, changes nothing.
  await expect(world.adapter.submitTransaction(first)).rejects.toMatchObject({ mayHaveLanded: true });
  await world.anvil.mine();
  expect(await wait([second, first])).toMatchObject({ verdict: 'confirmed', txHash: second.txHash });
  expect(await world.balance(request.to)).toBe(ETHER);
  await expect(world.adapter.submitTransaction(first)).rejects.toMatchObject({ mayHaveLanded: true });
  await world.anvil.mine();
  expect(await world.nonce(payer.address)).toBe(1n);
  expect(await world.balance(request.to)).toBe(ETHER);
});

test('when an earlier variant lands, the verdict names that one, and the later ones never land', async () => {
  const first = await stuck();
  const second = await replace(first);
  // Prices fall before the second one has reached anybody.
  await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', '0x1');
  await world.anvil.mine();
  await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', '0x1');
  await world.adapter.submitTransaction(first);
  await world.anvil.mine();
  expect(await wait([second, first])).toMatchObject({ verdict: 'confirmed', txHash: first.txHash });
  await expect(world.adapter.submitTransaction(second)).rejects.toMatchObject({
    code: 'EVM_NONCE_TOO_LOW',
    mayHaveLanded: true,
  });
  expect(await world.balance(request.to)).toBe(ETHER);
});

test('without need there is no replacement: the next block could take it, its nonce is used, or another one is due', async () => {
  const fair = await world.signed(payer, request);
  await world.adapter.submitTransaction(fair);
  expect(await world.adapter.buildReplacement(request, [fair])).toBeNull();
  const behind = await world.signed(payer, request);
  await world.adapter.submitTransaction(behind);
  await raiseBaseFee(100n * GWEI);
  expect(await world.nonce(payer.address)).toBe(0n);
  expect(await world.adapter.buildReplacement(request, [behind])).toBeNull();
  const second = await replace(fair);
  await world.adapter.submitTransaction(second);
  await world.anvil.mine();
  world.clock.advance(60_000);
  expect(await world.adapter.buildReplacement(request, [second, fair])).toBeNull();
  // Now it is due.
  expect(await world.adapter.buildReplacement(request, [behind])).not.toBeNull();
});

test('what nodes turn away as too cheap is replaced whatever the market looks like', async () => {
  const signed = await world.signed(payer, request);
  expect(await world.adapter.buildReplacement(request, [signed])).toBeNull();
  const built = await world.adapter.buildReplacement(request, [signed], true);
  expect(built?.metadata.nonce).toBe(fieldsOf(signed).nonce);
});

test('it is said when a node turns something away as too cheap', async () => {
  const first = await stuck();
  await world.anvil.rpc('anvil_dropTransaction', first.txHash).catch(() => undefined);
  await expect(world.adapter.submitTransaction(first)).rejects.toMatchObject({ details: { reason: 'UNDERPRICED' } });
});

test('each further one is dearer than all before it', async () => {
  const first = await stuck();
  const second = await replace(first);
  await world.adapter.submitTransaction(second);
  await raiseBaseFee(400n * GWEI);
  const third = await replace(second, first);
  await raiseBaseFee(50n * GWEI);
  expect(fieldsOf(third).maxFeePerGas).toBeGreaterThan(fieldsOf(second).maxFeePerGas);
  for (const signed of [third, second, first]) await world.adapter.submitTransaction(signed).catch(() => undefined);
  await world.anvil.mine();
  expect(await wait([third, second, first])).toMatchObject({ verdict: 'confirmed', txHash: third.txHash });
  expect(await world.nonce(payer.address)).toBe(1n);
});

describe('a fee is bounded', () => {
  test('by what a payment may cost on its network', async () => {
    const first = await stuck();
    const frugal = await world.restarted({ parameters: { maxFee: 21_000n * 50n * GWEI } });
    await expect(frugal.buildReplacement(request, [first])).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      retryable: true,
      mayHaveLanded: false,
    });
  });

  test('by the fee that a request names', async () => {
    const fee = 21_000n * 50n * GWEI;
    request = { ...request, fee };
    const first = await stuck();
    await expect(world.adapter.buildReplacement(request, [first])).rejects.toMatchObject({ code: 'BUILD_FAILED' });
    await raiseBaseFee(20n * GWEI);
    const built = await world.adapter.buildReplacement(request, [first]);
    expect(built?.estimatedFee).toBeLessThanOrEqual(fee);
  });

  test('by what the wallet holds beside what else is under way', async () => {
    request = { ...request, amount: 60n * ETHER };
    const first = await stuck();
    await world.signed(payer, { to: request.to, amount: 39n * ETHER + 99n * (ETHER / 100n) });
    await raiseBaseFee(1_000n * GWEI);
    await expect(world.adapter.buildReplacement(request, [first])).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
    });
  });

  test('and of several variants, only the dearest is counted as under way', async () => {
    const first = await stuck();
    const second = await replace(first);
    await world.adapter.submitTransaction(second);
    const flight = [first, second].map((signed) => ({ ...fieldsOf(signed), txHash: signed.txHash }));
    const { value, gas, maxFeePerGas } = fieldsOf(second);
    expect(committed(flight)).toEqual({ native: value + gas * maxFeePerGas, token: 0n });
    const next = await world.signed(payer, { to: request.to, amount: 98n * ETHER });
    expect(fieldsOf(next).nonce).toBe(1n);
  });
});

describe('signing in the place of others is refused', () => {
  let first: SignedTransaction;
  let built: NonNullable<Awaited<ReturnType<World['adapter']['buildReplacement']>>>;
  beforeEach(async () => {
    first = await stuck();
    const wanted = await world.adapter.buildReplacement(request, [first]);
    if (wanted === null) throw new Error('There is no need');
    built = wanted;
  });
  const signing = (changed: Partial<typeof built>) =>
    world.adapter.signTransaction({ ...built, ...changed }, payer.sign);
  /** The same with other fields, as if it had been built so. */
  const altered = (change: Partial<PaymentFields>): Partial<typeof built> => {
    const fields = { ...fieldsOf({ bytes: built.serialized }), ...change };
    const { nonce, gas: gasLimit, maxFeePerGas, maxPriorityFeePerGas } = fields;
    return {
      serialized: encodePayment(fields),
      metadata: { ...built.metadata, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas },
    };
  };

  test('for another payment, another nonce, or too little more', async () => {
    const { maxFeePerGas, maxPriorityFeePerGas } = fieldsOf(first);
    const other = { ...request, amount: 2n * ETHER };
    await expect(signing({ ...altered({ value: 2n * ETHER }), request: other })).rejects.toMatchObject({
      details: { mismatch: 'payment' },
    });
    await expect(signing(altered({ nonce: 1n }))).rejects.toMatchObject({ details: { mismatch: 'record' } });
    await expect(signing(altered({ gas: 22_000n, maxFeePerGas: 90n * GWEI }))).rejects.toMatchObject({
      details: { mismatch: 'payment' },
    });
    await expect(signing(altered({ maxPriorityFeePerGas }))).rejects.toMatchObject({ details: { mismatch: 'price' } });
    await expect(signing(altered({ maxFeePerGas, maxPriorityFeePerGas: 1n }))).rejects.toMatchObject({
      details: { mismatch: 'price' },
    });
  });

  test('when what it replaces is not on record, is of another wallet, or is not all there is', async () => {
    const stranger = await world.funded();
    const foreign = await world.signed(stranger, request);
    await expect(signing({ replaces: [foreign] })).rejects.toMatchObject({ details: { mismatch: 'variants' } });
    await expect(signing({ replaces: [] })).rejects.toMatchObject({ details: { mismatch: 'variants' } });
    await expect(signing({ replaces: [{ ...first, txHash: foreign.txHash }] })).rejects.toMatchObject({
      details: { mismatch: 'variants' },
    });
    const second = await replace(first);
    await world.adapter.submitTransaction(second);
    await expect(signing({})).rejects.toMatchObject({ details: { mismatch: 'record' } });
    world.record.remove(second.txHash);
    world.record.remove(first.txHash);
    await expect(signing({})).rejects.toMatchObject({ details: { mismatch: 'record' } });
  });

  test('once the nonce was used', async () => {
    const second = await replace(first);
    await world.adapter.submitTransaction(second);
    await world.anvil.mine();
    await expect(signing({ replaces: [second, first] })).rejects.toMatchObject({ code: 'EVM_NONCE_TOO_LOW' });
  });

  test('by the keystore, and then the next one may sign', async () => {
    const refusing = world.adapter.signTransaction(built, async () => {
      throw new Error('the kill switch is engaged');
    });
    await expect(refusing).rejects.toMatchObject({ cause: { message: 'the kill switch is engaged' } });
    expect(fieldsOf(await replace(first)).nonce).toBe(0n);
  });
});

test('only when none of the variants has a receipt is a used nonce the end', async () => {
  const first = await stuck();
  const second = await replace(first);
  // The same wallet elsewhere, which knows nothing of this record.
  const elsewhere = await world.restarted({ pending: createRecord() });
  await world.anvil.rpc('anvil_dropAllTransactions');
  const other = await elsewhere.buildTransaction({ ...request, amount: 1n });
  const usurper = await elsewhere.signTransaction(other, payer.sign);
  expect(fieldsOf(usurper).nonce).toBe(0n);
  await elsewhere.submitTransaction(usurper);
  await world.anvil.mine();
  expect(await wait([second, first])).toMatchObject({ verdict: 'expired' });
  // A verdict about one of them alone would have been wrong, had another one landed.
  expect(await wait([usurper, second, first])).toMatchObject({ verdict: 'confirmed', txHash: usurper.txHash });
  const { txHash } = second;
  expect(await world.adapter.waitForConfirmation(txHash, { bytes: second.bytes, variants: [usurper] })).toMatchObject({
    verdict: 'confirmed',
    txHash: usurper.txHash,
  });
});

test('a variant whose bytes are not its own proves no end', async () => {
  const first = await stuck();
  const second = await replace(first);
  await world.adapter.submitTransaction(second);
  await world.anvil.mine();
  const { txHash, bytes } = first;
  const garbled = { txHash: `0x${'ab'.repeat(32)}`, bytes: second.bytes };
  const verdict = await world.adapter.waitForConfirmation(txHash, { bytes, variants: [garbled], timeoutMs: 1_000 });
  expect(verdict).toEqual({ verdict: 'unknown' });
});

test('a replacement that a node refuses is not given up: nonce and bytes stay what they are', async () => {
  const first = await stuck();
  const proxy = await startFlakyProxy(world.anvil.url);
  proxy.decide = (method) =>
    method === 'eth_sendRawTransaction'
      ? { answer: { error: { code: -32000, message: 'replacement transaction underpriced' } } }
      : 'pass';
  const refusing = await world.restarted({ endpoints: [proxy.url] });
  const built = await refusing.buildReplacement(request, [first]);
  if (built === null) throw new Error('There is no need');
  const second = await refusing.signTransaction(built, payer.sign);
  world.record.add(payer.address, second);
  await expect(refusing.submitTransaction(second)).rejects.toMatchObject({
    mayHaveLanded: true,
    details: { reason: 'UNDERPRICED' },
  });
  proxy.decide = () => 'pass';
  await refusing.submitTransaction(second);
  await world.anvil.mine();
  expect(await wait([second, first])).toMatchObject({ verdict: 'confirmed', txHash: second.txHash });
  await refusing.disconnect();
  await proxy.close();
});

test('a token payment is replaced by the same transfer', async () => {
  await world.anvil.rpc('evm_setAutomine', true);
  const address = await world.anvil.deploy('Token', { holder: payer.address, supply: 1_000n });
  await world.anvil.rpc('evm_setAutomine', false);
  request = { ...request, amount: 7n, token: await world.adapter.getToken(address) };
  const first = await stuck();
  const second = await replace(first);
  expect(fieldsOf(second).data).toBe(fieldsOf(first).data);
  await world.adapter.submitTransaction(second);
  await world.anvil.mine();
  expect(await wait([second, first])).toMatchObject({ verdict: 'confirmed', txHash: second.txHash });
  expect(await world.anvil.tokenBalance(address, request.to)).toBe(7n);
});
