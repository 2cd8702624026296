import { type Anvil, startAnvil } from '@waiaas/anvil';
import { WAIaaSError, WAIaaSOwnerClient } from '@waiaas/sdk';
import { createAgentWallet } from '@waiaas/sdk/viem';
import { type Address, type BaseError, createPublicClient, erc20Abi, getAddress, http, parseEther } from 'viem';
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createSession, type DaemonProcess, type Harness, PASSWORD } from './harness.ts';

/* A program written for a wallet of viem, whose wallet is an agent's: the real daemon pays on a real node. */

let harness: Harness;
let anvil: Anvil;
let daemon: DaemonProcess;
let wallet: Awaited<ReturnType<typeof createAgentWallet<typeof foundry>>>;

const stranger = (): Address => privateKeyToAddress(generatePrivateKey());
const causeOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: BaseError) => error.walk((cause) => cause instanceof WAIaaSError),
  );

beforeAll(async () => {
  [harness, anvil] = await Promise.all([createHarness(100), startAnvil()]);
  daemon = await harness.start(await harness.createDataDir(`[rpc.ethereum]\nlocalnet = "${anvil.url}"`));
  const created = await daemon.operate('POST', '/v1/agents', { name: 'payer', chain: 'ethereum', network: 'localnet' });
  const agent = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
  await anvil.fund(agent.publicKey, parseEther('1000'));
  const { token } = await createSession(daemon, agent.id);
  wallet = await createAgentWallet(daemon.client(token), { chain: foundry, transport: http(anvil.url) });
}, 120_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
  await anvil.stop();
});

/** As the documentation of viem has it; nothing in it knows of the daemon. */
async function pay(from: typeof wallet, to: Address) {
  const hash = await from.sendTransaction({ to, value: parseEther('0.05') });
  const node = createPublicClient({ chain: foundry, transport: http(anvil.url) });
  return node.waitForTransactionReceipt({ hash });
}

test('pays, and the hash is that of the transaction on the chain', async () => {
  const to = stranger();
  const receipt = await pay(wallet, to);
  expect(receipt).toMatchObject({
    status: 'success',
    to: to.toLowerCase(),
    from: wallet.account.address.toLowerCase(),
  });
  expect(await anvil.balance(to)).toBe(parseEther('0.05'));
  expect(await wallet.request({ method: 'eth_blockNumber' as never })).toMatch(/^0x/);
}, 60_000);

test('pays tokens once the owner has approved: a token without limits waits for them', async () => {
  const token = getAddress(
    await anvil.deploy('Token', { symbol: 'USDX', holder: wallet.account.address, supply: 10_000_000n }),
  );
  const account = privateKeyToAccount(generatePrivateKey());
  const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: account });
  await owner.connect(PASSWORD);
  const to = stranger();
  const paid = wallet.writeContract({
    abi: erc20Abi,
    address: token,
    functionName: 'transfer',
    args: [to, 3_000_001n],
  });
  const waiting = async () => (await owner.listPendingApprovals()).transactions;
  await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBe(1);
  const [payment] = await waiting();
  if (payment === undefined) throw new Error('Nothing waits');
  await owner.approveTransaction(payment);
  expect(await paid).toMatch(/^0x[0-9a-f]{64}$/);
  expect(await anvil.tokenBalance(token, to)).toBe(3_000_001n);
}, 60_000);

test('signs nothing, and calls no contract', async () => {
  const token = stranger();
  const approval = wallet.writeContract({ abi: erc20Abi, address: token, functionName: 'approve', args: [token, 1n] });
  expect(await causeOf(approval)).toMatchObject({ code: 'NOT_A_PAYMENT' });
  expect(await causeOf(wallet.signMessage({ message: 'I owe you' }))).toMatchObject({ code: 'METHOD_NOT_SUPPORTED' });
}, 60_000);
