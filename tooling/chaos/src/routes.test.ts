import { balanceHistoryResponseSchema, dashboardResponseSchema, errorBodySchema } from '@waiaas/core';
import { WAIaaSClient, WAIaaSOperatorClient, WAIaaSOwnerClient } from '@waiaas/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHarness,
  createPayer,
  type DaemonProcess,
  type Harness,
  JWT_SECRET,
  PASSWORD,
  type Payer,
} from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';

const ENVIRONMENT = { WAIAAS_DAEMON_LOG_LEVEL: 'debug', CHAOS_BALANCE_HISTORY_MS: '200' };
let harness: Harness;
let daemon: DaemonProcess;
let payer: Payer;
let dataDir: string;

beforeAll(async () => {
  harness = await createHarness();
  dataDir = await harness.createDataDir();
  daemon = await harness.start(dataDir, ENVIRONMENT);
  payer = await createPayer(harness, daemon);
}, 60_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
});

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;
const documentSchema = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** Methods of the clients for TypeScript that have another name than their operation, or none where none is needed. */
const OTHERWISE: Readonly<Record<string, string | null>> = {
  // For monitors, which need no client; and the document itself.
  healthCheck: null,
  getOpenApiSpec: null,
  // Owners lay out their texts themselves.
  composeOwnerMessage: null,
  // The same as those under /v1/owner.
  listSessions: null,
  revokeSession: null,
  sendTransaction: 'sendToken',
  dryRunTransaction: 'dryRun',
  listAllAgents: 'listAgents',
  listOwnerSessions: 'listSessions',
  listOwnerTransactions: 'listTransactions',
  getOwnerTransaction: 'getTransaction',
  revokeOwnerSession: 'revokeSession',
  getOwnerStatus: 'getStatus',
  getAdminStatus: 'getDaemonStatus',
  adminLogin: 'signIn',
  adminLogout: 'signOut',
  adminShutdown: 'shutDown',
  connectOwner: 'connect',
  adminKillSwitch: 'activateKillSwitch',
  recoverFromKillSwitch: 'recover',
  disconnectOwner: 'disconnect',
  changeOwner: 'change',
};

describe('the API document of the running daemon', () => {
  test('names every route that answers, and every route it names answers', async () => {
    const document = documentSchema.parse(await (await fetch(`${daemon.url}/doc`)).json());
    expect(document.openapi).toMatch(/^3\.1/);
    const documented = new Set(
      Object.entries(document.paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
      ),
    );
    // A path such as /v1/transactions/send is also one of /v1/transactions/{id}.
    const isDocumented = (method: string, path: string): boolean =>
      [...documented].some((route) =>
        new RegExp(`^${route.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(`${method} ${path}`),
      );
    expect(documented.size).toBeGreaterThanOrEqual(20);
    for (const path of Object.keys(document.paths)) {
      const concrete = path.replaceAll(/\{[^}]+\}/g, '01a205ca-7607-729f-a8d3-0a119d9107d0');
      const url = daemon.url + concrete;
      for (const method of METHODS) {
        // Without a credential, so that nothing changes: a route that exists asks for one, or answers.
        const response = await fetch(url, { method });
        const { code } = z.object({ code: z.string().optional() }).parse(await response.json());
        expect(code === 'ROUTE_NOT_FOUND', `${method} ${path}`).toBe(!isDocumented(method, concrete));
      }
    }
  });

  test('names no operation that the clients have no method for', async () => {
    const document = documentSchema.parse(await (await fetch(`${daemon.url}/doc`)).json());
    const operations = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((operation) => z.looseObject({ operationId: z.string() }).parse(operation).operationId),
    );
    const methods = [WAIaaSClient, WAIaaSOperatorClient, WAIaaSOwnerClient].flatMap(({ prototype }) => [
      ...Object.getOwnPropertyNames(prototype),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(prototype)),
    ]);
    for (const operation of Object.keys(OTHERWISE)) expect(operations).toContain(operation);
    for (const operation of operations) {
      const method = Object.hasOwn(OTHERWISE, operation) ? OTHERWISE[operation] : operation;
      if (typeof method === 'string') expect(methods, operation).toContain(method);
    }
  });

  test('and routes nobody documented are not there', async () => {
    for (const path of [
      '/v1/owner',
      '/v1/health',
      '/v1/auth/nonce',
      '/v1/owner/approve/x',
      '/v1/keys',
      '/v1/agents/x/export',
    ]) {
      expect((await fetch(daemon.url + path)).status, path).toBe(404);
    }
  });

  test('errors are all of one form', async () => {
    for (const [path, init] of [
      ['/nowhere', {}],
      ['/v1/wallet/balance', {}],
      ['/v1/agents', { headers: { 'x-master-password': 'wrong' } }],
      [
        '/v1/sessions',
        { method: 'POST', body: 'x', headers: { 'x-master-password': PASSWORD, 'content-type': 'text/plain' } },
      ],
    ] as const) {
      const response = await fetch(daemon.url + path, init);
      const body = errorBodySchema.parse(await response.json());
      expect(response.headers.get('x-request-id')).toBe(body.requestId);
    }
  });
});

test('settings are shown without secrets, changed at once and kept; what is fixed is refused', async () => {
  const set = (body: unknown) => daemon.operate('PUT', '/v1/owner/settings', body);
  for (const body of [{ server: { port: 1 } }, { server: { hostname: '0.0.0.0' } }, { security: { jwtSecret: 'x' } }]) {
    expect(await set(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  }
  const other = await createPayer(harness, daemon);
  const pay = () => daemon.client(other.token).sendToken({ to: stranger(), amount: 500_000_000n });
  expect(await pay()).toMatchObject({ tier: 'NOTIFY' });
  expect(await set({ notifications: { minChannels: 3 }, server: { logLevel: 'warn' } })).toMatchObject({
    status: 200,
    body: { updated: true, settings: { server: { logLevel: 'warn' }, notifications: { minChannels: 3 } } },
  });
  // Nobody reaches the owner: what they would only be told of waits for them now.
  expect(await pay()).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
  await daemon.stop();
  daemon = await harness.start(dataDir, ENVIRONMENT);
  const { body } = await daemon.operate('GET', '/v1/owner/settings');
  expect(body).toMatchObject({
    server: { logLevel: 'warn' },
    security: { jwtSecret: '[REDACTED]' },
    notifications: { minChannels: 3 },
    changed: ['notifications.minChannels', 'server.logLevel'],
  });
  expect(JSON.stringify(body)).not.toContain(JWT_SECRET);
  expect(await daemon.operate('GET', `/v1/owner/agents/${other.agentId}`)).toMatchObject({
    status: 200,
    body: {
      agent: { id: other.agentId, ownerAddress: null },
      recentTransactions: [{ tier: 'APPROVAL' }, { tier: 'NOTIFY' }],
      activeSessions: [{ id: other.sessionId }],
      policies: [{ agentId: null }],
    },
  });
}, 60_000);

test('the dashboard says what there is and what was paid today, and does not wait for a chain that is gone', async () => {
  const { chain, network } = { chain: 'solana', network: 'localnet' };
  const dashboard = async () =>
    dashboardResponseSchema.parse((await daemon.operate('GET', '/v1/owner/dashboard')).body);
  const before = await dashboard();
  const other = await createPayer(harness, daemon);
  await daemon.client(other.token).sendToken({ to: stranger(), amount: 7_000_000n });
  await daemon.advance(11);
  const after = await dashboard();
  expect(after.todayTxCount).toBe(before.todayTxCount + 1);
  expect(after.agentStatuses).toContainEqual(expect.objectContaining({ id: other.agentId, status: 'ACTIVE', network }));
  const amount = (of: typeof before): bigint =>
    BigInt(of.todayTxVolumes.find((one) => one.network === network)?.amount ?? -1);
  expect(amount(after)).toBe(amount(before) + 7_000_000n);
  expect(after.balances).toEqual([
    expect.objectContaining({
      chain,
      network,
      symbol: 'SOL',
      decimals: 9,
      stale: false,
      agents: after.agentStatuses.length,
    }),
  ]);
  expect(BigInt(after.balances[0]?.balance ?? 0)).toBeGreaterThan(0n);
  expect(after.systemState).toBe('NORMAL');
}, 60_000);

test('the history of a balance has what was seen each hour, and of a token only what the agent has paid with', async () => {
  const other = await createPayer(harness, daemon);
  const history = async (query = '') =>
    balanceHistoryResponseSchema.parse(
      (await daemon.operate('GET', `/v1/owner/agents/${other.agentId}/balance-history${query}`)).body,
    );
  const seen = async () => (await history('?period=day')).series.flatMap(({ points }) => points);
  await expect.poll(async () => (await seen()).length, { timeout: 20_000 }).toBe(1);
  const balance = async () => BigInt((await daemon.client(other.token).getBalance()).balance);
  await daemon.client(other.token).sendToken({ to: stranger(), amount: 7_000_000n });
  const left = await balance();
  await daemon.advance(3600);
  await expect.poll(async () => (await seen()).length, { timeout: 20_000 }).toBe(2);
  expect(BigInt((await seen()).at(-1)?.balance ?? -1)).toBe(left);
  // The same hour is told once, as it was seen last; a month is told by the day.
  expect((await history('?period=month')).series).toMatchObject([
    { asset: 'solana:native', symbol: 'SOL', decimals: 9, points: expect.arrayContaining([expect.anything()]) },
  ]);
  const unknown = await daemon.operate('GET', '/v1/owner/agents/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14/balance-history');
  expect(unknown.status).toBe(404);
  expect((await daemon.operate('GET', `/v1/owner/agents/${other.agentId}/balance-history?period=ever`)).status).toBe(
    400,
  );
});

describe('credentials', () => {
  const asAgent = (path: string, init: RequestInit = {}, token = payer.token) =>
    fetch(daemon.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

  test('a revoked session is refused at the very next request, a suspended agent too', async () => {
    const other = await createPayer(harness, daemon);
    expect((await asAgent('/v1/wallet/address', {}, other.token)).status).toBe(200);
    await daemon.operate('POST', `/v1/agents/${other.agentId}/suspend`);
    expect((await asAgent('/v1/wallet/address', {}, other.token)).status).toBe(409);
    await daemon.operate('POST', `/v1/agents/${other.agentId}/resume`);
    expect((await asAgent('/v1/wallet/address', {}, other.token)).status).toBe(200);
    await daemon.operate('DELETE', `/v1/sessions/${other.sessionId}`);
    const refused = await asAgent('/v1/wallet/address', {}, other.token);
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'SESSION_REVOKED' }]);
  });

  test('an agent sees its own transactions only', async () => {
    const other = await createPayer(harness, daemon);
    const paid = await daemon.client(payer.token).sendToken({ to: stranger(), amount: 5_000_000n });
    expect((await asAgent(`/v1/transactions/${paid.transactionId}`)).status).toBe(200);
    expect((await asAgent(`/v1/transactions/${paid.transactionId}`, {}, other.token)).status).toBe(404);
    expect((await daemon.client(other.token).listTransactions()).transactions).toEqual([]);
  });

  test('ten wrong passwords at once are five guesses, and the lock outlives a restart', async () => {
    const dir = await harness.createDataDir();
    const victim = await harness.start(dir);
    const statuses = await Promise.all(
      Array.from(
        { length: 10 },
        async () => (await victim.operate('GET', '/v1/agents', undefined, 'Wrong-Password-000')).status,
      ),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
    await victim.stop();
    const again = await harness.start(dir);
    expect((await again.operate('GET', '/v1/agents')).status).toBe(429);
    await again.stop();
    expect((await readRemains(dir)).audit.filter(({ event_type }) => event_type === 'AUTH_FAILED')).toHaveLength(5);
  }, 60_000);
});
