import { setTimeout as wait } from 'node:timers/promises';
import { address, generateKeyPairSigner } from '@solana/kit';
import { startAnvil, startFlakyProxy } from '@waiaas/anvil';
import { type RecallResponse, recallListResponseSchema, recallResponseSchema } from '@waiaas/core';
import { isHex, parseTransaction } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHarness,
  createPayer,
  createSession,
  type DaemonProcess,
  type Harness,
  PASSWORD,
  type Payer,
  setLimits,
} from './harness.ts';
import { issueToken, TOKEN_PROGRAMS, wrapSol } from './ledger-token.ts';
import { type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet, type OwnerWallet } from './owner-wallet.ts';
import { accountOf, createMint, giveTokens, lamportsOf, tokensOf } from './solana-tokens.ts';

/*
 * The owner takes the money back from the real daemon, over HTTP, on real ledgers (08 §2.5): with tokens, with a stolen
 * signature, twice at once, and with SIGKILL in the middle.
 */

const SOL = 1_000_000_000n;
const TOKENS = 1_234_567n;
/** What one more token needs: an account for the owner and a signature. */
const GAS_FOR_LATER = 2_044_280n;
const WRAPPED_SOL = 'So11111111111111111111111111111111111111112';

let harness: Harness;
let wallet: OwnerWallet;
let owned: OwnedDaemon;
let payer: Payer;

beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

async function open(extra?: string): Promise<void> {
  wallet = createOwnerWallet('solana');
  owned = await startOwnedDaemon(harness, wallet);
  payer = await createPayer(harness, owned.daemon);
  if (extra !== undefined) await setLimits(owned.daemon, { token_limits: { [extra]: LIMITS } } as never);
  expect(await owned.connect()).toMatchObject({ status: 201 });
}
afterEach(async () => void (await owned.daemon.stop()));

const LIMITS = { instant_max: '10', notify_max: '20', delay_max: '30' };
const recallOf = (agent = payer.agentId, destination = wallet.address) => ({
  method: 'POST',
  path: `/v1/owner/agents/${agent}/recall`,
  body: { destination },
});

/** Reads with an operator token: the password would cost a key derivation at every look. */
async function reader(daemon: DaemonProcess): Promise<(path: string) => Promise<unknown>> {
  const { body } = await daemon.operate('POST', '/v1/admin/login');
  const { token } = z.object({ token: z.string() }).parse(body);
  return async (path) =>
    (await fetch(`${daemon.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
}

/** The newest recall of an agent, once it has ended. */
async function ended(daemon: DaemonProcess, agentId = payer.agentId): Promise<RecallResponse> {
  const read = await reader(daemon);
  for (;;) {
    const [newest] = recallListResponseSchema.parse(await read(`/v1/owner/agents/${agentId}/recalls`)).recalls;
    if (newest !== undefined && newest.status !== 'PENDING' && newest.status !== 'EXECUTING') return newest;
    await wait(100);
  }
}

/** On a ledger whose blockhashes die after three seconds, a busy machine may need another try. */
const landed = ({ transactions }: RecallResponse) => transactions.filter(({ status }) => status === 'CONFIRMED');

describe('a recall', () => {
  test('brings SOL, wrapped SOL and tokens of both programs to the owner; what is frozen stays, named, until it is not', async () => {
    const mint = (await generateKeyPairSigner()).address;
    createMint(harness.ledger, mint);
    await open(mint);
    await giveTokens(harness.ledger, mint, payer.address, TOKENS);
    const [frozen, modern] = [
      await issueToken(harness.ledger, TOKEN_PROGRAMS.SPL, payer.address, TOKENS),
      await issueToken(harness.ledger, TOKEN_PROGRAMS['Token-2022'], payer.address, TOKENS),
    ];
    frozen.freeze(true);
    const wrapped = await wrapSol(harness.ledger, payer.address, 7n * SOL);
    const request = { ...recallOf(), body: { destination: wallet.address, includeUnlisted: true } };
    const everything =
      (await lamportsOf(harness.ledger, payer.address)) +
      (await lamportsOf(harness.ledger, await accountOf(mint, payer.address))) +
      (await lamportsOf(harness.ledger, await frozen.accountOf(payer.address))) +
      (await lamportsOf(harness.ledger, await modern.accountOf(payer.address))) +
      wrapped;

    const begun = await owned.signed('recall', request);
    expect(begun).toMatchObject({ status: 202, body: { status: 'PENDING', destination: wallet.address } });
    const first = await ended(owned.daemon);
    expect(first).toMatchObject({
      ...{ status: 'PARTIAL', requestedBy: `owner:${wallet.address}` },
      left: [
        { tokenMint: frozen.mint, reason: 'FROZEN', balance: `${TOKENS}` },
        { asset: 'solana:native', reason: 'KEPT_FOR_GAS', balance: `${GAS_FOR_LATER}` },
      ],
    });
    expect(landed(first).at(-1)?.asset).toBe('solana:native');
    expect(new Set(landed(first).map(({ tokenMint }) => tokenMint))).toEqual(
      new Set([mint, modern.mint, WRAPPED_SOL, undefined]),
    );
    expect(await lamportsOf(harness.ledger, payer.address)).toBe(GAS_FOR_LATER);
    expect(await tokensOf(harness.ledger, mint, payer.address)).toBeNull();
    expect(await tokensOf(harness.ledger, mint, wallet.address)).toBe(TOKENS);
    const { body } = await owned.daemon.operate('GET', '/v1/agents');
    expect(body).toMatchObject({ agents: [{ status: 'SUSPENDED' }] });

    // What was kept is exactly enough once it can be moved.
    frozen.freeze(false);
    expect(await owned.signed('recall', request)).toMatchObject({ status: 202 });
    const second = await ended(owned.daemon);
    expect(second).toMatchObject({ status: 'COMPLETED', left: [] });
    expect(await lamportsOf(harness.ledger, payer.address)).toBe(0n);
    // All but the signatures, and the rent of the owner's new accounts, which are the owner's too.
    const accounts = [
      await accountOf(mint, wallet.address),
      await frozen.accountOf(wallet.address),
      await modern.accountOf(wallet.address),
      wallet.address,
    ];
    let atOwner = 0n;
    for (const account of accounts) atOwner += await lamportsOf(harness.ledger, account);
    expect(atOwner).toBe(everything - BigInt(landed(first).length + landed(second).length) * 5_000n);
    // Nothing is left for a third one to do.
    expect(await owned.signed('recall', request)).toMatchObject({ status: 202 });
    expect(await ended(owned.daemon)).toMatchObject({ status: 'COMPLETED', transactions: [], left: [] });
  }, 60_000);

  test('stops for the kill switch: nothing more is signed, it says what it has moved, and is asked for again', async () => {
    const mint = (await generateKeyPairSigner()).address;
    createMint(harness.ledger, mint);
    await open(mint);
    const switchOff = { method: 'POST', path: '/v1/owner/kill-switch', body: { reason: 'drill' } };
    const recovery = { method: 'POST', path: '/v1/owner/recover' };
    const newestOf = async (): Promise<RecallResponse | undefined> =>
      recallListResponseSchema.parse(
        (await owned.daemon.operate('GET', `/v1/owner/agents/${payer.agentId}/recalls`)).body,
      ).recalls[0];
    for (const round of ['at once', 'when something is on its way']) {
      harness.ledger.airdrop(address(payer.address), SOL);
      await giveTokens(harness.ledger, mint, payer.address, TOKENS);
      const from = await owned.daemon.countSignatures();
      expect(await owned.signed('recall', recallOf())).toMatchObject({ status: 202 });
      if (round !== 'at once') while ((await owned.daemon.countSignatures()) === from) await wait(5);
      expect(await owned.signed('kill_switch', switchOff)).toMatchObject({ status: 200 });
      const signed = await owned.daemon.countSignatures();
      // Long enough for all that could be under way to become final.
      const { slot } = harness.ledger.report();
      while (harness.ledger.report().slot < slot + 60) await wait(20);
      expect(await owned.daemon.countSignatures(), round).toBe(signed);

      const authorization = owned.header('recover', await owned.compose('recover', recovery));
      const recovered = await owned.ask(recovery, { authorization, 'x-master-password': PASSWORD });
      expect(recovered, JSON.stringify(recovered)).toMatchObject({ status: 200 });
      await ended(owned.daemon);
      const stopped = await newestOf();
      const moved = stopped === undefined ? 0 : landed(stopped).length;
      expect(stopped, round).toMatchObject({ error: 'KILL_SWITCH', status: moved > 0 ? 'PARTIAL' : 'FAILED' });
      expect(await owned.daemon.countSignatures(), round).toBe(signed);

      expect(await owned.signed('recall', recallOf())).toMatchObject({ status: 202 });
      const done = await ended(owned.daemon);
      expect(done).toMatchObject({ status: 'COMPLETED', left: [] });
      expect(await lamportsOf(harness.ledger, payer.address)).toBe(0n);
      expect(await tokensOf(harness.ledger, mint, wallet.address)).toBe(TOKENS * (round === 'at once' ? 1n : 2n));
    }
    const events = await owned.daemon.operate('GET', '/v1/owner/audit-log?event=RECALL_ENDED');
    expect(JSON.stringify(events.body)).toContain('KILL_SWITCH');
  }, 90_000);

  test('is the owner’s alone: no stolen, altered or repeated signature, no other wallet, no agent', async () => {
    await open();
    const other = await createPayer(harness, owned.daemon);
    const thief = createOwnerWallet('solana');
    const request = recallOf();
    const header = owned.header('recall', await owned.compose('recall', request));
    const attempts = [
      // The signature of this request over another one.
      owned.ask(recallOf(payer.agentId, thief.address), { authorization: header }),
      owned.ask(recallOf(other.agentId), { authorization: header }),
      owned.ask(
        { ...request, body: { destination: wallet.address, includeUnlisted: true } },
        { authorization: header },
      ),
      owned.signed('recall', request, thief),
      owned.ask(request, { authorization: `Bearer ${payer.token}` }),
      owned.ask(request, {}),
      // Another action of the owner's, and the owner's signature for an address that is not theirs.
      owned.ask(request, {
        authorization: owned.header('manage_sessions', await owned.compose('manage_sessions', request)),
      }),
      owned.signed('recall', recallOf(payer.agentId, thief.address)),
      owned.signed('recall', recallOf(payer.agentId, other.address)),
      owned.daemon.operate('POST', request.path, { destination: thief.address }),
    ];
    for (const attempt of attempts) expect([400, 401, 403]).toContain((await attempt).status);
    expect(await lamportsOf(harness.ledger, payer.address)).toBe(1000n * SOL);
    expect((await owned.daemon.operate('GET', `/v1/owner/agents/${payer.agentId}/recalls`)).body).toEqual({
      recalls: [],
    });
    const own = owned.header('recall', await owned.compose('recall', request));
    expect(await owned.ask(request, { authorization: own })).toMatchObject({ status: 202 });
    await ended(owned.daemon);
    harness.ledger.airdrop(address(payer.address), SOL);
    expect(await owned.ask(request, { authorization: own })).toMatchObject({ status: 401 });
    expect(await lamportsOf(harness.ledger, payer.address)).toBe(SOL);
    expect(await lamportsOf(harness.ledger, other.address)).toBe(1000n * SOL);
  }, 60_000);

  test('that is asked for twice at once runs once; nobody pays beside it', async () => {
    await open();
    const request = recallOf();
    const answers = await Promise.all([owned.signed('recall', request), owned.signed('recall', request)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(answers.map(({ code }) => code)).toContain('RECALL_IN_PROGRESS');
    const paying = owned.daemon.client(payer.token).sendToken({ to: wallet.address, amount: 1n });
    await expect(paying).rejects.toMatchObject({ code: 'AGENT_SUSPENDED' });
    expect(landed(await ended(owned.daemon))).toHaveLength(1);
    expect(await lamportsOf(harness.ledger, wallet.address)).toBe(1000n * SOL - 5_000n);
  }, 60_000);

  test('killed anywhere goes on at the next start, and pays nothing twice', async () => {
    await open();
    await owned.daemon.arm('never');
    await owned.daemon.operate('POST', recallOf().path, recallOf().body);
    await ended(owned.daemon);
    const passed = (await owned.daemon.boundaries()).length;
    await owned.daemon.stop();
    // Two of many: the pipeline's own tests kill it at each.
    for (const at of [Math.floor(passed / 2), passed - 2]) {
      harness.ledger.airdrop(address(payer.address), SOL);
      const before = await lamportsOf(harness.ledger, wallet.address);
      const first = await harness.start(owned.dataDir);
      await first.arm(at);
      await first.operate('POST', recallOf().path, recallOf().body).catch(() => undefined);
      expect((await first.ended).signal).toBe('SIGKILL');
      const next = await harness.start(owned.dataDir);
      // Whoever asked was not told, and asks again; it may be under way.
      expect([202, 409]).toContain((await next.operate('POST', recallOf().path, recallOf().body)).status);
      await ended(next);
      expect(await lamportsOf(harness.ledger, payer.address), `boundary ${at} of ${passed}`).toBe(0n);
      expect(await lamportsOf(harness.ledger, wallet.address)).toBe(before + SOL - 5_000n);
      await next.stop();
    }
    owned = { ...owned, daemon: await harness.start(owned.dataDir) };
  }, 120_000);
});

test('the end of an agent: everything at the owner, the key away, nothing comes back', async () => {
  await open();
  expect(await owned.daemon.operate('POST', `/v1/agents/${payer.agentId}/terminate`)).toMatchObject({ status: 202 });
  const statusOf = async () =>
    z
      .object({ agents: z.array(z.object({ status: z.string() })) })
      .parse(await (await reader(owned.daemon))('/v1/agents')).agents[0]?.status;
  while ((await statusOf()) !== 'TERMINATED') await wait(300);
  expect(await lamportsOf(harness.ledger, payer.address)).toBe(0n);
  expect(await owned.daemon.operate('POST', `/v1/agents/${payer.agentId}/resume`)).toMatchObject({ status: 410 });
  // A late deposit: the key is taken out for it, also after a restart.
  await owned.daemon.stop();
  owned = { ...owned, daemon: await harness.start(owned.dataDir) };
  harness.ledger.airdrop(address(payer.address), SOL);
  const late = await owned.daemon.operate('POST', recallOf().path, recallOf().body);
  expect(recallResponseSchema.parse(late.body).status).toBe('PENDING');
  expect(await ended(owned.daemon)).toMatchObject({ status: 'COMPLETED', kind: 'MANUAL' });
  expect(await lamportsOf(harness.ledger, payer.address)).toBe(0n);
  expect(await statusOf()).toBe('TERMINATED');
}, 60_000);

test('on an EVM chain tokens and ether go to the owner; what is left cannot pay for its own transfer', async () => {
  const anvil = await startAnvil();
  try {
    wallet = createOwnerWallet('ethereum');
    owned = await startOwnedDaemon(harness, wallet, { WAIAAS_RPC_ETHEREUM_LOCALNET: anvil.url });
    const created = await owned.daemon.operate('POST', '/v1/agents', {
      ...{ name: 'payer', chain: 'ethereum', network: 'localnet' },
    });
    const { id, publicKey } = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
    const token = await anvil.deploy('Token', { symbol: 'TEST', decimals: 6, holder: publicKey, supply: TOKENS });
    await anvil.fund(publicKey, 10n ** 18n);
    const rules = { chain: 'ethereum', ...LIMITS, token_limits: { [token]: LIMITS } };
    const policy = { type: 'SPENDING_LIMIT', agentId: id, rules };
    expect(await owned.daemon.operate('POST', '/v1/owner/policies', policy)).toMatchObject({ status: 201 });
    expect(await owned.connect()).toMatchObject({ status: 201 });
    const register = async (address: string) => {
      const request = { method: 'PUT', path: `/v1/owner/agents/${id}/recovery-address`, body: { address } };
      const authorization = owned.header('recall', await owned.compose('recall', request));
      return owned.ask(request, { authorization, 'x-master-password': PASSWORD });
    };
    expect(await register(await anvil.deploy('Refuser'))).toMatchObject({ code: 'DESTINATION_REFUSED' });
    expect(await register(await anvil.deploy('Counter'))).toMatchObject({ status: 200 });
    expect(await owned.signed('recall', recallOf(id))).toMatchObject({ status: 202 });
    const done = await ended(owned.daemon, id);
    expect(done).toMatchObject({ status: 'COMPLETED', left: [{ asset: 'ethereum:native', reason: 'DUST' }] });
    const [tokens, ether] = landed(done);
    expect(tokens?.asset).toBe(`ethereum:${token.toLowerCase()}`);
    const left = await anvil.balance(publicKey);
    expect(left).toBeLessThan(10n ** 15n);
    expect(await anvil.balance(wallet.address)).toBe(BigInt(ether?.amount ?? 0));
    const data = `0x70a08231${wallet.address.slice(2).toLowerCase().padStart(64, '0')}`;
    expect(BigInt(await anvil.rpc<string>('eth_call', { to: token, data }, 'latest'))).toBe(TOKENS);
    expect(await owned.signed('recall', recallOf(id))).toMatchObject({ status: 202 });
    expect(await ended(owned.daemon, id)).toMatchObject({ status: 'COMPLETED', transactions: [] });
    expect(await anvil.balance(publicKey)).toBe(left);
  } finally {
    await owned.daemon.stop();
    await anvil.stop();
  }
}, 120_000);

test('a payment that every EVM node declines is displaced after two hours: the recall has all that is left of the fee', async () => {
  const ether = 10n ** 18n;
  const anvil = await startAnvil();
  const proxy = await startFlakyProxy(anvil.url);
  const declined = new Set<unknown>();
  let isDeclining = true;
  proxy.decide = (method, [bytes]) => {
    if (method !== 'eth_sendRawTransaction') return 'pass';
    if (isDeclining) declined.add(bytes);
    return declined.has(bytes) ? { answer: { error: { code: -32_003, message: 'transaction rejected' } } } : 'pass';
  };
  try {
    wallet = createOwnerWallet('ethereum');
    owned = await startOwnedDaemon(harness, wallet, { WAIAAS_RPC_ETHEREUM_LOCALNET: proxy.url });
    const created = await owned.daemon.operate('POST', '/v1/agents', {
      ...{ name: 'payer', chain: 'ethereum', network: 'localnet' },
    });
    const { id, publicKey } = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
    await anvil.fund(publicKey, ether);
    const { token } = await createSession(owned.daemon, id);
    const to = createOwnerWallet('ethereum').address;
    // Nobody waits for the answer: it comes when the payment has ended.
    owned.daemon
      .client(token)
      .sendToken({ to, amount: ether / 100n })
      .catch(() => undefined);
    const read = await reader(owned.daemon);
    const payments = async (): Promise<unknown> => read(`/v1/owner/transactions?agentId=${id}`);
    await expect.poll(payments, { timeout: 30_000 }).toMatchObject({ transactions: [{ status: 'SUBMITTED' }] });
    expect(await owned.connect()).toMatchObject({ status: 201 });
    expect(await owned.signed('recall', recallOf(id))).toMatchObject({ status: 202 });
    // Two hours are counted from when it has begun.
    await expect
      .poll(() => read(`/v1/owner/agents/${id}/recalls`), { timeout: 30_000 })
      .toMatchObject({ recalls: [{ status: 'EXECUTING' }] });
    expect(declined.size).toBeGreaterThan(0);
    isDeclining = false;
    await owned.advance(7300);
    expect(await ended(owned.daemon, id)).toMatchObject({
      status: 'COMPLETED',
      left: [{ asset: 'ethereum:native', reason: 'DUST' }],
    });
    expect(await anvil.balance(to)).toBe(0n);
    expect(await anvil.balance(publicKey)).toBeLessThan(10n ** 15n);
    expect(await anvil.balance(wallet.address)).toBeGreaterThan((99n * ether) / 100n);
    expect(BigInt(await anvil.rpc<string>('eth_getTransactionCount', publicKey, 'latest'))).toBe(1n);
    await anvil.mine(3);
    const again = await reader(owned.daemon);
    await expect
      .poll(() => again(`/v1/owner/transactions?agentId=${id}`), { timeout: 30_000 })
      .toMatchObject({ transactions: [{ status: 'EXPIRED' }] });
  } finally {
    await owned.daemon.stop();
    await proxy.close();
    await anvil.stop();
  }
}, 180_000);

test('a token that every EVM node declines to move keeps nothing else back: the ether arrives, and the recall ends PARTIAL', async () => {
  const ether = 10n ** 18n;
  const anvil = await startAnvil();
  const proxy = await startFlakyProxy(anvil.url);
  try {
    wallet = createOwnerWallet('ethereum');
    owned = await startOwnedDaemon(harness, wallet, { WAIAAS_RPC_ETHEREUM_LOCALNET: proxy.url });
    const created = await owned.daemon.operate('POST', '/v1/agents', {
      ...{ name: 'payer', chain: 'ethereum', network: 'localnet' },
    });
    const { id, publicKey } = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
    const token = await anvil.deploy('Token', { symbol: 'TEST', decimals: 6, holder: publicKey, supply: TOKENS });
    await anvil.fund(publicKey, ether);
    let declined = 0;
    proxy.decide = (method, [bytes]) => {
      if (method !== 'eth_sendRawTransaction' || !isHex(bytes)) return 'pass';
      if (parseTransaction(bytes).to?.toLowerCase() !== token.toLowerCase()) return 'pass';
      declined += 1;
      return { answer: { error: { code: -32_003, message: 'transaction rejected' } } };
    };
    const rules = { chain: 'ethereum', ...LIMITS, token_limits: { [token]: LIMITS } };
    const policy = { type: 'SPENDING_LIMIT', agentId: id, rules };
    expect(await owned.daemon.operate('POST', '/v1/owner/policies', policy)).toMatchObject({ status: 201 });
    expect(await owned.connect()).toMatchObject({ status: 201 });
    expect(await owned.signed('recall', recallOf(id))).toMatchObject({ status: 202 });
    // What waits where nothing of its wallet passes it.
    await expect.poll(() => declined, { timeout: 30_000 }).toBeGreaterThan(0);

    let recall: RecallResponse | undefined;
    for (let hours = 0; hours < 8 && recall === undefined; hours += 1) {
      await owned.advance(3700);
      await anvil.mine(3);
      // A token of before has ended by then.
      const read = await reader(owned.daemon);
      for (let looks = 0; looks < 50 && recall === undefined; looks += 1) {
        await wait(200);
        const [newest] = recallListResponseSchema.parse(await read(`/v1/owner/agents/${id}/recalls`)).recalls;
        if (newest?.endedAt !== undefined && newest.endedAt !== null) recall = newest;
      }
    }
    expect(recall).toMatchObject({
      status: 'PARTIAL',
      left: expect.arrayContaining([
        expect.objectContaining({ asset: `ethereum:${token.toLowerCase()}`, reason: 'FAILED' }),
      ]),
    });
    expect(await anvil.balance(wallet.address)).toBeGreaterThan((99n * ether) / 100n);
    const data = `0x70a08231${publicKey.slice(2).toLowerCase().padStart(64, '0')}`;
    expect(BigInt(await anvil.rpc<string>('eth_call', { to: token, data }, 'latest'))).toBe(TOKENS);
  } finally {
    await owned.daemon.stop();
    await proxy.close();
    await anvil.stop();
  }
}, 180_000);
