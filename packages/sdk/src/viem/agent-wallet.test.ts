import { CHAINS, networksOf } from '@waiaas/core';
import { createClient, encodeFunctionData, erc20Abi, getAddress, type Hex, parseAbi } from 'viem';
import {
  arbitrum,
  arbitrumSepolia,
  base,
  baseSepolia,
  foundry,
  mainnet,
  polygon,
  polygonAmoy,
  sepolia,
} from 'viem/chains';
import { describe, expect, test } from 'vitest';
import { clientOf, errorOf, PAID } from '../../test/clients.ts';
import { drop, json, refusal, type ScriptedServer, startServer } from '../../test/scripted-server.ts';
import { WAIaaSError } from '../error.ts';
import { type AgentProvider, createAgentProvider } from './agent-provider.ts';
import { createAgentWallet } from './agent-wallet.ts';
import { chainIdOf } from './chain-ids.ts';
import { AgentProviderError } from './provider-error.ts';

const WALLET = getAddress('0x52908400098527886e0f7030069857d2e4169ee7');
const TO = getAddress('0xde709f2102306220921060314715629080e2fb77');
const TOKEN = getAddress('0x27b1fdb04752bbc536007a920d24acb045561c26');
const HASH = `0x${'ab'.repeat(32)}`;
const WHERE = json({ address: WALLET, chain: 'ethereum', network: 'sepolia', encoding: 'hex' });
const SENT = json({ ...PAID, txHash: HASH });
const NO_RETRY = { retry: { maxRetries: 0 } };

const walletOf = (server: ScriptedServer) => createAgentWallet(clientOf(server, NO_RETRY).client, { chain: sepolia });
const providerOf = (server: ScriptedServer): Promise<AgentProvider> =>
  createAgentProvider(clientOf(server, NO_RETRY).client);
const bodies = ({ received }: ScriptedServer): readonly unknown[] =>
  received.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body));

/** What the agent's client said, somewhere inside what viem or the provider threw. */
async function causeOf(call: Promise<unknown>): Promise<WAIaaSError> {
  const thrown: unknown = await call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) if (cause instanceof WAIaaSError) return cause;
  throw new Error('No WAIaaSError was thrown', { cause: thrown });
}

describe('a wallet client of viem whose payments the daemon makes', () => {
  test('pays the native asset; what is said of fees is left to the daemon', async () => {
    await using server = await startServer(WHERE, SENT);
    const wallet = await walletOf(server);
    expect(wallet.account.address).toBe(WALLET);
    expect(await wallet.getAddresses()).toEqual([WALLET]);
    const hash = await wallet.sendTransaction({ to: TO, value: 2n ** 70n, gas: 21_000n, maxFeePerGas: 5n });
    expect(hash).toBe(HASH);
    expect(bodies(server)).toEqual([{ to: TO, amount: (2n ** 70n).toString() }]);
  });

  test('pays a token when its contract is told to transfer', async () => {
    await using server = await startServer(WHERE, SENT);
    const wallet = await walletOf(server);
    await wallet.writeContract({ abi: erc20Abi, address: TOKEN, functionName: 'transfer', args: [TO, 3_000_001n] });
    expect(bodies(server)).toEqual([{ to: TO, amount: '3000001', tokenMint: TOKEN, type: 'TOKEN_TRANSFER' }]);
  });

  test('waits for what is queued, and says when it came to nothing', async () => {
    const queued = { ...PAID, status: 'QUEUED', tier: 'APPROVAL' };
    await using server = await startServer(WHERE, json(queued, 202), json(queued), SENT);
    expect(await (await walletOf(server)).sendTransaction({ to: TO, value: 5n })).toBe(HASH);
    const rejected = json({ ...queued, status: 'CANCELLED', error: 'OWNER_REJECTED' });
    await using rejecting = await startServer(WHERE, json(queued, 202), rejected);
    const paid = (await walletOf(rejecting)).sendTransaction({ to: TO, value: 5n });
    expect(await causeOf(paid)).toMatchObject({ code: 'PAYMENT_ENDED', details: { status: 'CANCELLED' } });
  });

  test('two requests are two payments, and a request is never repeated by itself', async () => {
    await using server = await startServer(WHERE, SENT);
    const wallet = await walletOf(server);
    await wallet.sendTransaction({ to: TO, value: 5n });
    await wallet.sendTransaction({ to: TO, value: 5n });
    const keys = server.received.slice(1).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);

    await using lost = await startServer(WHERE, drop);
    const lonely = await walletOf(lost);
    for (const call of [
      () => lonely.sendTransaction({ to: TO, value: 5n }),
      // Past what viem knows of sending.
      () => lonely.request({ method: 'eth_sendTransaction', params: [{ from: WALLET, to: TO, value: '0x5' }] }),
    ]) {
      const before = lost.received.length;
      const error = await causeOf(call());
      expect([error.code, error.idempotencyKey?.length]).toEqual(['NETWORK_ERROR', 36]);
      expect(lost.received.length).toBe(before + 1);
    }
  });

  test.each([
    ['NETWORK_ERROR', drop, 4900],
    ['INTERNAL_ERROR', refusal(500, 'INTERNAL_ERROR', true), 4900],
    ['SPENDING_LIMIT_EXCEEDED', refusal(403, 'SPENDING_LIMIT_EXCEEDED', false), 4001],
    ['SESSION_REVOKED', refusal(401, 'SESSION_REVOKED', false), 4100],
  ])('%s is told in the codes of EIP-1193, none of which asks to be repeated', async (code, answer, number) => {
    await using server = await startServer(WHERE, answer);
    const provider = await providerOf(server);
    const params = [{ from: WALLET, to: TO, value: '0x5' }];
    const error: unknown = await provider.request({ method: 'eth_sendTransaction', params }).catch((e: unknown) => e);
    if (!(error instanceof AgentProviderError)) throw new Error('That is no error of a provider', { cause: error });
    expect([error.code, error.data]).toEqual([number, expect.objectContaining({ code })]);
    // As viem retries by default.
    const client = createClient({ transport: () => ({ config: {} as never, request: provider.request as never }) });
    const before = server.received.length;
    await expect(client.request({ method: 'eth_sendTransaction' as never, params: params as never })).rejects.toThrow();
    expect(server.received.length).toBe(before + 1);
  });

  test('is not made for a wallet of another chain, or with another chain than the wallet is on', async () => {
    await using solana = await startServer(json({ address: 'x', chain: 'solana', network: 'devnet' }));
    expect(await errorOf(walletOf(solana))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await using unknown = await startServer(json({ address: WALLET, chain: 'ethereum', network: 'of-later' }));
    expect(await errorOf(walletOf(unknown))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await using server = await startServer(WHERE);
    const elsewhere = createAgentWallet(clientOf(server).client, { chain: mainnet });
    expect(await errorOf(elsewhere)).toMatchObject({ code: 'INVALID_ARGUMENT', message: /chain 11155111, not on 1$/ });
    const wallet = await walletOf(server);
    await expect(wallet.switchChain({ id: 1 })).rejects.toThrow(/chain 11155111 and on no other/);
    await wallet.switchChain({ id: sepolia.id });
    await expect(wallet.sendTransaction({ to: TO, value: 5n, chain: mainnet })).rejects.toThrow(/does not match/);
  });

  test('knows the chain id of every network there is', () => {
    const networks = CHAINS.filter((chain) => chain !== 'solana').flatMap((chain) =>
      networksOf(chain).map((network) => [chain, network, chainIdOf(chain, network)]),
    );
    const theirs = {
      ethereum: [mainnet, sepolia, foundry],
      polygon: [polygon, polygonAmoy],
      arbitrum: [arbitrum, arbitrumSepolia],
      base: [base, baseSepolia],
    };
    expect(networks.map(([, , id]) => id)).toEqual(
      Object.values(theirs).flatMap((chains) => chains.map(({ id }) => id)),
    );
    expect(chainIdOf('solana', 'devnet')).toBeUndefined();
  });
});

describe('what is no payment is refused by name, and nothing is sent', () => {
  const transfer = (to: Hex, amount: bigint): Hex =>
    encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
  const approve = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [TO, 1n] });
  const GOOD = { from: WALLET, to: TO, value: '0x5' };
  test.each([
    ['nothing at all', null, /there is none/],
    ['another wallet’s money', { ...GOOD, from: TO }, new RegExp(`takes from ${TO}`)],
    ['nobody’s money', { to: TO, value: '0x5' }, /takes from undefined/],
    ['another chain', { ...GOOD, chainId: '0x1' }, /for chain 0x1, and the agent's wallet is on chain 11155111/],
    ['a contract to be made', { from: WALLET, data: '0x6001' }, /creates a contract/],
    ['a recipient that is none', { ...GOOD, to: 'vitalik.eth' }, /recipient is no address/],
    ['a payment of nothing', { from: WALLET, to: TO }, /transfers nothing/],
    ['a token payment of nothing', { from: WALLET, to: TOKEN, data: transfer(TO, 0n) }, /transfers nothing/],
    ['a call of a contract', { from: WALLET, to: TOKEN, data: approve }, /calls 0x095ea7b3 of the contract/],
    ['a call together with money', { ...GOOD, to: TOKEN, data: transfer(TO, 1n) }, /at once/],
    ['a transfer with more behind it', { from: WALLET, to: TOKEN, data: `${transfer(TO, 1n)}00` }, /other arguments/],
    [
      'a recipient with dirt before it',
      { from: WALLET, to: TOKEN, data: transfer(TO, 1n).replace('0xa9059cbb00', '0xa9059cbb01') },
      /other arguments/,
    ],
    ['data that is none', { ...GOOD, data: 'hello' }, /data cannot be read/],
    ['two different data', { ...GOOD, data: '0x', input: approve }, /data and its input differ/],
    ['a nonce', { ...GOOD, nonce: '0x7' }, /has a nonce/],
    ['an access list', { ...GOOD, accessList: [{ address: TO, storageKeys: [] }] }, /has accessList/],
    ['a delegation of the account', { ...GOOD, authorizationList: [{}] }, /has authorizationList/],
    ['blobs', { ...GOOD, blobs: ['0x'] }, /has blobs/],
    ['a type that is not known', { ...GOOD, type: '0x4' }, /of type 0x4/],
    ['an amount that is a number', { ...GOOD, value: 5 }, /value is not a hexadecimal quantity/],
    ['an amount beyond what a word holds', { ...GOOD, value: `0x1${'0'.repeat(64)}` }, /hexadecimal quantity/],
  ])('%s', async (_name, request, reason) => {
    await using server = await startServer(WHERE, SENT);
    const provider = await providerOf(server);
    for (const method of ['eth_sendTransaction', 'wallet_sendTransaction']) {
      const error = await causeOf(provider.request({ method, params: [request] }));
      expect(error.code).toBe('NOT_A_PAYMENT');
      expect(error.message).toMatch(reason);
    }
    expect(bodies(server)).toEqual([]);
  });

  test('signatures, of any kind', async () => {
    await using server = await startServer(WHERE, SENT);
    const wallet = await walletOf(server);
    const permit = { owner: [{ name: 'value', type: 'uint256' }] };
    for (const call of [
      () => wallet.signMessage({ message: 'x' }),
      () => wallet.signTypedData({ domain: {}, types: permit, primaryType: 'owner', message: { value: 1n } }),
      () => wallet.request({ method: 'eth_sign' as never, params: [WALLET, '0x'] as never }),
      () => wallet.request({ method: 'eth_signTransaction' as never, params: [GOOD] as never }),
      () => wallet.sendRawTransaction({ serializedTransaction: '0x02' }),
      () => wallet.request({ method: 'wallet_sendCalls' as never, params: [{}] as never }),
    ]) {
      expect(await causeOf(call())).toMatchObject({ code: 'METHOD_NOT_SUPPORTED' });
    }
    expect(server.received.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('an attachment to a token’s call', async () => {
    await using server = await startServer(WHERE, SENT);
    const wallet = await walletOf(server);
    const abi = parseAbi(['function transfer(address, uint256)', 'function burn(uint256)']);
    const at = { abi, address: TOKEN } as const;
    const marked = wallet.writeContract({ ...at, functionName: 'transfer', args: [TO, 1n], dataSuffix: '0xdeadbeef' });
    expect(await causeOf(marked)).toMatchObject({ code: 'NOT_A_PAYMENT' });
    expect(await causeOf(wallet.writeContract({ ...at, functionName: 'burn', args: [1n] }))).toMatchObject({
      code: 'NOT_A_PAYMENT',
    });
  });
});

test('reading goes to the node that was given, what wallets do never', async () => {
  const asked: string[] = [];
  await using server = await startServer(WHERE);
  const provider = await createAgentProvider(clientOf(server).client, {
    node: {
      request: async ({ method }) => {
        asked.push(method);
        return '0x1';
      },
    },
  });
  expect(await provider.request({ method: 'eth_blockNumber' })).toBe('0x1');
  expect(await provider.request({ method: 'eth_accounts' })).toEqual([WALLET]);
  expect(await provider.request({ method: 'eth_chainId' })).toBe('0xaa36a7');
  for (const method of ['eth_sign', 'personal_sign', 'eth_signTypedData_v4', 'eth_sendRawTransaction', 'eth_coinbase'])
    await expect(provider.request({ method })).rejects.toMatchObject({ code: 4200 });
  expect(asked).toEqual(['eth_blockNumber']);
  await expect((await providerOf(server)).request({ method: 'eth_blockNumber' })).rejects.toThrow(/none was given/);
});
