import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, SESSION_STATEMENT, sessionResource, transactionResource } from '@waiaas/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startEchoingServer } from './echoing-server.ts';
import { createHarness, createPayer, type Harness, JWT_SECRET, PASSWORD, RPC_KEY, setLimits } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';
import { startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet, messageBy } from './owner-wallet.ts';

/* Promise 10: secrets leave no trace in logs, database, answers, process list or environment. */

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

function* filesBelow(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

test('a full life of a daemon at log level trace leaves none of them anywhere', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir, { WAIAAS_DAEMON_LOG_LEVEL: 'trace' });
  const answers: string[] = [];
  const note = (value: unknown): void => void answers.push(JSON.stringify(value));
  await setLimits(daemon, { daily_max: '20000000' });
  const payer = await createPayer(harness, daemon);
  const client = daemon.client(payer.token);
  note(await client.getBalance());
  note(await client.sendToken({ to: stranger(), amount: 5_000_000n, memo: 'a memo' }));
  note(await client.sendToken({ to: stranger(), amount: 50_000_000n }).catch((error: unknown) => error));
  const broken = harness.ledger.faults.add({ type: 'httpError', status: 503 });
  note(await client.sendToken({ to: stranger(), amount: 5_000_000n }).catch((error: unknown) => error));
  note(await client.getBalance().catch((error: unknown) => error));
  broken();
  const login = await fetch(`${daemon.url}/v1/admin/login`, {
    method: 'POST',
    headers: { 'x-master-password': PASSWORD },
  });
  const { token: operatorToken } = (await login.json()) as { token: string };
  expect(operatorToken).toMatch(/^wai_op_/);
  note(await daemon.operate('GET', '/v1/admin/status'));
  note(await daemon.operate('GET', '/v1/sessions'));
  note(await daemon.operate('GET', '/v1/agents', undefined, 'Wrong-Password-Canary-5'));
  for (const path of ['/doc', '/nowhere', '/v1/agents'])
    note(await (await fetch(`${daemon.url}${path}`, { headers: { authorization: `Bearer ${payer.token}x` } })).text());
  const { pid } = daemon.child;
  const processFiles = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].map((path) => readFileSync(path, 'latin1'));
  await daemon.stop();

  const places: [string, string][] = [
    ['answers', answers.join('\n')],
    ['output', daemon.output()],
    ...processFiles.map((text, index): [string, string] => [`process ${index}`, text]),
  ];
  for (const path of filesBelow(dataDir)) places.push([path.slice(dataDir.length), readFileSync(path, 'latin1')]);
  const secrets: [string, string][] = [
    ['master password', PASSWORD],
    ['a wrong password', 'Wrong-Password-Canary-5'],
    ['session token', payer.token.slice(0, 120)],
    ['any session token', 'wai_sess_ey'],
    ['operator token', operatorToken],
    ['signature of the session token', payer.token.slice(payer.token.lastIndexOf('.') + 1)],
  ];
  for (const [place, text] of places) {
    for (const [secret, value] of secrets) expect(text.includes(value), `${secret} in ${place}`).toBe(false);
    // The configuration is where these two belong.
    if (place === '/config.toml') continue;
    expect(text.includes(JWT_SECRET), `the token secret in ${place}`).toBe(false);
    expect(text.includes(RPC_KEY), `the RPC key in ${place}`).toBe(false);
  }
  expect(places.length).toBeGreaterThan(8);
}, 90_000);

test('nor do those of channels, when every service fails and repeats what it was told', async () => {
  const server = await startEchoingServer();
  const secret = {
    bot: '123456789:AAcanaryTOKENcanaryTOKENcanaryTOKEN',
    discord: 'canary-discord-secret-canary',
    slack: 'canaryslacksecretcanary',
    ntfy: 'tk_canaryntfytokencanary',
    hook: 'canary-hook-secret-canary-hook-secret',
    address: 'canary-hook-address',
  };
  const configs: Readonly<Record<string, object>> = {
    TELEGRAM: { botToken: secret.bot, chatId: '4242', apiUrl: server.url },
    DISCORD: { webhookUrl: `${server.url}/api/webhooks/112233445566/${secret.discord}` },
    SLACK: { webhookUrl: `${server.url}/services/T0/B0/${secret.slack}` },
    NTFY: { serverUrl: server.url, topic: 'alerts', authToken: secret.ntfy },
    WEBHOOK: { url: `${server.url}/${secret.address}`, secret: secret.hook },
  };
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir, {
    WAIAAS_DAEMON_LOG_LEVEL: 'trace',
    WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
  });
  const path = '/v1/owner/notification-channels';
  const answers: string[] = [];
  const ids: string[] = [];
  for (const [type, config] of Object.entries(configs)) {
    const made = await daemon.operate('POST', path, { type, name: `my ${type}`, config });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    ids.push(z.object({ channel: z.object({ id: z.string() }) }).parse(made.body).channel.id);
    answers.push(JSON.stringify(made.body));
  }
  server.fails = true;
  for (const id of ids) {
    const tried = await daemon.operate('POST', `${path}/${id}/test`);
    expect(tried.body).toMatchObject({ success: false });
    answers.push(JSON.stringify(tried.body));
    answers.push(JSON.stringify(await daemon.operate('PUT', `${path}/${id}`, { enabled: true, name: 'renamed' })));
  }
  const refused = await daemon.operate('POST', path, { type: 'SLACK', name: 'new', config: configs.SLACK });
  expect(refused.status).toBe(400);
  answers.push(JSON.stringify(refused.body));
  // An alarm goes over all of them, and reaches nobody.
  expect((await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).status).toBe(200);
  const events = async () => (await readRemains(dataDir)).audit.map(({ event_type }) => event_type);
  await expect.poll(events, { timeout: 30_000, interval: 200 }).toContain('NOTIFICATION_ALL_FAILED');
  await daemon.stop();
  await server.close();

  expect(server.failed.length).toBeGreaterThan(5);
  const places: [string, string][] = [
    ['answers', answers.join('\n')],
    ['output', daemon.output()],
  ];
  for (const file of filesBelow(dataDir)) places.push([file.slice(dataDir.length), readFileSync(file, 'latin1')]);
  for (const [place, text] of places) {
    for (const [name, value] of Object.entries(secret)) {
      expect(text.includes(value), `the secret of ${name} in ${place}`).toBe(false);
    }
  }
}, 90_000);

test('nor do the headers of an owner, and what takes the place of a secret', async () => {
  const wallet = createOwnerWallet('solana');
  const owned = await startOwnedDaemon(harness, wallet, { WAIAAS_DAEMON_LOG_LEVEL: 'trace' });
  const { daemon, dataDir } = owned;
  await setLimits(daemon, {});
  const answers: string[] = [];
  const headers: string[] = [];
  const signatures: string[] = [];
  const note = (answer: unknown): void => void answers.push(JSON.stringify(answer));
  /** Sends a request with a signature over a text, and keeps what must not be found. */
  async function sign(action: 'approve_tx' | 'reject_tx' | 'view_dashboard', path: string, message: string) {
    const authorization = owned.header(action, message);
    headers.push(authorization.slice('Bearer '.length));
    signatures.push(wallet.sign(message));
    const method = action === 'view_dashboard' ? 'GET' : 'POST';
    const answer = await owned.ask({ method, path }, { authorization });
    note(answer);
    return answer.status;
  }
  expect((await owned.connect()).status).toBe(201);
  const payer = await createPayer(harness, daemon);
  const to = stranger();
  for (const action of ['approve_tx', 'reject_tx'] as const) {
    const { transactionId } = await daemon.client(payer.token).sendToken({ to, amount: 4_000_000_000n });
    const message = messageBy(wallet, {
      domain: owned.domain,
      nonce: await owned.nonce(),
      statement: `WAIaaS Owner Action: ${action} - pay 4 SOL to ${to} on solana localnet`,
      resource: transactionResource(transactionId),
    });
    expect(await sign(action, `/v1/owner/${action.replace('_tx', '')}/${transactionId}`, message)).toBe(200);
  }
  // One that is refused is kept no less to itself.
  const request = { method: 'GET', path: '/v1/owner/status' };
  const foreign = await owned.compose('view_dashboard', request, { domain: 'evil.com', uri: 'http://evil.com' });
  expect(await sign('view_dashboard', request.path, foreign)).toBe(401);

  const hash = createHash('sha256')
    .update(canonicalJson({ expiresIn: 600 }))
    .digest('hex');
  const message = messageBy(wallet, {
    domain: owned.domain,
    nonce: await owned.nonce(),
    statement: SESSION_STATEMENT,
    resource: sessionResource(payer.agentId, hash),
  });
  const signature = wallet.sign(message);
  const signed = { chain: wallet.chain, ownerAddress: wallet.address, message, signature };
  const body = { agentId: payer.agentId, expiresIn: 600, ...signed };
  const opened = await owned.ask({ method: 'POST', path: '/v1/sessions', body }, {});
  const session = z.object({ token: z.string(), sessionId: z.string() }).parse(opened.body);

  expect((await daemon.operate('POST', '/v1/admin/rotate-secret')).status).toBe(200);
  const renewed = await owned.ask(
    { method: 'PUT', path: `/v1/sessions/${session.sessionId}/renew` },
    { authorization: `Bearer ${session.token}` },
  );
  const renewedToken = z.object({ token: z.string() }).parse(renewed.body).token;
  const newPassword = 'Canary-Next-Password-72';
  note(await daemon.operate('POST', '/v1/admin/password', { newPassword }));
  note(await daemon.operate('GET', '/v1/sessions', undefined, newPassword));
  await daemon.stop();

  const secretsFile = join(dataDir, 'token-secrets.json');
  const rotated = z
    .object({ current: z.string(), previous: z.string() })
    .parse(JSON.parse(readFileSync(secretsFile, 'utf8')));
  expect(rotated.previous).toBe(JWT_SECRET);
  const places: [string, string][] = [
    ['answers', answers.join('\n')],
    ['output', daemon.output()],
  ];
  for (const path of filesBelow(dataDir)) places.push([path.slice(dataDir.length), readFileSync(path, 'latin1')]);
  for (const [place, text] of places) {
    const secrets: [string, string][] = [
      ['the old password', PASSWORD],
      ['the new password', newPassword],
      ['the session token of an owner', session.token],
      ['a renewed token', renewedToken],
      ['any session token', 'wai_sess_ey'],
      ...headers.map((header): [string, string] => ['a header of the owner', header]),
    ];
    // The audit log keeps what an owner signed, as evidence; nothing else does.
    if (!place.includes('waiaas.db'))
      for (const text of [...signatures, signature]) secrets.push(['a signature', text]);
    if (place !== '/token-secrets.json') {
      secrets.push(['the new token secret', rotated.current]);
      if (place !== '/config.toml') secrets.push(['the old token secret', rotated.previous]);
    }
    for (const [secret, value] of secrets) expect(text.includes(value), `${secret} in ${place}`).toBe(false);
  }
  expect(places.map(([place]) => place)).toContain('/token-secrets.json');
}, 90_000);
