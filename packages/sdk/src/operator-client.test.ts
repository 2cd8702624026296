import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../test/clients.ts';
import { type Answer, drop, json, refusal, startServer, text } from '../test/scripted-server.ts';
import { WAIaaSOperatorClient } from './operator-client.ts';

const PASSWORD = 'canary horse battery';
const TOKEN = 'wai_op_canary-token';
const SIGNED_IN: Answer = json({ token: TOKEN, expiresAt: '2026-11-22T08:00:00.000Z' });
const AGENTS: Answer = json({ agents: [] });
const runtime = { sleep: async () => undefined, random: () => 0 };

describe('an operator’s client', () => {
  test('gives the password once and the token from then on', async () => {
    await using server = await startServer(SIGNED_IN, AGENTS);
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url });
    expect(await operator.signIn(PASSWORD)).toEqual({ expiresAt: '2026-11-22T08:00:00.000Z' });
    await operator.listAgents();
    expect(server.received.map(({ headers }) => [headers['x-master-password'], headers.authorization])).toEqual([
      [PASSWORD, undefined],
      [undefined, `Bearer ${TOKEN}`],
    ]);
    expect(`${JSON.stringify(operator)}${inspect(operator, { depth: 9, showHidden: true })}`).not.toMatch(/canary/);
  });

  test('sends nothing before it signed in, nor after it signed out', async () => {
    await using server = await startServer(SIGNED_IN, json({ loggedOut: true }));
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url });
    expect(await errorOf(operator.listAgents())).toMatchObject({ code: 'AUTH_TOKEN_MISSING' });
    await operator.signIn(PASSWORD);
    await operator.signOut();
    expect(await errorOf(operator.listAgents())).toMatchObject({ code: 'AUTH_TOKEN_MISSING' });
    expect(server.received.map(({ path }) => path)).toEqual(['/v1/admin/login', '/v1/admin/logout']);
  });

  test('repeats what it reads, and never what it changes', async () => {
    const agent = json({ id: 'a', publicKey: 'b' });
    await using server = await startServer(SIGNED_IN, drop, AGENTS, drop, agent);
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url }, runtime);
    await operator.signIn(PASSWORD);
    expect(await operator.listAgents()).toEqual({ agents: [] });
    const create = operator.createAgent({ name: 'one', chain: 'solana', network: 'devnet' });
    expect(await errorOf(create)).toMatchObject({ code: 'NETWORK_ERROR' });
    expect(server.received).toHaveLength(4);
  });

  test('never repeats a password, whatever the answer', async () => {
    await using server = await startServer(refusal(503, 'KEYSTORE_LOCKED', true));
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url }, runtime);
    await errorOf(operator.signIn(PASSWORD));
    await errorOf(operator.rotateSecret(PASSWORD));
    await errorOf(operator.changeMasterPassword(PASSWORD, 'another battery'));
    expect(server.received.map(({ path }) => path)).toEqual([
      '/v1/admin/login',
      '/v1/admin/rotate-secret',
      '/v1/admin/password',
    ]);
  });

  test('shows no secret in an error that quotes the request', async () => {
    const quote: Answer = (response, request) =>
      text(JSON.stringify({ code: 'X', message: `${request.body} ${JSON.stringify(request.headers)}` }), 500)(
        response,
        request,
      );
    await using server = await startServer(SIGNED_IN, quote);
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url }, runtime);
    await operator.signIn(PASSWORD);
    const errors = [
      await errorOf(operator.changeMasterPassword(PASSWORD, 'another canary battery')),
      await errorOf(operator.listPolicies()),
      await errorOf(operator.signIn(PASSWORD)),
    ];
    for (const error of errors) expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/canary/);
  });

  test('an id cannot lead to another route', async () => {
    await using server = await startServer(SIGNED_IN, json({}));
    const operator = new WAIaaSOperatorClient({ baseUrl: server.url });
    await operator.signIn(PASSWORD);
    for (const id of ['..', '.', '']) {
      expect(await errorOf(operator.suspendAgent(id))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await errorOf(operator.revokeSession(id))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await errorOf(operator.rejectTransaction(id))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await errorOf(operator.deletePolicy('../../admin/shutdown', { confirm: true }));
    expect(server.received.map(({ path }) => path).at(-1)).toBe(
      '/v1/owner/policies/..%2F..%2Fadmin%2Fshutdown?confirm=true',
    );
    await errorOf(operator.deletePolicy('x', { version: 2 }));
    expect(server.received.map(({ path }) => path).at(-1)).toBe('/v1/owner/policies/x?version=2');
  });
});
