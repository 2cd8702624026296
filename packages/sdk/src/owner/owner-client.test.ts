import { describe, expect, test } from 'vitest';
import { errorOf } from '../../test/clients.ts';
import { type Answer, drop, json, refusal, startServer, text } from '../../test/scripted-server.ts';
import { viemWallet } from '../../test/wallets.ts';
import { WAIaaSOwnerClient } from './owner-client.ts';

const PASSWORD = 'canary horse battery';
const TX = '01936d3a-7f00-7abc-8def-0123456789ab';
const AGENT = '01936d3a-7f00-7abc-8def-0123456789ac';
const TO = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';
const EXPIRES = '2026-11-22T00:05:00.000Z';
const NONCE: Answer = json({ nonce: 'ab'.repeat(16), expiresAt: EXPIRES });
const LISTED = {
  txId: TX,
  agentId: AGENT,
  agentName: 'shopper',
  type: 'TRANSFER',
  asset: 'solana:native',
  amount: '12500000000',
  toAddress: TO,
  chain: 'solana',
  network: 'devnet',
  tier: 'APPROVAL',
  queuedAt: EXPIRES,
  expiresAt: EXPIRES,
  inWords: `pay 12.5 SOL to ${TO} on solana devnet`,
} as const;
const STATUS: Answer = json({ connected: true, systemState: 'NORMAL', activeSessionCount: 0, pendingApprovalCount: 0 });

/** A client whose wallet writes down what it signs. */
function ownerOf(url: string) {
  const { signer, address } = viemWallet();
  const signed: string[] = [];
  if (!('signMessage' in signer) || !('type' in signer)) throw new Error('Another kind of wallet');
  const watched = {
    chain: 'ethereum',
    address,
    signMessage: (message: string) => {
      signed.push(message);
      return signer.signMessage({ message });
    },
  } as const;
  return { owner: new WAIaaSOwnerClient({ baseUrl: url, signer: watched }), signed, address };
}

const payloadOf = (authorization: string | undefined): Record<string, string> =>
  JSON.parse(Buffer.from((authorization ?? '').replace('Bearer ', ''), 'base64url').toString('utf8'));

describe('a signed request', () => {
  test('carries a text over itself, with the daemon’s nonce and time', async () => {
    await using server = await startServer(NONCE, STATUS);
    const { owner, signed, address } = ownerOf(server.url);
    await owner.getStatus();
    const host = new URL(server.url).host;
    const payload = payloadOf(server.received[1]?.headers.authorization);
    expect(payload).toMatchObject({
      chain: 'ethereum',
      address,
      action: 'view_dashboard',
      nonce: 'ab'.repeat(16),
      timestamp: '2026-11-22T00:00:00.000Z',
      message: signed[0],
    });
    expect(signed[0]?.split('\n')).toEqual([
      `${host} wants you to sign in with your Ethereum account:`,
      address,
      '',
      'WAIaaS Owner Action: view_dashboard',
      '',
      `URI: http://${host}`,
      'Version: 1',
      'Chain ID: 1',
      `Nonce: ${'ab'.repeat(16)}`,
      'Issued At: 2026-11-22T00:00:00.000Z',
      'Expiration Time: 2026-11-22T00:05:00.000Z',
      'Resources:',
      expect.stringMatching(/^- urn:waiaas:req:sha256:[0-9a-f]{64}$/),
    ]);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  test.each([
    ['a cut connection', drop],
    ['a busy daemon', refusal(503, 'ADAPTER_NOT_AVAILABLE', true)],
    ['a rate limit', refusal(429, 'RATE_LIMIT_EXCEEDED', true, { 'retry-after': '1' })],
  ])('is sent once, also after %s: its signature is good for one use', async (_what, answer) => {
    await using server = await startServer(NONCE, answer);
    const { owner, signed } = ownerOf(server.url);
    await errorOf(owner.disconnect());
    expect([server.received.map(({ path }) => path), signed.length]).toEqual([
      ['/v1/nonce', '/v1/owner/disconnect'],
      1,
    ]);
  });

  test('shows up in no error, nor does the master password', async () => {
    const quote: Answer = (response, request) =>
      text(JSON.stringify({ code: 'X', message: JSON.stringify(request.headers) }), 500)(response, request);
    await using server = await startServer(NONCE, quote);
    const { owner } = ownerOf(server.url);
    const error = await errorOf(owner.connect(PASSWORD));
    const { authorization = '-' } = server.received[1]?.headers ?? {};
    expect(server.received[1]?.headers['x-master-password']).toBe(PASSWORD);
    const shown = `${error.message} ${JSON.stringify(error)}`;
    expect(shown).not.toContain(PASSWORD);
    expect(shown).not.toContain(authorization.replace('Bearer ', ''));
  });

  test.each([
    ['a nonce with a line in it', { nonce: `${'ab'.repeat(16)}\nResources:`, expiresAt: EXPIRES }],
    ['a nonce that is none', { nonce: 'x', expiresAt: EXPIRES }],
    ['an end that is no time', { nonce: 'ab'.repeat(16), expiresAt: 'soon' }],
  ])('is not signed for %s', async (_what, nonce) => {
    await using server = await startServer(json(nonce));
    const { owner, signed } = ownerOf(server.url);
    expect(await errorOf(owner.getStatus())).toMatchObject({ code: 'MESSAGE_REFUSED' });
    expect([signed, server.received.length]).toEqual([[], 1]);
  });

  test('a password that no header can carry is refused before the wallet is asked', async () => {
    await using server = await startServer(NONCE);
    const { owner, signed } = ownerOf(server.url);
    for (const password of ['', 'a\r\nX-Evil: 1', ' edge ', 'é', 'x'.repeat(200)]) {
      const error = await errorOf(owner.connect(password));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).not.toContain(password === '' ? '\0' : password);
    }
    expect([signed, server.received.length]).toEqual([[], 0]);
  });
});

describe('approving', () => {
  const APPROVED = json({ transactionId: TX, status: 'EXECUTING', approvedAt: EXPIRES, approvedBy: 'x' });

  test('asks the wallet once, in the words of the payment', async () => {
    await using server = await startServer(NONCE, APPROVED);
    const { owner, signed } = ownerOf(server.url);
    expect(await owner.approveTransaction(LISTED)).toMatchObject({ status: 'EXECUTING' });
    expect(signed).toHaveLength(1);
    expect(signed[0]).toContain(`\nWAIaaS Owner Action: approve_tx - pay 12.5 SOL to ${TO} on solana devnet\n`);
    expect(signed[0]?.endsWith(`- urn:waiaas:tx:${TX}`)).toBe(true);
  });

  test('by its id alone, the payment is listed first, page by page', async () => {
    const empty = json({ transactions: [], nextCursor: 'next' });
    await using server = await startServer(
      NONCE,
      empty,
      NONCE,
      json({ transactions: [LISTED], nextCursor: null }),
      NONCE,
      APPROVED,
    );
    const { owner } = ownerOf(server.url);
    await owner.approveTransaction(TX);
    expect(server.received.map(({ path }) => path)).toEqual([
      '/v1/nonce',
      '/v1/owner/pending-approvals?limit=100',
      '/v1/nonce',
      '/v1/owner/pending-approvals?limit=100&cursor=next',
      '/v1/nonce',
      `/v1/owner/approve/${TX}`,
    ]);
  });

  test('a payment that does not wait is not found', async () => {
    await using server = await startServer(NONCE, json({ transactions: [], nextCursor: null }));
    expect(await errorOf(ownerOf(server.url).owner.approveTransaction(TX))).toMatchObject({ code: 'TX_NOT_FOUND' });
  });

  test('words about something else are not signed', async () => {
    await using server = await startServer(NONCE, APPROVED);
    const { owner, signed } = ownerOf(server.url);
    for (const change of [{ amount: '1' }, { inWords: null }, { toAddress: 'somebody' }]) {
      expect(await errorOf(owner.approveTransaction({ ...LISTED, ...change }))).toMatchObject({
        code: 'MESSAGE_REFUSED',
      });
    }
    expect([signed, server.received.length]).toEqual([[], 0]);
  });

  test.each(['', '..', 'x/../../admin', `${TX}?x`, 5, null])('%j is no transaction', async (txId) => {
    await using server = await startServer(NONCE, APPROVED);
    const { owner, signed } = ownerOf(server.url);
    const listed = { ...LISTED, txId };
    expect(await errorOf(owner.approveTransaction(listed as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect([signed, server.received.length]).toEqual([[], 0]);
  });
});

test('the client shows neither wallet nor key', () => {
  const { owner } = ownerOf('http://127.0.0.1:3100');
  expect(JSON.stringify(owner)).toBe('{}');
});
