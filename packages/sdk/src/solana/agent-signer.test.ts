import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstructions,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  generateKeyPairSigner,
  getBase58Encoder,
  type Instruction,
  isTransactionSendingSigner,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signAndSendTransactionMessageWithSigners,
  type TransactionSendingSigner,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import { describe, expect, test } from 'vitest';
import { clientOf, errorOf, PAID, RECIPIENT } from '../../test/clients.ts';
import { type Answer, json, refusal, type ScriptedServer, startServer } from '../../test/scripted-server.ts';
import { createAgentSigner } from './agent-signer.ts';

const WALLET = address('7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsV');
const TO = address('So11111111111111111111111111111111111111112');
const HASH = '5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW';
const MEMO = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
const COMPUTE_BUDGET = address('ComputeBudget111111111111111111111111111111');
const SYSTEM = address('11111111111111111111111111111111');
const WHERE = json({ address: WALLET, chain: 'solana', network: 'localnet', encoding: 'base58' });
const SENT = json({ ...PAID, txHash: HASH });

const blockhashOf = (text: string) =>
  ({ blockhash: text, lastValidBlockHeight: 1n }) as Parameters<typeof setTransactionMessageLifetimeUsingBlockhash>[0];
const BLOCKHASH = blockhashOf('4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi');

const pay = (amount: bigint, source: Address = WALLET): Instruction =>
  getTransferSolInstruction({ source: createNoopSigner(source), destination: TO, amount });
const memo = (text: string | Uint8Array, signer?: Address): Instruction => ({
  programAddress: MEMO,
  data: typeof text === 'string' ? new TextEncoder().encode(text) : text,
  accounts: signer === undefined ? [] : [{ address: signer, role: AccountRole.READONLY_SIGNER }],
});

/** A compiled transaction of these instructions. */
const transactionOf = (instructions: readonly Instruction[], payer: Address = WALLET, version: 0 | 'legacy' = 0) =>
  compileTransaction(
    pipe(
      createTransactionMessage({ version }),
      (message) => setTransactionMessageFeePayer(payer, message),
      (message) => setTransactionMessageLifetimeUsingBlockhash(BLOCKHASH, message),
      (message) => appendTransactionMessageInstructions(instructions, message),
    ),
  );

async function signerOf(server: ScriptedServer): Promise<TransactionSendingSigner> {
  return createAgentSigner(clientOf(server).client);
}
const bodies = ({ received }: ScriptedServer): readonly unknown[] =>
  received.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body));

describe('a signer of @solana/kit whose payments the daemon makes', () => {
  test('is one that kit takes, and pays what kit’s own helpers put together', async () => {
    await using server = await startServer(WHERE, SENT);
    const signer = await signerOf(server);
    expect(isTransactionSendingSigner(signer)).toBe(true);
    const signature = await signAndSendTransactionMessageWithSigners(
      pipe(
        createTransactionMessage({ version: 0 }),
        (message) => setTransactionMessageFeePayerSigner(signer, message),
        (message) => setTransactionMessageLifetimeUsingBlockhash(BLOCKHASH, message),
        (message) =>
          appendTransactionMessageInstructions(
            [getTransferSolInstruction({ source: signer, destination: TO, amount: 5n }), memo('for tea')],
            message,
          ),
      ),
    );
    expect(signature).toEqual(getBase58Encoder().encode(HASH));
    expect(bodies(server)).toEqual([{ to: TO, amount: '5', memo: 'for tea' }]);
  });

  test.each([
    ['legacy', transactionOf([pay(1n)], WALLET, 'legacy'), { to: TO, amount: '1' }],
    ['largest', transactionOf([pay(2n ** 64n - 1n)]), { to: TO, amount: '18446744073709551615' }],
    [
      'with a fee of its own and a memo before it',
      transactionOf([
        { programAddress: COMPUTE_BUDGET, data: Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, 0) },
        memo('차 값', WALLET),
        pay(7n),
      ]),
      { to: TO, amount: '7', memo: '차 값' },
    ],
  ])('%s', async (_name, transaction, body) => {
    await using server = await startServer(WHERE, SENT);
    await (await signerOf(server)).signAndSendTransactions([transaction]);
    expect(bodies(server)).toEqual([body]);
  });

  test('the same transaction again is the same payment; another is another', async () => {
    await using server = await startServer(WHERE, SENT);
    const signer = await signerOf(server);
    const transaction = transactionOf([pay(5n)]);
    await signer.signAndSendTransactions([transaction]);
    await signer.signAndSendTransactions([transaction, transactionOf([pay(5n), memo('2')])]);
    const keys = server.received.slice(1).map(({ headers }) => headers['idempotency-key']);
    expect([keys[1], new Set(keys).size]).toEqual([keys[0], 2]);
  });

  test('waits for what is queued, and answers the signature it was paid with', async () => {
    const queued = { ...PAID, status: 'QUEUED', tier: 'APPROVAL' };
    await using server = await startServer(WHERE, json(queued, 202), json(queued), SENT);
    const [signature] = await (await signerOf(server)).signAndSendTransactions([transactionOf([pay(5n)])]);
    expect(signature).toEqual(getBase58Encoder().encode(HASH));
  });

  test('what is rejected or refused is no signature', async () => {
    const queued = { ...PAID, status: 'QUEUED', tier: 'APPROVAL' };
    await using rejecting = await startServer(
      WHERE,
      json(queued, 202),
      json({ ...queued, status: 'CANCELLED', error: 'OWNER_REJECTED' }),
    );
    const rejected = (await signerOf(rejecting)).signAndSendTransactions([transactionOf([pay(5n)])]);
    expect(await errorOf(rejected)).toMatchObject({
      code: 'PAYMENT_ENDED',
      details: { transactionId: PAID.transactionId, status: 'CANCELLED', error: 'OWNER_REJECTED' },
    });
    await using refusing = await startServer(WHERE, refusal(403, 'SPENDING_LIMIT_EXCEEDED', false));
    const refused = (await signerOf(refusing)).signAndSendTransactions([transactionOf([pay(5n)])]);
    expect(await errorOf(refused)).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
  });

  test('ends when its caller gives up', async () => {
    const queued: Answer = json({ ...PAID, status: 'QUEUED', tier: 'APPROVAL' }, 202);
    await using server = await startServer(WHERE, queued);
    const signer = await signerOf(server);
    const controller = new AbortController();
    const paid = signer.signAndSendTransactions([transactionOf([pay(5n)])], { abortSignal: controller.signal });
    await expect.poll(() => server.received.length).toBeGreaterThan(2);
    controller.abort();
    expect(await errorOf(paid.then())).toMatchObject({ code: 'ABORTED' });
  });

  test('is not made for a wallet of another chain', async () => {
    await using server = await startServer(json({ address: '0x0', chain: 'ethereum', network: 'sepolia' }));
    expect(await errorOf(signerOf(server))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('what is no payment is refused by name, and nothing is sent', () => {
  const stranger = address(RECIPIENT);
  const system = (data: Uint8Array, ...accounts: Address[]): Instruction => ({
    programAddress: SYSTEM,
    data,
    accounts: accounts.map((account) => ({ address: account, role: AccountRole.WRITABLE })),
  });
  test.each([
    ['nothing', transactionOf([]), /no instruction of it pays/],
    ['a memo alone', transactionOf([memo('x')]), /no instruction of it pays/],
    ['two payments', transactionOf([pay(1n), pay(2n)]), /instruction 2 comes after the payment/],
    ['two memos', transactionOf([pay(1n), memo('a'), memo('b')]), /instruction 3 is a second memo/],
    ['a payment of nothing', transactionOf([pay(0n)]), /instruction 1 transfers nothing/],
    ['another wallet’s money', transactionOf([pay(1n, stranger)]), new RegExp(`instruction 1 takes from ${stranger}`)],
    ['a fee that another wallet pays', transactionOf([pay(1n)], stranger), new RegExp(`${stranger} pays its fee`)],
    ['a memo that another wallet signs', transactionOf([pay(1n), memo('x', stranger)]), /signed by/],
    ['a memo that is no text', transactionOf([pay(1n), memo(Uint8Array.of(0xff))]), /not UTF-8/],
    [
      'a call of a program',
      transactionOf([pay(1n), { programAddress: stranger, data: Uint8Array.of(1) }]),
      /instruction 2 comes after the payment/,
    ],
    [
      'a call of a program alone',
      transactionOf([{ programAddress: stranger, data: Uint8Array.of(1) }]),
      new RegExp(`calls the program ${stranger}`),
    ],
    [
      'another instruction of the system program',
      transactionOf([system(Uint8Array.of(1, 0, 0, 0, ...new Uint8Array(32)), WALLET)]),
      /instruction 1 is instruction 1 of the system program/,
    ],
    [
      'a durable nonce',
      transactionOf([system(Uint8Array.of(4, 0, 0, 0), stranger, stranger, WALLET), pay(1n)]),
      /instruction 4 of the system program/,
    ],
    [
      'a transfer with more to it',
      transactionOf([{ ...pay(1n), data: Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9) }]),
      /not a transfer/,
    ],
    [
      'a message that cannot be read',
      { ...transactionOf([pay(1n)]), messageBytes: new Uint8Array(3) },
      /cannot be read/,
    ],
  ])('%s', async (_name, transaction, reason) => {
    await using server = await startServer(WHERE, SENT);
    const signer = await signerOf(server);
    const good = transactionOf([pay(9n)]);
    const error = await errorOf(signer.signAndSendTransactions([good, Object.assign({}, good, transaction)]).then());
    expect(error.code).toBe('NOT_A_PAYMENT');
    expect(error.message).toMatch(reason);
    // Not even the good one before it.
    expect(bodies(server)).toEqual([]);
  });
});

test('kit’s own signers are left as they are', async () => {
  expect(isTransactionSendingSigner(await generateKeyPairSigner())).toBe(false);
});
