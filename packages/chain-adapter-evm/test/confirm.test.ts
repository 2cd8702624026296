import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import type { SignedTransaction } from '@waiaas/core';
import { bytesToHex } from 'viem';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodePayment, readSigned, signingDigest, transactionHash } from '../src/payment-bytes.ts';
import { createWallet, createWorld, type Wallet, type World } from './world.ts';

let world: World;
let proxy: FlakyProxy;
let payer: Wallet;
beforeEach(async () => {
  world = await createWorld({
    node: { mining: 'manual', slotsInAnEpoch: 2 },
    parameters: { confirmations: 3, finality: { kind: 'tag' } },
    minesWhileWaiting: true,
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

const request = () => ({ to: createWallet().address, amount: 1n });
const send = async (): Promise<SignedTransaction> => {
  const signed = await world.signed(payer, request());
  await world.adapter.submitTransaction(signed);
  return signed;
};
const nowhere = { timeoutMs: 2_000 };
/** Somebody else with the wallet's key: another payment with the nonce of this one, which the network prefers. */
async function replace(signed: SignedTransaction): Promise<SignedTransaction> {
  const elsewhere = await world.restarted({ pending: { of: async () => [] } });
  await world.anvil.rpc('anvil_dropTransaction', signed.txHash);
  const built = await elsewhere.buildTransaction({ from: payer.address, ...request() });
  const other = await elsewhere.signTransaction(built, payer.sign);
  await elsewhere.submitTransaction(other);
  return other;
}

describe('confirmed', () => {
  test('needs as many blocks as the network is set to, and tells block and fee', async () => {
    const signed = await send();
    await world.anvil.mine(2);
    expect(await world.adapter.waitForConfirmation(signed.txHash, { timeoutMs: 0 })).toEqual({ verdict: 'unknown' });
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({ commitment: 'processed' });
    await world.anvil.mine(1);
    expect(await world.settle(signed)).toEqual({
      verdict: 'confirmed',
      commitment: 'confirmed',
      blockNumber: 1n,
      fee: expect.any(BigInt),
    });
  });

  test('finalized waits for what the chain calls finalized', async () => {
    const signed = await send();
    await world.anvil.mine(4);
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({ commitment: 'confirmed' });
    const verdict = await world.settle(signed, { target: 'finalized' });
    expect(verdict).toMatchObject({ verdict: 'confirmed', commitment: 'finalized' });
    expect(BigInt(await world.anvil.rpc<string>('eth_blockNumber'))).toBeGreaterThanOrEqual(5n);
  });

  test('does not need the bytes', async () => {
    const { txHash } = await send();
    expect(await world.adapter.waitForConfirmation(txHash)).toMatchObject({ verdict: 'confirmed' });
  });
});

describe('a reorganisation', () => {
  test('that drops the transaction takes its depth back; sent again, it lands once', async () => {
    const signed = await send();
    await world.anvil.mine(2);
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({ state: 'landed' });
    await world.anvil.rpc('anvil_reorg', 2, []);
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toEqual({ state: 'not_found' });
    expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
    await world.adapter.submitTransaction(signed);
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(1n);
  });

  test('that puts another transaction in its place leads to expiry, and only once that is final', async () => {
    const signed = await send();
    await world.anvil.mine(2);
    await world.anvil.rpc('anvil_reorg', 2, []);
    const other = await replace(signed);
    await world.anvil.mine(3);
    expect(await world.settle(signed, { timeoutMs: 0 })).toEqual({ verdict: 'unknown' });
    expect(await world.settle(signed)).toMatchObject({ verdict: 'expired' });
    expect(await world.adapter.waitForConfirmation(other.txHash)).toMatchObject({ verdict: 'confirmed' });
  });

  test('leaves a receipt of a block that is not in the chain worth nothing', async () => {
    const signed = await send();
    await world.anvil.mine(5);
    proxy.rewrite = (method, result) =>
      method === 'eth_getTransactionReceipt' && typeof result === 'object'
        ? { ...result, blockHash: `0x${'cd'.repeat(32)}` }
        : result;
    expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
  });
});

test('failed is said once its block is final: the next one may execute what it took back', async () => {
  const to = createWallet().address;
  const signed = await world.signed(payer, { to, amount: 1n });
  await world.adapter.submitTransaction(signed);
  // Between signature and landing it becomes a contract that takes nothing.
  await world.anvil.rpc('anvil_setCode', to, '0x5f5ffd');
  await world.anvil.mine(4);
  expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({
    ...{ commitment: 'confirmed', error: expect.stringContaining('reverted') },
  });
  expect(await world.settle(signed, { timeoutMs: 0 })).toEqual({ verdict: 'unknown' });
  await world.anvil.rpc('anvil_reorg', 4, []);
  await world.anvil.rpc('anvil_setCode', to, '0x');
  await world.adapter.submitTransaction(signed);
  expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  expect(await world.balance(to)).toBe(1n);

  const next = await world.signed(payer, { to, amount: 1n });
  await world.adapter.submitTransaction(next);
  await world.anvil.rpc('anvil_setCode', to, '0x5f5ffd');
  expect(await world.settle(next)).toMatchObject({ verdict: 'failed', fee: expect.any(BigInt) });
  expect(await world.adapter.getTransactionStatus(next.txHash)).toMatchObject({ commitment: 'finalized' });
});

test('where another endpoint knows that it succeeded, it has', async () => {
  const signed = await send();
  await world.anvil.mine(5);
  proxy.rewrite = (method, result) =>
    method === 'eth_getTransactionReceipt' && typeof result === 'object' && result !== null
      ? { ...result, status: '0x0' }
      : result;
  const asked = { ...nowhere, bytes: signed.bytes };
  expect(await world.adapter.waitForConfirmation(signed.txHash, asked)).toMatchObject({ verdict: 'failed' });
  const careful = await world.restarted({ endpoints: [proxy.url, world.anvil.url] });
  expect(await careful.waitForConfirmation(signed.txHash, asked)).toMatchObject({
    ...{ verdict: 'confirmed', blockNumber: 1n },
  });
});

describe('an endpoint that keeps a payment to itself and says that it has failed', () => {
  /** The bytes are with it alone, and it shows a receipt of its own making in a block that is final. */
  async function withheld(): Promise<SignedTransaction> {
    const signed = await world.signed(payer, request());
    await world.anvil.mine(10);
    const block = await world.anvil.rpc<{ hash: string }>('eth_getBlockByNumber', '0x2', false);
    const receipt = {
      ...{ transactionHash: signed.txHash, blockNumber: '0x2', blockHash: block.hash },
      ...{ status: '0x0', gasUsed: '0x5208', effectiveGasPrice: '0x1' },
    };
    proxy.decide = (method) =>
      method === 'eth_sendRawTransaction'
        ? { answer: { result: signed.txHash } }
        : method === 'eth_getTransactionReceipt'
          ? { answer: { result: receipt } }
          : 'pass';
    await world.adapter.submitTransaction(signed);
    return signed;
  }

  test('is believed where it is the only one', async () => {
    expect(await world.settle(await withheld())).toMatchObject({ verdict: 'failed' });
  });

  test('is not because another one does not answer now, and is where it has not for long', async () => {
    const signed = await withheld();
    const careful = await world.restarted({ endpoints: [proxy.url, 'http://127.0.0.1:1'] });
    const ask = () => careful.waitForConfirmation(signed.txHash, { timeoutMs: 0, bytes: signed.bytes });
    for (let looks = 0; looks < 5; looks += 1) expect(await ask()).toEqual({ verdict: 'unknown' });
    const fields = { txHash: signed.txHash, contradictedBy: [], silent: ['127.0.0.1:1'] };
    expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', fields }));
    world.clock.advance(600_000);
    expect(await ask()).toMatchObject({ verdict: 'failed' });
  });

  describe('and another one that', () => {
    let other: FlakyProxy;
    afterEach(() => other.close());
    async function asked(signed: SignedTransaction) {
      other = await startFlakyProxy(world.anvil.url);
      const careful = await world.restarted({ endpoints: [proxy.url, other.url] });
      const place = { from: payer.address, nonce: signed.nonce ?? -1n };
      return {
        careful,
        ask: () => careful.waitForConfirmation(signed.txHash, { timeoutMs: 0, place }),
      };
    }

    test('failed once, long ago, and was asked nothing since: it has its say when it does not answer now', async () => {
      const signed = await withheld();
      const { careful, ask } = await asked(signed);
      // Its only fault: the first one turned a request away, and so did it.
      const withholding = proxy.decide;
      for (const each of [proxy, other]) each.decide = () => 'drop';
      await expect(careful.getBalance(payer.address)).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
      proxy.decide = withholding;
      world.clock.advance(24 * 3_600_000);
      expect(await ask()).toEqual({ verdict: 'unknown' });
      world.clock.advance(599_999);
      expect(await ask()).toEqual({ verdict: 'unknown' });
      world.clock.advance(1);
      expect(await ask()).toMatchObject({ verdict: 'failed' });
    });

    test('answers, but not this: it has its say for ten minutes as well', async () => {
      const signed = await withheld();
      const { ask } = await asked(signed);
      other.decide = (method) =>
        method === 'eth_getTransactionReceipt' ? { answer: { error: { code: -32601, message: 'not here' } } } : 'pass';
      for (const waited of [0, 300_000, 299_999]) {
        world.clock.advance(waited);
        expect(await ask()).toEqual({ verdict: 'unknown' });
      }
      world.clock.advance(1);
      expect(await ask()).toMatchObject({ verdict: 'failed' });
    });
  });

  test('is not where another one has not seen its nonce used; and once that one sees it paid, it is', async () => {
    const signed = await withheld();
    const careful = await world.restarted({ endpoints: [proxy.url, world.anvil.url] });
    const place = { from: payer.address, nonce: signed.nonce ?? -1n };
    const ask = (known: object) => careful.waitForConfirmation(signed.txHash, { timeoutMs: 0, ...known });
    for (const known of [{ bytes: signed.bytes }, { place }]) expect(await ask(known)).toEqual({ verdict: 'unknown' });
    const message = expect.stringMatching(/another one contradicts it/);
    expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', message }));
    // Without its place nobody can tell.
    expect(await ask({})).toMatchObject({ verdict: 'failed' });
    // It hands it on after all, and goes on saying what it said.
    const behind = await world.restarted({ endpoints: [world.anvil.url] });
    await behind.submitTransaction(signed);
    await world.anvil.mine(1);
    expect(await ask({ place })).toEqual({ verdict: 'unknown' });
    await world.anvil.mine(3);
    for (const known of [{ bytes: signed.bytes }, { place }, {}]) {
      expect(await ask(known)).toMatchObject({ verdict: 'confirmed' });
    }
  });
});

describe('expired', () => {
  test('is proven by another transaction with the same nonce, once it is final', async () => {
    const signed = await send();
    await replace(signed);
    await world.anvil.mine(4);
    expect(await world.settle(signed, { timeoutMs: 0 })).toEqual({ verdict: 'unknown' });
    expect(await world.settle(signed)).toMatchObject({ verdict: 'expired', finalizedBlockHeight: expect.any(BigInt) });
  });

  test('is proven by the place of a transaction alone, where its bytes are gone', async () => {
    const signed = await send();
    const { nonce = -1n } = signed;
    const place = { from: payer.address, nonce };
    expect(nonce).toBe(0n);
    expect(await world.adapter.waitForConfirmation(signed.txHash, { timeoutMs: 0, place })).toEqual({
      verdict: 'unknown',
    });
    await replace(signed);
    await world.anvil.mine(10);
    const asked = (what: typeof place) =>
      world.adapter.waitForConfirmation(signed.txHash, { timeoutMs: 0, place: what });
    expect(await asked({ ...place, nonce: 1n })).toEqual({ verdict: 'unknown' });
    expect(await asked(place)).toMatchObject({ verdict: 'expired' });
  });

  test('is never said of a transaction that the network has only forgotten', async () => {
    const signed = await send();
    await world.anvil.rpc('anvil_dropTransaction', signed.txHash);
    await world.anvil.mine(50);
    expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
  });

  test('is never said without the bytes, or with bytes of another transaction', async () => {
    const signed = await send();
    const other = await replace(signed);
    await world.anvil.mine(10);
    expect(await world.adapter.waitForConfirmation(signed.txHash, nowhere)).toEqual({ verdict: 'unknown' });
    expect(await world.adapter.waitForConfirmation(signed.txHash, { ...nowhere, bytes: other.bytes })).toEqual({
      verdict: 'unknown',
    });
  });

  test.each([
    ['cannot tell what is final', 'eth_getBlockByNumber', { answer: { result: null } }],
    [
      'has no state of the final block',
      'eth_getTransactionCount',
      { answer: { error: { code: -32000, message: 'missing trie node' } } },
    ],
    ['loses its receipts', 'eth_getTransactionReceipt', 'drop'],
    ['hangs', 'eth_getTransactionCount', 'hang'],
  ] as const)('is not said when the node %s', async (_what, failing, mode) => {
    const signed = await send();
    await replace(signed);
    await world.anvil.mine(10);
    const impatient = await world.restarted({ timeouts: { readMs: 2_000 } });
    proxy.decide = (method) => (method === failing ? mode : 'pass');
    const asked = impatient.waitForConfirmation(signed.txHash, { timeoutMs: 0, bytes: signed.bytes });
    expect(await asked).toEqual({ verdict: 'unknown' });
    proxy.decide = () => 'pass';
    expect(await world.settle(signed)).toMatchObject({ verdict: 'expired' });
  });

  test('is not said when another endpoint has the receipt that the first denies', async () => {
    const signed = await send();
    await world.anvil.mine(10);
    proxy.rewrite = (method, result) => {
      if (method === 'eth_getTransactionReceipt') return null;
      // And shows a payment of its own making where this one was.
      return method === 'eth_getBlockByNumber'
        ? JSON.parse(
            JSON.stringify(result)
              .replaceAll(signed.txHash, `0x${'cd'.repeat(32)}`)
              .replaceAll('"0x1"', '"0x7"'),
          )
        : result;
    };
    const asked = { bytes: signed.bytes, timeoutMs: 0 };
    expect(await world.adapter.waitForConfirmation(signed.txHash, asked)).toMatchObject({ verdict: 'expired' });
    const careful = await world.restarted({ endpoints: [proxy.url, world.anvil.url] });
    expect(await careful.waitForConfirmation(signed.txHash, asked)).toMatchObject({ verdict: 'confirmed' });
  });

  test('is not said when the only endpoint has lost the receipt, and shows the payment in its block', async () => {
    const signed = await send();
    await world.anvil.mine(10);
    proxy.rewrite = (method, result) => (method === 'eth_getTransactionReceipt' ? null : result);
    expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
  });

  describe('is not said when the same payment has the nonce, in a variant that is not on record', () => {
    /** As if signed after the backup that was put back: the same payment with the same nonce for another fee. */
    async function forgotten(signed: SignedTransaction): Promise<SignedTransaction> {
      const sent = await readSigned(signed.bytes);
      if (sent === null) throw new Error('These are no transaction');
      const fields = { ...sent.fields, maxFeePerGas: 2n * sent.fields.maxFeePerGas };
      const signature = await payer.sign(signingDigest(fields));
      const [r, s] = [bytesToHex(signature.slice(0, 32)), bytesToHex(signature.slice(32, 64))];
      const bytes = encodePayment(fields, { r, s, yParity: signature[64] === 0 ? 0 : 1 });
      const other = { bytes, txHash: transactionHash(bytes) };
      await world.anvil.rpc('anvil_dropTransaction', signed.txHash);
      await world.adapter.submitTransaction(other);
      return other;
    }

    test('but what became of that one', async () => {
      const signed = await send();
      const other = await forgotten(signed);
      // Long ago: a node that keeps everything finds it all the same.
      await world.anvil.mine(70);
      const verdict = { verdict: 'confirmed', commitment: 'finalized', blockNumber: 1n, txHash: other.txHash };
      expect(await world.settle(signed)).toEqual({ ...verdict, fee: expect.any(BigInt) });
    });

    test('nor while no node tells, because they keep the state of recent blocks only', async () => {
      await world.anvil.mine(50);
      const signed = await send();
      const other = await forgotten(signed);
      await world.anvil.mine(70);
      const keepFrom = (oldest: number): void => {
        proxy.decide = (method, [, block]) =>
          method === 'eth_getTransactionCount' && Number(block) < oldest
            ? { answer: { error: { code: -32000, message: 'missing trie node' } } }
            : 'pass';
      };
      keepFrom(90);
      expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
      const message = expect.stringMatching(/which transaction used the nonce/);
      expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', message }));
      // A further endpoint that has it is enough.
      const helped = await world.restarted({ endpoints: [proxy.url, world.anvil.url] });
      const landed = { verdict: 'confirmed', txHash: other.txHash, blockNumber: 51n };
      expect(await helped.waitForConfirmation(signed.txHash, { bytes: signed.bytes })).toMatchObject(landed);
      // And so is one that goes back just far enough.
      keepFrom(51);
      expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
      keepFrom(50);
      expect(await world.settle(signed)).toMatchObject(landed);
    });
  });
});

describe('waiting', () => {
  test('goes on through faults of the node', async () => {
    const signed = await send();
    let faults = 3;
    proxy.decide = () => (faults-- > 0 ? { status: 503 } : 'pass');
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  });

  test('honours the pause a node asks for', async () => {
    const signed = await send();
    let limited = true;
    proxy.decide = () => {
      if (!limited) return 'pass';
      limited = false;
      return { status: 429, headers: { 'retry-after': '7' } };
    };
    await world.settle(signed);
    expect(world.pauses).toContain(7_000);
  });

  test('ends when time runs out, when it is aborted, and when the adapter is disconnected', async () => {
    const signed = await world.signed(payer, request());
    expect(await world.settle(signed, { timeoutMs: 3_000 })).toEqual({ verdict: 'unknown' });
    expect(await world.settle(signed, { signal: AbortSignal.abort() })).toEqual({ verdict: 'unknown' });
    proxy.decide = () => 'hang';
    const aborting = new AbortController();
    const waiting = world.settle(signed, { signal: aborting.signal, timeoutMs: 1e9 });
    aborting.abort();
    expect(await waiting).toEqual({ verdict: 'unknown' });
    const lost = world.settle(signed, { timeoutMs: 1e9 });
    await world.adapter.disconnect();
    expect(await lost).toEqual({ verdict: 'unknown' });
  });

  test.each([
    ['of another transaction', { transactionHash: `0x${'cd'.repeat(32)}` }],
    ['without a status', { status: undefined }],
    ['with a status nobody knows', { status: '0x2' }],
    ['without a block', { blockNumber: null }],
  ])('is not ended by a receipt %s', async (_what, change) => {
    const signed = await send();
    proxy.rewrite = (method, result) =>
      method === 'eth_getTransactionReceipt' && typeof result === 'object' && result !== null
        ? { ...result, ...change }
        : result;
    expect(await world.settle(signed, nowhere)).toEqual({ verdict: 'unknown' });
  });
});
