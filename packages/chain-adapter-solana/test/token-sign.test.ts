import { address, blockhash } from '@solana/kit';
import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { associatedAccount } from '../src/associated-account.ts';
import { BASE_FEE, priorityFee } from '../src/fee.ts';
import { compilePayment, type PaymentMessage } from '../src/payment-message.ts';
import type { TokenRoute } from '../src/token-route.ts';
import { openTreasury, type TestToken, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './tokens.ts';
import { createWallet, createWorld, type Wallet, type World } from './world.ts';

let world: World;
let from: Wallet;
let to: Wallet;
let thief: Wallet;
let token: TestToken;
let other: TestToken;
let request: TransferRequest;
let built: UnsignedTransaction;
let route: TokenRoute;
let message: PaymentMessage;
let asked: number;

beforeAll(async () => {
  world = await createWorld();
  world.localnet.faults.add({ type: 'priorityFee', microLamports: 5_000n });
  const treasury = await openTreasury(world.localnet);
  [from, to, thief] = [await world.funded(), await createWallet(), await world.funded()];
  token = await treasury.createToken();
  other = await treasury.createToken({ program: TOKEN_2022_PROGRAM });
  await token.mint(from.address, 1_000_000n);
  await token.mint(thief.address, 1n);
  await other.mint(from.address, 1_000_000n);
});
afterAll(() => world.close());

beforeEach(async () => {
  asked = 0;
  request = { from: from.address, to: to.address, amount: 5_000n, memo: 'invoice 12', token: token.info };
  built = await world.adapter.buildTransaction(request);
  route = {
    program: TOKEN_PROGRAM,
    mint: address(token.info.address),
    decimals: token.info.decimals,
    source: await token.accountOf(from.address),
    destination: await token.accountOf(to.address),
    createsDestination: true,
  };
  message = {
    from: from.address,
    to: to.address,
    amount: 5_000n,
    memo: 'invoice 12',
    route,
    blockhash: { blockhash: blockhash(String(built.metadata.blockhash)), lastValidBlockHeight: 0n, expiresAt: 0 },
    unitLimit: Number(built.metadata.computeUnitLimit),
    unitPrice: BigInt(built.metadata.computeUnitPrice ?? 0),
  };
});

const sign = (transaction: UnsignedTransaction) =>
  world.adapter.signTransaction(transaction, (bytes) => {
    asked += 1;
    return from.sign(bytes);
  });

const withRoute = (parts: Partial<TokenRoute>): Uint8Array =>
  compilePayment({ ...message, route: { ...route, ...parts } });

async function refused(transaction: UnsignedTransaction, mismatch: string): Promise<void> {
  await expect(sign(transaction)).rejects.toMatchObject({
    code: 'SIGN_FAILED',
    mayHaveLanded: false,
    retryable: false,
    details: { mismatch },
  });
  expect(asked).toBe(0);
}

describe('what is signed is the token payment that was approved', () => {
  test('the untouched bytes are those of the request, and they are signed', async () => {
    expect(compilePayment(message)).toEqual(built.serialized);
    await expect(sign(built)).resolves.toBeDefined();
    expect(asked).toBe(1);
  });

  test('another mint is another asset', async () => {
    await refused({ ...built, serialized: withRoute({ mint: address(other.info.address) }) }, 'asset');
  });

  test('another program would run something else', async () => {
    await refused({ ...built, serialized: withRoute({ program: TOKEN_2022_PROGRAM }) }, 'tokenProgram');
  });

  test('other decimals', async () => {
    await refused({ ...built, serialized: withRoute({ decimals: 7 }) }, 'decimals');
  });

  test('another source', async () => {
    const source = await other.accountOf(from.address);
    await refused({ ...built, serialized: withRoute({ source }) }, 'source');
  });

  test('the account of a thief', async () => {
    const destination = await token.accountOf(thief.address);
    await refused({ ...built, serialized: withRoute({ destination }) }, 'destination');
    await refused({ ...built, serialized: withRoute({ destination, createsDestination: false }) }, 'destination');
  });

  test('the recipient’s account of another mint, or under the other program', async () => {
    for (const destination of [
      await other.accountOf(to.address),
      await associatedAccount(to.address, route.mint, TOKEN_2022_PROGRAM),
    ]) {
      await refused({ ...built, serialized: withRoute({ destination }) }, 'destination');
    }
  });

  test('another amount', async () => {
    await refused({ ...built, serialized: compilePayment({ ...message, amount: 5_001n }) }, 'amount');
  });

  test('an account created for somebody else, or paid for without having been announced', async () => {
    await refused({ ...built, serialized: compilePayment({ ...message, to: thief.address }) }, 'creation');
    const metadata = { ...built.metadata, accountRent: 0n };
    await refused({ ...built, metadata }, 'creation');
    await refused({ ...built, serialized: withRoute({ createsDestination: false }) }, 'creation');
  });

  test('rent and fee that together exceed the estimate', async () => {
    await refused({ ...built, estimatedFee: built.estimatedFee - 1n }, 'fee');
    const bid = priorityFee(message.unitLimit, message.unitPrice);
    await refused({ ...built, estimatedFee: BASE_FEE + bid }, 'fee');
    const metadata = { ...built.metadata, accountRent: 10n ** 9n };
    await refused({ ...built, metadata }, 'fee');
  });

  test('the same bytes under a request for the native asset, and a native payment under this one', async () => {
    const { token: _, ...native } = request;
    await refused({ ...built, request: native }, 'asset');
    const { route: __, ...plain } = message;
    await refused({ ...built, serialized: compilePayment(plain) }, 'asset');
  });

  test('a request for another token, recipient or amount under the same bytes', async () => {
    await refused({ ...built, request: { ...request, token: other.info } }, 'asset');
    await refused({ ...built, request: { ...request, token: { ...token.info, decimals: 2 } } }, 'decimals');
    await refused({ ...built, request: { ...request, to: thief.address } }, 'destination');
    await refused({ ...built, request: { ...request, amount: 4_999n } }, 'amount');
    await refused({ ...built, request: { ...request, memo: 'x' } }, 'memo');
  });

  test('flipped bits, one after another', async () => {
    // A different place in each byte, and two in many.
    for (let bit = 0; bit < built.serialized.length * 8; bit += 5) {
      const serialized = Uint8Array.from(built.serialized);
      serialized[bit >> 3] = (serialized[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const outcome = await sign({ ...built, serialized }).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) throw new Error(`bit ${bit} was signed`);
    }
    expect(asked).toBe(0);
  });

  test('bytes that are missing, added, doubled or swapped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(built.serialized.length - 1),
        fc.nat(built.serialized.length - 1),
        fc.constantFrom('drop', 'insert', 'append', 'swap'),
        async (place, second, how) => {
          const bytes = [...built.serialized];
          const [one = 0, two = 0] = [bytes[place], bytes[second]];
          if (how === 'drop') bytes.splice(place, 1);
          else if (how === 'insert') bytes.splice(place, 0, two);
          else if (how === 'append') bytes.push(one);
          else [bytes[place], bytes[second]] = [two, one];
          fc.pre(!(how === 'swap' && one === two));
          await expect(sign({ ...built, serialized: Uint8Array.from(bytes) })).rejects.toMatchObject({
            code: 'SIGN_FAILED',
          });
        },
      ),
      { numRuns: 200 },
    );
    expect(asked).toBe(0);
  });
});
