import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import { numberToHex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePayment, encodePayment } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type World } from './world.ts';

/* No transaction is signed that has more gas than any node takes (EIP-7825): its nonce would be lost to all that follow. */

const MOST_GAS = 2n ** 24n;

let proxy: FlakyProxy;
let world: World;
let estimate: bigint;
beforeAll(async () => {
  world = await createWorld({
    through: async (anvil) => {
      proxy = await startFlakyProxy(anvil.url);
      proxy.rewrite = (method, result) => (method === 'eth_estimateGas' ? numberToHex(estimate) : result);
      return [proxy.url];
    },
  });
});
afterAll(async () => {
  await world.close();
  await proxy.close();
});

test.each([13_981_013n, 13_981_014n, 15_000_000n, MOST_GAS])(
  'a payment that takes %s gas is built with no more than there may be',
  async (gas) => {
    estimate = gas;
    const payer = await world.funded(100n * ETHER);
    await world.anvil.rpc('anvil_setNextBlockBaseFeePerGas', '0x1');
    await world.anvil.mine();
    world.clock.advance(60_000);
    const built = await world.adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 1n });
    expect(built.metadata.gasLimit).toBeGreaterThanOrEqual(gas);
    expect(built.metadata.gasLimit).toBeLessThanOrEqual(MOST_GAS);
  },
);

test('one that takes more is refused before anything is signed', async () => {
  estimate = MOST_GAS + 1n;
  const payer = await world.funded(100n * ETHER);
  const request = { from: payer.address, to: createWallet().address, amount: 1n };
  const refusal = { code: 'BUILD_FAILED', retryable: false, mayHaveLanded: false, details: { maxGas: '16777216' } };
  await expect(world.adapter.buildTransaction(request)).rejects.toMatchObject(refusal);
  await expect(world.adapter.estimateFee(request)).rejects.toMatchObject(refusal);
});

test('nor is such a one signed, whoever has built it', async () => {
  estimate = MOST_GAS;
  const payer = await world.funded(100n * ETHER);
  const built = await world.adapter.buildTransaction({ from: payer.address, to: createWallet().address, amount: 1n });
  const decoded = decodePayment(built.serialized);
  if (decoded === null) throw new Error('It is a payment');
  const gas = MOST_GAS + 1n;
  const serialized = encodePayment({ ...decoded.fields, gas });
  const metadata = { ...built.metadata, gasLimit: gas };
  let asked = 0;
  const sign = async (digest: Uint8Array) => {
    asked += 1;
    return payer.sign(digest);
  };
  await expect(world.adapter.signTransaction({ ...built, serialized, metadata }, sign)).rejects.toMatchObject({
    ...{ code: 'SIGN_FAILED', details: { mismatch: 'gas' } },
  });
  expect(asked).toBe(0);
});
