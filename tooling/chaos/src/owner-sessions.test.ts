import { createHash } from 'node:crypto';
import { canonicalJson, OWNER_CHAINS, SESSION_STATEMENT, sessionResource } from '@waiaas/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, type Harness } from './harness.ts';
import { type Answer, type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet, messageBy, resourceOf, statementOf } from './owner-wallet.ts';

/* The owner's signature in the body of POST /v1/sessions: good for the one session it is over, and for nothing else. */

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

describe.each(OWNER_CHAINS)('an owner on %s', (chain) => {
  const wallet = createOwnerWallet(chain);
  const GRANT = { maxAmountPerTx: '5', expiresIn: 600 };
  let owned: OwnedDaemon;
  let agentId: string;
  let other: string;

  beforeAll(async () => {
    owned = await startOwnedDaemon(harness, wallet);
    agentId = (await createPayer(harness, owned.daemon)).agentId;
    other = (await createPayer(harness, owned.daemon)).agentId;
    expect((await owned.connect()).status).toBe(201);
  }, 60_000);
  afterAll(async () => void (await owned.daemon.stop()));

  const resource = (agent = agentId, grant: object = GRANT): string =>
    sessionResource(
      agent,
      createHash('sha256')
        .update(canonicalJson({ ...grant }))
        .digest('hex'),
    );
  const sign = async (over: object = {}): Promise<string> =>
    messageBy(
      wallet,
      {
        domain: owned.domain,
        nonce: await owned.nonce(),
        statement: SESSION_STATEMENT,
        resource: resource(),
        ...over,
      },
      owned.now(),
    );
  async function open(message: string, over: object = {}): Promise<Answer> {
    // Five a minute and address may be opened.
    await owned.advance(60);
    const { expiresIn, ...constraints } = GRANT;
    const body = {
      agentId,
      expiresIn,
      constraints,
      chain,
      ownerAddress: wallet.address,
      message,
      signature: wallet.sign(message),
      ...over,
    };
    return owned.ask({ method: 'POST', path: '/v1/sessions', body }, {});
  }
  const count = async (): Promise<number> => {
    const { body } = await owned.daemon.operate('GET', '/v1/sessions?status=all&limit=100');
    return (body as { sessions: unknown[] }).sessions.length;
  };

  test('a message for an owner’s request opens no session', async () => {
    const before = await count();
    for (const action of ['manage_sessions', 'view_dashboard'] as const) {
      const request = { method: 'POST', path: '/v1/sessions' };
      const message = await sign({ statement: statementOf(action), resource: resourceOf(request) });
      expect(await open(message)).toMatchObject({ status: 401, code: 'INVALID_SIGNATURE' });
      const mixed = await sign({ statement: statementOf(action) });
      expect(await open(mixed)).toMatchObject({ status: 401, code: 'INVALID_SIGNATURE' });
    }
    expect(await count()).toBe(before);
  });

  test.each([
    ['another domain', { domain: 'evil.com', uri: 'http://evil.com' }],
    ['another URI', { uri: 'http://evil.com' }],
    ['another chain id', { chainId: '999' }],
    ['another statement', { statement: 'Sign in to WAIaaS.' }],
    ['a nonce that was never issued', { nonce: '00112233445566778899aabbccddeeff' }],
  ])('%s alone is a 401', async (_what, over) => {
    expect((await open(await sign(over))).status).toBe(401);
  });

  test('so are times that are not now, and a message without an end', async () => {
    const now = owned.now();
    for (const times of [
      { issuedAt: now + 86_400_000, expirationTime: now + 86_700_000 },
      { issuedAt: now - 301_000, expirationTime: now - 1000 },
      { expirationTime: now + 31_536_000_000 },
    ]) {
      expect(await open(await sign(times))).toMatchObject({ status: 401, code: 'INVALID_SIGNATURE' });
    }
    const endless = (await sign()).replace(/^Expiration Time: .*\n/m, '');
    expect((await open(endless)).status).toBe(401);
  });

  test('a nonce is good for five minutes, once, for the one or the other', async () => {
    const nonce = await owned.nonce();
    await owned.advance(301);
    expect(await open(await sign({ nonce }))).toMatchObject({ status: 401, code: 'INVALID_NONCE' });
    const status = { method: 'GET', path: '/v1/owner/status' };
    const shown = await owned.compose('view_dashboard', status);
    const used = { nonce: /^Nonce: (.*)$/m.exec(shown)?.[1] };
    expect((await owned.ask(status, { authorization: owned.header('view_dashboard', shown) })).status).toBe(200);
    expect(await open(await sign(used))).toMatchObject({ status: 401, code: 'INVALID_NONCE' });
  });

  test('a signature for one agent or one set of limits is none for another', async () => {
    const before = await count();
    for (const [signedOver, over] of [
      [{ resource: resource(other) }, {}],
      [{ resource: resource(agentId, { ...GRANT, maxAmountPerTx: '4' }) }, {}],
      [{ resource: resource(agentId, { ...GRANT, expiresIn: 601 }) }, {}],
      [{}, { agentId: other }],
      [{}, { constraints: {} }],
      [{}, { expiresIn: 604_800 }],
      [{}, { signature: wallet.sign('something else') }],
    ] as const) {
      const answer = await open(await sign(signedOver), over);
      expect(answer).toMatchObject({ status: 401, code: 'INVALID_SIGNATURE' });
    }
    expect(await count()).toBe(before);
    expect(await open(await sign())).toMatchObject({ status: 201, body: { constraints: { maxAmountPerTx: '5' } } });
    expect(await count()).toBe(before + 1);
  });
});
