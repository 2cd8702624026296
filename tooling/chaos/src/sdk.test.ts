import { createSignableMessage, generateKeyPairSigner } from '@solana/kit';
import { type AnySigner, type WAIaaSClient, WAIaaSError, WAIaaSOperatorClient, WAIaaSOwnerClient } from '@waiaas/sdk';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contractCases, filled, holds, made } from './contract-cases.ts';
import { createHarness, createPayer, type DaemonProcess, type Harness, PASSWORD, type Payer } from './harness.ts';
import { startHookServer } from './hook-server.ts';
import { balanceOf, stranger } from './ledger-truth.ts';

/* The clients for TypeScript against the real daemon: operator, owner and agent tell one story together. */

let harness: Harness;
beforeAll(async () => {
  // The adapter keeps a blockhash for five seconds: it has to live longer than that.
  harness = await createHarness(100);
}, 60_000);
afterAll(() => harness.close());

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof WAIaaSError) return error.code;
    throw error;
  }
  return 'NOT_REFUSED';
};

const WALLETS: readonly (readonly [string, () => AnySigner | Promise<AnySigner>])[] = [
  ['a signer of @solana/kit', generateKeyPairSigner],
  ['an account of viem', () => privateKeyToAccount(generatePrivateKey())],
];

/** A wallet of the Wallet Standard, which signs the bytes it is handed. */
async function standardWallet(): Promise<AnySigner> {
  const inner = await generateKeyPairSigner();
  const account = {
    address: inner.address,
    publicKey: new Uint8Array(32),
    chains: ['solana:devnet'],
    features: ['solana:signMessage'],
  } as const;
  const signMessage = (...inputs: readonly { readonly message: Uint8Array }[]) =>
    Promise.all(
      inputs.map(async ({ message }) => {
        const [signatures] = await inner.signMessages([createSignableMessage(message)]);
        return { signedMessage: message, signature: signatures?.[inner.address] ?? new Uint8Array() };
      }),
    );
  const wallet = {
    version: '1.0.0',
    name: 'A wallet of the standard',
    icon: 'data:image/png;base64,',
    chains: account.chains,
    features: { 'solana:signMessage': { version: '1.1.0', signMessage } },
    accounts: [account],
  } as const;
  return { wallet, account };
}

/** A provider as browsers inject it, which knows its address in lower case. */
function injectedProvider(): AnySigner {
  const account = privateKeyToAccount(generatePrivateKey());
  const asked = z.object({
    method: z.literal('personal_sign'),
    params: z.tuple([z.string().regex(/^0x[0-9a-f]*$/), z.literal(account.address.toLowerCase())]),
  });
  const request = async (args: unknown) => {
    const [raw] = asked.parse(args).params;
    return account.signMessage({ message: { raw: `0x${raw.slice(2)}` } });
  };
  return { provider: { request }, address: account.address.toLowerCase() };
}

describe.each(WALLETS)('with %s as the owner', (_name, makeSigner) => {
  let daemon: DaemonProcess;
  let operator: WAIaaSOperatorClient;
  let owner: WAIaaSOwnerClient;
  let payer: Payer;
  let agent: WAIaaSClient;

  beforeAll(async () => {
    daemon = await harness.start(await harness.createDataDir('nonce_cache_max = 10000\n'));
    operator = new WAIaaSOperatorClient({ baseUrl: daemon.url });
    await operator.signIn(PASSWORD);
    const { policies } = await operator.listPolicies();
    const rules = { chain: 'solana', ...contractCases.limits };
    await operator.updatePolicy(policies[0]?.id ?? '', { rules });
    payer = await createPayer(harness, daemon);
    agent = daemon.client(payer.token);
    owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await makeSigner() });
  }, 60_000);
  afterAll(async () => void (await daemon.stop()));

  const waiting = async (to = stranger()): Promise<{ readonly id: string; readonly to: string }> => {
    const { transactionId, status, tier } = await agent.sendToken({ to, amount: 4_000_000_000n });
    expect([status, tier]).toEqual(['QUEUED', 'APPROVAL']);
    return { id: transactionId, to };
  };

  test('the clients keep the contract that all SDKs are held to', async () => {
    const other = await createPayer(harness, daemon);
    const client = daemon.client(other.token);
    const waits = await client.sendToken({ to: stranger(), amount: 5_000_000_000n });
    const names = {
      stranger: () => stranger(),
      agent: () => other.agentId,
      payment: () => waits.transactionId,
      nobody: () => '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10',
    };
    for (const [caller, cases] of [
      [client, contractCases.agent],
      [operator, contractCases.operator],
    ] as const)
      for (const one of cases) {
        const { answer, error, ...asked } = filled(one, names);
        const came = await made(caller, asked);
        const expected = answer === undefined ? { error } : { answer };
        expect(holds(came, expected), `${JSON.stringify(asked)}: ${JSON.stringify(came)}`).toBe(true);
      }
    // Nothing of it is left for the others to meet.
    for (const { txId } of (await operator.listPendingApprovals()).transactions) await operator.rejectTransaction(txId);
  });

  test('it connects with the master password, and with nothing less', async () => {
    expect(await codeOf(owner.connect('wrong wrong wrong'))).toBe('INVALID_MASTER_PASSWORD');
    expect(await owner.connect(PASSWORD)).toMatchObject({ address: owner.address });
    expect(await owner.getStatus()).toMatchObject({ connected: true, address: owner.address });
  });

  test('it approves what it has seen, and what is paid is that', async () => {
    const { id, to } = await waiting();
    const { transactions } = await owner.listPendingApprovals();
    const [payment] = transactions.filter(({ txId }) => txId === id);
    if (payment === undefined) throw new Error('Not listed');
    expect(await codeOf(owner.approveTransaction({ ...payment, amount: '1' }))).toBe('MESSAGE_REFUSED');
    expect(await owner.approveTransaction(payment)).toMatchObject({ transactionId: id, approvedBy: owner.address });
    expect((await agent.waitForTransaction(id)).status).toBe('CONFIRMED');
    expect(await balanceOf(harness.ledger, to)).toBe(4_000_000_000n);
    expect(await codeOf(owner.approveTransaction(payment))).toBe('TX_ALREADY_PROCESSED');
  });

  test('it approves by id, and rejects with a reason', async () => {
    const approved = await waiting();
    await owner.approveTransaction(approved.id);
    expect((await agent.waitForTransaction(approved.id)).status).toBe('CONFIRMED');
    const rejected = await waiting();
    expect(await owner.rejectTransaction(rejected.id, 'not this month')).toMatchObject({ reason: 'not this month' });
    expect((await agent.getTransaction(rejected.id)).status).toBe('CANCELLED');
    const third = await waiting();
    await operator.rejectTransaction(third.id);
    expect((await agent.getTransaction(third.id)).status).toBe('CANCELLED');
  });

  test('it governs policies, and the operator no longer does', async () => {
    const rules = { max_tx_per_hour: 500 };
    expect(await codeOf(operator.createPolicy({ type: 'RATE_LIMIT', rules }))).toBe('OWNER_AUTH_REQUIRED');
    const { policy } = await owner.createPolicy({ type: 'RATE_LIMIT', rules });
    const changed = await owner.updatePolicy(policy.id, { rules: { max_tx_per_hour: 400 } });
    expect([changed.policy.version, changed.policy.rules]).toEqual([2, { max_tx_per_hour: 400, max_tx_per_day: 0 }]);
    await expect(owner.deletePolicy(policy.id, { version: 1 })).rejects.toMatchObject({ code: 'POLICY_CONFLICT' });
    await owner.deletePolicy(policy.id, { version: 2 });
    expect((await operator.listPolicies()).policies.map(({ id }) => id)).not.toContain(policy.id);
  });

  test('it opens a session bound to what was signed, whatever others try to open, sees it and ends it', async () => {
    const junk = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"agentId":"x"}' };
    const refused = await Promise.all(Array.from({ length: 20 }, () => fetch(`${daemon.url}/v1/sessions`, junk)));
    expect(refused.some(({ status }) => status === 429)).toBe(true);
    const opened = await owner.createSession({
      agentId: payer.agentId,
      constraints: { maxAmountPerTx: '5', maxRenewals: 2, allowedOperations: undefined },
    });
    expect(opened.constraints).toMatchObject({ maxAmountPerTx: '5', maxRenewals: 2, expiresIn: 86_400 });
    const client = daemon.client(opened.token);
    expect((await client.getBudget()).session).toMatchObject({ maxAmountPerTx: '5', renewalsLeft: 2 });
    expect(await codeOf(client.sendToken({ to: stranger(), amount: 6n }))).toBe('SESSION_LIMIT_EXCEEDED');
    const listed = await owner.listSessions({ agentId: payer.agentId, active: true, limit: 50 });
    expect(listed.sessions.map(({ id }) => id)).toContain(opened.sessionId);
    expect(await owner.revokeSession(opened.sessionId)).toMatchObject({ revoked: true });
    expect(await codeOf(client.getBalance())).toBe('SESSION_REVOKED');
  });

  test('it suspends and resumes agents', async () => {
    await owner.suspendAgent(payer.agentId);
    expect(await codeOf(agent.sendToken({ to: stranger(), amount: 1_000_000n }))).toBe('AGENT_SUSPENDED');
    expect(await owner.resumeAgent(payer.agentId)).toMatchObject({ status: 'ACTIVE' });
    expect(await operator.getAgent(payer.agentId)).toMatchObject({ status: 'ACTIVE' });
  });

  test('a dry run says what a payment then gets, and leaves no trace', async () => {
    const before = await agent.getBudget();
    const dry = await agent.dryRun({ to: stranger(), amount: 4_000_000_000n });
    expect([dry.outcome, dry.tier]).toEqual(['ALLOW', 'APPROVAL']);
    expect(await agent.getBudget()).toEqual(before);
  });

  test('every decision is explained, and comes out the same again', async () => {
    const { id } = await waiting();
    const decision = await owner.getDecision(id);
    expect([decision.tier, decision.replay]).toEqual(['APPROVAL', 'same']);
    const replay = await operator.replayDecisions();
    expect([replay.same + replay.refusedBySession, replay.faultCount]).toEqual([replay.total, 0]);
    await owner.rejectTransaction(id);
  });

  test('it tries other policies on a payment and on the past before it changes them', async () => {
    const { policies } = await owner.listPolicies();
    const proposed = policies.map(({ id, type, rules, priority }) => ({
      id,
      type,
      rules: { ...rules, delay_max: '9000000000' },
      priority,
    }));
    const { payment, history } = await owner.evaluatePolicies({
      policies: JSON.parse(JSON.stringify(proposed)),
      payment: { agentId: payer.agentId, to: stranger(), amount: '4000000000' },
      history: { agentId: payer.agentId },
    });
    expect([payment?.present.tier, payment?.proposed.tier]).toEqual(['APPROVAL', 'DELAY']);
    expect(history?.looser).toBeGreaterThan(3);
    expect(history?.changes[0]).toMatchObject({ change: 'looser', present: { tier: 'APPROVAL' } });
  });

  test('an agent renews its session no earlier than half of its life', async () => {
    expect(await codeOf(agent.renewSession())).toBe('RENEWAL_TOO_EARLY');
  });

  test('somebody else’s wallet is nobody here', async () => {
    const { id } = await waiting();
    const thief = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await makeSigner() });
    const { transactions } = await owner.listPendingApprovals();
    const [payment] = transactions.filter(({ txId }) => txId === id);
    expect(await codeOf(thief.approveTransaction(payment ?? id))).toBe('OWNER_MISMATCH');
    expect(await codeOf(thief.listPolicies())).toBe('OWNER_MISMATCH');
    expect(await codeOf(thief.change(await makeSigner(), PASSWORD))).toBe('OWNER_MISMATCH');
    expect(await codeOf(thief.connect(PASSWORD))).toBe('OWNER_ALREADY_CONNECTED');
    await owner.rejectTransaction(id);
  });

  test('it hands over to another wallet and goes', async () => {
    const { id } = await waiting();
    const next = await makeSigner();
    expect(await codeOf(owner.change(next, 'wrong wrong wrong'))).toBe('INVALID_MASTER_PASSWORD');
    const changed = await owner.change(next, PASSWORD);
    expect(changed).toMatchObject({ previousAddress: owner.address, expiredTransactions: 1 });
    expect((await agent.getTransaction(id)).status).toBe('EXPIRED');
    expect(await codeOf(owner.getStatus())).toBe('OWNER_MISMATCH');
    const successor = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: next });
    expect(await successor.disconnect()).toMatchObject({ disconnected: true });
    expect(await codeOf(successor.getStatus())).toBe('OWNER_MISMATCH');
    await operator.createPolicy({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 500 } });
  });

  test('a new password ends what the old one opened', async () => {
    const next = 'Another-Canary-Password-72';
    expect(await codeOf(operator.changeMasterPassword('wrong wrong wrong', next))).toBe('INVALID_MASTER_PASSWORD');
    await operator.changeMasterPassword(PASSWORD, next);
    expect(await codeOf(operator.listAgents())).toBe('INVALID_OPERATOR_TOKEN');
    expect(await codeOf(operator.signIn(PASSWORD))).toBe('INVALID_MASTER_PASSWORD');
    await operator.signIn(next);
    await operator.rotateSecret(next);
    // Within five minutes of the rotation tokens of the old secret are good.
    expect(await agent.getAddress()).toMatchObject({ chain: 'solana' });
    await operator.signOut();
    expect(await codeOf(operator.listAgents())).toBe('AUTH_TOKEN_MISSING');
  });
});

test.each([60, 600])(
  'an owner signs whatever life nonces have: %d seconds',
  async (ttl) => {
    const daemon = await harness.start(await harness.createDataDir(`nonce_cache_ttl = ${ttl}\n`));
    const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await generateKeyPairSigner() });
    expect(await owner.connect(PASSWORD)).toMatchObject({ address: owner.address });
    expect(await owner.getStatus()).toMatchObject({ connected: true });
    await daemon.stop();
  },
  60_000,
);

test.each([
  ['a wallet of the Wallet Standard', standardWallet],
  ['a provider of EIP-1193', injectedProvider],
])(
  '%s becomes the owner, opens a session and approves',
  async (_name, makeSigner) => {
    const daemon = await harness.start(await harness.createDataDir());
    const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await makeSigner() });
    expect(await owner.connect(PASSWORD)).toMatchObject({ address: owner.address });
    const payer = await createPayer(harness, daemon);
    const { token } = await owner.createSession({ agentId: payer.agentId, constraints: { maxTransactions: 1 } });
    const agent = daemon.client(token);
    const to = stranger();
    const { transactionId, status } = await agent.sendToken({ to, amount: 20_000_000_000n });
    expect(status).toBe('QUEUED');
    await owner.approveTransaction(transactionId);
    expect((await agent.waitForTransaction(transactionId)).status).toBe('CONFIRMED');
    expect(await balanceOf(harness.ledger, to)).toBe(20_000_000_000n);
    await daemon.stop();
  },
  60_000,
);

test('what a webhook has not taken is listed and sent again, by the operator and by the owner', async () => {
  const hook = await startHookServer();
  const daemon = await harness.start(await harness.createDataDir(), {
    WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
  });
  const operator = new WAIaaSOperatorClient({ baseUrl: daemon.url });
  await operator.signIn(PASSWORD);
  const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await generateKeyPairSigner() });
  await owner.connect(PASSWORD);
  const { agentId } = await createPayer(harness, daemon);
  const config = { url: `${hook.url}/in` };
  const { id } = (await operator.createNotificationChannel({ type: 'WEBHOOK', name: 'hook', config })).channel;

  for (const client of [operator, owner]) {
    hook.refusing = true;
    await client.suspendAgent(agentId);
    await client.resumeAgent(agentId);
    const refused = async () => (await client.listDeadLetters(id, { order: 'asc' })).deadLetters;
    await expect
      .poll(async () => (await refused()).map(({ event }) => event), { timeout: 20_000, interval: 100 })
      .toEqual(expect.arrayContaining(['AGENT_SUSPENDED', 'AGENT_RESUMED']));
    const [first, ...others] = await refused();
    if (first === undefined) throw new Error('Nothing was refused');
    expect(first.error).toContain('400');
    const [again] = (await client.redeliver(id, { deliveryId: first.deliveryId })).deliveries;
    expect(again).toMatchObject({ deliveryId: first.deliveryId, success: false });
    expect((await refused()).map(({ deliveryId }) => deliveryId)).toContain(first.deliveryId);

    hook.refusing = false;
    const seen = hook.deliveries.length;
    const one = await client.redeliver(id, { deliveryId: first.deliveryId });
    expect(one).toMatchObject({ channelId: id, deliveries: [{ event: first.event, success: true }], nextCursor: null });
    expect(await codeOf(client.redeliver(id, { deliveryId: first.deliveryId }))).toBe('DEAD_LETTER_NOT_FOUND');
    const rest = await client.redeliver(id);
    expect(rest.deliveries.map(({ deliveryId, success }) => [deliveryId, success])).toEqual(
      others.map(({ deliveryId }) => [deliveryId, true]),
    );
    expect(await refused()).toEqual([]);
    // Under the ids and in the places that they had.
    const arrived = hook.deliveries.slice(seen).filter(({ type }) => type === 'AGENT_SUSPENDED');
    expect(arrived.map(({ sequence }) => sequence)).toEqual(
      [first, ...others].filter(({ event }) => event === 'AGENT_SUSPENDED').map(({ sequence }) => sequence),
    );
  }
  await daemon.stop();
  await hook.close();
}, 60_000);
