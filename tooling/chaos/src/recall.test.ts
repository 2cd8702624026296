import { setTimeout as wait } from 'node:timers/promises';
import { address, generateKeyPairSigner } from '@solana/kit';
import { startAnvil } from '@waiaas/anvil';
import { type RecallResponse, recallListResponseSchema, recallResponseSchema } from '@waiaas/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
import { type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet, type OwnerWallet } from './owner-wallet.ts';
import { createMint, giveTokens, lamportsOf, tokensOf } from './solana-tokens.ts';

/*
 * The owner takes the money back from the real daemon, over HTTP, on real ledgers (08 §2.5): with tokens, with a stolen
 * signature, twice at once, and with SIGKILL in the middle.
 */

const SOL = 1_000_000_000n;
const TOKENS = 1_234_567n;

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
  test('brings SOL and tokens to the owner, and leaves nothing at all', async () => {
    const mint = (await generateKeyPairSigner()).address;
    createMint(harness.ledger, mint);
    await open(mint);
    await giveTokens(harness.ledger, mint, payer.address, TOKENS);
    const begun = await owned.signed('recall', recallOf());
    expect(begun).toMatchObject({ status: 202, body: { status: 'PENDING', destination: wallet.address } });
    const done = await ended(owned.daemon);
    expect(done).toMatchObject({ status: 'COMPLETED', left: [], requestedBy: `owner:${wallet.address}` });
    expect(landed(done).map(({ asset }) => asset)).toEqual([`solana:${mint}`, 'solana:native']);
    expect(await lamportsOf(harness.ledger, payer.address)).toBe(0n);
    expect(await tokensOf(harness.ledger, mint, payer.address)).toBeNull();
    expect(await tokensOf(harness.ledger, mint, wallet.address)).toBe(TOKENS);
    // All but two signatures and the rent of the owner's new account, which is the owner's too.
    expect(await lamportsOf(harness.ledger, wallet.address)).toBe(1000n * SOL - 2n * 5_000n);
    const { body } = await owned.daemon.operate('GET', '/v1/agents');
    expect(body).toMatchObject({ agents: [{ status: 'SUSPENDED' }] });
    // Nothing is left for a second one to do.
    expect(await owned.signed('recall', recallOf())).toMatchObject({ status: 202 });
    expect(await ended(owned.daemon)).toMatchObject({ status: 'COMPLETED', transactions: [], left: [] });
  }, 60_000);

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
