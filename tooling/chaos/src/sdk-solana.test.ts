import {
  appendTransactionMessageInstruction,
  createSolanaRpc,
  createTransactionMessage,
  generateKeyPairSigner,
  getBase58Decoder,
  type Instruction,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signAndSendTransactionMessageWithSigners,
  type TransactionSendingSigner,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import { WAIaaSOperatorClient, WAIaaSOwnerClient } from '@waiaas/sdk';
import { createAgentSigner } from '@waiaas/sdk/solana';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, PASSWORD, setLimits } from './harness.ts';
import { balanceOf } from './ledger-truth.ts';

/* A program written for a wallet of @solana/kit, whose wallet is an agent's: the real daemon pays. */

let harness: Harness;
let daemon: DaemonProcess;
let signer: TransactionSendingSigner;
let operator: WAIaaSOperatorClient;

beforeAll(async () => {
  harness = await createHarness(100);
  daemon = await harness.start(await harness.createDataDir());
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  signer = await createAgentSigner(daemon.client(payer.token));
  operator = new WAIaaSOperatorClient({ baseUrl: daemon.url });
  await operator.signIn(PASSWORD);
}, 120_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
});

/** As the documentation of kit has it; nothing in it knows of the daemon. */
async function sendTransaction(instruction: Instruction): Promise<string> {
  const { value: blockhash } = await createSolanaRpc(harness.ledger.rpcUrl).getLatestBlockhash().send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (tx) => setTransactionMessageFeePayerSigner(signer, tx),
    (tx) => setTransactionMessageLifetimeUsingBlockhash(blockhash, tx),
    (tx) => appendTransactionMessageInstruction(instruction, tx),
  );
  return getBase58Decoder().decode(await signAndSendTransactionMessageWithSigners(message));
}

test('pays, and the signature is that of the transaction on the ledger', async () => {
  const destination = (await generateKeyPairSigner()).address;
  const signature = await sendTransaction(
    getTransferSolInstruction({ source: signer, destination, amount: 5_000_000n }),
  );
  expect(await balanceOf(harness.ledger, destination)).toBe(5_000_000n);
  expect(JSON.stringify(await daemon.operate('GET', '/v1/owner/decisions/replay'))).toContain('"same":1');
  expect(signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{86,88}$/);
}, 60_000);

test('waits for the owner, and answers once they have approved', async () => {
  const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await generateKeyPairSigner() });
  await owner.connect(PASSWORD);
  const destination = (await generateKeyPairSigner()).address;
  const paid = sendTransaction(getTransferSolInstruction({ source: signer, destination, amount: 4_000_000_000n }));
  const waiting = () => operator.listPendingApprovals();
  await expect.poll(async () => (await waiting()).transactions.length, { timeout: 20_000 }).toBe(1);
  const [payment] = (await waiting()).transactions;
  if (payment === undefined) throw new Error('Nothing waits');
  await owner.approveTransaction(payment);
  expect(await paid).toMatch(/^[1-9A-HJ-NP-Za-km-z]{86,88}$/);
  expect(await balanceOf(harness.ledger, destination)).toBe(4_000_000_000n);
}, 60_000);

test('signs nothing but payments', async () => {
  const { address: programAddress } = await generateKeyPairSigner();
  await expect(sendTransaction({ programAddress, data: Uint8Array.of(1) })).rejects.toMatchObject({
    code: 'NOT_A_PAYMENT',
  });
}, 60_000);
