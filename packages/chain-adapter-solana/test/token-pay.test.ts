import { type Address, address, generateKeyPairSigner, lamports } from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import type { TransferRequest } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePayment } from '../src/decode-payment.ts';
import type { TokenProgram } from '../src/programs.ts';
import {
  demandMemo,
  EXTENSIONS,
  giveAway,
  openTreasury,
  type TestToken,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  type Treasury,
} from './tokens.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

const BASE_FEE = 5_000n;
const WALLET_RENT = 890_880n;
/** Rent of a token account of 165 bytes, and of one of 170 (02 §12). */
const rentOf = (program: TokenProgram): bigint => (program === TOKEN_PROGRAM ? 2_039_280n : 2_074_080n);
const HELD = 1_000_000n;

let world: World;
let treasury: Treasury;
let from: Wallet;
let to: Wallet;

beforeEach(async () => {
  world = await createWorld({ ledger: { finalizeAfterSlots: 8 } });
  treasury = await openTreasury(world.localnet);
  [from, to] = [await world.funded(), await createWallet()];
});
afterEach(() => world.close());

const requestOf = (token: TestToken, extra: Partial<TransferRequest> = {}): TransferRequest => ({
  from: from.address,
  to: to.address,
  amount: 1_000n,
  token: token.info,
  ...extra,
});
const build = (token: TestToken, extra: Partial<TransferRequest> = {}) =>
  world.adapter.buildTransaction(requestOf(token, extra));

async function pay(request: TransferRequest): Promise<bigint> {
  const built = await world.adapter.buildTransaction(request);
  expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
  const signed = await world.adapter.signTransaction(built, from.sign);
  await world.adapter.submitTransaction(signed);
  expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
  return built.estimatedFee;
}

const held = (owner: string, token: TestToken) => world.adapter.getTokenBalance(owner, token.info);

describe.each([
  ['Token', TOKEN_PROGRAM],
  ['Token-2022', TOKEN_2022_PROGRAM],
] as const)('%s', (_, program) => {
  let token: TestToken;
  beforeEach(async () => {
    token = await treasury.createToken({ program });
    await token.mint(from.address, HELD);
  });

  test('runs on its own program: the transfer, and the creation of the account', async () => {
    const built = await build(token);
    expect(decodePayment(built.serialized)).toMatchObject({
      transfer: { kind: 'token', program, creation: { program, owner: to.address } },
    });
  });

  test('creating the account of the recipient costs its rent by its real size, in the estimate and on the chain', async () => {
    const request = requestOf(token);
    expect((await build(token)).accountRent).toBe(rentOf(program));
    const before = await world.balance(from.address);
    expect(await world.adapter.estimateFee(request)).toBe(BASE_FEE + rentOf(program));
    expect(await pay(request)).toBe(BASE_FEE + rentOf(program));
    expect(before - (await world.balance(from.address))).toBe(BASE_FEE + rentOf(program));
    expect(await held(to.address, token)).toBe(1_000n);
  });

  test('paying into an account that exists costs the fee alone', async () => {
    await token.mint(to.address, 1n);
    expect((await build(token)).accountRent).toBeUndefined();
    expect(await pay(requestOf(token))).toBe(BASE_FEE);
    expect(await held(to.address, token)).toBe(1_001n);
  });

  test('the fee and the rent must be there, to the lamport, and the rest must be nothing or a living wallet', async () => {
    const cost = BASE_FEE + rentOf(program);
    for (const [left, reason] of [
      [-1n, 'balance'],
      [1n, 'sender_rent'],
      [WALLET_RENT - 1n, 'sender_rent'],
    ] as const) {
      const poor = await world.funded(cost + left);
      await token.mint(poor.address, HELD);
      await expect(build(token, { from: poor.address })).rejects.toMatchObject({
        code: 'INSUFFICIENT_BALANCE',
        details: { reason, available: cost + left, fee: cost },
        mayHaveLanded: false,
      });
    }
    for (const left of [0n, WALLET_RENT]) {
      const able = await world.funded(cost + left);
      await token.mint(able.address, HELD);
      const built = await build(token, { from: able.address });
      expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
    }
  });

  test('a memo goes with it', async () => {
    await pay(requestOf(token, { memo: '한'.repeat(85) }));
    expect(await held(to.address, token)).toBe(1_000n);
  });

  test('the compute-unit limit is what was measured and a fifth, and the bid follows from it', async () => {
    world.localnet.faults.add({ type: 'priorityFee', microLamports: 1_000_000n });
    const built = await build(token);
    const { unitsConsumed = 0n } = await world.adapter.simulateTransaction(built);
    const limit = Number(built.metadata.computeUnitLimit);
    expect(limit).toBe(Math.ceil(Number(unitsConsumed) * 1.2));
    expect(built.estimatedFee).toBe(BASE_FEE + BigInt(limit) + rentOf(program));
    expect(await pay(requestOf(token))).toBe(built.estimatedFee);
  });

  test('twenty equal payments at once all land', async () => {
    const signed = await Promise.all(
      Array.from({ length: 20 }, () => world.signed(from, { to: to.address, amount: 50n, token: token.info })),
    );
    expect(new Set(signed.map(({ txHash }) => txHash)).size).toBe(20);
    await Promise.all(signed.map((transaction) => world.adapter.submitTransaction(transaction)));
    const verdicts = await Promise.all(signed.map(({ txHash }) => world.adapter.waitForConfirmation(txHash)));
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['confirmed']));
    expect(await held(to.address, token)).toBe(1_000n);
  });

  test('amounts up to 2^64 − 1 move in every digit', async () => {
    const huge = await treasury.createToken({ program, decimals: 0 });
    await huge.mint(from.address, 2n ** 64n - 1n);
    await pay(requestOf(huge, { amount: 2n ** 64n - 1n }));
    expect(await held(to.address, huge)).toBe(2n ** 64n - 1n);
    await expect(build(huge, { amount: 2n ** 64n })).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  });

  test('a frozen account of the sender or of the recipient is refused by name', async () => {
    await token.mint(to.address, 1n);
    await token.freeze(await token.accountOf(to.address));
    await expect(build(token)).rejects.toMatchObject({
      code: 'TOKEN_ACCOUNT_FROZEN',
      details: { field: 'to', mint: token.info.address },
      retryable: false,
      mayHaveLanded: false,
    });
    await token.freeze(await token.accountOf(from.address));
    await expect(build(token, { to: (await createWallet()).address })).rejects.toMatchObject({
      code: 'TOKEN_ACCOUNT_FROZEN',
      details: { field: 'from' },
    });
  });

  test('an account frozen between build and landing fails the payment, which is then a failure by name', async () => {
    const signed = await world.signed(from, { to: to.address, amount: 1n, token: token.info });
    await token.freeze(await token.accountOf(from.address));
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'TOKEN_ACCOUNT_FROZEN',
      mayHaveLanded: false,
    });
  });

  test('money that went away between build and landing is a lack of the token, by the program and not by the number', async () => {
    const signed = await world.signed(from, { to: to.address, amount: HELD, token: token.info });
    await pay(requestOf(token, { to: (await createWallet()).address }));
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_TOKEN_BALANCE',
      details: { customCode: 1 },
      mayHaveLanded: false,
    });
  });

  test('what somebody else creates in the meantime is no reason to fail, and costs nothing', async () => {
    const before = await world.balance(from.address);
    const signed = await world.signed(from, { to: to.address, amount: 7n, token: token.info });
    await token.mint(to.address, 1n);
    await world.adapter.submitTransaction(signed);
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
    expect(await held(to.address, token)).toBe(8n);
    expect(before - (await world.balance(from.address))).toBe(BASE_FEE);
  });

  test('lamports that somebody sent to the recipient’s future account are no obstacle', async () => {
    const account = await token.accountOf(to.address);
    await treasury.run([getTransferSolInstruction({ source: treasury.payer, destination: account, amount: SOL })]);
    await pay(requestOf(token));
    expect(await held(to.address, token)).toBe(1_000n);
  });

  describe('tokens in accounts that are not the associated one', () => {
    test('count, and are paid from when the associated one holds too little', async () => {
      const aside = await token.mintAside(from.address, 5n * HELD);
      expect(await held(from.address, token)).toBe(6n * HELD);
      const built = await build(token, { amount: 4n * HELD });
      expect(built.metadata.sourceAccount).toBe(aside);
      await pay(requestOf(token, { amount: 4n * HELD }));
      expect(await held(to.address, token)).toBe(4n * HELD);
      expect(await held(from.address, token)).toBe(2n * HELD);
    });

    test('are not paid from when the associated one holds enough', async () => {
      await token.mintAside(from.address, 5n * HELD);
      const built = await build(token);
      expect(built.metadata.sourceAccount).toBe(await token.accountOf(from.address));
    });

    test('are not added up: a payment is made from one account, and the error says what it holds', async () => {
      await token.mintAside(from.address, 2n * HELD);
      await expect(build(token, { amount: 3n * HELD })).rejects.toMatchObject({
        code: 'INSUFFICIENT_TOKEN_BALANCE',
        details: { required: 3n * HELD, available: 2n * HELD },
      });
    });

    test('stand in for an associated one that is frozen', async () => {
      const aside = await token.mintAside(from.address, HELD);
      await token.freeze(await token.accountOf(from.address));
      expect((await build(token)).metadata.sourceAccount).toBe(aside);
      await token.freeze(aside);
      await expect(build(token)).rejects.toMatchObject({ code: 'TOKEN_ACCOUNT_FROZEN' });
    });
  });
});

describe('extensions of Token-2022', () => {
  const REFUSED = [
    EXTENSIONS.transferFee,
    EXTENSIONS.confidential,
    EXTENSIONS.defaultFrozen,
    EXTENSIONS.nonTransferable,
    EXTENSIONS.interest,
    EXTENSIONS.permanentDelegate,
    EXTENSIONS.transferHook,
    EXTENSIONS.scaledUi,
    EXTENSIONS.pausable,
  ];
  test.each(REFUSED.map((extension) => [extension.name, extension] as const))(
    '%s is refused by name',
    async (name, extension) => {
      const token = await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: [extension] });
      const expected = {
        code: 'UNSUPPORTED_TOKEN',
        details: { mint: token.info.address, extension: name },
        message: expect.stringContaining(name),
        retryable: false,
        mayHaveLanded: false,
      };
      await expect(build(token)).rejects.toMatchObject(expected);
      await expect(world.adapter.estimateFee(requestOf(token))).rejects.toMatchObject(expected);
      await expect(world.adapter.getToken(token.info.address)).rejects.toMatchObject(expected);
    },
  );

  test('one bad among good ones is found, wherever it stands', async () => {
    const good = [EXTENSIONS.closeAuthority, EXTENSIONS.metadataPointer, EXTENSIONS.groupPointer];
    for (const place of [0, 1, 3]) {
      const extensions = good.toSpliced(place, 0, EXTENSIONS.permanentDelegate);
      const token = await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions });
      await expect(build(token)).rejects.toMatchObject({ details: { extension: 'PermanentDelegate' } });
    }
    const harmless = await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: good });
    await harmless.mint(from.address, HELD);
    await pay(requestOf(harmless));
    expect(await held(to.address, harmless)).toBe(1_000n);
  });
});

describe('what is no token, and who is no recipient', () => {
  let token: TestToken;
  beforeEach(async () => {
    token = await treasury.createToken();
    await token.mint(from.address, HELD);
    await token.mint(to.address, 1n);
  });

  test('a token account is no mint, a mint is no recipient, and neither are token accounts and addresses of programs', async () => {
    const own = await token.accountOf(from.address);
    const theirs = await token.accountOf(to.address);
    await expect(build(token, { token: { ...token.info, address: own } })).rejects.toMatchObject({
      code: 'INVALID_TOKEN',
    });
    const other = await treasury.createToken();
    const unborn = await other.accountOf((await createWallet()).address);
    for (const recipient of [own, theirs, token.info.address, other.info.address, unborn, TOKEN_PROGRAM]) {
      for (const request of [requestOf(token, { to: recipient }), { from: from.address, to: recipient, amount: SOL }]) {
        await expect(world.adapter.buildTransaction(request)).rejects.toMatchObject({
          code: 'INVALID_ADDRESS',
          details: { field: 'to' },
          mayHaveLanded: false,
        });
      }
    }
  });

  test('an address of a program may be paid by those who say so', async () => {
    const vault: Address = await token.accountOf((await createWallet()).address);
    const open = await createWorld({ allowProgramDerivedRecipients: true });
    const rich = await open.funded();
    await expect(open.adapter.buildTransaction({ from: rich.address, to: vault, amount: SOL })).resolves.toBeDefined();
    await open.close();
  });

  test('an account of any other program is no wallet', async () => {
    const stake = await createWallet();
    world.localnet.setAccount({
      address: address(stake.address),
      data: new Uint8Array(200),
      executable: false,
      lamports: lamports(3_000_000n),
      programAddress: address('Stake11111111111111111111111111111111111111'),
      space: 200n,
    });
    await expect(build(token, { to: stake.address })).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
  });

  test.each([1.5, -1, 7, 300, Number.NaN])('decimals of %s where the token has 6 are refused', async (decimals) => {
    await expect(build(token, { token: { ...token.info, decimals } })).rejects.toMatchObject({
      code: 'INVALID_TOKEN',
      mayHaveLanded: false,
    });
  });

  test('an account the recipient has given away is not paid into', async () => {
    const careless = await generateKeyPairSigner();
    await token.mint(careless.address, 1n);
    await treasury.run([giveAway(await token.accountOf(careless.address), careless, to.address)]);
    await expect(build(token, { to: careless.address })).rejects.toMatchObject({
      code: 'INVALID_ADDRESS',
      details: { field: 'to' },
      mayHaveLanded: false,
    });
  });

  test('an account of the sender’s that was given away holds nothing of theirs', async () => {
    const careless = await generateKeyPairSigner();
    world.localnet.airdrop(careless.address, SOL);
    await token.mint(careless.address, HELD);
    await treasury.run([giveAway(await token.accountOf(careless.address), careless, to.address)]);
    await expect(build(token, { from: careless.address })).rejects.toMatchObject({
      code: 'INSUFFICIENT_TOKEN_BALANCE',
      details: { available: 0n },
    });
  });

  test('a recipient who demands a memo before each payment is refused by name', async () => {
    const newer = await treasury.createToken({ program: TOKEN_2022_PROGRAM });
    await newer.mint(from.address, HELD);
    const strict = await generateKeyPairSigner();
    await newer.mint(strict.address, 1n);
    await treasury.run(demandMemo(await newer.accountOf(strict.address), strict, treasury.payer));
    await expect(build(newer, { to: strict.address })).rejects.toMatchObject({
      code: 'UNSUPPORTED_TOKEN',
      details: { field: 'to', extension: 'MemoTransfer' },
    });
  });

  test('a node that cannot be asked is an outage, not a missing account', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'getMultipleAccounts', code: -32603 });
    await expect(build(token)).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: true });
  });
});

describe('the same payment, at another time', () => {
  const payments = async (): Promise<readonly (readonly [string, TransferRequest])[]> => {
    const spl = await treasury.createToken({ program: TOKEN_PROGRAM });
    const newer = await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: [EXTENSIONS.metadataPointer] });
    await spl.mint(from.address, HELD);
    await newer.mint(from.address, HELD);
    const request = { from: from.address, to: to.address, amount: 250_001n, memo: 'invoice 7' };
    return [
      ['SOL', { ...request, amount: SOL }],
      ['SPL', { ...request, token: spl.info }],
      ['Token-2022', { ...request, token: newer.info }],
    ];
  };

  test('is the same message but for the blockhash: SOL, SPL, Token-2022', async () => {
    for (const [what, request] of await payments()) {
      const first = await world.adapter.buildTransaction(request);
      // A delay, or an approval, and a new blockhash.
      world.clock.advance(900_000);
      world.localnet.advanceSlots(2_250);
      const second = await world.adapter.buildTransaction(request);
      expect(second.metadata.blockhash, what).not.toBe(first.metadata.blockhash);
      const [one, other] = [decodePayment(first.serialized), decodePayment(second.serialized)];
      expect({ ...other, blockhash: one.blockhash }, what).toEqual(one);
      expect(second.serialized.length).toBe(first.serialized.length);
      const differing = [...second.serialized.keys()].filter((at) => second.serialized[at] !== first.serialized[at]);
      expect((differing.at(-1) ?? 0) - (differing[0] ?? 0), what).toBeLessThan(32);
      expect(second.estimatedFee, what).toBe(first.estimatedFee);
    }
  });

  test('goes the same way from build to verdict', async () => {
    for (const [, request] of await payments()) await pay(request);
  });
});
