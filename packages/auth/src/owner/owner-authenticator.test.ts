import { randomBytes } from 'node:crypto';
import {
  baseUnits,
  isWaiaasError,
  nativeAssetId,
  OWNER_CHAINS,
  type OwnerAction,
  SESSION_STATEMENT,
  type SignInMessage,
  transactionId,
  WaiaasError,
} from '@waiaas/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createWallet, type TestWallet } from '../../test/wallets.ts';
import { createNonceStore, type NonceStore } from '../nonce-store.ts';
import type { SignInPurpose } from '../sign-in/check-sign-in.ts';
import { composeSignInMessage } from '../sign-in/sign-in-message.ts';
import {
  type ConnectedOwner,
  createOwnerAuthenticator,
  type OwnerAuthenticator,
  type OwnerFault,
} from './owner-authenticator.ts';
import { type OwnerPayload, ownerAuthorization } from './owner-payload.ts';
import { paymentPurpose, requestPurpose, type SignedPayment } from './purpose.ts';

/** A demand whose purpose is known beforehand. */
interface Demand {
  readonly action: OwnerAction;
  readonly purpose: () => SignInPurpose;
}

const PAYMENT: SignedPayment = {
  transactionId: transactionId('01a205ca-7607-729f-a8d3-0a119d9107d0'),
  chain: 'solana',
  network: 'devnet',
  asset: nativeAssetId('solana'),
  token: null,
  to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  amount: baseUnits(12_500_000_000n),
};
const decide = (action: 'approve_tx' | 'reject_tx', change: Partial<SignedPayment> = {}): Demand => ({
  action,
  purpose: () => paymentPurpose(action, { ...PAYMENT, ...change }),
});
const APPROVE = decide('approve_tx');
const REJECT = decide('reject_tx');
const HALT: Demand = {
  action: 'kill_switch',
  purpose: () =>
    requestPurpose('kill_switch', { method: 'POST', path: '/v1/owner/kill-switch', rawBody: '{"reason":"lost"}' }),
};
const CONNECT: Demand = {
  action: 'connect_owner',
  purpose: () => requestPurpose('connect_owner', { method: 'POST', path: '/v1/owner/connect', rawBody: '{}' }),
};

let now: number;
let nonces: NonceStore;
let connected: ConnectedOwner | null;
let authenticator: OwnerAuthenticator;
let faults: OwnerFault[];

beforeEach(() => {
  now = Date.UTC(2026, 10, 1, 12);
  faults = [];
  const clock = { now: () => now };
  nonces = createNonceStore({ clock, randomBytes });
  authenticator = createOwnerAuthenticator({
    nonces,
    clock,
    owner: { load: async () => connected },
    domains: () => ['localhost:3100', '127.0.0.1:3100'],
    onRefused: (fault) => faults.push(fault),
  });
});

/** What an honest client sends; parts of it can be exchanged. */
function request(
  wallet: TestWallet,
  demand: Demand,
  message: Partial<SignInMessage> = {},
  payload: Partial<OwnerPayload> = {},
): string {
  const fields: SignInMessage = {
    chain: wallet.chain,
    domain: 'localhost:3100',
    address: wallet.address,
    ...demand.purpose(),
    uri: 'http://localhost:3100',
    chainId: '1',
    nonce: message.nonce ?? nonces.issue().nonce,
    issuedAt: now,
    expirationTime: now + 300_000,
    ...message,
  };
  const text = composeSignInMessage(fields);
  return ownerAuthorization({
    chain: wallet.chain,
    address: wallet.address,
    action: demand.action,
    nonce: fields.nonce,
    timestamp: new Date(now).toISOString(),
    message: text,
    signature: wallet.sign(text),
    ...payload,
  });
}

const payloadOf = (authorization: string): OwnerPayload =>
  JSON.parse(Buffer.from(authorization.slice('Bearer '.length), 'base64url').toString());

const outcome = async (authenticated: Promise<unknown>): Promise<string> => {
  try {
    await authenticated;
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'NOT_REFUSED';
};
const refusal = (authorization: string | undefined, demand: Demand = APPROVE) =>
  outcome(authenticator.authenticate(authorization, demand));

describe.each(OWNER_CHAINS)('on %s', (chain) => {
  let wallet: TestWallet;
  beforeEach(() => {
    wallet = createWallet(chain);
    connected = { chain, address: wallet.address, authentic: true };
  });

  test('the owner’s signature over this very request authorises it', async () => {
    for (const demand of [APPROVE, REJECT, HALT])
      expect(await authenticator.authenticate(request(wallet, demand), demand)).toMatchObject({
        chain,
        address: wallet.address,
      });
  });

  test('a replay is refused, and of fifty at once one passes', async () => {
    const authorization = request(wallet, APPROVE);
    const ends = await Promise.all(Array.from({ length: 50 }, () => refusal(authorization)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
    expect(ends.filter((end) => end === 'INVALID_NONCE 401')).toHaveLength(49);
    expect(await refusal(authorization)).toBe('INVALID_NONCE 401');
  });

  test('one nonce under fifty different actions authorises one of them', async () => {
    const { nonce } = nonces.issue();
    const demands = Array.from({ length: 50 }, (_, index) => [APPROVE, REJECT, HALT][index % 3] ?? APPROVE);
    const ends = await Promise.all(demands.map((demand) => refusal(request(wallet, demand, { nonce }), demand)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
  });

  test('an old message in a payload with a fresh nonce and time is refused', async () => {
    const old = payloadOf(request(wallet, APPROVE));
    const timestamp = () => new Date(now).toISOString();
    for (const minutes of [0, 3, 60 * 24 * 365]) {
      now += minutes * 60_000;
      const fresh = ownerAuthorization({ ...old, nonce: nonces.issue().nonce, timestamp: timestamp() });
      expect(await refusal(fresh)).toBe('INVALID_SIGNATURE 401');
    }
  });

  test('a payload that names another action than the signed statement is refused', async () => {
    expect(await refusal(request(wallet, APPROVE, {}, { action: 'kill_switch' }), HALT)).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(request(wallet, APPROVE, {}, { action: 'kill_switch' }), APPROVE)).toBe(
      'INVALID_SIGNATURE 401',
    );
  });

  test('a signature for one action is none for another: 403 where the signer is the owner', async () => {
    expect(await refusal(request(wallet, APPROVE), REJECT)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(wallet, REJECT), APPROVE)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(wallet, APPROVE), HALT)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(createWallet(chain), APPROVE), REJECT)).toBe('OWNER_MISMATCH 403');
  });

  test('an approval of one transaction, amount, recipient or network is none of another', async () => {
    const authorization = request(wallet, APPROVE);
    for (const change of [
      { transactionId: transactionId('01a205ca-7607-729f-a8d3-0a119d9107d1') },
      { amount: baseUnits(12_500_000_001n) },
      { to: 'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V' },
      { network: 'mainnet-beta' as const },
    ])
      expect(await refusal(authorization, decide('approve_tx', change))).toBe('INVALID_SIGNATURE 401');
    // And none of it has burnt the nonce.
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('a request whose method, path or body was exchanged is not authorised', async () => {
    const authorization = request(wallet, HALT);
    const sent = { method: 'POST', path: '/v1/owner/kill-switch', rawBody: '{"reason":"lost"}' };
    for (const change of [{ method: 'PUT' }, { path: '/v1/owner/kill-switch?x' }, { rawBody: '{"reason":"lost" }' }]) {
      const purpose = () => requestPurpose('kill_switch', { ...sent, ...change });
      expect(await refusal(authorization, { action: 'kill_switch', purpose })).toBe('INVALID_SIGNATURE 401');
    }
  });

  test('a session sign-in message is no owner’s request', async () => {
    expect(await refusal(request(wallet, APPROVE, { statement: SESSION_STATEMENT }))).toBe('INVALID_SIGNATURE 401');
  });

  test('somebody else’s wallet is a mismatch, whatever address the payload names', async () => {
    const thief = createWallet(chain);
    const { address } = wallet;
    expect(await refusal(request(thief, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(await refusal(request(thief, APPROVE, {}, { address }))).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(request(thief, APPROVE, { address }, { address }))).toBe('INVALID_SIGNATURE 401');
  });

  test('a wallet of the other chain is not the owner', async () => {
    const other = createWallet(chain === 'solana' ? 'ethereum' : 'solana');
    expect(await refusal(request(other, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(await refusal(request(wallet, APPROVE, {}, { chain: other.chain }))).toBe('INVALID_SIGNATURE 401');
    connected = { chain: other.chain, address: wallet.address, authentic: true };
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
  });

  test('without an owner, or with one whose row was tampered with, nobody is the owner', async () => {
    connected = null;
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
    connected = { chain, address: wallet.address, authentic: false };
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(faults).toEqual(['OWNER_NOT_AUTHENTIC']);
  });

  test.each([
    [300_000, 'NOT_REFUSED'],
    [-60_000, 'NOT_REFUSED'],
    [300_001, 'INVALID_SIGNATURE 401'],
    [-60_001, 'INVALID_SIGNATURE 401'],
  ])('stamped %d ms after the message was issued: %s', async (offset, expected) => {
    const timestamp = new Date(now + offset).toISOString();
    expect(await refusal(request(wallet, APPROVE, {}, { timestamp }))).toBe(expected);
  });

  test.each([
    [299_999, 'NOT_REFUSED'],
    [300_000, 'INVALID_SIGNATURE 401'],
    [300_001, 'INVALID_SIGNATURE 401'],
  ])('%d ms after it was made, with a nonce that lives on: %s', async (age, expected) => {
    const issuedAt = now;
    now += age;
    const timestamp = new Date(issuedAt).toISOString();
    const message = { issuedAt, expirationTime: issuedAt + 300_000 };
    expect(await refusal(request(wallet, APPROVE, message, { timestamp }))).toBe(expected);
  });

  test.each([
    ['a foreign domain', { domain: 'evil.com' }],
    ['a wrong URI', { uri: 'http://evil.com' }],
    ['another chain id', { chainId: '999' }],
    ['a longer life', { expirationTime: Date.UTC(2026, 10, 1, 13) }],
    ['a time of issue tomorrow', { issuedAt: Date.UTC(2026, 10, 2, 12), expirationTime: Date.UTC(2026, 10, 2, 12, 5) }],
  ])('%s alone is enough to be refused', async (_what, change) => {
    expect(await refusal(request(wallet, APPROVE, change))).toBe('INVALID_SIGNATURE 401');
  });

  test('an unknown nonce is refused, and junk burns none', async () => {
    expect(await refusal(request(wallet, APPROVE, { nonce: '0'.repeat(32) }))).toBe('INVALID_NONCE 401');
    const authorization = request(wallet, APPROVE);
    const payload = payloadOf(authorization);
    for (let index = 0; index < 20; index++)
      await refusal(ownerAuthorization({ ...payload, signature: wallet.sign(`junk ${index}`) }));
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('strangers learn nothing about records, and a missing record burns no nonce', async () => {
    let asked = 0;
    const missing = {
      action: 'approve_tx',
      purpose: async () => {
        asked += 1;
        throw new WaiaasError('TX_NOT_FOUND');
      },
    } as const;
    const stranger = request(createWallet(chain), APPROVE);
    expect(await outcome(authenticator.authenticate(stranger, missing))).toBe('OWNER_MISMATCH 403');
    expect(asked).toBe(0);
    const authorization = request(wallet, APPROVE);
    expect(await outcome(authenticator.authenticate(authorization, missing))).toBe('TX_NOT_FOUND 404');
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('an owner who was disconnected is refused at the very next request', async () => {
    expect(await refusal(request(wallet, APPROVE))).toBe('NOT_REFUSED');
    connected = null;
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
  });

  describe('proof of possession', () => {
    const prove = (authorization: string, claimed: { chain: TestWallet['chain']; address: string }) =>
      outcome(authenticator.provePossession(authorization, CONNECT, claimed));

    test('needs no owner, and answers the canonical address', async () => {
      connected = null;
      const claimed = { chain, address: chain === 'ethereum' ? wallet.address.toLowerCase() : wallet.address };
      expect(await authenticator.provePossession(request(wallet, CONNECT), CONNECT, claimed)).toMatchObject({
        chain,
        address: wallet.address,
      });
    });

    test('is none of another address', async () => {
      expect(await prove(request(wallet, CONNECT), createWallet(chain))).toBe('OWNER_MISMATCH 403');
      expect(await prove(request(wallet, CONNECT), { chain, address: 'nonsense' })).toBe('OWNER_MISMATCH 403');
    });

    test('is not what an approval proves, nor does it approve', async () => {
      expect(await prove(request(wallet, APPROVE), wallet)).toBe('INVALID_SIGNATURE 403');
      expect(await refusal(request(wallet, CONNECT))).toBe('INVALID_SIGNATURE 403');
    });

    test('works once', async () => {
      const authorization = request(wallet, CONNECT);
      const ends = await Promise.all(Array.from({ length: 50 }, () => prove(authorization, wallet)));
      expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
    });
  });
});
