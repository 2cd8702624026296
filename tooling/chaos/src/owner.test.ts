import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { canonicalJson, OWNER_CHAINS, SESSION_STATEMENT, sessionResource, transactionResource } from '@waiaas/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, type Harness, PASSWORD, type Payer, setLimits } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';
import { ask, type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import {
  createOwnerWallet,
  headerOf,
  messageBy,
  type OwnerRequest,
  type OwnerWallet,
  resourceOf,
  statementOf,
} from './owner-wallet.ts';

/* Every row of 03 §24 that speaks of the daemon, and the attacks of 03 §20, against the real one. */

let harness: Harness;
beforeAll(async () => {
  // Twenty approvals at once on a slow machine must not outlive the blockhash of the payment.
  harness = await createHarness(60);
}, 60_000);
afterAll(() => harness.close());

const ownedDaemon = (wallet: OwnerWallet): Promise<OwnedDaemon> => startOwnedDaemon(harness, wallet);

const STATUS = { method: 'GET', path: '/v1/owner/status' };
const NEW_POLICY = {
  method: 'POST',
  path: '/v1/owner/policies',
  body: { type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1000 } },
};

describe.each(OWNER_CHAINS)('an owner on %s', (chain) => {
  const wallet = createOwnerWallet(chain);
  let owned: OwnedDaemon;
  let payer: Payer;
  let recipient: string;

  /** Asks for a payment that waits for the owner, and answers its id. */
  const waiting = async (): Promise<string> => {
    recipient = stranger();
    const { transactionId } = await owned.daemon
      .client(payer.token)
      .sendToken({ to: recipient, amount: 4_000_000_000n });
    return transactionId;
  };
  const payment = async (action: 'approve_tx' | 'reject_tx', id: string, over = {}): Promise<string> =>
    messageBy(wallet, {
      domain: owned.domain,
      nonce: await owned.nonce(),
      statement: `WAIaaS Owner Action: ${action} - pay 4 SOL to ${recipient} on solana localnet`,
      resource: transactionResource(id),
      ...over,
    });
  const approveRequest = (id: string): OwnerRequest => ({ method: 'POST', path: `/v1/owner/approve/${id}` });
  const statusOf = async (id: string) => (await owned.daemon.client(payer.token).getTransaction(id)).status;

  beforeAll(async () => {
    owned = await ownedDaemon(wallet);
    await setLimits(owned.daemon, {});
    payer = await createPayer(harness, owned.daemon);
    expect((await owned.connect()).status).toBe(201);
  }, 60_000);
  afterAll(async () => void (await owned.daemon.stop()));

  test('is connected once, and shown', async () => {
    expect(await owned.connect()).toMatchObject({ status: 409, code: 'OWNER_ALREADY_CONNECTED' });
    expect(await owned.connect(createOwnerWallet(chain))).toMatchObject({ status: 409 });
    expect(await owned.signed('view_dashboard', STATUS)).toMatchObject({
      status: 200,
      body: { connected: true, address: wallet.address, chain },
    });
  });

  test('signs the very text that the daemon composes', async () => {
    const request = { ...NEW_POLICY, body: { ...NEW_POLICY.body, priority: 3 } };
    const { body } = await owned.ask(
      {
        method: 'POST',
        path: '/v1/owner/messages',
        body: { chain, address: wallet.address, action: 'update_settings', ...request },
      },
      {},
    );
    const { message } = z.object({ message: z.string() }).parse(body);
    expect(message).toContain(`${owned.domain} wants you to sign in`);
    const answer = await owned.ask(request, { authorization: headerOf(wallet, 'update_settings', message) });
    expect(answer.status).toBe(201);
  });

  test('is the only one who changes the rules', async () => {
    const headers = { 'x-master-password': PASSWORD };
    expect(await owned.ask(NEW_POLICY, headers)).toMatchObject({ status: 403, code: 'OWNER_AUTH_REQUIRED' });
    expect(await owned.ask({ method: 'DELETE', path: '/v1/owner/disconnect' }, headers)).toMatchObject({
      code: 'OWNER_AUTH_REQUIRED',
    });
    expect(await owned.signed('update_settings', NEW_POLICY, createOwnerWallet(chain))).toMatchObject({
      status: 403,
      code: 'OWNER_MISMATCH',
    });
    expect((await owned.signed('update_settings', NEW_POLICY)).status).toBe(201);
  });

  test('changes settings by a signature over that very change', async () => {
    const change = { method: 'PUT', path: '/v1/owner/settings', body: { server: { logLevel: 'info' } } };
    expect(await owned.signed('view_dashboard', change)).toMatchObject({ status: 403 });
    expect(await owned.signed('update_settings', change, createOwnerWallet(chain))).toMatchObject({
      status: 403,
      code: 'OWNER_MISMATCH',
    });
    expect(await owned.signed('update_settings', change)).toMatchObject({
      status: 200,
      body: { updated: true, settings: { changed: ['server.logLevel'] } },
    });
  });

  test('approves a payment: it is paid, once, to the lamport, and the evidence is kept', async () => {
    const id = await waiting();
    const authorization = headerOf(wallet, 'approve_tx', await payment('approve_tx', id));
    expect(await owned.ask(approveRequest(id), { authorization })).toMatchObject({ status: 200 });
    expect((await owned.daemon.client(payer.token).waitForTransaction(id)).status).toBe('CONFIRMED');
    expect(await balanceOf(harness.ledger, recipient)).toBe(4_000_000_000n);
    // The same payload once more: its nonce is used up.
    expect(await owned.ask(approveRequest(id), { authorization })).toMatchObject({
      status: 401,
      code: 'INVALID_NONCE',
    });
    expect(
      await owned.ask(approveRequest(id), {
        authorization: headerOf(wallet, 'approve_tx', await payment('approve_tx', id)),
      }),
    ).toMatchObject({ status: 409, code: 'TX_ALREADY_PROCESSED' });
  });

  test('approving twenty times at once begins the payment once', async () => {
    const id = await waiting();
    const headers = await Promise.all(
      Array.from({ length: 20 }, async () => headerOf(wallet, 'approve_tx', await payment('approve_tx', id))),
    );
    const answers = await Promise.all(headers.map((authorization) => owned.ask(approveRequest(id), { authorization })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    await owned.daemon.client(payer.token).waitForTransaction(id);
    expect(await balanceOf(harness.ledger, recipient)).toBe(4_000_000_000n);
  });

  test('a payment has one spelling: its id in capitals names none, whatever is signed', async () => {
    const id = await waiting();
    for (const [route, action] of [
      ['approve', 'approve_tx'],
      ['reject', 'reject_tx'],
    ] as const) {
      const request = { method: 'POST', path: `/v1/owner/${route}/${id.toUpperCase()}` };
      for (const text of [
        await payment(action, id),
        await payment(action, id.toUpperCase()),
        await owned.compose('view_dashboard', request),
      ]) {
        const answer = await owned.ask(request, { authorization: headerOf(wallet, action, text) });
        expect([400, 401]).toContain(answer.status);
      }
    }
    expect(await statusOf(id)).toBe('QUEUED');
    await owned.daemon.operate('POST', `/v1/owner/reject/${id}`);
  });

  // To the millisecond in packages/auth; here with room for a slow machine.
  test.each([
    ['almost five minutes ago', -285, 'NOT_REFUSED'],
    ['more than five minutes ago', -301, 'INVALID_SIGNATURE'],
    ['in five minutes', 300, 'NOT_REFUSED'],
    ['in more than five minutes', 330, 'INVALID_SIGNATURE'],
  ])('a request stamped %s (%d s) is taken or not: %s', async (_when, offset, expected) => {
    // Issued before it is stamped, and not yet over: only the stamp is tried.
    const issuedAt = Date.now() - 245_000;
    const message = await owned.compose('view_dashboard', STATUS, { issuedAt, expirationTime: issuedAt + 300_000 });
    const timestamp = new Date(Date.now() + offset * 1000).toISOString();
    const answer = await owned.ask(STATUS, {
      authorization: headerOf(wallet, 'view_dashboard', message, { timestamp }),
    });
    expect(answer.code ?? 'NOT_REFUSED').toBe(expected);
  });

  test('rejects, and what was rejected is not approved', async () => {
    const id = await waiting();
    const request = { method: 'POST', path: `/v1/owner/reject/${id}`, body: { reason: 'no' } };
    const authorization = headerOf(wallet, 'reject_tx', await payment('reject_tx', id));
    expect(await owned.ask(request, { authorization })).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    expect(
      await owned.ask(approveRequest(id), {
        authorization: headerOf(wallet, 'approve_tx', await payment('approve_tx', id)),
      }),
    ).toMatchObject({ status: 409 });
    expect(await statusOf(id)).toBe('CANCELLED');
  });

  test('one nonce, fifty requests: one success', async () => {
    const message = await owned.compose('view_dashboard', STATUS);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        owned.ask(STATUS, { authorization: headerOf(wallet, 'view_dashboard', message) }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'INVALID_NONCE')).toHaveLength(49);
  });

  test('an old message with a fresh nonce and time beside it is worth nothing', async () => {
    const message = await owned.compose('view_dashboard', STATUS);
    expect((await owned.ask(STATUS, { authorization: headerOf(wallet, 'view_dashboard', message) })).status).toBe(200);
    const fresh = headerOf(wallet, 'view_dashboard', message, { nonce: await owned.nonce() });
    expect(await owned.ask(STATUS, { authorization: fresh })).toMatchObject({ status: 401 });
  });

  test('a signature for one thing is none for another', async () => {
    const [one, other] = [await waiting(), await waiting()];
    const approve = () => payment('approve_tx', one);
    for (const [request, authorization] of [
      // The wrong transaction, the wrong route, the wrong action beside the right text.
      [approveRequest(other), headerOf(wallet, 'approve_tx', await approve())],
      [{ method: 'POST', path: `/v1/owner/reject/${one}` }, headerOf(wallet, 'approve_tx', await approve())],
      [{ method: 'POST', path: `/v1/owner/reject/${one}` }, headerOf(wallet, 'reject_tx', await approve())],
      [STATUS, headerOf(wallet, 'view_dashboard', await approve())],
      [
        { method: 'POST', path: '/v1/owner/kill-switch', body: { reason: 'x' } },
        headerOf(wallet, 'kill_switch', await approve()),
      ],
      // Another amount, another recipient and another network than the payment's, in the words that were signed.
      ...(await Promise.all(
        ['pay 5 SOL to', `pay 4 SOL to ${stranger()}x`, 'pay 4 sol to'].map(async (words) => {
          const text = await payment('approve_tx', other, {
            statement: `WAIaaS Owner Action: approve_tx - ${words} ${recipient} on solana localnet`,
          });
          return [approveRequest(other), headerOf(wallet, 'approve_tx', text)] as const;
        }),
      )),
      // Another body, another path, another method than those that were signed.
      [
        { ...NEW_POLICY, body: { ...NEW_POLICY.body, priority: 9 } },
        headerOf(wallet, 'update_settings', await owned.compose('update_settings', NEW_POLICY)),
      ],
      [
        { method: 'GET', path: '/v1/sessions?limit=3' },
        headerOf(
          wallet,
          'manage_sessions',
          await owned.compose('manage_sessions', { method: 'GET', path: '/v1/sessions' }),
        ),
      ],
      // A message to open a session, shown as an owner's request.
      [
        STATUS,
        headerOf(
          wallet,
          'view_dashboard',
          await owned.compose('view_dashboard', STATUS, { statement: SESSION_STATEMENT }),
        ),
      ],
    ] as const) {
      const answer = await owned.ask(request, { authorization });
      expect([401, 403]).toContain(answer.status);
      expect(answer.code).toBe('INVALID_SIGNATURE');
    }
    expect([await statusOf(one), await statusOf(other)]).toEqual(['QUEUED', 'QUEUED']);
    for (const id of [one, other]) await owned.daemon.operate('POST', `/v1/owner/reject/${id}`);
  });

  test.each([
    ['another domain', { domain: 'evil.com', uri: 'http://evil.com' }],
    ['another port', { domain: 'localhost:1', uri: 'http://localhost:1' }],
    ['another URI', { uri: 'http://evil.com' }],
    ['another chain id', { chainId: '999' }],
    ['issued tomorrow', { issuedAt: Date.now() + 86_400_000, expirationTime: Date.now() + 86_400_000 + 300_000 }],
    ['expired a second ago', { issuedAt: Date.now() - 301_000, expirationTime: Date.now() - 1000 }],
    ['living for a year', { expirationTime: Date.now() + 31_536_000_000 }],
    ['a nonce that was never issued', { nonce: '00112233445566778899aabbccddeeff' }],
  ])('a message with %s authorises nothing', async (_what, over) => {
    const message = await owned.compose('view_dashboard', STATUS, over);
    const answer = await owned.ask(STATUS, { authorization: headerOf(wallet, 'view_dashboard', message) });
    expect(answer.status).toBe(401);
    expect(['INVALID_SIGNATURE', 'INVALID_NONCE']).toContain(answer.code);
  });

  test('a text of another grammar is a clean 401', async () => {
    const good = await owned.compose('view_dashboard', STATUS);
    for (const message of [
      good.replace(/^Expiration Time: .*\n/m, ''),
      good.replaceAll('\n', '\r\n'),
      `${good}\n`,
      good.replace('Version: 1', 'Version: 2'),
      good.replace(wallet.address, wallet.address.toLowerCase()),
      `${good}\n- urn:waiaas:tx:x`,
      'x',
      '\u0000',
    ]) {
      const answer = await owned.ask(STATUS, { authorization: headerOf(wallet, 'view_dashboard', message) });
      expect([answer.status, message]).toEqual([message === good ? 200 : 401, message]);
    }
  });

  test('what has the form of a header but is none is a clean 401', async () => {
    const session = { authorization: `Bearer ${payer.token}` };
    for (const authorization of [
      'Bearer',
      'Bearer !!!',
      `Bearer ${Buffer.from('{}').toString('base64url')}`,
      `Bearer ${Buffer.from('null').toString('base64url')}`,
      `Bearer ${'A'.repeat(9000)}`,
      session.authorization,
    ]) {
      expect((await owned.ask(STATUS, { authorization })).status).toBe(401);
    }
    // And an owner's payload is no session token.
    const authorization = headerOf(wallet, 'view_dashboard', await owned.compose('view_dashboard', STATUS));
    expect(await owned.ask({ method: 'GET', path: '/v1/wallet/address' }, { authorization })).toMatchObject({
      status: 401,
      code: 'INVALID_TOKEN',
    });
  });

  test('an agent can do nothing of this', async () => {
    const headers = { authorization: `Bearer ${payer.token}` };
    const id = await waiting();
    for (const request of [
      STATUS,
      NEW_POLICY,
      approveRequest(id),
      { method: 'POST', path: `/v1/owner/reject/${id}` },
      { method: 'POST', path: '/v1/owner/connect', body: { address: wallet.address, chain } },
      { method: 'DELETE', path: '/v1/owner/disconnect' },
      { method: 'GET', path: '/v1/sessions' },
      { method: 'POST', path: '/v1/sessions', body: { agentId: payer.agentId } },
      { method: 'GET', path: '/v1/owner/pending-approvals' },
      { method: 'POST', path: '/v1/admin/rotate-secret' },
    ])
      expect((await owned.ask(request, headers)).status).toBe(401);
    expect(await statusOf(id)).toBe('QUEUED');
    await owned.daemon.operate('POST', `/v1/owner/reject/${id}`);
  });

  test('hands over in one step; what was signed before counts for nothing from then on', async () => {
    const next = createOwnerWallet(chain === 'solana' ? 'ethereum' : 'solana');
    const id = await waiting();
    const early = headerOf(wallet, 'approve_tx', await payment('approve_tx', id));
    const proof = { address: next.address, chain: next.chain };
    const hash = (body: string) => resourceOf({ method: 'POST', path: '/v1/owner/change', body: JSON.parse(body) });
    const message = messageBy(next, {
      domain: owned.domain,
      nonce: await owned.nonce(),
      statement: statementOf('connect_owner'),
      resource: hash(canonicalJson(proof)),
    });
    const request = {
      method: 'POST',
      path: '/v1/owner/change',
      body: { ...proof, message, signature: next.sign(message) },
    };
    const headers = { 'x-master-password': PASSWORD };
    const authorization = headerOf(wallet, 'change_owner', await owned.compose('change_owner', request));
    expect((await owned.ask(request, headers)).status).toBe(401);
    expect((await owned.ask(request, { authorization })).status).toBe(401);
    const changed = await owned.ask(request, { ...headers, authorization });
    expect(changed).toMatchObject({ status: 200, body: { address: next.address, previousAddress: wallet.address } });
    expect((await owned.ask(approveRequest(id), { authorization: early })).status).toBe(401);
    expect(await owned.signed('view_dashboard', STATUS)).toMatchObject({ status: 403, code: 'OWNER_MISMATCH' });
    expect((await owned.signed('view_dashboard', STATUS, next)).status).toBe(200);
    expect(await statusOf(id)).toBe('EXPIRED');
    // And is let go by a signature of their own.
    const disconnect = { method: 'DELETE', path: '/v1/owner/disconnect' };
    expect(await owned.signed('update_settings', disconnect)).toMatchObject({ code: 'OWNER_MISMATCH' });
    expect((await owned.signed('update_settings', disconnect, next)).status).toBe(200);
    expect(await owned.ask(NEW_POLICY, headers)).toMatchObject({ status: 201 });
  });
});

describe.each(OWNER_CHAINS)('an owner on %s', (chain) => {
  // On a daemon of its own: five sessions a minute are all that may be opened.
  test('opens a session with a signature in the body, over the agent and everything it may do', async () => {
    const wallet = createOwnerWallet(chain);
    const owned = await ownedDaemon(wallet);
    await owned.connect();
    const payer = await createPayer(harness, owned.daemon);
    const body = { agentId: payer.agentId, expiresIn: 600, constraints: { maxAmountPerTx: '5' } };
    const sign = async (over: object = {}): Promise<object> => {
      const constraints = { ...body.constraints, expiresIn: 600, ...over };
      const hash = createHash('sha256').update(canonicalJson(constraints)).digest('hex');
      const message = messageBy(wallet, {
        domain: owned.domain,
        nonce: await owned.nonce(),
        statement: SESSION_STATEMENT,
        resource: sessionResource(payer.agentId, hash),
      });
      return { chain, ownerAddress: wallet.address, message, signature: wallet.sign(message) };
    };
    const request = (extra: object): OwnerRequest => ({
      method: 'POST',
      path: '/v1/sessions',
      body: { ...body, ...extra },
    });
    const signature = await sign();
    expect(await owned.ask(request(signature), {})).toMatchObject({
      status: 201,
      body: { constraints: { maxAmountPerTx: '5' } },
    });
    expect(await owned.ask(request(signature), {})).toMatchObject({ status: 401, code: 'INVALID_NONCE' });
    // Signed for smaller limits than are asked for.
    expect(await owned.ask(request(await sign({ maxAmountPerTx: '4' })), {})).toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    // By somebody else.
    const other = createOwnerWallet(chain);
    const message = messageBy(other, {
      domain: owned.domain,
      nonce: await owned.nonce(),
      statement: SESSION_STATEMENT,
      resource: sessionResource(
        payer.agentId,
        createHash('sha256')
          .update(canonicalJson({ ...body.constraints, expiresIn: 600 }))
          .digest('hex'),
      ),
    });
    const foreign = { chain, ownerAddress: other.address, message, signature: other.sign(message) };
    expect(await owned.ask(request(foreign), {})).toMatchObject({ status: 403, code: 'OWNER_MISMATCH' });
    await owned.daemon.stop();
  }, 60_000);
});

describe('becoming the owner', () => {
  test('needs the master password and the key of the address, and happens once', async () => {
    const wallet = createOwnerWallet('solana');
    const owned = await ownedDaemon(wallet);
    const body = { address: wallet.address, chain: wallet.chain };
    const request = { method: 'POST', path: '/v1/owner/connect', body };
    const header = async (by = wallet) =>
      headerOf(by, 'connect_owner', await owned.compose('connect_owner', request, {}, by));
    const password = { 'x-master-password': PASSWORD };
    expect((await owned.ask(request, password)).status).toBe(401);
    expect((await owned.ask(request, { authorization: await header() })).status).toBe(401);
    const thief = createOwnerWallet('solana');
    expect(await owned.ask(request, { ...password, authorization: await header(thief) })).toMatchObject({
      status: 403,
      code: 'OWNER_MISMATCH',
    });
    // Ten at once, of two wallets that both are who they say.
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => owned.connect(index % 2 === 0 ? wallet : thief)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status, code }) => status === 409 && code === 'OWNER_ALREADY_CONNECTED')).toHaveLength(9);
    await owned.daemon.stop();
  }, 60_000);

  test('a nonce of before a restart is worth nothing, whatever text is put around it', async () => {
    const wallet = createOwnerWallet('ethereum');
    const owned = await ownedDaemon(wallet);
    const old = await owned.nonce();
    await owned.daemon.stop();
    const daemon = await harness.start(owned.dataDir);
    const body = { address: wallet.address, chain: wallet.chain };
    const request = { method: 'POST', path: '/v1/owner/connect', body };
    const connectWith = (nonce: string) => {
      const fields = { domain: new URL(daemon.url).host, nonce };
      const text = { statement: statementOf('connect_owner'), resource: resourceOf(request) };
      const authorization = headerOf(wallet, 'connect_owner', messageBy(wallet, { ...fields, ...text }));
      return ask(daemon, request, { authorization, 'x-master-password': PASSWORD });
    };
    expect(await connectWith(old)).toMatchObject({ status: 401, code: 'INVALID_NONCE' });
    const { nonce } = z.object({ nonce: z.string() }).parse(await (await fetch(`${daemon.url}/v1/nonce`)).json());
    expect(await connectWith(nonce)).toMatchObject({ status: 201 });
    await daemon.stop();
  }, 60_000);

  test('a key that signs everything is none', async () => {
    // The identity point as the key, and R = identity, S = 0: lenient verifiers take it for a signature over any text.
    const identity = Buffer.alloc(32);
    identity[0] = 1;
    const wallet: OwnerWallet = {
      chain: 'solana',
      address: base58.encode(identity),
      sign: () => base58.encode(Buffer.concat([identity, Buffer.alloc(32)])),
    };
    const owned = await ownedDaemon(wallet);
    expect(await owned.connect()).toMatchObject({ status: 401, code: 'INVALID_SIGNATURE' });
    expect((await owned.daemon.operate('GET', '/v1/owner/status')).body).toMatchObject({ connected: false });
    await owned.daemon.stop();
  }, 60_000);

  test('a stranger with a fresh wallet does not learn whether there is an owner', async () => {
    const wallet = createOwnerWallet('solana');
    const owned = await ownedDaemon(wallet);
    const stranger = createOwnerWallet('ethereum');
    const before = await owned.signed('view_dashboard', STATUS, stranger);
    await owned.connect();
    const after = await owned.signed('view_dashboard', STATUS, stranger);
    expect(before).toMatchObject({ status: 403, code: 'OWNER_MISMATCH' });
    expect({ ...after.body, requestId: '' }).toEqual({ ...before.body, requestId: '' });
    await owned.daemon.stop();
  }, 60_000);

  test('whoever takes the owner out of the file gains nothing by it', async () => {
    const wallet = createOwnerWallet('ethereum');
    const owned = await ownedDaemon(wallet);
    await owned.connect();
    await owned.daemon.stop();
    const { default: BetterSqlite3 } = await import('better-sqlite3');
    const raw = new BetterSqlite3(`${owned.dataDir}/data/waiaas.db`);
    raw.exec('DELETE FROM owner_wallets; DROP TRIGGER owner_head_no_delete; DELETE FROM owner_head');
    raw.close();
    const daemon = await harness.start(owned.dataDir);
    const changed = await daemon.operate('POST', '/v1/owner/policies', NEW_POLICY.body);
    expect(changed).toMatchObject({ status: 403, body: { code: 'OWNER_AUTH_REQUIRED' } });
    // Nor does the former owner, by either of the ways in; and that it was tried is on record, once in a minute.
    const domain = new URL(daemon.url).host;
    const nonce = async (): Promise<string> =>
      z.object({ nonce: z.string() }).parse(await (await fetch(`${daemon.url}/v1/nonce`)).json()).nonce;
    const text = (fields: { statement: string; resource: string }, value: string): string =>
      messageBy(wallet, { domain, nonce: value, ...fields });
    const agent = '01936d3a-7f00-7001-9abc-fedcba987654';
    const hash = createHash('sha256')
      .update(canonicalJson({ expiresIn: 86_400 }))
      .digest('hex');
    const inBody = text({ statement: SESSION_STATEMENT, resource: sessionResource(agent, hash) }, await nonce());
    const inHeader = text({ statement: statementOf('view_dashboard'), resource: resourceOf(STATUS) }, await nonce());
    const session = {
      agentId: agent,
      chain: wallet.chain,
      ownerAddress: wallet.address,
      message: inBody,
      signature: wallet.sign(inBody),
    };
    for (const [request, headers] of [
      [{ method: 'POST', path: '/v1/sessions', body: session }, {}],
      [STATUS, { authorization: headerOf(wallet, 'view_dashboard', inHeader) }],
    ] as const) {
      expect(await ask(daemon, request, headers)).toMatchObject({ status: 403, code: 'OWNER_MISMATCH' });
    }
    await daemon.stop();
    const { audit } = await readRemains(owned.dataDir);
    expect(audit.filter(({ event_type }) => event_type === 'SEAL_BROKEN')).toHaveLength(1);
  }, 60_000);
});

describe('what opens the daemon', () => {
  test('a rotated secret: old tokens go on, new ones too, a second rotation has to wait', async () => {
    const dataDir = await harness.createDataDir();
    const daemon = await harness.start(dataDir);
    const payer = await createPayer(harness, daemon);
    const address = (token: string) =>
      fetch(`${daemon.url}/v1/wallet/address`, { headers: { authorization: `Bearer ${token}` } });
    expect((await daemon.operate('POST', '/v1/admin/rotate-secret')).status).toBe(200);
    const fresh = await createPayer(harness, daemon);
    expect([(await address(payer.token)).status, (await address(fresh.token)).status]).toEqual([200, 200]);
    expect(await daemon.operate('POST', '/v1/admin/rotate-secret')).toMatchObject({
      status: 409,
      body: { code: 'ROTATION_TOO_RECENT' },
    });
    await daemon.stop();
    const again = await harness.start(dataDir);
    const after = (token: string) =>
      fetch(`${again.url}/v1/wallet/address`, { headers: { authorization: `Bearer ${token}` } });
    expect([(await after(payer.token)).status, (await after(fresh.token)).status]).toEqual([200, 200]);
    await again.stop();
  }, 60_000);

  test('a changed password: the old one and its operator tokens end, agents go on, the next start takes the new one', async () => {
    const dataDir = await harness.createDataDir();
    const daemon = await harness.start(dataDir);
    const payer = await createPayer(harness, daemon);
    const login = await daemon.operate('POST', '/v1/admin/login');
    const { token } = z.object({ token: z.string() }).parse(login.body);
    const newPassword = 'Another-Master-Password-72';
    for (const bad of ['short', ' edge-spaces-are-lost ', 'ümlaut-in-a-password'])
      expect((await daemon.operate('POST', '/v1/admin/password', { newPassword: bad })).status).toBe(400);
    expect((await daemon.operate('POST', '/v1/admin/password', { newPassword })).status).toBe(200);
    expect((await daemon.operate('GET', '/v1/agents')).status).toBe(401);
    expect((await daemon.operate('GET', '/v1/agents', undefined, newPassword)).status).toBe(200);
    const old = await fetch(`${daemon.url}/v1/agents`, { headers: { authorization: `Bearer ${token}` } });
    expect(old.status).toBe(401);
    expect((await daemon.client(payer.token).getAddress()).address).toBe(payer.address);
    await daemon.stop();
    await expect(harness.start(dataDir)).rejects.toThrow('did not start');
  }, 60_000);
});

describe('a session renews itself', () => {
  test('not before half of its life, not for another one', async () => {
    const daemon = await harness.start(await harness.createDataDir());
    const payer = await createPayer(harness, daemon);
    const renew = async (id: string) => {
      const response = await fetch(`${daemon.url}/v1/sessions/${id}/renew`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${payer.token}` },
      });
      return [response.status, z.object({ code: z.string() }).parse(await response.json()).code];
    };
    expect(await renew(payer.sessionId)).toEqual([403, 'RENEWAL_TOO_EARLY']);
    expect(await renew((await createPayer(harness, daemon)).sessionId)).toEqual([403, 'SESSION_RENEWAL_MISMATCH']);
    await daemon.stop();
  }, 60_000);
});
