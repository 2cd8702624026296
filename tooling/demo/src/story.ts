import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { getAddressDecoder } from '@solana/kit';
import { formatUnits, policyListResponseSchema, presetRules } from '@waiaas/core';
import { type TransactionResponse, WAIaaSClient, WAIaaSError } from '@waiaas/sdk';
import { z } from 'zod';
import type { Narrator } from './narrator.ts';
import type { World } from './world.ts';

const SOL = 1_000_000_000n;
const sol = (lamports: bigint | string): string => formatUnits(BigInt(lamports), 9, 'SOL');
const time = (iso: string | undefined): string => (iso === undefined ? 'no time' : iso.slice(11, 19));

const agentSchema = z.object({ id: z.string(), name: z.string(), publicKey: z.string() });
const sessionSchema = z.object({ sessionId: z.string(), token: z.string() });

/** What a story needs to hold, beside the world. */
export interface Cast {
  readonly agent: z.infer<typeof agentSchema>;
  readonly token: string;
  readonly wallet: WAIaaSClient;
}

/** Somebody who may change the ledger before it is asked; only a test does. */
export interface Tampering {
  readonly tamper: (recipient: string) => Promise<void>;
}

/** What became of a request: the transaction, or the error it was refused with. */
const ask = async (request: Promise<TransactionResponse>): Promise<TransactionResponse | WAIaaSError> => {
  try {
    return await request;
  } catch (error) {
    if (error instanceof WAIaaSError) return error;
    throw error;
  }
};

const describe = (answer: TransactionResponse | WAIaaSError): string =>
  answer instanceof WAIaaSError
    ? `refused, ${answer.code}: ${answer.message}`
    : `${answer.status}, tier ${answer.tier}`;

const isStatus = (answer: TransactionResponse | WAIaaSError, status: string): answer is TransactionResponse =>
  !(answer instanceof WAIaaSError) && answer.status === status;

const isRefused = (answer: TransactionResponse | WAIaaSError, code: string): boolean =>
  answer instanceof WAIaaSError && answer.code === code;

/** Somebody to pay: an address nobody paid before. */
export function stranger(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return getAddressDecoder().decode(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
}

/** The operator prepares: an agent with a wallet, money in it, and a session token for it. */
export async function prepare(world: World, tell: Narrator): Promise<Cast> {
  tell.scene('The operator gives an agent a wallet and a token');
  const agent = agentSchema.parse(
    await world.waiaas('agent', 'create', 'demo-agent', '--chain', 'solana', '--network', 'localnet'),
  );
  await world.fund(agent.publicKey, 100n * SOL);
  const session = sessionSchema.parse(await world.waiaas('session', 'create', '--agent-id', agent.id));
  tell.show('agent', agent.name);
  tell.show('wallet', `${agent.publicKey}, funded with ${sol(100n * SOL)}`);
  tell.show('token', `${session.token.slice(0, 24)}… (all the agent ever gets)`);
  const wallet = new WAIaaSClient({ baseUrl: world.daemonUrl, sessionToken: session.token });
  return { agent, token: session.token, wallet };
}

/** An agent pays what it may pay on its own. */
export async function payAtOnce(
  { wallet, agent, tamper }: Cast & Tampering,
  world: World,
  tell: Narrator,
): Promise<void> {
  tell.scene('The agent reads its balance and pays 0.05 SOL');
  const balance = await wallet.getBalance();
  tell.show('balance', balance.formatted);
  tell.claim(
    'the daemon and the ledger agree on the balance',
    BigInt(balance.balance) === (await world.ledgerBalance(agent.publicKey)),
    balance.formatted,
  );
  const to = stranger();
  const paid = await ask(wallet.sendToken({ to, amount: SOL / 20n }));
  tell.show('answer', describe(paid));
  if (!(paid instanceof WAIaaSError)) tell.show('signature', paid.txHash ?? 'none');
  tell.claim('it was INSTANT and is CONFIRMED', isStatus(paid, 'CONFIRMED') && paid.tier === 'INSTANT', describe(paid));
  await tamper(to);
  const received = await world.ledgerBalance(to);
  tell.claim('the ledger shows 0.05 SOL at the recipient', received === SOL / 20n, sol(received));
}

/** One amount for each other tier. */
export async function askInEachTier({ wallet }: Cast, world: World, tell: Narrator): Promise<void> {
  tell.scene('Larger amounts give the owner a say');
  const asks = [
    { amount: SOL / 2n, tier: 'NOTIFY', status: 'CONFIRMED', note: 'paid; the owner is to be told' },
    { amount: 5n * SOL, tier: 'DELAY', status: 'QUEUED', note: 'waits until' },
    { amount: 20n * SOL, tier: 'APPROVAL', status: 'QUEUED', note: 'needs the owner before' },
  ] as const;
  for (const { amount, tier, status, note } of asks) {
    const to = stranger();
    const answer = await ask(wallet.sendToken({ to, amount }));
    const until = answer instanceof WAIaaSError || status === 'CONFIRMED' ? '' : ` ${time(answer.expiresAt)} UTC`;
    tell.show(sol(amount), `${describe(answer)}: ${note}${until}`);
    const received = await world.ledgerBalance(to);
    const expected = status === 'CONFIRMED' ? amount : 0n;
    const held = isStatus(answer, status) && answer.tier === tier && received === expected;
    tell.claim(
      `${sol(amount)} is ${tier}, and the ledger moved ${sol(expected)}`,
      held,
      `${describe(answer)}, ${sol(received)}`,
    );
  }
}

/** The same request again must not pay again. */
export async function repeatARequest({ wallet }: Cast, world: World, tell: Narrator): Promise<void> {
  tell.scene('A request that is repeated is not paid twice');
  const to = stranger();
  const idempotencyKey = `invoice-${randomBytes(4).toString('hex')}`;
  const first = await ask(wallet.sendToken({ to, amount: SOL / 100n }, { idempotencyKey }));
  const again = await ask(wallet.sendToken({ to, amount: SOL / 100n }, { idempotencyKey }));
  const other = await ask(wallet.sendToken({ to, amount: SOL / 50n }, { idempotencyKey }));
  tell.show('first', describe(first));
  tell.show('again', describe(again));
  tell.show('other sum', describe(other));
  const same = isStatus(first, 'CONFIRMED') && isStatus(again, 'CONFIRMED') && first.txHash === again.txHash;
  tell.claim('the repetition is answered with the first transaction', same, `${describe(first)} / ${describe(again)}`);
  tell.claim(
    'another amount under the same key is a conflict',
    isRefused(other, 'IDEMPOTENCY_CONFLICT'),
    describe(other),
  );
  const received = await world.ledgerBalance(to);
  tell.claim('the ledger shows one payment of 0.01 SOL', received === SOL / 100n, sol(received));
}

/** Twenty at once against a cap that fits seven. */
export async function raceTheCap({ wallet, agent }: Cast, world: World, tell: Narrator): Promise<void> {
  tell.scene('20 payments at once against a daily cap that fits 7');
  const each = SOL / 50n;
  const committed = await committedToday(wallet);
  const cap = committed + 7n * each;
  const { policies } = policyListResponseSchema.parse(await world.operate('GET', '/v1/owner/policies'));
  const [policy] = policies;
  if (policy === undefined) throw new Error('A new daemon has a policy');
  await world.operate('PUT', `/v1/owner/policies/${policy.id}`, {
    rules: { ...presetRules('conservative', 'solana'), daily_max: cap.toString(), weekly_max: cap.toString() },
  });
  tell.show('cap', `${sol(cap)} a day; ${sol(committed)} of it is spent or waiting, ${sol(7n * each)} is left`);
  const to = stranger();
  const before = await world.ledgerBalance(agent.publicKey);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(wallet.sendToken({ to, amount: each }))));
  const paid = answers.filter((answer) => isStatus(answer, 'CONFIRMED')).length;
  const refused = answers.filter((answer) => isRefused(answer, 'SPENDING_LIMIT_EXCEEDED')).length;
  tell.show('answers', `${paid} confirmed, ${refused} refused with SPENDING_LIMIT_EXCEEDED`);
  tell.claim('exactly 7 were paid and 13 refused', paid === 7 && refused === 13, `${paid} and ${refused}`);
  const received = await world.ledgerBalance(to);
  tell.claim(`the ledger shows exactly ${sol(7n * each)} at the recipient`, received === 7n * each, sol(received));
  const left = before - (await world.ledgerBalance(agent.publicKey));
  tell.claim('and the wallet paid that and seven fees, nothing else', left > 7n * each && left < 8n * each, sol(left));
}

/** What counts against the cap now: paid, or waiting with its amount reserved. */
async function committedToday(wallet: WAIaaSClient): Promise<bigint> {
  const { transactions } = await wallet.listTransactions({ limit: 100 });
  return transactions
    .filter(({ status }) => status === 'CONFIRMED' || status === 'QUEUED')
    .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
}

/** What a thief of the token can and cannot do. */
export async function stealTheToken({ token, agent }: Cast, world: World, tell: Narrator): Promise<void> {
  tell.scene('Somebody steals the token');
  const knock = async (method: string, path: string, body?: unknown): Promise<number> => {
    const response = await fetch(`${world.daemonUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status;
  };
  const attempts = [
    ['raise the limits', await knock('GET', '/v1/owner/policies')],
    ['make itself another token', await knock('POST', '/v1/sessions', { agentId: agent.id })],
    ['create an agent', await knock('POST', '/v1/agents', { name: 'x', chain: 'solana', network: 'localnet' })],
    ['stop the daemon', await knock('POST', '/v1/admin/shutdown')],
  ] as const;
  for (const [what, status] of attempts) tell.show(String(status), what);
  const refused = attempts.every(([, status]) => status === 401 || status === 403);
  tell.claim('the token pays within the limits and does nothing else', refused, attempts.map(String).join('; '));
  const to = stranger();
  const greedy = await ask(
    new WAIaaSClient({ baseUrl: world.daemonUrl, sessionToken: token }).sendToken({ to, amount: 30n * SOL }),
  );
  const received = await world.ledgerBalance(to);
  tell.claim('30 SOL to the thief: nothing moves', received === 0n && !isStatus(greedy, 'CONFIRMED'), describe(greedy));
}
