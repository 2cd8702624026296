import type { Holding, TransferRequest } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  EXTENSIONS,
  openTreasury,
  type TestToken,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  type Treasury,
} from './tokens.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

/* Emptying a wallet on the real token programs (08 §2.5.4): to the lamport, account by account, the native asset last. */

const BASE_FEE = 5_000n;
const ACCOUNT_RENT = 2_039_280n;
const WALLET_RENT = 890_880n;
const HELD = 1_000_000n;

let world: World;
let treasury: Treasury;
let from: Wallet;
let to: Wallet;

beforeEach(async () => {
  world = await createWorld();
  treasury = await openTreasury(world.localnet);
  [from, to] = [await world.funded(), await createWallet()];
});
afterEach(() => world.close());

const holdings = (known: readonly string[] = []) => world.adapter.listHoldings(from.address, known);
const sweepOf = (keep = 0n) => world.adapter.quoteSweep({ from: from.address, to: to.address, keep });
const balance = (address: string) => world.balance(address);

/** The request that empties and closes one account. */
function emptying(
  { token, account, balance: amount }: Holding,
  change: Partial<TransferRequest> = {},
): TransferRequest {
  if (token === null || account === null) throw new Error('It cannot be moved');
  const recipient = amount === 0n ? from.address : to.address;
  return { from: from.address, to: recipient, amount, token, emptied: { account, close: true }, ...change };
}

async function land(request: TransferRequest): Promise<void> {
  const built = await world.adapter.buildTransaction(request);
  expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
  const signed = await world.adapter.signTransaction(built, from.sign);
  await world.adapter.submitTransaction(signed);
  expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
}

async function holdingOf(token: TestToken): Promise<Holding> {
  const found = (await holdings()).find(({ mint }) => mint === token.info.address);
  if (found === undefined) throw new Error('The wallet holds none of it');
  return found;
}

const setBalance = async (lamports: bigint): Promise<void> => {
  from = await world.funded(lamports);
};

describe('the native asset', () => {
  test('moves to the last lamport, whatever the going fee is', async () => {
    world.localnet.faults.add({ type: 'priorityFee', microLamports: 777_777n });
    const sweep = await sweepOf();
    expect(sweep?.fee).toBeGreaterThan(BASE_FEE);
    if (sweep === null) throw new Error('There is something to move');
    // Fees that move between the reckoning and the build must leave nothing behind, and make nothing fail.
    world.localnet.faults.reset();
    world.localnet.faults.add({ type: 'priorityFee', microLamports: 9_999_999n });
    await land({ from: from.address, to: to.address, ...sweep });
    expect([await balance(from.address), await balance(to.address)]).toEqual([0n, sweep.amount]);
    expect(await sweepOf()).toBeNull();
  });

  test('is not moved where the chain would not let the recipient have so little', async () => {
    await setBalance(WALLET_RENT + BASE_FEE - 1n);
    expect(await sweepOf()).toBeNull();
    world.localnet.airdrop(to.address as never, WALLET_RENT);
    expect(await sweepOf()).toEqual({ amount: WALLET_RENT - 1n, fee: BASE_FEE });
  });

  test('is not moved to what is no wallet, whether there is anything to move or not', async () => {
    const token = await treasury.createToken();
    await token.mint(from.address, HELD);
    await token.mintAside(from.address, HELD);
    // One of them is at an address nobody has a key of, the other one at one that somebody has made up.
    const accounts = (await holdings()).flatMap(({ account }) => account ?? []);
    expect(accounts).toHaveLength(2);
    const system = '11111111111111111111111111111111';
    for (const recipient of [system, TOKEN_PROGRAM, TOKEN_2022_PROGRAM, token.info.address, ...accounts]) {
      for (const { address } of [from, await createWallet()]) {
        await expect(
          world.adapter.quoteSweep({ from: address, to: recipient, keep: 0n }),
          recipient,
        ).rejects.toMatchObject({ code: 'INVALID_ADDRESS', retryable: false });
      }
    }
  });

  test('is built with the named fee or not at all', async () => {
    const request = { from: from.address, to: to.address, amount: 1n * SOL };
    await expect(world.adapter.buildTransaction({ ...request, fee: BASE_FEE - 1n })).rejects.toThrow('reckoned');
    await expect(world.adapter.buildTransaction({ ...request, fee: 10n * SOL })).rejects.toThrow('reckoned');
    const built = await world.adapter.buildTransaction({ ...request, fee: 12_345n });
    expect(built.estimatedFee).toBe(12_345n);
    const other = { ...built, request: { ...built.request, fee: 12_346n }, estimatedFee: 12_346n };
    await expect(world.adapter.signTransaction(other, from.sign)).rejects.toMatchObject({
      details: { mismatch: 'fee' },
    });
  });
});

describe.each([
  ['Token', TOKEN_PROGRAM],
  ['Token-2022', TOKEN_2022_PROGRAM],
] as const)('an account of %s', (_, program) => {
  test('is emptied and closed in one, associated or not; its rent goes back to the wallet', async () => {
    const token = await treasury.createToken({ program });
    await token.mint(to.address, 1n);
    await token.mint(from.address, HELD);
    const aside = program === TOKEN_PROGRAM ? 1 : 0;
    if (aside === 1) await token.mintAside(from.address, HELD);
    const held = (await holdings()).slice(0, -1);
    expect(held).toHaveLength(1 + aside);
    const before = await balance(from.address);
    for (const holding of held) await land(emptying(holding));
    expect(await holdings()).toMatchObject([{ mint: null }]);
    expect(await balance(from.address)).toBeGreaterThan(before + ACCOUNT_RENT - BASE_FEE * 2n);
    expect(await world.adapter.getTokenBalance(to.address, token.info)).toBe(HELD * BigInt(1 + aside) + 1n);
  });
});

describe('traps', () => {
  test('the recipient’s account has to be paid for before the rent comes back: one lamport less does not do', async () => {
    const token = await treasury.createToken();
    for (const [lamports, enough] of [
      [ACCOUNT_RENT + BASE_FEE - 1n, false],
      [ACCOUNT_RENT + BASE_FEE, true],
    ] as const) {
      await setBalance(lamports);
      await token.mint(from.address, HELD);
      const request = emptying(await holdingOf(token));
      expect(await world.adapter.estimateFee(request)).toBe(2_044_280n);
      if (!enough)
        await expect(world.adapter.buildTransaction(request)).rejects.toThrow('less than the amount and the fee');
      else {
        await land(request);
        expect(await balance(from.address)).toBe(ACCOUNT_RENT);
      }
    }
    expect(await world.adapter.gasForLater()).toBe(2_044_280n);
  });

  test('a frozen account stays and is named, but an empty one is closed all the same', async () => {
    const [full, empty] = [await treasury.createToken(), await treasury.createToken()];
    await full.mint(from.address, HELD);
    await empty.mint(from.address, 0n);
    for (const token of [full, empty]) await token.freeze(await token.accountOf(from.address));
    expect(await holdingOf(full)).toMatchObject({ obstacle: 'FROZEN', balance: HELD });
    await expect(world.adapter.buildTransaction(emptying(await holdingOf(full)))).rejects.toMatchObject({
      code: 'TOKEN_ACCOUNT_FROZEN',
    });
    const before = await balance(from.address);
    await land(emptying(await holdingOf(empty)));
    expect(await balance(from.address)).toBe(before + ACCOUNT_RENT - BASE_FEE);
  });

  test('a deposit between the reading and the closing fails all of it, so that nothing is lost', async () => {
    const token = await treasury.createToken();
    await token.mint(from.address, HELD);
    const request = emptying(await holdingOf(token));
    await token.mint(from.address, 1n);
    const built = await world.adapter.buildTransaction(request);
    expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: false });
    await land(emptying(await holdingOf(token)));
    expect(await world.adapter.getTokenBalance(to.address, token.info)).toBe(HELD + 1n);
  });

  test('tokens of refused kinds are named and not moved', async () => {
    const token = await treasury.createToken({
      program: TOKEN_2022_PROGRAM,
      extensions: [EXTENSIONS.permanentDelegate],
    });
    await token.mint(from.address, HELD);
    expect(await holdingOf(token)).toMatchObject({ obstacle: 'UNSUPPORTED', token: null, balance: HELD });
  });

  test('nobody else’s account, no other token’s and no other recipient of the rent is signed for', async () => {
    const [token, other] = [await treasury.createToken(), await treasury.createToken()];
    const thief = await world.funded();
    for (const wallet of [from, thief]) await token.mint(wallet.address, HELD);
    await other.mint(from.address, HELD);
    const holding = await holdingOf(token);
    const foreign = { account: await token.accountOf(thief.address), close: true };
    await expect(world.adapter.buildTransaction(emptying(holding, { emptied: foreign }))).rejects.toThrow(
      'somebody else',
    );
    const wrong = { account: await other.accountOf(from.address), close: true };
    await expect(world.adapter.buildTransaction(emptying(holding, { emptied: wrong }))).rejects.toThrow(
      'another token',
    );
    const request = emptying(holding);
    const built = await world.adapter.buildTransaction(request);
    const { emptied: _, ...plain } = request;
    const claims: readonly TransferRequest[] = [
      plain,
      emptying(holding, { emptied: { account: holding.account ?? '', close: false } }),
      emptying(holding, { emptied: wrong }),
      emptying(holding, { to: thief.address }),
      emptying(holding, { amount: HELD - 1n }),
      emptying(holding, { amount: 0n, to: from.address }),
    ];
    for (const claim of claims) {
      await expect(world.adapter.signTransaction({ ...built, request: claim }, from.sign)).rejects.toMatchObject({
        code: 'SIGN_FAILED',
      });
    }
    for (const bytes of [plain, emptying(await holdingOf(other))]) {
      const { serialized } = await world.adapter.buildTransaction(bytes);
      await expect(world.adapter.signTransaction({ ...built, serialized }, from.sign)).rejects.toMatchObject({
        code: 'SIGN_FAILED',
      });
    }
    for (let bit = 0; bit < built.serialized.length * 8; bit += 7) {
      const serialized = Uint8Array.from(built.serialized);
      serialized[bit >> 3] = (serialized[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(world.adapter.signTransaction({ ...built, serialized }, from.sign)).rejects.toMatchObject({
        code: 'SIGN_FAILED',
      });
    }
  });
});
