import { type FlakyProxy, type ProxyMode, startFlakyProxy } from '@waiaas/anvil';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createWallet, createWorld, type Wallet, type World } from './world.ts';

/* Where a wallet cannot be emptied to (08 §2.5.2), and what is said to be in it. */

let world: World;
let proxy: FlakyProxy;
let from: Wallet;
beforeAll(async () => {
  world = await createWorld({
    through: async (anvil) => {
      proxy = await startFlakyProxy(anvil.url);
      return [proxy.url];
    },
  });
  from = await world.funded();
});
beforeEach(() => {
  proxy.decide = () => 'pass';
});
afterAll(async () => {
  await world.close();
  await proxy.close();
});

const sweepTo = (to: string, wallet = from) => world.adapter.quoteSweep({ from: wallet.address, to, keep: 0n });

test('not to addresses of the chain itself, nor to itself, whether there is anything to move or not', async () => {
  const empty = createWallet();
  for (const wallet of [from, empty]) {
    for (const digits of [0, 1, 9, 0xffff]) {
      await expect(sweepTo(`0x${digits.toString(16).padStart(40, '0')}`, wallet)).rejects.toMatchObject({
        code: 'INVALID_ADDRESS',
      });
    }
    await expect(sweepTo(wallet.address, wallet)).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
  }
});

test('not to the contract of a token', async () => {
  const token = { symbol: 'TEST', decimals: 6, holder: from.address, supply: 1n };
  const address = await world.anvil.deploy('Token', token);
  for (const wallet of [from, createWallet()]) {
    await expect(sweepTo(address, wallet)).rejects.toMatchObject({ code: 'INVALID_ADDRESS', retryable: false });
  }
});

test('but to a wallet, known to the chain or not, and to one that is a contract', async () => {
  for (const to of [createWallet().address, (await world.funded(1n)).address, await world.anvil.deploy('Counter')]) {
    expect(await sweepTo(to)).not.toBeNull();
    expect(await sweepTo(to, createWallet())).toBeNull();
  }
});

/** A call with a state that is not the chain's. */
const isOverridden = (method: string, params: readonly unknown[]): boolean =>
  method === 'eth_call' && params.length > 2;

test('not to a contract that refuses what is paid to it, whether there is anything to move or not', async () => {
  const refuser = await world.anvil.deploy('Refuser');
  for (const wallet of [from, createWallet()]) {
    await expect(sweepTo(refuser, wallet)).rejects.toMatchObject({ code: 'INVALID_ADDRESS', retryable: false });
  }
  // Nobody has said so yet.
  proxy.decide = (method, params) => (isOverridden(method, params) ? { status: 503 } : 'pass');
  await expect(sweepTo(refuser)).rejects.toMatchObject({ recovery: 'TRANSIENT' });
});

const saying = (code: number, message: string): ProxyMode => ({ answer: { error: { code, message } } });
test.each<[string, ProxyMode]>([
  ['does not know of another state', saying(-32_602, 'too many arguments, want at most 2')],
  ['finds that a bad request', { status: 400 }],
  ['passes it over', saying(-32_000, 'insufficient funds for gas * price + value')],
  ['passes it over, and says of every payment that it fails', saying(-32_000, 'EVM error OutOfFunds')],
])('a node that %s says nothing of a contract', async (_what, mode) => {
  proxy.decide = (method, params) => (isOverridden(method, params) ? mode : 'pass');
  for (const to of [await world.anvil.deploy('Refuser'), await world.anvil.deploy('Counter')]) {
    expect(await sweepTo(to)).not.toBeNull();
    expect(await sweepTo(to, createWallet())).toBeNull();
  }
});

test('a token whose contract does not tell what there is of it is named; an address without a contract is not', async () => {
  const broken = createWallet().address;
  // It reverts whatever it is asked.
  await world.anvil.rpc('anvil_setCode', broken, '0x60006000fd');
  const holdings = await world.adapter.listHoldings(from.address, [broken, createWallet().address]);
  expect(holdings.map(({ mint, obstacle }) => [mint, obstacle])).toEqual([
    [broken, 'UNREADABLE'],
    [null, null],
  ]);
});
