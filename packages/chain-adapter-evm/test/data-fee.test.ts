import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWallet, createWorld, ETHER, type World } from './world.ts';

/* Rollups of the OP stack charge for data beside gas; the oracle that tells how much is stood in for by a contract. */

const ORACLE = '0x420000000000000000000000000000000000000F';
/** Returns 1,000,001 wei to whatever it is asked. */
const FIXED = '0x620f424160005260206000f3';

let world: World;
beforeAll(async () => {
  world = await createWorld({ chain: 'base', network: 'sepolia', parameters: { chainId: 31_337, confirmations: 1 } });
});
afterAll(() => world.close());

test('the fee for data is in the quote, a quarter on top, and in the check of the balance', async () => {
  const payer = await world.funded(ETHER);
  const request = { from: payer.address, to: createWallet().address, amount: 1n };
  await expect(world.adapter.estimateFee(request)).rejects.toMatchObject({ code: 'RPC_ERROR' });
  await world.anvil.rpc('anvil_setCode', ORACLE, FIXED);
  const built = await world.adapter.buildTransaction(request);
  const { gasLimit, maxFeePerGas } = built.metadata;
  if (typeof gasLimit !== 'bigint' || typeof maxFeePerGas !== 'bigint') throw new Error('no gas');
  expect(built.estimatedFee - gasLimit * maxFeePerGas).toBe(1_250_002n);
  expect((await world.pay(payer, request)).verdict).toMatchObject({ verdict: 'confirmed' });
  const rest = await world.balance(payer.address);
  const fee = await world.adapter.estimateFee(request);
  await expect(world.adapter.buildTransaction({ ...request, amount: rest - fee + 10n ** 6n })).rejects.toMatchObject({
    code: 'INSUFFICIENT_BALANCE',
  });
});
