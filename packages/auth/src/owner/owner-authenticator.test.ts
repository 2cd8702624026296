import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import { type Chain, isWaiaasError } from '@waiaas/core';
import { Wallet } from 'ethers';
import { beforeEach, describe, expect, test } from 'vitest';
import { createNonceStore, type NonceStore } from '../nonce-store.ts';
import { composeSignInMessage, type SignInMessage } from '../sign-in/sign-in-message.ts';
import { type OwnerAction, ownerStatement } from './owner-action.ts';
import {
  type ConnectedOwner,
  createOwnerAuthenticator,
  type OwnerAuthenticator,
  type OwnerDemand,
} from './owner-authenticator.ts';
import { type OwnerPayload, ownerAuthorization } from './owner-payload.ts';
import { requestResource, sessionResource, transactionResource } from './resource.ts';

interface Signer {
  readonly chain: Chain;
  readonly address: string;
  sign(message: string): string;
}
function solanaSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const address = base58.encode(publicKey.export({ format: 'der', type: 'spki' }).subarray(12));
  return { chain: 'solana', address, sign: (message) => base58.encode(sign(null, Buffer.from(message), privateKey)) };
}
function ethereumSigner(): Signer {
  const wallet = Wallet.createRandom();
  return { chain: 'ethereum', address: wallet.address, sign: (message) => wallet.signMessageSync(message) };
}

const TX = transactionResource('01a205ca-7607-729f-a8d3-0a119d9107d0');
const APPROVE: OwnerDemand = {
  action: 'approve_tx',
  statement: ownerStatement(
    'approve_tx',
    'pay 12.5 SOL to Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS on solana devnet',
  ),
  resource: TX,
};

let now: number;
let nonces: NonceStore;
let connected: ConnectedOwner | null;
let authenticator: OwnerAuthenticator;

beforeEach(() => {
  now = Date.UTC(2026, 10, 1, 12);
  const clock = { now: () => now };
  nonces = createNonceStore({ clock, randomBytes });
  authenticator = createOwnerAuthenticator({
    nonces,
    clock,
    owner: { load: async () => connected },
    domains: () => ['localhost:3100', '127.0.0.1:3100'],
    onRefused: () => undefined,
  });
});

/** What an honest client sends; parts of it can be exchanged. */
function request(
  signer: Signer,
  demand: OwnerDemand,
  message: Partial<SignInMessage> = {},
  payload: Partial<OwnerPayload> = {},
): string {
  const fields: SignInMessage = {
    chain: signer.chain,
    domain: 'localhost:3100',
    address: signer.address,
    statement: demand.statement,
    uri: 'http://localhost:3100',
    chainId: '1',
    nonce: message.nonce ?? nonces.issue().nonce,
    issuedAt: now,
    expirationTime: now + 300_000,
    resource: demand.resource,
    ...message,
  };
  const text = composeSignInMessage(fields);
  return ownerAuthorization({
    chain: signer.chain,
    address: signer.address,
    action: demand.action,
    nonce: fields.nonce,
    timestamp: new Date(now).toISOString(),
    message: text,
    signature: signer.sign(text),
    ...payload,
  });
}

const refusal = async (authorization: string | undefined, demand = APPROVE): Promise<[string, number]> => {
  try {
    await authenticator.authenticate(authorization, demand);
  } catch (error) {
    if (isWaiaasError(error)) return [error.code, error.status];
    throw error;
  }
  return ['NOT_REFUSED', 200];
};

describe.each([
  ['solana', solanaSigner],
  ['ethereum', ethereumSigner],
] as const)('on %s', (chain, createSigner) => {
  let signer: Signer;
  beforeEach(() => {
    signer = createSigner();
    connected = { chain, address: signer.address, authentic: true };
  });

  test('the owner’s signature over this very request authorises it', async () => {
    expect(await authenticator.authenticate(request(signer, APPROVE), APPROVE)).toEqual({
      chain,
      address: signer.address,
    });
  });

  test('a replay is refused, and of fifty at once one passes', async () => {
    const authorization = request(signer, APPROVE);
    const ends = await Promise.all(Array.from({ length: 50 }, () => refusal(authorization)));
    expect(ends.filter(([code]) => code === 'NOT_REFUSED')).toHaveLength(1);
    expect(ends.filter(([code]) => code === 'INVALID_NONCE')).toHaveLength(49);
    expect(await refusal(authorization)).toEqual(['INVALID_NONCE', 401]);
  });

  test('an old message in a payload with a fresh nonce and time is refused', async () => {
    const old = JSON.parse(Buffer.from(request(signer, APPROVE).slice(7), 'base64url').toString());
    await refusal(ownerAuthorization(old));
    const fresh = ownerAuthorization({ ...old, nonce: nonces.issue().nonce, timestamp: new Date(now).toISOString() });
    expect(await refusal(fresh)).toEqual(['INVALID_SIGNATURE', 401]);
  });

  test('a payload that names another action than the signed statement is refused', async () => {
    const other: OwnerDemand = { action: 'kill_switch', statement: ownerStatement('kill_switch'), resource: TX };
    expect(await refusal(request(signer, APPROVE, {}, { action: 'kill_switch' }), other)).toEqual([
      'INVALID_SIGNATURE',
      401,
    ]);
  });

  test('an approval does not reject, and a rejection does not approve', async () => {
    const reject: OwnerDemand = {
      ...APPROVE,
      action: 'reject_tx',
      statement: APPROVE.statement.replace('approve', 'reject'),
    };
    expect(await refusal(request(signer, APPROVE), reject)).toEqual(['INVALID_SIGNATURE', 403]);
    expect(await refusal(request(signer, reject), APPROVE)).toEqual(['INVALID_SIGNATURE', 403]);
  });

  test('an approval of one transaction, amount or recipient is none of another', async () => {
    const authorization = request(signer, APPROVE);
    expect(
      await refusal(authorization, {
        ...APPROVE,
        resource: transactionResource('01a205ca-7607-729f-a8d3-0a119d9107d1'),
      }),
    ).toEqual(['INVALID_SIGNATURE', 401]);
    expect(await refusal(authorization, { ...APPROVE, statement: APPROVE.statement.replace('12.5', '125') })).toEqual([
      'INVALID_SIGNATURE',
      401,
    ]);
    // And none of it has burnt the nonce.
    expect(await refusal(authorization)).toEqual(['NOT_REFUSED', 200]);
  });

  test('a session sign-in message is no owner’s request', async () => {
    const statement = 'Sign in to WAIaaS to create an agent session.';
    expect(await refusal(request(signer, APPROVE, { statement }))).toEqual(['INVALID_SIGNATURE', 401]);
  });

  test('somebody else’s wallet is a mismatch, whatever address the payload names', async () => {
    const thief = createSigner();
    expect(await refusal(request(thief, APPROVE))).toEqual(['OWNER_MISMATCH', 403]);
    expect(await refusal(request(thief, APPROVE, {}, { address: signer.address }))).toEqual(['INVALID_SIGNATURE', 401]);
    expect(await refusal(request(thief, APPROVE, { address: signer.address }, { address: signer.address }))).toEqual([
      'INVALID_SIGNATURE',
      401,
    ]);
  });

  test('without an owner, or with one whose row was tampered with, nobody is the owner', async () => {
    connected = null;
    expect(await refusal(request(signer, APPROVE))).toEqual(['OWNER_NOT_CONNECTED', 404]);
    connected = { chain, address: signer.address, authentic: false };
    expect(await refusal(request(signer, APPROVE))).toEqual(['OWNER_MISMATCH', 403]);
  });

  test('five minutes either way pass, a millisecond more does not', async () => {
    for (const [offset, passes] of [
      [300_000, true],
      [-300_000, true],
      [300_001, false],
      [-300_001, false],
    ] as const) {
      const timestamp = new Date(now + offset).toISOString();
      const expected = passes ? 'NOT_REFUSED' : 'INVALID_SIGNATURE';
      expect((await refusal(request(signer, APPROVE, {}, { timestamp })))[0]).toBe(expected);
    }
  });

  test('an unknown nonce is refused, and junk burns none', async () => {
    expect(await refusal(request(signer, APPROVE, { nonce: '0'.repeat(32) }))).toEqual(['INVALID_NONCE', 401]);
    const authorization = request(signer, APPROVE);
    const payload = JSON.parse(Buffer.from(authorization.slice(7), 'base64url').toString());
    for (let index = 0; index < 20; index++)
      await refusal(ownerAuthorization({ ...payload, signature: signer.sign(`junk ${index}`) }));
    expect(await refusal(authorization)).toEqual(['NOT_REFUSED', 200]);
  });
});

describe('headers that are none', () => {
  test.each([
    [undefined, 'UNAUTHORIZED'],
    ['', 'UNAUTHORIZED'],
    ['Bearer', 'INVALID_SIGNATURE'],
    ['Basic abc', 'INVALID_SIGNATURE'],
    ['Bearer wai_sess_a.b.c', 'INVALID_SIGNATURE'],
    [`Bearer ${Buffer.from('{}').toString('base64url')}`, 'INVALID_SIGNATURE'],
    [`Bearer ${Buffer.from('not json').toString('base64url')}`, 'INVALID_SIGNATURE'],
    [`Bearer ${'A'.repeat(9000)}`, 'INVALID_SIGNATURE'],
    [`Bearer ${Buffer.from('{}').toString('base64url')}=`, 'INVALID_SIGNATURE'],
  ])('%j', async (header, code) => {
    connected = null;
    expect(await refusal(header)).toEqual([code, 401]);
  });

  test('a payload with a key too many', async () => {
    const signer = solanaSigner();
    connected = { chain: 'solana', address: signer.address, authentic: true };
    const payload = JSON.parse(Buffer.from(request(signer, APPROVE).slice(7), 'base64url').toString());
    expect(await refusal(ownerAuthorization({ ...payload, admin: true }))).toEqual(['INVALID_SIGNATURE', 401]);
  });
});

describe('resources', () => {
  test('tell methods, paths and bodies apart', () => {
    const base = requestResource('POST', '/v1/owner/policies', '{"a":1}');
    for (const other of [
      requestResource('PUT', '/v1/owner/policies', '{"a":1}'),
      requestResource('POST', '/v1/owner/policies/x', '{"a":1}'),
      requestResource('POST', '/v1/owner/policies', '{"a": 1}'),
      requestResource('POST', '/v1/owner/policies', ''),
    ]) {
      expect(other).not.toBe(base);
    }
  });

  test('of sessions change with every constraint and not with the order of keys', () => {
    const one = sessionResource('a', { maxAmountPerTx: '1', expiresIn: 300 });
    expect(sessionResource('a', { expiresIn: 300, maxAmountPerTx: '1' })).toBe(one);
    expect(sessionResource('a', { expiresIn: 301, maxAmountPerTx: '1' })).not.toBe(one);
    expect(sessionResource('b', { expiresIn: 300, maxAmountPerTx: '1' })).not.toBe(one);
  });

  test('every action has a statement of its own', () => {
    const actions: OwnerAction[] = ['approve_tx', 'reject_tx', 'kill_switch'];
    expect(new Set(actions.map((action) => ownerStatement(action))).size).toBe(3);
  });
});
