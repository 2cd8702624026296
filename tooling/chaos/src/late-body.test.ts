import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, createSession, type DaemonProcess, type Harness, PASSWORD } from './harness.ts';
import { holdRequest } from './held-request.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';
import { createOwnerWallet, headerOf, messageBy, resourceOf, statementOf } from './owner-wallet.ts';

/*
 * The head of a request is judged when it comes; its body may come fifteen seconds later. What let the request in may have
 * ended by then: the password changed, the token signed out, the session revoked. Such a request does nothing.
 */

const NEXT = 'Another-Master-Password-73';
const AGENT = { name: 'late', chain: 'solana', network: 'localnet' };
const JSON_BODY = { 'content-type': 'application/json' };

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

const signIn = async (daemon: DaemonProcess, password: string): Promise<string> =>
  z.object({ token: z.string() }).parse((await daemon.operate('POST', '/v1/admin/login', undefined, password)).body)
    .token;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a request begun before the password changed', () => {
  let dataDir: string;
  let daemon: DaemonProcess;
  let answers: Record<string, { status: number; body: Readonly<Record<string, unknown>> }>;
  let agentId: string;
  let before: { agents: unknown; sessions: unknown; policies: unknown };

  const operate = (method: string, path: string, body?: unknown) => daemon.operate(method, path, body, NEXT);
  const lists = async () => ({
    agents: (await operate('GET', '/v1/agents')).body,
    sessions: (await operate('GET', '/v1/sessions?status=all')).body,
    policies: (await operate('GET', '/v1/owner/policies')).body,
  });

  beforeAll(async () => {
    dataDir = await harness.createDataDir();
    daemon = await harness.start(dataDir);
    agentId = (await createPayer(harness, daemon)).agentId;
    const policies = z
      .object({ policies: z.array(z.object({ id: z.string() })) })
      .parse((await daemon.operate('GET', '/v1/owner/policies')).body);
    const policy = `/v1/owner/policies/${policies.policies[0]?.id}`;
    const token = await signIn(daemon, PASSWORD);
    const wallet = createOwnerWallet('solana');
    const connect = {
      method: 'POST',
      path: '/v1/owner/connect',
      body: { address: wallet.address, chain: wallet.chain },
    };
    const nonce = z.object({ nonce: z.string() }).parse(await (await fetch(`${daemon.url}/v1/nonce`)).json()).nonce;
    const message = messageBy(wallet, {
      domain: new URL(daemon.url).host,
      nonce,
      statement: statementOf('connect_owner'),
      resource: resourceOf(connect),
    });
    const password = { 'x-master-password': PASSWORD };
    const requests: readonly (readonly [string, string, string, Record<string, string>, unknown])[] = [
      ['login', 'POST', '/v1/admin/login', password, undefined],
      ['logout', 'POST', '/v1/admin/logout', bearer(token), undefined],
      ['rotate', 'POST', '/v1/admin/rotate-secret', password, undefined],
      ['shutdown', 'POST', '/v1/admin/shutdown', password, undefined],
      ['password', 'POST', '/v1/admin/password', password, { newPassword: 'Yet-Another-Password-74' }],
      [
        'connect',
        'POST',
        connect.path,
        { ...password, authorization: headerOf(wallet, 'connect_owner', message) },
        connect.body,
      ],
      ['agent by password', 'POST', '/v1/agents', password, AGENT],
      ['agent by token', 'POST', '/v1/agents', bearer(token), AGENT],
      ['session by password', 'POST', '/v1/sessions', password, { agentId }],
      ['session by token', 'POST', '/v1/sessions', bearer(token), { agentId }],
      ['policy', 'PUT', policy, bearer(token), { enabled: false }],
      ['suspension', 'POST', `/v1/agents/${agentId}/suspend`, password, undefined],
      ['evaluation', 'POST', '/v1/owner/policies/evaluate', bearer(token), { policies: [], history: { agentId } }],
    ];
    const held = [];
    for (const [name, method, path, headers, body] of requests) {
      held.push({
        name,
        body,
        request: await holdRequest(daemon.url + path, method, { ...headers, ...JSON_BODY }),
      });
    }
    expect((await daemon.operate('POST', '/v1/admin/password', { newPassword: NEXT })).status).toBe(200);
    before = await lists();
    answers = {};
    for (const { name, request, body } of held) answers[name] = await request.end(body);
  }, 60_000);

  test('is refused, whichever credential of the old password it showed', () => {
    for (const [name, { status, body }] of Object.entries(answers)) {
      expect([name, status]).toEqual([name, 401]);
      expect(['INVALID_MASTER_PASSWORD', 'INVALID_OPERATOR_TOKEN']).toContain(body.code);
    }
  });

  test('and has written nothing', async () => {
    expect(await lists()).toEqual(before);
    expect((await operate('GET', '/v1/owner/status')).body).toMatchObject({ connected: false });
    // The secret of session tokens is the one from before: a rotation now is the first.
    expect((await operate('POST', '/v1/admin/rotate-secret')).status).toBe(200);
    await daemon.stop();
    const { audit } = await readRemains(dataDir);
    expect(audit.filter(({ event_type }) => event_type === 'SECRET_ROTATED')).toHaveLength(1);
    expect(audit.filter(({ event_type }) => event_type === 'AGENT_CREATED')).toHaveLength(1);
    expect(audit.filter(({ event_type }) => event_type === 'OWNER_CONNECTED')).toHaveLength(0);
  });
});

test('a request begun before its token was signed out does nothing', async () => {
  const daemon = await harness.start(await harness.createDataDir());
  const token = await signIn(daemon, PASSWORD);
  const held = await holdRequest(`${daemon.url}/v1/agents`, 'POST', { ...bearer(token), ...JSON_BODY });
  const logout = await fetch(`${daemon.url}/v1/admin/logout`, { method: 'POST', headers: bearer(token) });
  expect(logout.status).toBe(200);
  expect(await held.end(AGENT)).toMatchObject({ status: 401, body: { code: 'INVALID_OPERATOR_TOKEN' } });
  expect((await daemon.operate('GET', '/v1/agents')).body).toEqual({ agents: [] });
  await daemon.stop();
}, 60_000);

test('a payment begun before its token ended is not made', async () => {
  const daemon = await harness.start(await harness.createDataDir());
  const payer = await createPayer(harness, daemon);
  const other = await createPayer(harness, daemon);
  const revoked = await createSession(daemon, payer.agentId);
  const renewed = await createSession(daemon, payer.agentId, { expiresIn: 2000 });
  await daemon.advance(1000);
  const expired = await createSession(daemon, payer.agentId, { expiresIn: 300 });
  const [late, living] = [stranger(), stranger()];
  const pay = async (token: string, to = late) => {
    const held = await holdRequest(`${daemon.url}/v1/transactions/send`, 'POST', { ...bearer(token), ...JSON_BODY });
    return () => held.end({ type: 'TRANSFER', to, amount: '5000000' });
  };
  const begun = [await pay(revoked.token), await pay(renewed.token), await pay(other.token), await pay(expired.token)];
  const lasting = await pay(payer.token, living);
  await daemon.operate('DELETE', `/v1/sessions/${revoked.sessionId}`);
  await fetch(`${daemon.url}/v1/sessions/${renewed.sessionId}/renew`, {
    method: 'PUT',
    headers: bearer(renewed.token),
  });
  await daemon.operate('POST', `/v1/agents/${other.agentId}/suspend`);
  await daemon.advance(301);
  const answers = [];
  for (const end of begun) {
    const { status, body } = await end();
    answers.push([status, body.code]);
  }
  expect(answers).toEqual([
    [401, 'SESSION_REVOKED'],
    [401, 'INVALID_TOKEN'],
    [409, 'AGENT_SUSPENDED'],
    [401, 'TOKEN_EXPIRED'],
  ]);
  expect(await balanceOf(harness.ledger, late)).toBe(0n);
  expect((await lasting()).status).toBe(200);
  expect(await balanceOf(harness.ledger, living)).toBe(5_000_000n);
  await daemon.stop();
}, 60_000);

test('a request whose body comes late, and whose credential still holds, is carried out', async () => {
  const daemon = await harness.start(await harness.createDataDir());
  const held = await holdRequest(`${daemon.url}/v1/agents`, 'POST', { 'x-master-password': PASSWORD, ...JSON_BODY });
  expect((await daemon.operate('GET', '/v1/agents')).body).toEqual({ agents: [] });
  expect((await held.end(AGENT)).status).toBe(201);
  await daemon.stop();
}, 60_000);
