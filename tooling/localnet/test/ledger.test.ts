import {
  generateKeyPairSigner,
  getBase64Decoder,
  getBase64EncodedWireTransaction,
  type TransactionMessageBytesBase64,
} from '@solana/kit';
import { getSetComputeUnitLimitInstruction, getSetComputeUnitPriceInstruction } from '@solana-program/compute-budget';
import { getTransferSolInstruction } from '@solana-program/system';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, connect, SOL, someAddress } from './client.ts';

describe('a ledger moved by hand', () => {
  let client: Client;
  beforeEach(async () => {
    client = await connect();
  });
  afterEach(() => client.localnet.close());

  const status = async (signature: Awaited<ReturnType<Client['signTransfer']>>['signature']) =>
    (await client.rpc.getSignatureStatuses([signature]).send()).value[0];
  const balanceOf = async (address: Awaited<ReturnType<typeof someAddress>>) => {
    const read = async (commitment: 'processed' | 'confirmed' | 'finalized') =>
      (await client.rpc.getBalance(address, { commitment }).send()).value;
    return [await read('processed'), await read('confirmed'), await read('finalized')];
  };

  test('a transaction is processed at once, confirmed after one slot, finalized after 32', async () => {
    const to = await someAddress();
    const { wire, signature } = await client.signTransfer(to, SOL);
    expect(await status(signature)).toBeNull();
    await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();

    expect(await status(signature)).toMatchObject({ confirmationStatus: 'processed', confirmations: 0n, err: null });
    expect(await balanceOf(to)).toEqual([SOL, 0n, 0n]);
    client.localnet.advanceSlots(1);
    expect(await status(signature)).toMatchObject({ confirmationStatus: 'confirmed', confirmations: 1n });
    expect(await balanceOf(to)).toEqual([SOL, SOL, 0n]);
    client.localnet.advanceSlots(30);
    expect(await status(signature)).toMatchObject({ confirmationStatus: 'confirmed', confirmations: 31n });
    client.localnet.advanceSlots(1);
    expect(await status(signature)).toMatchObject({ confirmationStatus: 'finalized', confirmations: null });
    expect(await balanceOf(to)).toEqual([SOL, SOL, SOL]);
  });

  test('each commitment has its own slot, height and blockhash', async () => {
    const { rpc } = client;
    const heights = async (commitment: 'processed' | 'confirmed' | 'finalized') => ({
      slot: await rpc.getSlot({ commitment }).send(),
      height: await rpc.getBlockHeight({ commitment }).send(),
      latest: (await rpc.getLatestBlockhash({ commitment }).send()).value,
    });
    const [tip, confirmed, finalized] = [
      await heights('processed'),
      await heights('confirmed'),
      await heights('finalized'),
    ];
    expect(tip.slot - confirmed.slot).toBe(1n);
    expect(tip.slot - finalized.slot).toBe(32n);
    expect(new Set([tip, confirmed, finalized].map(({ latest }) => latest.blockhash)).size).toBe(3);
    for (const { height, latest } of [tip, confirmed, finalized])
      expect(latest.lastValidBlockHeight).toBe(height + 150n);
    expect(tip.height).not.toBe(tip.slot);
  });

  test('skipped slots raise the slot and not the height', async () => {
    const info = () => client.rpc.getEpochInfo({ commitment: 'processed' }).send();
    const before = await info();
    client.localnet.skipSlots(10);
    const after = await info();
    expect(after.absoluteSlot - before.absoluteSlot).toBe(11n);
    expect(after.blockHeight - before.blockHeight).toBe(1n);
  });

  test('a failure sent without preflight lands with its error and costs the fee', async () => {
    const { payer, rpc, localnet } = client;
    const before = await balanceOf(payer.address);
    const { wire, signature } = await client.signTransfer(await someAddress(), 10_000n * SOL);
    await rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
    localnet.advanceSlots(32);

    const err = { InstructionError: [0n, { Custom: 1n }] };
    expect(await status(signature)).toMatchObject({ confirmationStatus: 'finalized', err });
    const [after] = await balanceOf(payer.address);
    expect((before[0] ?? 0n) - (after ?? 0n)).toBe(5_000n);
    const landed = await rpc.getTransaction(signature, { maxSupportedTransactionVersion: 0, encoding: 'json' }).send();
    expect(landed?.meta).toMatchObject({ err, fee: 5_000n });
    expect(localnet.report().landed).toMatchObject([{ signature, err: { InstructionError: [0, { Custom: 1 }] } }]);
  });

  test('what cannot even pay its fee leaves no trace', async () => {
    const poor = await generateKeyPairSigner();
    const { wire, signature } = await client.sign(
      [getTransferSolInstruction({ source: poor, destination: client.payer.address, amount: 1n })],
      poor,
    );
    await client.rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
    client.localnet.advanceSlots(40);
    expect(await status(signature)).toBeNull();
  });

  test('old statuses need searchTransactionHistory', async () => {
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
    client.localnet.advanceSlots(300);
    expect(await status(signature)).toBeNull();
    const { value } = await client.rpc.getSignatureStatuses([signature], { searchTransactionHistory: true }).send();
    expect(value[0]).toMatchObject({ confirmationStatus: 'finalized' });
  });

  test('at most 256 statuses in one call', async () => {
    const signature = '1'.repeat(64);
    const ask = (count: number) => call(client.localnet, 'getSignatureStatuses', Array(count).fill(signature));
    expect(await ask(256)).toHaveProperty('result');
    expect(await ask(257)).toMatchObject({ error: { code: -32602 } });
  });

  test('getFeeForMessage quotes exactly what the runtime charges', async () => {
    const instructions = [
      getSetComputeUnitLimitInstruction({ units: 1_001 }),
      getSetComputeUnitPriceInstruction({ microLamports: 1_234_567n }),
      getTransferSolInstruction({ source: client.payer, destination: await someAddress(), amount: SOL }),
    ];
    const signed = await client.sign(instructions);
    const message = getBase64Decoder().decode(signed.transaction.messageBytes) as TransactionMessageBytesBase64;
    const { value: quoted } = await client.rpc.getFeeForMessage(message, { commitment: 'confirmed' }).send();
    await client.rpc.sendTransaction(signed.wire, { encoding: 'base64' }).send();
    client.localnet.advanceSlots(1);
    const landed = await client.rpc
      .getTransaction(signed.signature, {
        commitment: 'confirmed',
        maxSupportedTransactionVersion: 0,
        encoding: 'json',
      })
      .send();
    expect(landed?.meta?.fee).toBe(quoted);
    expect(quoted).toBe(5_000n + 1_236n);
    const unlimited = await client.sign(instructions.slice(1));
    const defaultQuote = await client.rpc
      .getFeeForMessage(
        getBase64Decoder().decode(unlimited.transaction.messageBytes) as TransactionMessageBytesBase64,
        { commitment: 'confirmed' },
      )
      .send();
    await client.rpc.sendTransaction(unlimited.wire, { encoding: 'base64' }).send();
    client.localnet.advanceSlots(1);
    const second = await client.rpc
      .getTransaction(unlimited.signature, {
        commitment: 'confirmed',
        maxSupportedTransactionVersion: 0,
        encoding: 'json',
      })
      .send();
    expect(second?.meta?.fee).toBe(defaultQuote.value);
  });

  test('getFeeForMessage knows no fee once the blockhash has expired', async () => {
    const { transaction } = await client.signTransfer(await someAddress(), SOL);
    client.localnet.advanceSlots(160);
    const message = getBase64Decoder().decode(transaction.messageBytes) as TransactionMessageBytesBase64;
    expect((await client.rpc.getFeeForMessage(message).send()).value).toBeNull();
  });

  test('prioritization fees are the cheapest price that locked the account', async () => {
    const to = await someAddress();
    const priced = await client.sign([
      getSetComputeUnitPriceInstruction({ microLamports: 777n }),
      getTransferSolInstruction({ source: client.payer, destination: to, amount: SOL }),
    ]);
    await client.rpc.sendTransaction(priced.wire, { encoding: 'base64' }).send();
    const free = await generateKeyPairSigner();
    client.localnet.airdrop(free.address, SOL);
    const unpriced = await client.sign(
      [getTransferSolInstruction({ source: free, destination: client.payer.address, amount: SOL / 2n })],
      free,
    );
    const fees = async (...addresses: Parameters<typeof client.rpc.getRecentPrioritizationFees>) =>
      (await client.rpc.getRecentPrioritizationFees(...addresses).send()).at(-1)?.prioritizationFee;
    expect(await fees([to])).toBe(777n);
    await client.rpc.sendTransaction(unpriced.wire, { encoding: 'base64' }).send();
    expect(await fees([to])).toBe(777n);
    expect(await fees()).toBe(0n);
    expect(await client.rpc.getRecentPrioritizationFees().send()).toHaveLength(150);
  });

  test('simulation needs no signature, can replace the blockhash, shows accounts and changes nothing', async () => {
    const to = await someAddress();
    const { transaction } = await client.signTransfer(to, SOL);
    client.localnet.advanceSlots(200);
    const unsigned = { ...transaction, signatures: { [client.payer.address]: null } };

    const wire = getBase64EncodedWireTransaction(unsigned);
    const stale = await client.rpc.simulateTransaction(wire, { encoding: 'base64' }).send();
    expect(stale.value.err).toBe('BlockhashNotFound');
    const { value } = await client.rpc
      .simulateTransaction(wire, {
        encoding: 'base64',
        replaceRecentBlockhash: true,
        accounts: { addresses: [to], encoding: 'base64' },
      })
      .send();
    expect(value).toMatchObject({ err: null, unitsConsumed: 150n, accounts: [{ lamports: SOL }] });
    expect(await balanceOf(to)).toEqual([0n, 0n, 0n]);
    const verified = await call(client.localnet, 'simulateTransaction', wire, {
      encoding: 'base64',
      sigVerify: true,
      commitment: 'processed',
    });
    expect(verified).toMatchObject({ result: { value: { err: 'BlockhashNotFound' } } });
    const both = await call(client.localnet, 'simulateTransaction', wire, {
      encoding: 'base64',
      sigVerify: true,
      replaceRecentBlockhash: true,
    });
    expect(both).toMatchObject({ error: { code: -32602 } });
  });

  test('a missing signature fails a simulation that verifies', async () => {
    const { transaction } = await client.signTransfer(await someAddress(), SOL);

    const wire = getBase64EncodedWireTransaction({ ...transaction, signatures: { [client.payer.address]: null } });
    const reply = await call(client.localnet, 'simulateTransaction', wire, {
      encoding: 'base64',
      sigVerify: true,
      commitment: 'processed',
    });
    expect(reply).toMatchObject({ error: { code: -32003 } });
  });

  test('getSignaturesForAddress pages newest first', async () => {
    const to = await someAddress();
    const sent: string[] = [];
    for (const amount of [SOL, 2n * SOL, 3n * SOL]) {
      const { wire, signature } = await client.signTransfer(to, amount);
      await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
      client.localnet.advanceSlots(1);
      sent.unshift(signature);
    }
    const list = async (config: object) =>
      call(client.localnet, 'getSignaturesForAddress', to, { commitment: 'confirmed', ...config });
    const signatures = (indexes: number[]) => ({ result: indexes.map((index) => ({ signature: sent[index] })) });
    expect(await list({})).toMatchObject(signatures([0, 1, 2]));
    expect(await list({ limit: 1 })).toMatchObject(signatures([0]));
    expect(await list({ before: sent[0] ?? '' })).toMatchObject(signatures([1, 2]));
    expect(await list({ until: sent[1] ?? '' })).toMatchObject(signatures([0]));
  });

  test('getTransaction hides what is not confirmed and refuses versions the caller does not understand', async () => {
    const { wire, signature } = await client.signTransfer(await someAddress(), SOL);
    await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
    const get = (config: object) => call(client.localnet, 'getTransaction', signature, { ...config });
    expect(await get({ commitment: 'confirmed', maxSupportedTransactionVersion: 0 })).toMatchObject({ result: null });
    client.localnet.advanceSlots(1);
    expect(await get({ commitment: 'confirmed' })).toMatchObject({ error: { code: -32015 } });
    expect(await get({ commitment: 'processed' })).toMatchObject({ error: { code: -32602 } });
    expect(await get({ commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'base64' })).toMatchObject(
      { result: { version: 0, transaction: [wire, 'base64'] } },
    );
    expect(
      await get({ commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'jsonParsed' }),
    ).toMatchObject({
      result: { transaction: { message: { accountKeys: [{ pubkey: client.payer.address }, {}, {}] } } },
    });
  });

  test('accounts come in every encoding, and many at once', async () => {
    const { rpc, payer } = client;
    const nobody = await someAddress();
    const { value } = await rpc.getMultipleAccounts([payer.address, nobody]).send();
    expect(value).toMatchObject(
      [{ lamports: 1_000n * SOL, rentEpoch: undefined }, null].map((v) => v && { lamports: v.lamports }),
    );
    for (const encoding of ['base58', 'base64', 'base64+zstd', 'jsonParsed']) {
      expect(await call(client.localnet, 'getAccountInfo', payer.address, { encoding })).toMatchObject({
        result: { value: { space: 0 } },
      });
    }
    expect(await call(client.localnet, 'getAccountInfo', payer.address, { encoding: 'rot13' })).toMatchObject({
      error: { code: -32602 },
    });
  });

  test('a written account is there at every commitment, whatever is in flight', async () => {
    const to = await someAddress();
    const { wire } = await client.signTransfer(to, SOL);
    await client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
    client.localnet.airdrop(to, 5n);
    expect(await balanceOf(to)).toEqual([SOL + 5n, 5n, 5n]);
  });
});
