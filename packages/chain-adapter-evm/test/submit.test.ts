import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import { bytesToHex } from 'viem';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePayment, encodePayment, signingDigest, transactionHash } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type Wallet, type World } from './world.ts';

let world: World;
let proxy: FlakyProxy;
let payer: Wallet;
beforeEach(async () => {
  world = await createWorld({
    timeouts: { readMs: 25_000, sendMs: 5_000 },
    through: async (anvil) => {
      proxy = await startFlakyProxy(anvil.url);
      return [proxy.url];
    },
  });
  payer = await world.funded();
});
afterEach(async () => {
  await world.close();
  await proxy.close();
});

const SEND = 'eth_sendRawTransaction';
const onSend = (mode: ReturnType<FlakyProxy['decide']>): void => {
  proxy.decide = (method) => (method === SEND ? mode : 'pass');
};
const pass = (): void => {
  proxy.decide = () => 'pass';
};
const sign = () => world.signed(payer, { to: createWallet().address, amount: 1n });
const rpcError = (message: string, code = -32000) => ({ answer: { error: { code, message } } });

describe('when it cannot be known whether the network has the bytes, they may land', () => {
  test.each([
    ['the answer is lost', 'lose-answer', true],
    ['the request is lost', 'drop', false],
    ['the node hangs', 'hang', false],
    ['a gateway fails', { status: 502 }, false],
    ['a gateway limits', { status: 429, headers: { 'retry-after': '7' } }, false],
    ['the answer makes no sense', { answer: { result: 'yes' } }, false],
    ['the answer is empty', { answer: {} }, false],
    ['the node fails in a way nobody knows', rpcError('flux capacitor overheated'), false],
    ['the node says the nonce was used', rpcError('nonce too low: next nonce 5, tx nonce 0'), false],
  ] as const)('%s', async (_what, mode, landed) => {
    const signed = await sign();
    onSend(mode);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
    pass();
    // The same bytes again: a success whether or not the first ones got through.
    expect(await world.adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: landed });
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(1n);
  });

  test('a refusal is not believed when the node has the transaction', async () => {
    const signed = await sign();
    onSend('lose-answer');
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
    const restarted = await world.restarted();
    onSend(rpcError('insufficient funds for gas * price + value'));
    expect(await restarted.submitTransaction(signed)).toMatchObject({ alreadyProcessed: true });
  });

  test('a refusal of bytes that were sent before proves nothing', async () => {
    const signed = await sign();
    onSend('drop');
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
    onSend(rpcError('insufficient funds for gas * price + value'));
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: true,
    });
  });

  test('a refusal counts for nothing when the look-up after it fails', async () => {
    const signed = await sign();
    proxy.decide = (method) =>
      method === SEND ? rpcError('insufficient funds') : method === 'eth_getTransactionByHash' ? 'drop' : 'pass';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
  });
});

describe('when a node has looked at the bytes and refused them, they cannot land', () => {
  test.each([
    ['insufficient funds for gas * price + value: balance 0', 'INSUFFICIENT_BALANCE', false],
    ['intrinsic gas too low: gas 20000, minimum needed 21000', 'EVM_GAS_TOO_LOW', true],
    ['replacement transaction underpriced', 'SUBMIT_FAILED', true],
    ['transaction underpriced: tip needed 30000000000', 'SUBMIT_FAILED', true],
    ['txpool is full', 'SUBMIT_FAILED', true],
    ['max fee per gas less than block base fee', 'SUBMIT_FAILED', true],
    ['invalid sender', 'SUBMIT_FAILED', false],
    ['execution reverted: not today', 'EVM_REVERT', false],
  ])('%s', async (message, code, retryable) => {
    const signed = await sign();
    onSend(rpcError(message));
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code,
      retryable,
      mayHaveLanded: false,
    });
    pass();
    // Its nonce goes to the next payment, and the refused bytes never leave again.
    const next = await sign();
    await world.adapter.submitTransaction(next);
    expect(await world.settle(next)).toMatchObject({ verdict: 'confirmed' });
    const calls = proxy.calls[SEND];
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: false });
    expect(proxy.calls[SEND]).toBe(calls);
    expect(await world.nonce(payer.address)).toBe(1n);
  });

  test('the node itself: a wallet that was emptied', async () => {
    const signed = await sign();
    await world.anvil.fund(payer.address, 0n);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
    });
  });
});

test('an altered transaction is an alarm', async () => {
  const signed = await sign();
  onSend(rpcError('rlp: element is larger than containing list', -32602));
  await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: false });
  expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
});

test('a node that names another transaction is an alarm, and what was sent is followed', async () => {
  const signed = await sign();
  proxy.rewrite = (method, result) => (method === SEND ? `0x${'ee'.repeat(32)}` : result);
  expect(await world.adapter.submitTransaction(signed)).toMatchObject({ txHash: signed.txHash });
  expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
});

describe('bytes that are not what they are said to be never leave', () => {
  test.each([
    ['an unsigned transaction', 'not a signed transaction'],
    ['another id', 'not that of the bytes'],
    ['nothing', 'not a signed transaction'],
  ])('%s', async (what, message) => {
    const signed = await sign();
    const built = await world.adapter.buildTransaction({
      from: payer.address,
      to: createWallet().address,
      amount: ETHER,
    });
    const sent = {
      'an unsigned transaction': { ...signed, bytes: built.serialized },
      'another id': { ...signed, txHash: `0x${'12'.repeat(32)}` },
      nothing: { ...signed, bytes: new Uint8Array(0) },
    }[what];
    if (sent === undefined) throw new Error(what);
    await expect(world.adapter.submitTransaction(sent)).rejects.toMatchObject({
      code: 'SUBMIT_FAILED',
      mayHaveLanded: false,
      message: expect.stringContaining(message),
    });
    expect(proxy.calls[SEND]).toBeUndefined();
  });

  test('a transaction for another chain', async () => {
    const built = await world.adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 1n });
    const decoded = decodePayment(built.serialized);
    if (decoded === null) throw new Error('not a payment');
    const fields = { ...decoded.fields, chainId: 1 };
    const signature = await payer.sign(signingDigest(fields));
    const [r, s] = [bytesToHex(signature.slice(0, 32)), bytesToHex(signature.slice(32, 64))];
    const bytes = encodePayment(fields, { r, s, yParity: signature[64] === 1 ? 1 : 0 });
    const elsewhere = { bytes, txHash: transactionHash(bytes) };
    await expect(world.adapter.submitTransaction(elsewhere)).rejects.toMatchObject({
      message: 'The transaction is for another chain',
      mayHaveLanded: false,
    });
  });
});

test('what is sent before connecting, or after disconnecting, does not leave', async () => {
  const signed = await sign();
  await world.adapter.disconnect();
  await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
    code: 'RPC_ERROR',
    retryable: false,
    mayHaveLanded: false,
  });
});

test('no error holds signed bytes or more of an RPC URL than its host', async () => {
  const secret = await world.restarted({ endpoints: [`${proxy.url}/v2/Sup3rSecretKey?api-key=An0therSecret`] });
  const signed = await sign();
  for (const mode of [
    'drop',
    'hang',
    { status: 401 },
    rpcError(`bad key Sup3rSecretKey, tx 0x${'ab'.repeat(120)}`),
  ] as const) {
    onSend(mode);
    const error = await secret.submitTransaction(signed).catch((thrown: unknown) => thrown);
    const shown = JSON.stringify(error, ['message', 'details', 'cause', 'stack', 'name', 'host', 'method']);
    const all = `${shown} ${error instanceof Error ? `${error.stack} ${error.cause} ${(error.cause as Error).stack}` : ''}`;
    expect(all).not.toMatch(/Sup3rSecretKey|An0therSecret|abababab/);
    expect(all).not.toContain(Buffer.from(signed.bytes).toString('hex').slice(0, 80));
  }
  expect(JSON.stringify(world.logger.lines)).not.toMatch(/Sup3rSecretKey|An0therSecret/);
});
