import { generateKeyPairSigner } from '@solana/kit';
import { WAIaaSError, WAIaaSOperatorClient, WAIaaSOwnerClient } from '@waiaas/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHarness,
  createPayer,
  type DaemonProcess,
  type Harness,
  PASSWORD,
  type Payer,
  setLimits,
} from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';
import { recoverHere } from './local-recovery.ts';
import { createOwnerWallet, headerOf, messageBy, resourceOf, statementOf } from './owner-wallet.ts';

/* The kill switch of the real daemon: a barrier for signatures, one cascade, two factors to recover, across every crash. */

let harness: Harness;
beforeAll(async () => {
  // Under load a ledger with fast slots ends blockhashes before a payment is sent.
  harness = await createHarness(100);
}, 300_000);
afterAll(() => harness.close());

const healthOf = async (daemon: DaemonProcess): Promise<unknown> =>
  z.object({ status: z.string(), killSwitch: z.string() }).parse(await (await fetch(`${daemon.url}/health`)).json());
const engage = (daemon: DaemonProcess) => daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' });

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof WAIaaSError) return error.code;
    throw error;
  }
  return 'done';
};

test('under full load nothing is signed once it has answered, time and again', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  let payer: Payer = await createPayer(harness, daemon);
  for (let round = 0; round < 3; round++) {
    if (round > 0) {
      const session = await daemon.operate('POST', '/v1/sessions', { agentId: payer.agentId });
      payer = { ...payer, ...z.object({ sessionId: z.string(), token: z.string() }).parse(session.body) };
    }
    const client = daemon.client(payer.token);
    let loading = true;
    let paid = 0;
    const refusals = new Set<string>();
    const clients = Array.from({ length: 16 }, async () => {
      while (loading) {
        const code = await codeOf(client.sendToken({ to: stranger(), amount: 5_000_000n }));
        if (code === 'done') paid += 1;
        else refusals.add(code);
      }
    });
    await expect.poll(() => paid, { timeout: 120_000, interval: 10 }).toBeGreaterThan(20);
    const answer = await engage(daemon);
    expect(answer).toMatchObject({ status: 200, body: { activated: true, sessionsRevoked: 1, agentsSuspended: 1 } });
    // The load goes on against the locked daemon.
    await Promise.all(Array.from({ length: 100 }, () => fetch(`${daemon.url}/health`)));
    expect(await daemon.countLateSignatures()).toBe(0);
    loading = false;
    await Promise.all(clients);
    expect(await daemon.countLateSignatures()).toBe(0);
    expect(await daemon.countSignatures()).toBeGreaterThan(20);
    expect(
      [...refusals].every((code) =>
        ['SYSTEM_LOCKED', 'KEYSTORE_LOCKED', 'SESSION_REVOKED', 'CHAIN_ERROR', 'TX_EXPIRED'].includes(code),
      ),
      [...refusals].join(),
    ).toBe(true);
    expect(await healthOf(daemon)).toEqual({ status: 'unhealthy', killSwitch: 'ACTIVATED' });
    expect(await recoverHere(daemon, dataDir)).toMatchObject({ status: 200, body: { agentsReactivated: 1 } });
    expect(await healthOf(daemon)).toEqual({ status: 'healthy', killSwitch: 'NORMAL' });
  }
  await daemon.stop();
  const { transactions, audit, ledgerFaults } = await readRemains(dataDir);
  expect(
    transactions.filter(({ status }) => status === 'QUEUED' || status === 'PENDING' || status === 'EXECUTING'),
  ).toEqual([]);
  expect(ledgerFaults).toBe(0);
  // No decision is followed by a signature after the switch was engaged and before it was recovered.
  let engaged = false;
  const admitted: string[] = [];
  for (const { event_type, tx_id } of audit) {
    if (event_type === 'KILL_SWITCH_ACTIVATED') engaged = true;
    if (event_type === 'KILL_SWITCH_RECOVERED') engaged = false;
    if (engaged && event_type === 'TX_QUEUED') admitted.push(String(tx_id));
  }
  expect(admitted).toEqual([]);
}, 300_000);

describe('while it is engaged', () => {
  let daemon: DaemonProcess;
  let dataDir: string;
  let token: string;
  let payer: Payer;
  let routes: readonly { readonly method: string; readonly path: string }[];
  beforeAll(async () => {
    dataDir = await harness.createDataDir();
    daemon = await harness.start(dataDir, { WAIAAS_DAEMON_LOG_LEVEL: 'debug' });
    payer = await createPayer(harness, daemon);
    const operator = await daemon.operate('POST', '/v1/admin/login');
    token = z.object({ token: z.string() }).parse(operator.body).token;
    const document = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await fetch(`${daemon.url}/doc`)).json());
    routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{[^}]+\}/g, '01a205ca-7607-729f-a8d3-0a119d9107d0'),
      })),
    );
    expect((await engage(daemon)).status).toBe(200);
  }, 300_000);
  afterAll(() => daemon.stop());

  const OPEN = [
    'GET /health',
    'GET /metrics',
    'GET /v1/nonce',
    'GET /v1/admin/status',
    'POST /v1/admin/shutdown',
    'POST /v1/owner/recover',
  ];

  test('of all routes those of the list answer, and every other one says that it is locked', async () => {
    expect(routes.length).toBeGreaterThan(40);
    for (const { method, path } of routes) {
      if (OPEN.includes(`${method} ${path}`)) continue;
      // Three, because the kill switch itself takes three requests a minute.
      for (const headers of [
        { 'x-master-password': PASSWORD },
        { authorization: `Bearer ${token}` },
        { authorization: `Bearer ${payer.token}` },
      ]) {
        const response = await fetch(daemon.url + path, { method, headers: new Headers(Object.entries(headers)) });
        const { code } = z.object({ code: z.string() }).parse(await response.json());
        expect([method, path, response.status, code]).toEqual([method, path, 401, 'SYSTEM_LOCKED']);
      }
    }
    expect((await fetch(`${daemon.url}/nowhere`)).status).toBe(401);
    expect((await fetch(`${daemon.url}/health`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${daemon.url}/v1/nonce`)).status).toBe(200);
    const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
    for (const line of [
      'waiaas_kill_switch{status="ACTIVATED"} 1',
      'waiaas_kill_switch{status="NORMAL"} 0',
      'waiaas_keystore_unlocked 0',
      'waiaas_agents{status="SUSPENDED"} 1',
      'waiaas_sessions_live 0',
      'waiaas_events_total{event="KILL_SWITCH_ACTIVATED"} 1',
      'waiaas_audit_log_intact 1',
      'waiaas_chain_up{chain="solana",network="localnet"} 1',
    ]) {
      expect(metrics.split('\n')).toContain(line);
    }
    expect((await daemon.operate('GET', '/v1/admin/status')).body).toMatchObject({
      killSwitch: { status: 'ACTIVATED', reason: 'drill', actor: 'admin' },
      keystore: { unlocked: false, keysLoaded: 0 },
    });
  }, 300_000);

  test('operators’ tokens have ended, also where one would be enough', async () => {
    const response = await fetch(`${daemon.url}/v1/admin/status`, { headers: { authorization: `Bearer ${token}` } });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'INVALID_OPERATOR_TOKEN' }]);
  });

  test('the command line of the machine recovers where there is no owner; a request alone does not', async () => {
    const alone = await daemon.operate('POST', '/v1/owner/recover');
    expect(alone).toMatchObject({ status: 404, body: { code: 'OWNER_NOT_CONNECTED' } });
    const guessed = await fetch(`${daemon.url}/v1/owner/recover`, {
      method: 'POST',
      headers: { 'x-master-password': PASSWORD, 'x-local-proof': '0'.repeat(64) },
    });
    expect(guessed.status).toBe(404);
    expect(await healthOf(daemon)).toMatchObject({ killSwitch: 'ACTIVATED' });
  }, 300_000);
});

describe('two factors', () => {
  test('recover it, each alone does not, and no signature does twice', async () => {
    const dataDir = await harness.createDataDir();
    let daemon = await harness.start(dataDir);
    const wallet = createOwnerWallet('ethereum');
    const domainOf = (): string => new URL(daemon.url).host;
    /** How much the daemon's clock is ahead, ms: what is signed is dated by it. */
    let ahead = 0;
    const nonce = async () =>
      z.object({ nonce: z.string() }).parse(await (await fetch(`${daemon.url}/v1/nonce`)).json()).nonce;
    const signedFor = async (
      by: typeof wallet,
      action: 'recover' | 'kill_switch' | 'connect_owner',
      request: { method: string; path: string; body?: unknown },
    ) =>
      headerOf(
        by,
        action,
        messageBy(
          by,
          {
            domain: domainOf(),
            nonce: await nonce(),
            statement: statementOf(action),
            resource: resourceOf(request),
          },
          Date.now() + ahead,
        ),
        { timestamp: new Date(Date.now() + ahead).toISOString() },
      );
    const call = async (path: string, headers: Record<string, string>, body?: unknown) => {
      const response = await fetch(daemon.url + path, {
        method: 'POST',
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    };
    const RECOVER = { method: 'POST', path: '/v1/owner/recover' };
    const recover = (headers: Record<string, string>) => call(RECOVER.path, headers);

    const claim = { address: wallet.address, chain: wallet.chain };
    const connecting = { method: 'POST', path: '/v1/owner/connect', body: claim };
    const connected = await call(
      connecting.path,
      { 'x-master-password': PASSWORD, authorization: await signedFor(wallet, 'connect_owner', connecting) },
      claim,
    );
    expect(connected.status).toBe(201);
    await createPayer(harness, daemon);

    // The owner's own switch does not ask for the password, and works while that is locked.
    for (let i = 0; i < 5; i++) await daemon.operate('GET', '/v1/agents', undefined, 'Wrong-Password-000');
    expect((await engage(daemon)).status).toBe(429);
    const stopping = { method: 'POST', path: '/v1/owner/kill-switch', body: { reason: 'stolen' } };
    const stop = await signedFor(wallet, 'kill_switch', stopping);
    expect(
      (
        await call(
          stopping.path,
          { authorization: await signedFor(createOwnerWallet('ethereum'), 'kill_switch', stopping) },
          stopping.body,
        )
      ).status,
    ).toBe(403);
    expect((await call(stopping.path, { authorization: stop }, { reason: 'another' })).status).toBe(401);
    expect(await call(stopping.path, { authorization: stop }, stopping.body)).toMatchObject({ status: 200 });
    expect(await recover({ 'x-master-password': PASSWORD })).toMatchObject({ status: 429 });

    // Restarted, locked, without anybody's password.
    await daemon.stop();
    ahead = 1_801_000;
    daemon = await harness.start(dataDir, {}, ahead / 1000);
    expect(await healthOf(daemon)).toEqual({ status: 'unhealthy', killSwitch: 'ACTIVATED' });

    const good = await signedFor(wallet, 'recover', RECOVER);
    expect(await recover({ authorization: good })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_MASTER_PASSWORD' },
    });
    expect(await recover({ 'x-master-password': PASSWORD })).toMatchObject({
      status: 403,
      body: { code: 'OWNER_AUTH_REQUIRED' },
    });
    expect(await recoverHere(daemon, dataDir)).toMatchObject({ status: 403, body: { code: 'OWNER_AUTH_REQUIRED' } });
    expect(await recover({ authorization: good, 'x-master-password': 'Wrong-Password-000' })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_MASTER_PASSWORD' },
    });
    const other = await signedFor(wallet, 'kill_switch', RECOVER);
    expect(await recover({ authorization: other, 'x-master-password': PASSWORD })).toMatchObject({
      status: 403,
      body: { code: 'INVALID_SIGNATURE' },
    });
    const stranger = await signedFor(createOwnerWallet('ethereum'), 'recover', RECOVER);
    expect(await recover({ authorization: stranger, 'x-master-password': PASSWORD })).toMatchObject({
      status: 403,
      body: { code: 'OWNER_MISMATCH' },
    });
    expect(await healthOf(daemon)).toMatchObject({ killSwitch: 'ACTIVATED' });

    // Two at once are one.
    const both = await Promise.all([
      recover({ authorization: good, 'x-master-password': PASSWORD }),
      recover({ authorization: await signedFor(wallet, 'recover', RECOVER), 'x-master-password': PASSWORD }),
    ]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(both.filter(({ status }) => status === 409)).toHaveLength(1);
    expect(await healthOf(daemon)).toEqual({ status: 'healthy', killSwitch: 'NORMAL' });

    expect((await engage(daemon)).status).toBe(200);
    expect(await recover({ authorization: good, 'x-master-password': PASSWORD })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_NONCE' },
    });
    expect(
      await recover({ authorization: await signedFor(wallet, 'recover', RECOVER), 'x-master-password': PASSWORD }),
    ).toMatchObject({ status: 200 });
    await daemon.stop();
  }, 300_000);

  test('through the clients of the SDK', async () => {
    const daemon = await harness.start(await harness.createDataDir());
    const owner = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: await generateKeyPairSigner() });
    await owner.connect(PASSWORD);
    const payer = await createPayer(harness, daemon);
    const operator = new WAIaaSOperatorClient({ baseUrl: daemon.url });
    await operator.signIn(PASSWORD);
    expect(await owner.activateKillSwitch('drill')).toMatchObject({ activated: true, agentsSuspended: 1 });
    expect(await codeOf(operator.listAgents())).toBe('SYSTEM_LOCKED');
    expect(await codeOf(daemon.client(payer.token).getBalance())).toBe('SYSTEM_LOCKED');
    expect(await codeOf(owner.recover('Wrong-Password-000'))).toBe('INVALID_MASTER_PASSWORD');
    expect(await owner.recover(PASSWORD)).toMatchObject({ recovered: true, agentsReactivated: 1 });
    expect(await codeOf(owner.recover(PASSWORD))).toBe('KILL_SWITCH_NOT_ACTIVE');
    // Sessions stay ended.
    expect(await codeOf(daemon.client(payer.token).getBalance())).toBe('SESSION_REVOKED');
    await daemon.stop();
  }, 300_000);
});

describe('killed in the middle of it', () => {
  let original: string;
  /** The same, with the kill switch engaged. */
  let locked: string;
  let toEngage: number;
  beforeAll(async () => {
    original = await harness.createDataDir();
    const daemon = await harness.start(original);
    await setLimits(daemon, { instant_max: '1000', notify_max: '2000' });
    const payer = await createPayer(harness, daemon);
    await daemon.client(payer.token).sendToken({ to: stranger(), amount: 2_500_000_000n });
    await daemon.stop();
    locked = harness.copyDataDir(original);
    const trial = await harness.start(locked);
    await trial.arm('never');
    await engage(trial);
    toEngage = (await trial.boundaries()).length;
    await trial.stop();
    expect(toEngage).toBeGreaterThanOrEqual(6);
  }, 300_000);

  /** What the database says: all of it as before, or all of it stopped. */
  async function stateOf(dataDir: string): Promise<'untouched' | 'stopped' | 'torn'> {
    const { transactions, audit } = await readRemains(dataDir);
    const cancelled = transactions.filter(({ status }) => status === 'CANCELLED').length;
    const events = audit.map(({ event_type }) => event_type);
    const engaged = events.filter((event) => event === 'KILL_SWITCH_ACTIVATED').length;
    const suspended = events.filter((event) => event === 'AGENT_SUSPENDED').length;
    const revoked = events.filter((event) => event === 'SESSION_REVOKED').length;
    if (cancelled === 0 && engaged === 0 && suspended === 0 && revoked === 0) return 'untouched';
    return cancelled === 1 && engaged === 1 && suspended === 1 && revoked === 1 ? 'stopped' : 'torn';
  }

  test('while it is engaged, it is engaged wholly or not at all, and stays so', async () => {
    const last = new Map<string, string>();
    // Closes in on the cascade from both sides; every other boundary is tried in packages/safety.
    let [before, after] = [0, toEngage];
    while (after - before > 1) {
      const at = Math.floor((before + after) / 2);
      const dataDir = harness.copyDataDir(original);
      const daemon = await harness.start(dataDir);
      await daemon.arm(at);
      const answer = await engage(daemon).catch(() => null);
      await daemon.ended;
      const state = await stateOf(dataDir);
      last.set(state, dataDir);
      expect(state, `step ${at}`).not.toBe('torn');
      if (answer !== null) expect(state, `step ${at}`).toBe('stopped');
      if (state === 'untouched') before = at;
      else after = at;
    }
    // The last state before the cascade and the first one after it, each taken up by a new process.
    expect(new Set(last.keys())).toEqual(new Set(['untouched', 'stopped']));
    const takeUp = async ([state, dataDir]: readonly [string, string]): Promise<void> => {
      const again = await harness.start(dataDir);
      expect(await healthOf(again)).toMatchObject({ killSwitch: state === 'stopped' ? 'ACTIVATED' : 'NORMAL' });
      if (state === 'stopped') expect(await again.countSignatures()).toBe(0);
      await again.stop();
    };
    await Promise.all([...last].map(takeUp));
  }, 600_000);

  test('while it is recovered, it is recovered wholly or not at all', async () => {
    const counting = harness.copyDataDir(locked);
    const trial = await harness.start(counting);
    await trial.arm('never');
    expect(await recoverHere(trial, counting)).toMatchObject({ status: 200 });
    const steps = (await trial.boundaries()).length;
    await trial.stop();
    expect(steps).toBeGreaterThanOrEqual(10);
    const seen = new Set<string>();
    // On the way, before the last step, and after it; every boundary is tried in packages/safety.
    const dieAt = async (at: number): Promise<void> => {
      const dataDir = harness.copyDataDir(locked);
      const daemon = await harness.start(dataDir);
      await daemon.arm(at);
      const answer = await recoverHere(daemon, dataDir).catch(() => null);
      if (answer !== null) daemon.child.kill('SIGKILL');
      await daemon.ended;
      const again = await harness.start(dataDir);
      const { killSwitch } = z.object({ killSwitch: z.string() }).parse(await healthOf(again));
      seen.add(killSwitch);
      if (killSwitch === 'ACTIVATED') {
        expect(await recoverHere(again, dataDir), `step ${at}`).toMatchObject({
          status: 200,
          body: { agentsReactivated: 1 },
        });
      }
      expect((await again.operate('GET', '/v1/agents')).body).toMatchObject({ agents: [{ status: 'ACTIVE' }] });
      await again.stop();
      const { audit } = await readRemains(dataDir);
      expect(
        audit.filter(({ event_type }) => event_type === 'KILL_SWITCH_RECOVERED'),
        `step ${at}`,
      ).toHaveLength(1);
    };
    await Promise.all([Math.ceil(steps / 2), steps - 1, steps].map(dieAt));
    expect(seen).toEqual(new Set(['ACTIVATED', 'NORMAL']));
  }, 600_000);
});
