import { strict as assert } from 'node:assert';
import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { confirmed, fundedWallet, nativeBalance, signedPayment } from '../payment.ts';
import { flippedBitsAreRefused, refusedUnsigned } from '../tampering.ts';
import type { ContractToken, ContractWallet, TokenWorld } from '../world.ts';

const HELD = 1_000_000n;
const PAID = 250_001n;

/** A wallet that holds a token, and the native asset for fees. */
async function holder(world: TokenWorld, token: ContractToken): Promise<ContractWallet> {
  const wallet = await fundedWallet(world);
  await token.mint(wallet.address, HELD);
  return wallet;
}

interface TokenPayment {
  readonly from: ContractWallet;
  readonly to: ContractWallet;
  readonly request: TransferRequest & { readonly token: NonNullable<TransferRequest['token']> };
}

async function tokenPayment(world: TokenWorld, token: ContractToken): Promise<TokenPayment> {
  const [from, to] = [await holder(world, token), await world.createWallet()];
  return { from, to, request: { from: from.address, to: to.address, amount: PAID, token: token.info } };
}

/** Tries a promise with every kind of token the world has. */
const withEachKind =
  (attempt: (world: TokenWorld, token: ContractToken) => Promise<void>) =>
  async (world: TokenWorld): Promise<void> => {
    for (const token of world.tokens.kinds) await attempt(world, token);
  };

async function tamperedTokenPayments(world: TokenWorld, token: ContractToken): Promise<void> {
  const { adapter, tokens } = world;
  const { from, request } = await tokenPayment(world, token);
  const built: UnsignedTransaction = await adapter.buildTransaction(request);
  const other = tokens.kinds.find(({ info }) => info.address !== token.info.address);
  if (other === undefined) assert.fail('the world needs two kinds of token');
  await other.mint(from.address, HELD);
  const { token: _, ...native } = request;

  const swapped = {
    recipient: { ...request, to: (await world.createWallet()).address },
    amount: { ...request, amount: PAID + 1n },
    'another token': { ...request, token: other.info },
    'other decimals': { ...request, token: { ...token.info, decimals: token.info.decimals + 1 } },
    'the native asset': native,
  };
  for (const [what, claimed] of Object.entries(swapped)) {
    await refusedUnsigned(adapter, from, { ...built, request: claimed }, what);
  }
  for (const foreign of [
    { ...request, token: other.info },
    { ...native, amount: world.payment },
    { ...request, amount: PAID + 1n },
    { ...request, to: (await world.createWallet()).address },
  ]) {
    const { serialized } = await adapter.buildTransaction(foreign);
    await refusedUnsigned(adapter, from, { ...built, serialized }, 'the bytes of another payment');
  }
  await flippedBitsAreRefused(adapter, from, built, 9);
}

export const tokenPayments: ContractSection<TokenWorld> = {
  about: 'paying tokens',
  cases: [
    {
      promise: 'moves exactly the amount to a wallet that never held the token, and costs no more than was announced',
      run: withEachKind(async (world, token) => {
        const { adapter, tokens } = world;
        const { from, to, request } = await tokenPayment(world, token);
        const before = await nativeBalance(world, from.address);
        const quote = await adapter.estimateFee(request);
        const built = await adapter.buildTransaction(request);
        assert.equal(built.estimatedFee, quote);
        const simulated = await adapter.simulateTransaction(built);
        assert.equal(simulated.success, true, simulated.error);
        const signed = await adapter.signTransaction(built, from.sign);
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
        assert.equal(await tokens.reader.getTokenBalance(to.address, token.info), PAID);
        assert.equal(await tokens.reader.getTokenBalance(from.address, token.info), HELD - PAID);
        const paid = before - (await nativeBalance(world, from.address));
        assert.ok(paid > 0n && paid <= built.estimatedFee, `paid ${paid}, announced ${built.estimatedFee}`);
      }),
    },
    {
      promise: 'moves all of it to a wallet that holds some',
      run: withEachKind(async (world, token) => {
        const { adapter, tokens } = world;
        const [from, to] = [await holder(world, token), await world.createWallet()];
        await token.mint(to.address, 1n);
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount: HELD, token: token.info });
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
        assert.equal(await tokens.reader.getTokenBalance(to.address, token.info), HELD + 1n);
        assert.equal(await tokens.reader.getTokenBalance(from.address, token.info), 0n);
      }),
    },
    {
      promise: 'notices before signing that there is not enough of the token',
      run: withEachKind(async (world, token) => {
        const { from, request } = await tokenPayment(world, token);
        const poor = await fundedWallet(world);
        const expected = { code: 'INSUFFICIENT_TOKEN_BALANCE', retryable: false, mayHaveLanded: false } as const;
        await fails(world.adapter.buildTransaction({ ...request, from: from.address, amount: HELD + 1n }), expected);
        await fails(world.adapter.buildTransaction({ ...request, from: poor.address, amount: 1n }), expected);
      }),
    },
    {
      promise: 'notices before signing that there is nothing to pay the fee with',
      run: withEachKind(async (world, token) => {
        const [from, to] = [await world.createWallet(), await world.createWallet()];
        await token.mint(from.address, HELD);
        const request = { from: from.address, to: to.address, amount: PAID, token: token.info };
        await fails(world.adapter.buildTransaction(request), { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false });
      }),
    },
    {
      promise: 'takes the decimals from the chain and refuses a request that says otherwise',
      run: withEachKind(async (world, token) => {
        const { request } = await tokenPayment(world, token);
        for (const decimals of [token.info.decimals + 1, token.info.decimals - 1]) {
          const wrong = { ...request, token: { ...token.info, decimals } };
          await fails(world.adapter.buildTransaction(wrong), { code: 'INVALID_TOKEN', mayHaveLanded: false });
        }
      }),
    },
    {
      promise: 'builds no payment of something that is no token',
      async run(world) {
        const [token] = world.tokens.kinds;
        const { request } = await tokenPayment(world, token);
        for (const address of world.tokens.noTokens) {
          const wrong = { ...request, token: { ...token.info, address } };
          await fails(world.adapter.buildTransaction(wrong), { code: 'INVALID_TOKEN', mayHaveLanded: false });
        }
      },
    },
    {
      promise: 'builds no payment to the token itself or to oneself',
      run: withEachKind(async (world, token) => {
        const { from, request } = await tokenPayment(world, token);
        for (const to of [token.info.address, from.address]) {
          const wrong = { ...request, to };
          await fails(world.adapter.buildTransaction(wrong), { code: 'INVALID_ADDRESS', mayHaveLanded: false });
        }
      }),
    },
    { promise: 'signs nothing but what the request says', run: withEachKind(tamperedTokenPayments) },
    {
      promise: 'pays once, however often the same bytes are sent and whatever answers are lost',
      run: withEachKind(async (world, token) => {
        const { adapter, tokens, faults } = world;
        const { from, to, request } = await tokenPayment(world, token);
        const signed = await adapter.signTransaction(await adapter.buildTransaction(request), from.sign);
        faults.loseNextSubmitAnswer();
        for (let time = 0; time < 3; time += 1) await adapter.submitTransaction(signed).catch(() => null);
        await confirmed(world, signed);
        await world.advance(3);
        assert.equal(await tokens.reader.getTokenBalance(to.address, token.info), PAID);
        assert.equal(await tokens.reader.getTokenBalance(from.address, token.info), HELD - PAID);
      }),
    },
  ],
};
