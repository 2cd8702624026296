import type { TestContract } from '@waiaas/anvil';
import type { TokenInfo } from '@waiaas/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWallet, createWorld, type Wallet, type World } from './world.ts';

let world: World;
let payer: Wallet;
beforeAll(async () => {
  world = await createWorld();
  payer = await world.funded();
});
afterAll(() => world.close());

const SUPPLY = 1_000_000n;
async function deploy(contract: TestContract, symbol = 'TEST', decimals = 6): Promise<TokenInfo> {
  const address = await world.anvil.deploy(contract, { symbol, decimals, holder: payer.address, supply: SUPPLY });
  return world.adapter.getToken(address);
}

describe('what a token is, is read from its contract', () => {
  test('symbol and decimals, the address with its checksum', async () => {
    const address = await world.anvil.deploy('Token', {
      symbol: 'USDC',
      decimals: 6,
      holder: payer.address,
      supply: 1n,
    });
    const token = await world.adapter.getToken(address.toLowerCase());
    expect(token).toMatchObject({ decimals: 6, symbol: 'USDC' });
    expect(token.address.toLowerCase()).toBe(address.toLowerCase());
    expect(token.address).not.toBe(address.toLowerCase());
  });

  test('a symbol of 32 bytes', async () => {
    expect(await deploy('OldToken')).toMatchObject({ symbol: 'OLD', decimals: 18 });
  });

  test.each([
    ['US\u202eDC\u0000', 'USDC'],
    ['\u001b[31mRED', '[31mRED'],
    ['  spaced  ', 'spaced'],
    ['far too long for a symbol', 'far too lo'],
    ['', 'UNKNOWN'],
    ['\u{1f4b0}', 'UNKNOWN'],
  ])('a symbol %j is shown as %j', async (told, shown) => {
    expect(await deploy('Token', told)).toMatchObject({ symbol: shown });
  });

  test('more decimals than the domain counts in are refused', async () => {
    await expect(deploy('Token', 'MANY', 19)).rejects.toMatchObject({ code: 'UNSUPPORTED_TOKEN' });
    expect(await deploy('Token', 'NONE', 0)).toMatchObject({ decimals: 0 });
  });

  test.each([
    ['a wallet', async () => createWallet().address],
    ['another contract', () => world.anvil.deploy('Counter')],
  ])('%s is no token', async (_what, addressOf) => {
    const address = await addressOf();
    await expect(world.adapter.getToken(address)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    await expect(
      world.adapter.getTokenBalance(payer.address, { address, decimals: 6, symbol: 'X' }),
    ).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  });

  test('a text that is no address is no token', async () => {
    await expect(world.adapter.getToken('0x12')).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  });
});

describe('a token payment', () => {
  test.each(['Token', 'SilentToken', 'OldToken'] as const)('in a %s arrives', async (contract) => {
    const [token, payee] = [await deploy(contract), createWallet()];
    const { verdict } = await world.pay(payer, { to: payee.address, amount: 1_234n, token });
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(await world.adapter.getTokenBalance(payee.address, token)).toBe(1_234n);
    expect(await world.adapter.getTokenBalance(payer.address, token)).toBe(SUPPLY - 1_234n);
    expect(await world.balance(payee.address)).toBe(0n);
  });

  test('of everything leaves nothing; of one unit more is refused with exact numbers', async () => {
    const [token, payee] = [await deploy('Token'), createWallet()];
    await expect(world.signed(payer, { to: payee.address, amount: SUPPLY + 1n, token })).rejects.toMatchObject({
      code: 'INSUFFICIENT_TOKEN_BALANCE',
      details: { available: SUPPLY.toString(), required: (SUPPLY + 1n).toString(), token: token.address },
    });
    await world.pay(payer, { to: payee.address, amount: SUPPLY, token });
    expect(await world.adapter.getTokenBalance(payer.address, token)).toBe(0n);
  });

  test('without ether for the fee is refused', async () => {
    const poor = createWallet();
    const address = await world.anvil.deploy('Token', { holder: poor.address, supply: 5n });
    const token = await world.adapter.getToken(address);
    await expect(world.signed(poor, { to: payer.address, amount: 5n, token })).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      details: { available: '0', amount: '0' },
    });
  });

  test('in decimals that are not the contract’s is refused', async () => {
    const token = await deploy('Token');
    await expect(
      world.signed(payer, { to: createWallet().address, amount: 1n, token: { ...token, decimals: 18 } }),
    ).rejects.toMatchObject({ code: 'INVALID_TOKEN', details: { expected: 6, actual: 18 } });
  });

  test('to the token’s own contract, or with a memo, is refused', async () => {
    const token = await deploy('Token');
    const request = { from: payer.address, amount: 1n, token };
    await expect(world.adapter.buildTransaction({ ...request, to: token.address })).rejects.toMatchObject({
      code: 'INVALID_ADDRESS',
    });
    await expect(
      world.adapter.buildTransaction({ ...request, to: createWallet().address, memo: 'rent' }),
    ).rejects.toMatchObject({ code: 'INVALID_MEMO' });
  });

  test.each([
    ['FeeToken', /takes 1000 from the sender and gives 900/],
    ['GreedyToken', /takes 2000 from the sender and gives 1000/],
    ['IdleToken', /takes 0 from the sender and gives 0/],
    ['FalseToken', /refuses the transfer/],
  ] as const)('in a %s, which moves another amount, is a failed simulation that says so', async (contract, reason) => {
    const token = await deploy(contract);
    const built = await world.adapter.buildTransaction({
      from: payer.address,
      to: createWallet().address,
      amount: 1_000n,
      token,
    });
    expect(await world.adapter.simulateTransaction(built)).toMatchObject({
      success: false,
      error: expect.stringMatching(reason),
    });
    expect(await world.adapter.getTokenBalance(payer.address, token)).toBe(SUPPLY);
  });

  test('that the token reverts is a failed simulation with the token’s reason', async () => {
    const token = await deploy('Token');
    const built = await world.adapter.buildTransaction({
      from: payer.address,
      to: createWallet().address,
      amount: SUPPLY,
      token,
    });
    await world.pay(payer, { to: createWallet().address, amount: 1n, token });
    expect(await world.adapter.simulateTransaction(built)).toMatchObject({
      success: false,
      error: expect.stringContaining('not enough tokens'),
    });
  });

  test('that is reverted on the chain is a proven failure', async () => {
    const token = await deploy('Token');
    const signed = await world.signed(payer, { to: createWallet().address, amount: SUPPLY, token });
    // The contract changes between signature and landing.
    const code = await world.anvil.rpc<string>('eth_getCode', await world.anvil.deploy('Refuser'), 'latest');
    await world.anvil.rpc('anvil_setCode', token.address, code);
    await world.adapter.submitTransaction(signed);
    expect(await world.settle(signed)).toMatchObject({ verdict: 'failed', error: expect.stringContaining('reverted') });
    expect(await world.adapter.getTransactionStatus(signed.txHash)).toMatchObject({
      state: 'landed',
      error: expect.any(String),
    });
  });

  test('counts what is in flight', async () => {
    const token = await deploy('Token');
    await world.anvil.rpc('evm_setAutomine', false);
    try {
      const first = await world.signed(payer, { to: createWallet().address, amount: SUPPLY - 10n, token });
      await world.adapter.submitTransaction(first);
      await expect(world.signed(payer, { to: createWallet().address, amount: 11n, token })).rejects.toMatchObject({
        code: 'INSUFFICIENT_TOKEN_BALANCE',
        details: { inFlight: (SUPPLY - 10n).toString() },
      });
      await world.anvil.mine();
      await world.settle(first);
    } finally {
      await world.anvil.rpc('evm_setAutomine', true);
    }
  });

  test('of 2^255 units is paid to the unit', async () => {
    const [huge, payee] = [2n ** 255n + 12_345n, createWallet()];
    const address = await world.anvil.deploy('Token', { decimals: 18, holder: payer.address, supply: huge });
    const token = await world.adapter.getToken(address);
    await world.pay(payer, { to: payee.address, amount: huge, token });
    expect(await world.adapter.getTokenBalance(payee.address, token)).toBe(huge);
  });
});

test('assets are listed native first, then the tokens held, largest first; what is no token is left out', async () => {
  const holder = await world.funded(3n);
  const put = (contract: TestContract, supply: bigint) =>
    world.anvil.deploy(contract, { holder: holder.address, supply });
  const [small, large, none] = [await put('Token', 5n), await put('SilentToken', 7n), await put('Token', 0n)];
  const known = [small, none, createWallet().address, large, small.toLowerCase()];
  const assets = await world.adapter.listAssets(holder.address, known);
  expect(assets.map(({ balance, token }) => [balance, token?.address.toLowerCase()])).toEqual([
    [3n, undefined],
    [7n, large.toLowerCase()],
    [5n, small.toLowerCase()],
  ]);
});
