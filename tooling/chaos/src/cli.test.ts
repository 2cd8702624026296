import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { address } from '@solana/kit';
import { WAIaaSClient } from '@waiaas/sdk';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { documentedCommands } from './documented-commands.ts';
import { bareEnvironment, createHarness, type Harness, JWT_SECRET, PASSWORD } from './harness.ts';
import { startHookServer } from './hook-server.ts';
import { balanceOf, stranger } from './ledger-truth.ts';

/* One story by the command line alone, with the program as it is shipped: an owner with a key file governs an agent. */

const WAIAAS = fileURLToPath(new URL('../../../apps/daemon/bin/waiaas.mjs', import.meta.url));
const NEXT_PASSWORD = 'Canary-Other-Password-72';

let harness: Harness;
let dataDir: string;
let daemon: ChildProcess;
let url: string;
/** Every command there is; a test compares the list with the program. */
const LEAVES = readFileSync(new URL('../../../docs/reference/commands.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));
/** Those that have answered with JSON here. */
const answeredJson = new Set<string>();
/** Those whose JSON is looked at in another place, for they need a service, a stopped daemon or a session of another age. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  init: 'apps/daemon/test/init.test.ts',
  start: 'apps/daemon/test/lifecycle.test.ts',
  stop: 'apps/daemon/test/stop-and-status.test.ts',
  'agent list': 'apps/daemon/test/lifecycle.test.ts',
  'owner pending': 'apps/daemon/src/cli/commands/owner.test.ts',
  'agent export': 'backup.test.ts',
  'agent import': 'backup.test.ts',
  'backup create': 'backup.test.ts',
  'backup list': 'backup.test.ts',
  'backup restore': 'backup.test.ts',
  doctor: 'backup.test.ts',
  'session renew': 'apps/daemon/src/cli/commands/session.test.ts',
  'owner change': 'apps/daemon/src/cli/commands/owner.test.ts',
  'notifications add telegram': 'apps/daemon/src/cli/commands/notifications.test.ts',
  'notifications add discord': 'apps/daemon/src/cli/commands/notifications.test.ts',
  'notifications add ntfy': 'apps/daemon/src/cli/commands/notifications.test.ts',
  'notifications add slack': 'apps/daemon/src/cli/commands/notifications.test.ts',
  'telegram verify': 'apps/daemon/src/cli/commands/notifications.test.ts',
  completion: 'apps/daemon/src/cli/every-command.test.ts',
};
/** What no command may print. */
const canaries: string[] = [PASSWORD, NEXT_PASSWORD, JWT_SECRET];

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let passwordFile: string;

async function waiaas(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [WAIAAS, '--data-dir', dataDir, ...args], {
    env: { ...bareEnvironment(), HOME: dataDir, WAIAAS_MASTER_PASSWORD_FILE: passwordFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  for (const canary of canaries) expect(`${args.join(' ')}: ${out}${err}`).not.toContain(canary);
  return { code, out, err };
}

/** A port nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('No port');
  return bound.port;
}

const succeed = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await waiaas(...args);
  expect([args.join(' '), code, err]).toEqual([args.join(' '), 0, expect.any(String)]);
  return out;
};
const json = async (...args: readonly string[]): Promise<unknown> => {
  const value: unknown = JSON.parse(await succeed(...args, '--json'));
  const line = `${args.join(' ')} `;
  answeredJson.add(
    LEAVES.filter((leaf) => line.startsWith(`${leaf} `)).toSorted((a, b) => b.length - a.length)[0] ?? line,
  );
  return value;
};
const fail = async (code: string, ...args: readonly string[]): Promise<Finished> => {
  const finished = await waiaas(...args, '--json');
  // The text to sign, where one is asked for, comes before.
  const last = finished.err.trimEnd().split('\n').at(-1) ?? '';
  expect([args.join(' '), JSON.parse(last).code, finished.out]).toEqual([args.join(' '), code, '']);
  return finished;
};

function secretFile(name: string, text: string): string {
  const path = join(dataDir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

beforeAll(async () => {
  // Commands are processes: the ledger is given time, so that no blockhash ends while they start.
  harness = await createHarness(100);
  dataDir = await harness.createDataDir();
  passwordFile = secretFile('password', `${PASSWORD}\n`);
  const port = await freePort();
  daemon = spawn(process.execPath, [WAIAAS, '--data-dir', dataDir, 'start', '--port', String(port)], {
    env: {
      ...bareEnvironment(),
      HOME: dataDir,
      WAIAAS_MASTER_PASSWORD_FILE: passwordFile,
      WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
    },
    stdio: 'ignore',
  });
  url = `http://127.0.0.1:${port}`;
  const health = (): Promise<Response> => fetch(`${url}/health`);
  await vi.waitFor(async () => expect((await health()).ok).toBe(true), { timeout: 40_000, interval: 100 });
  expect(await json('status')).toMatchObject({ running: true });
}, 60_000);
afterAll(async () => {
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
  await harness.close();
});

test('agent, owner, approval, rejection, sessions, decisions, password: the command line does it all', async () => {
  const agent = z
    .object({ id: z.string(), publicKey: z.string() })
    .parse(await json('agent', 'create', 'shopper', '--chain', 'solana', '--network', 'localnet'));
  harness.ledger.airdrop(address(agent.publicKey), 1_000_000_000_000n);
  const opened = z
    .object({ sessionId: z.string(), token: z.string() })
    .parse(await json('session', 'create', '--agent-id', agent.id, '--constraints', '{"maxRenewals":3}'));
  const client = new WAIaaSClient({ baseUrl: url, sessionToken: opened.token });

  const { secretKey, publicKey } = ed25519.keygen();
  const wallet = base58.encode(publicKey);
  canaries.push(Buffer.from(secretKey).toString('hex'), [...secretKey].join(','));
  const keyFile = secretFile('owner.json', JSON.stringify([...secretKey, ...publicKey]));
  const key = ['--keypair', keyFile, '--yes'];
  // What the documents show is typed as they show it; nobody is at the prompt.
  const [owners, recalls] = [documentedCommands('authentication.md'), documentedCommands('recall.md')];
  const asOwner = (line: string, values: Readonly<Record<string, string>> = {}): readonly string[] => [
    ...owners.type(line, { 'owner.json': keyFile, ...values }),
    '--yes',
  ];
  // Policies are the operator's as long as there is no owner, and the owner's from then on.
  const rules = { chain: 'solana', instant_max: '100000000', notify_max: '1000000000', delay_max: '10000000000' };
  const policyFile = secretFile('policy.json', JSON.stringify({ type: 'SPENDING_LIMIT', rules }));
  const added = z
    .object({ policy: z.object({ id: z.string(), agentId: z.literal(agent.id) }) })
    .parse(await json('policy', 'create', policyFile, '--agent', 'shopper'));
  await json(
    ...asOwner('owner connect --chain solana --address <address> --keypair owner.json', { '<address>': wallet }),
  );
  const disable = ['policy', 'update', added.policy.id, '--disable'];
  await fail('SIGNATURE_MISSING', ...disable);
  await fail('POLICY_CONFLICT', ...disable, '--policy-version', '7', ...key);
  expect(await json(...disable, ...key)).toMatchObject({ policy: { enabled: false, version: 2 } });
  expect(await succeed('policy', 'list', '--agent', 'shopper')).toMatch(/SPENDING_LIMIT +shopper +0 +disabled/);
  expect(await json('settings', 'set', '--min-channels', '3')).toMatchObject({ notifications: { minChannels: 3 } });
  expect(await json('settings', 'show')).toMatchObject({ changed: ['notifications.minChannels'] });
  await fail('POLICY_NOT_FOUND', 'policy', 'delete', agent.id, ...key);
  await fail('POLICY_CONFLICT', 'policy', 'delete', added.policy.id, '--policy-version', '1', ...key);
  expect(await json('policy', 'delete', added.policy.id, ...key)).toMatchObject({ deleted: true });
  expect(await json('policy', 'list')).toMatchObject({
    policies: [{ agentId: null, authentic: true }],
    notAuthentic: [],
  });
  expect(await json('owner', 'status')).toMatchObject({ connected: true, address: wallet });

  // Above the limits that an installation begins with, and so the owner's to decide.
  const amount = 20_000_000_000n;
  const to = stranger();
  const { transactionId } = await client.sendToken({ to, amount });
  expect(await succeed(...owners.type('owner pending'))).toContain(`pay 20 SOL to ${to} on solana localnet`);
  const approve = asOwner('owner approve <txId> --keypair owner.json', { '<txId>': transactionId });
  expect(await succeed(...approve)).toContain('on its way');
  expect((await client.waitForTransaction(transactionId)).status).toBe('CONFIRMED');
  expect(await balanceOf(harness.ledger, to)).toBe(amount);
  await fail('NOT_WAITING', ...approve);

  const second = await client.sendToken({ to: stranger(), amount });
  await json(...owners.type("owner reject <txId> --reason 'not this month'", { '<txId>': second.transactionId }));
  expect((await client.getTransaction(second.transactionId)).status).toBe('CANCELLED');

  // In two steps, as on two machines: the text is fetched here, signed there, sent from here.
  const third = await client.sendToken({ to: stranger(), amount });
  const textPath = join(dataDir, 'to-sign.txt');
  const [steps, later] = [{ '<txId>': third.transactionId, 'approve.txt': textPath }, '--message-file approve.txt'];
  await json(
    ...owners.type('owner message --action approve_tx --path /v1/owner/approve/<txId> --out approve.txt', steps),
  );
  expect(readFileSync(textPath, 'utf8')).toContain('pay 20 SOL to ');
  const signed = await json(...asOwner(`owner sign --keypair owner.json ${later}`, steps));
  const { signature } = z.object({ signature: z.string() }).parse(signed);
  await json(
    ...owners.type(`owner approve <txId> ${later} --signature <signature>`, { ...steps, '<signature>': signature }),
  );
  expect((await client.waitForTransaction(third.transactionId)).status).toBe('CONFIRMED');

  expect(await json('explain', transactionId)).toMatchObject({ transactionId, replay: 'same' });
  const explained = await succeed('explain', transactionId);
  expect(explained).toMatch(/allowed with tier APPROVAL/);
  expect(explained).toMatch(/comes out the same/);
  expect(explained).toMatch(/SPENDING_LIMIT v1 +delay_max +20000000000 +\d+ +NO/);
  expect(await json('replay')).toMatchObject({ total: 5, same: 5, faultCount: 0 });
  await fail('TX_NOT_FOUND', 'explain', opened.sessionId);

  expect(await succeed('session', 'list')).toContain(opened.sessionId);
  const tokenFile = secretFile('token', opened.token);
  await fail('RENEWAL_TOO_EARLY', 'session', 'renew', '--token-file', tokenFile, '--update');
  expect(readFileSync(tokenFile, 'utf8')).toBe(opened.token);
  await json('session', 'revoke', opened.sessionId);
  expect(await json('session', 'list')).toMatchObject({ sessions: [] });
  expect(await succeed('session', 'list')).not.toContain(opened.sessionId);
  expect(await succeed('session', 'list', '--all', '--agent-id', agent.id)).toMatch(/revoked/);
  await fail('SESSION_REVOKED', 'session', 'renew', '--token-file', tokenFile);

  expect(await json('secret', 'rotate')).toMatchObject({ rotated: true });
  const next = secretFile('next-password', `${NEXT_PASSWORD}\n`);
  const short = secretFile('short-password', 'short\n');
  expect((await waiaas('password', 'change', '--new-password-file', short)).code).not.toBe(0);
  await json('password', 'change', '--new-password-file', next);
  expect((await fail('INVALID_MASTER_PASSWORD', 'agent', 'list')).code).toBe(4);
  passwordFile = next;
  expect(await succeed('agent', 'list')).toContain('shopper');
  expect(await json('agent', 'suspend', 'shopper')).toMatchObject({ status: 'SUSPENDED' });
  expect(await json('agent', 'resume', 'shopper')).toMatchObject({ status: 'ACTIVE' });
  expect(await json('agent', 'info', 'shopper')).toMatchObject({ id: agent.id, name: 'shopper', status: 'ACTIVE' });
  expect(await json('telegram', 'unpair')).toEqual({ unpaired: false });

  expect(await succeed('kill-switch', '--reason', 'drill')).toContain('Nothing is signed');
  await fail('SYSTEM_LOCKED', 'agent', 'list');
  await fail('OWNER_AUTH_REQUIRED', 'recover');
  expect(await succeed(...asOwner('recover --keypair owner.json'))).toContain('Agents reactivated: 1');
  await fail('KILL_SWITCH_NOT_ACTIVE', 'recover', ...key);
  expect(await json('audit', 'list', '--limit', '1')).toMatchObject({ entries: [{}] });
  expect(await succeed('audit', 'list', '--event', 'KILL_SWITCH_RECOVERED')).toContain(`owner:${wallet}`);

  // The money goes home: nowhere else, and to the last lamport.
  const elsewhere = recalls.type('agent recall shopper --to <address>', { '<address>': stranger() });
  await fail('DESTINATION_REFUSED', ...elsewhere, ...key);
  const before = await balanceOf(harness.ledger, agent.publicKey);
  expect(await succeed(...recalls.type('agent recall shopper'), '--wait')).toMatch(/Status: +COMPLETED/);
  expect(await balanceOf(harness.ledger, agent.publicKey)).toBe(0n);
  expect(await balanceOf(harness.ledger, wallet)).toBe(before - 5_000n);
  expect(await json('agent', 'recall', 'shopper', '--wait', ...key)).toMatchObject({ status: 'COMPLETED', left: [] });
  const { recalls: done } = z
    .object({ recalls: z.array(z.object({ requestedBy: z.string() })) })
    .parse(await json(...recalls.type('agent recalls shopper')));
  expect(done.map(({ requestedBy }) => requestedBy)).toEqual([`owner:${wallet}`, 'operator']);
  expect(await succeed('agent', 'recovery-address', 'shopper', '--set', stranger(), ...key)).toMatch(/Next: +/);
  expect(await json('agent', 'recovery-address', 'shopper')).toMatchObject({ address: null });
  expect(await succeed('agent', 'resume', 'shopper')).toContain('Resumed');

  const nextKey = generatePrivateKey();
  canaries.push(nextKey.slice(2));
  const [nextFile, heir] = [secretFile('next.key', nextKey), privateKeyToAccount(nextKey).address];
  const change = 'owner change --chain ethereum --address 0x… --new-keypair next.key --keypair owner.json';
  await succeed(...asOwner(change, { '0x…': heir, 'next.key': nextFile }));
  expect(await json('owner', 'status')).toMatchObject({ connected: true, address: heir });
  await json(...asOwner('owner disconnect --keypair owner.json', { 'owner.json': nextFile }));
  expect(await json('owner', 'status')).toMatchObject({ connected: false });
  expect([...owners.left(), ...recalls.left()]).toEqual([]);
  // Without an owner the password is enough for whoever may write into the data directory.
  expect(await json('kill-switch', '--reason', 'drill')).toMatchObject({ activated: true, agentsSuspended: 1 });
  expect(await json('recover')).toMatchObject({ recovered: true, agentsReactivated: 1 });
  expect(await json('agent', 'terminate', 'shopper', '--yes')).toMatchObject({ id: agent.id });
  await fail('AGENT_TERMINATED', 'agent', 'resume', 'shopper');
  expect(await json('audit', 'verify')).toMatchObject({ intact: true });
}, 120_000);

test.each(['', 'x'.repeat(31)])('it starts no daemon that signs tokens with a secret like %j', async (secret) => {
  const child = spawn(process.execPath, [WAIAAS, '--data-dir', await harness.createDataDir(), 'start'], {
    env: {
      ...bareEnvironment(),
      WAIAAS_MASTER_PASSWORD_FILE: passwordFile,
      WAIAAS_SECURITY_JWT_SECRET: secret,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(err).toContain('security.jwt_secret');
});

test('an AI tool that was set up by it pays with the server that its settings name', async () => {
  const agent = z
    .object({ id: z.string(), publicKey: z.string() })
    .parse(await json('agent', 'create', 'assistant', '--chain', 'solana', '--network', 'localnet'));
  harness.ledger.airdrop(address(agent.publicKey), 1_000_000_000n);
  const server = fileURLToPath(new URL('../../../packages/mcp/bin/waiaas-mcp.mjs', import.meta.url));
  const limits = ['--constraints', '{"maxAmountPerTx":"50000000"}'];
  const place = ['--client', 'cursor', '--server-file', server];
  const made = await json('mcp', 'setup', '--agent-id', agent.id, ...limits, ...place);
  const { tokenFile } = z.object({ tokenFile: z.string() }).parse(made);
  const token = readFileSync(tokenFile, 'utf8').trim();
  canaries.push(token);
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);

  const settings = readFileSync(join(dataDir, '.cursor', 'mcp.json'), 'utf8');
  expect(settings).not.toContain(token);
  const entry = z
    .object({ command: z.string(), args: z.array(z.string()), env: z.record(z.string(), z.string()) })
    .parse(JSON.parse(settings).mcpServers['waiaas-wallet']);
  const model = new Client({ name: 'test', version: '1' });
  await model.connect(new StdioClientTransport(entry));
  const pay = async (amount: string): Promise<string> =>
    JSON.stringify(await model.callTool({ name: 'send_token', arguments: { to: stranger(), amount } }));
  expect(await pay('40000000')).toContain('CONFIRMED');
  expect(await pay('60000000')).toContain('SESSION_LIMIT_EXCEEDED');
  await model.close();

  // Once more: another session, in the place of the first.
  await succeed('mcp', 'setup', '--agent-id', agent.id, ...limits, ...place);
  expect(readFileSync(tokenFile, 'utf8').trim()).not.toBe(token);
}, 120_000);

test('a channel is added with a secret from a file, tried, and removed', async () => {
  const hook = await startHookServer();
  try {
    const secret = 'canary-hook-secret-canary-hook-secret-1';
    canaries.push(secret);
    const config = ['--url', `${hook.url}/in`, '--secret-file', secretFile('hook-secret', `${secret}\n`)];
    const { channel } = z
      .object({ channel: z.object({ id: z.string() }) })
      .parse(await json('notifications', 'add', 'webhook', '--name', '내 서버', '--locale', 'ko', ...config));
    expect(await succeed('notifications', 'test', channel.id)).toContain('Taken by the service');
    expect(await hook.next(({ type }) => type === 'CHANNEL_TEST')).toMatchObject({ title: '테스트 메시지' });
    expect(await json('notifications', 'test', channel.id)).toMatchObject({ success: true });
    expect(await json('notifications', 'log', '--limit', '5')).toMatchObject({ entries: expect.any(Array) });
    expect(await json('notifications', 'list')).toMatchObject({ channels: [{ id: channel.id }] });
    expect(await json('notifications', 'dead-letters', channel.id)).toEqual({ deadLetters: [], nextCursor: null });
    expect(await json('notifications', 'redeliver', channel.id)).toEqual({ channelId: channel.id, deliveries: [] });
    expect(await json('notifications', 'update', channel.id, '--priority', '5')).toMatchObject({ channel: {} });
    await json('notifications', 'remove', channel.id);
    await fail('CHANNEL_NOT_FOUND', 'notifications', 'test', channel.id);
  } finally {
    await hook.close();
  }
}, 120_000);

test('every command has answered with JSON, here or where it is said', () => {
  expect([...answeredJson, ...Object.keys(ELSEWHERE)].toSorted()).toEqual([...LEAVES].toSorted());
  for (const [leaf, file] of Object.entries(ELSEWHERE)) {
    const root = file.includes('/') ? '../../../' : './';
    const source = readFileSync(new URL(root + file, import.meta.url), 'utf8');
    for (const word of ['json', ...leaf.split(' ')]) expect(source, `${leaf} in ${file}`).toContain(word);
  }
});
