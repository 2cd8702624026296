import {
  createSolanaRpc,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  signature,
} from '@solana/kit';
import { type Anvil, startAnvil } from '@waiaas/anvil';
import { WAIaaSOwnerClient } from '@waiaas/sdk';
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { issueToken, type LedgerToken, TOKEN_PROGRAMS } from './ledger-token.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

/*
 * One script for every kind of asset: SOL, both token programs of Solana, ETH and ERC-20; at once, after a delay, and with the
 * owner's approval. Whatever way a payment took, what was signed is the same, but for what makes a payment unique, the
 * blockhash on Solana and the nonce on EVM chains, and for the price of gas.
 */

/** Base units of each asset. More than a new wallet on Solana must hold. */
const AMOUNT = 1_000_000n;
const SUPPLY = 1_000n * AMOUNT;
/** The shortest there is. */
const DELAY_SECONDS = 60;
/** Longer than a blockhash is kept: equal payments over one and the same blockhash must differ. */
const NEW_BLOCKHASH_SECONDS = 6;
const ROUNDS = ['INSTANT', 'DELAY', 'APPROVAL'] as const;
type Round = (typeof ROUNDS)[number];

interface Asset {
  readonly name: string;
  /** As limits name it; the native asset of Solana is named by the rule itself. */
  readonly limitKey: string | null;
  readonly payer: Payer;
  readonly request: {
    readonly to: string;
    readonly tokenMint?: string;
    readonly memo?: string;
  };
  /** What was signed, without what makes it unique. */
  readonly messageOf: (txHash: string) => Promise<unknown>;
  readonly received: () => Promise<bigint>;
}

let harness: Harness;
let anvil: Anvil;
let dataDir: string;
let daemon: DaemonProcess;
let assets: readonly Asset[];
const wallet = privateKeyToAccount(generatePrivateKey());

beforeAll(async () => {
  // Slow enough for a blockhash to live longer than it is kept.
  harness = await createHarness(100);
  anvil = await startAnvil();
  dataDir = await harness.createDataDir(`[rpc.ethereum]\nlocalnet = "${anvil.url}"`);
  daemon = await harness.start(dataDir);
  assets = [...(await solanaAssets()), ...(await evmAssets())];
}, 60_000);
afterAll(async () => {
  await harness.close();
  await anvil.stop();
});

async function solanaAssets(): Promise<readonly Asset[]> {
  const rpc = createSolanaRpc(harness.ledger.rpcUrl);
  const payer = await createPayer(harness, daemon);
  const [to, memo] = [stranger(), 'invoice 7'];
  const messageOf = async (txHash: string): Promise<unknown> => {
    const options = { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 } as const;
    const found = await rpc.getTransaction(signature(txHash), options).send();
    const wire = getBase64Encoder().encode(found?.transaction[0] ?? '');
    const { messageBytes } = getTransactionDecoder().decode(wire);
    const { lifetimeToken: _, ...message } = getCompiledTransactionMessageDecoder().decode(messageBytes);
    return message;
  };
  const native: Asset = {
    name: 'SOL',
    limitKey: null,
    payer,
    request: { to, memo },
    messageOf,
    received: () => balanceOf(harness.ledger, to),
  };
  const tokenAsset = (name: string, { mint, accountOf }: LedgerToken): Asset => ({
    name,
    limitKey: `solana:${mint}`,
    payer,
    request: { to, tokenMint: mint, memo },
    messageOf,
    async received() {
      const { value } = await rpc.getTokenAccountBalance(await accountOf(to), { commitment: 'confirmed' }).send();
      return BigInt(value.amount);
    },
  });
  const tokens: Asset[] = [];
  for (const [name, program] of Object.entries(TOKEN_PROGRAMS)) {
    tokens.push(tokenAsset(name, await issueToken(harness.ledger, program, payer.address, SUPPLY)));
  }
  return [native, ...tokens];
}

/** Of a transaction, everything that is signed but the nonce and the price of gas, which is the market's. */
const signedFields = z.object({
  type: z.string(),
  chainId: z.string(),
  from: z.string(),
  to: z.string(),
  value: z.string(),
  input: z.string(),
  gas: z.string(),
  accessList: z.array(z.unknown()),
});

async function evmAssets(): Promise<readonly Asset[]> {
  const created = await daemon.operate('POST', '/v1/agents', { name: 'payer', chain: 'ethereum', network: 'localnet' });
  const agent = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
  await anvil.fund(agent.publicKey, 10n ** 21n);
  const payer = { agentId: agent.id, address: agent.publicKey, ...(await createSession(daemon, agent.id)) };
  const contract = await anvil.deploy('Token', { symbol: 'TEST', decimals: 6, holder: payer.address, supply: SUPPLY });
  const to = privateKeyToAddress(generatePrivateKey());
  const messageOf = async (txHash: string): Promise<unknown> =>
    signedFields.parse(await anvil.rpc('eth_getTransactionByHash', txHash));
  return [
    {
      name: 'ETH',
      limitKey: 'ethereum:native',
      payer,
      request: { to, memo: 'invoice 7' },
      messageOf,
      received: () => anvil.balance(to),
    },
    {
      name: 'ERC-20',
      limitKey: `ethereum:${contract.toLowerCase()}`,
      payer,
      request: { to, tokenMint: contract },
      messageOf,
      received: () => anvil.tokenBalance(contract, to),
    },
  ];
}

/** Sets the limits of every asset so that the script's amount falls into one tier. */
async function setTier(tier: Round): Promise<void> {
  const [instant, delay] = [tier === 'INSTANT' ? 2n * AMOUNT : 0n, tier === 'APPROVAL' ? 0n : 2n * AMOUNT];
  const limits = { instant_max: String(instant), notify_max: String(instant), delay_max: String(delay) };
  const keys = assets.flatMap(({ limitKey }) => limitKey ?? []);
  const token_limits = Object.fromEntries(keys.map((key) => [key, limits]));
  await setLimits(daemon, { ...limits, delay_seconds: DELAY_SECONDS, token_limits });
}

const ask = async ({ payer, request }: Asset, amount: bigint): Promise<string> =>
  (await daemon.client(payer.token).sendToken({ ...request, amount })).transactionId;

/** Follows a payment to its end. @returns what was signed */
async function endOf({ name, payer, messageOf }: Asset, id: string, tier: Round): Promise<unknown> {
  const end = await daemon.client(payer.token).waitForTransaction(id, { timeout: 60_000 });
  expect(end, name).toMatchObject({ status: 'CONFIRMED', tier });
  return messageOf(String(end.txHash));
}

/** Pays every asset in one tier, one after the other. @returns what was signed, in the order of the assets */
async function round(tier: Round, amount = AMOUNT): Promise<readonly unknown[]> {
  const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: wallet });
  await setTier(tier);
  await daemon.advance(NEW_BLOCKHASH_SECONDS);
  if (tier === 'APPROVAL') await owner.connect(PASSWORD);
  const waiting: (readonly [asset: Asset, id: string])[] = [];
  for (const asset of assets) waiting.push([asset, await ask(asset, amount)]);
  if (tier === 'DELAY') await daemon.advance(DELAY_SECONDS);
  const messages: unknown[] = [];
  for (const [asset, id] of waiting) {
    if (tier === 'APPROVAL') await owner.approveTransaction(id);
    messages.push(await endOf(asset, id, tier));
  }
  return messages;
}

test('is paid at once, after a delay and with an approval by the same message, in whatever asset', async () => {
  // To a wallet that nobody has paid in any of them: on Solana, an account of each token is created for it.
  const firsts = await round('INSTANT', 2n * AMOUNT);
  const rounds = [];
  for (const tier of ROUNDS) rounds.push(await round(tier));
  for (const [index, { name, received }] of assets.entries()) {
    const [immediate, delayed, approved] = rounds.map((messages) => messages[index]);
    expect(immediate, name).toBeDefined();
    expect(delayed, `${name}, delayed`).toEqual(immediate);
    expect(approved, `${name}, approved`).toEqual(immediate);
    expect(firsts[index], `${name}, another amount`).not.toEqual(immediate);
    expect(await received(), name).toBe(5n * AMOUNT);
  }
  expect(await daemon.stop()).toBe(0);
  const { transactions, ledgerFaults } = await readRemains(dataDir);
  expect(ledgerFaults).toBe(0);
  expect(transactions).toHaveLength(4 * assets.length);
}, 240_000);
