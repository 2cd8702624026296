import { createHash } from 'node:crypto';
import {
  type AgentId,
  actionOfStatement,
  agentId,
  baseUnits,
  nativeAssetId,
  OWNER_ACTIONS,
  ownerStatement,
  SESSION_STATEMENT,
  tokenAssetId,
  transactionId,
} from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { createWallet } from '../../test/wallets.ts';
import { composeSignInMessage, parseSignInMessage } from '../sign-in/sign-in-message.ts';
import {
  paymentPurpose,
  requestPurpose,
  type SignedConstraints,
  type SignedPayment,
  type SignedRequest,
  sessionPurpose,
} from './purpose.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const boundTo = (request: SignedRequest) => requestPurpose('recover', request).resource;
const sessionOf = (agent: AgentId, constraints: SignedConstraints) => sessionPurpose(agent, constraints).resource;
const AGENT = agentId('01936d3a-7f00-7001-9abc-fedcba987654');

describe('a payment', () => {
  const payment: SignedPayment = {
    transactionId: transactionId('01a205ca-7607-729f-a8d3-0a119d9107d0'),
    chain: 'solana',
    network: 'devnet',
    asset: nativeAssetId('solana'),
    token: null,
    to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
    amount: baseUnits(12_500_000_000n),
  };

  test('is shown in whole units, with its recipient in full, its chain and its network', () => {
    expect(paymentPurpose('approve_tx', payment)).toEqual({
      statement:
        'WAIaaS Owner Action: approve_tx - pay 12.5 SOL to Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS on solana devnet',
      resource: 'urn:waiaas:tx:01a205ca-7607-729f-a8d3-0a119d9107d0',
    });
    expect(paymentPurpose('reject_tx', payment).statement).toMatch(
      /^WAIaaS Owner Action: reject_tx - pay 12\.5 SOL to /,
    );
  });

  test('of a single lamport or wei is not rounded away', () => {
    const wei = { ...payment, chain: 'ethereum', network: 'sepolia', asset: nativeAssetId('ethereum') } as const;
    expect(paymentPurpose('approve_tx', { ...payment, amount: baseUnits(1n) }).statement).toContain(
      'pay 0.000000001 SOL to',
    );
    expect(paymentPurpose('approve_tx', { ...wei, amount: baseUnits(10n ** 24n + 1n) }).statement).toContain(
      'pay 1000000.000000000000000001 ETH to Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS on ethereum sepolia',
    );
  });

  const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
  const usdc: SignedPayment = {
    ...payment,
    asset: tokenAssetId('solana', MINT),
    token: { address: MINT, decimals: 6, symbol: 'USDC' },
    amount: baseUnits(3_500_000n),
  };

  test('of a token names the token in full beside its symbol', () => {
    expect(paymentPurpose('approve_tx', usdc).statement).toBe(
      `WAIaaS Owner Action: approve_tx - pay 3.5 USDC (token ${MINT}) to ${payment.to} on solana devnet`,
    );
    const contract = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
    const erc20 = { address: contract, decimals: 18, symbol: 'TOKEN' };
    const asset = tokenAssetId('ethereum', contract);
    expect(
      paymentPurpose('reject_tx', { ...usdc, chain: 'ethereum', network: 'sepolia', asset, token: erc20 }).statement,
    ).toContain(`reject_tx - pay 0.0000000000035 TOKEN (token ${contract}) to ${payment.to} on ethereum sepolia`);
  });

  test.each(['solana', 'ethereum'] as const)('of a token can be signed with a wallet of %s', (chain) => {
    const { statement, resource } = paymentPurpose('approve_tx', { ...usdc, amount: baseUnits(2n ** 256n - 1n) });
    const { address } = createWallet(chain);
    const text = composeSignInMessage({
      ...{ chain, address, statement, resource, domain: 'localhost:3100', uri: 'http://localhost:3100', chainId: '1' },
      ...{ nonce: '0'.repeat(32), issuedAt: 0, expirationTime: 300_000 },
    });
    expect(parseSignInMessage(text)?.statement).toBe(statement);
  });

  test('of an asset that the payment does not describe is not approved blindly', () => {
    const asset = tokenAssetId('solana', MINT);
    for (const change of [
      { asset },
      { asset: nativeAssetId('ethereum') },
      { token: usdc.token },
      { ...usdc, token: { address: payment.to, decimals: 6, symbol: 'USDC' } },
    ]) {
      expect(() => paymentPurpose('approve_tx', { ...payment, ...change })).toThrow(TypeError);
    }
  });
});

describe('a session', () => {
  const constraints: SignedConstraints = { maxAmountPerTx: '1', expiresIn: 300, allowedDestinations: ['a', 'b'] };

  test('is bound to its agent and to the canonical text of its constraints', () => {
    expect(sessionPurpose(AGENT, constraints)).toEqual({
      statement: SESSION_STATEMENT,
      resource: `urn:waiaas:session:${AGENT}:sha256:${sha256('{"allowedDestinations":["a","b"],"expiresIn":300,"maxAmountPerTx":"1"}')}`,
    });
  });

  test('is the same whatever the order of keys, and another one with any other constraint', () => {
    const one = sessionOf(AGENT, constraints);
    expect(sessionOf(AGENT, { allowedDestinations: ['a', 'b'], expiresIn: 300, maxAmountPerTx: '1' })).toBe(one);
    const others = [
      { ...constraints, expiresIn: 301 },
      { ...constraints, maxAmountPerTx: '10' },
      { ...constraints, maxTransactions: 1 },
      { ...constraints, allowedOperations: [] },
      { ...constraints, allowedDestinations: ['b', 'a'] },
      { ...constraints, allowedDestinations: ['a,b'] },
      { expiresIn: 300 },
    ];
    expect(new Set([one, ...others.map((other) => sessionOf(AGENT, other))]).size).toBe(others.length + 1);
  });
});

describe('a request', () => {
  const request: SignedRequest = { method: 'POST', path: '/v1/owner/policies', rawBody: '{"a":1}' };

  test('is bound to method, path and body', () => {
    expect(boundTo(request)).toBe(`urn:waiaas:req:sha256:${sha256('POST\n/v1/owner/policies\n{"a":1}')}`);
    const others = [
      { ...request, method: 'PUT' },
      { ...request, path: '/v1/owner/policies/x' },
      { ...request, path: '/v1/owner/policies?x=1' },
      { ...request, path: '/v1/owner/Policies' },
      { ...request, rawBody: '{"a": 1}' },
      { ...request, rawBody: '' },
    ];
    expect(new Set([request, ...others].map(boundTo)).size).toBe(others.length + 1);
  });

  test('is bound to bytes, also where they are no text', () => {
    expect(boundTo({ ...request, rawBody: Buffer.from('{"a":1}') })).toBe(boundTo(request));
    expect(boundTo({ ...request, rawBody: Uint8Array.of(0xff) })).not.toBe(
      boundTo({ ...request, rawBody: Uint8Array.of(0xfe) }),
    );
  });

  test.each([
    ['a line end in the method', { method: 'POST\n/v1' }],
    ['a method in small letters', { method: 'post' }],
    ['a line end in the path', { path: '/v1\n{}' }],
    ['a space in the path', { path: '/v1 /x' }],
    ['a path from nowhere', { path: 'v1' }],
    ['a path that is not in ASCII', { path: '/v1/é' }],
  ])('with %s is none', (_what, change) => {
    expect(() => boundTo({ ...request, ...change })).toThrow(TypeError);
  });
});

describe('statements', () => {
  test('of two actions never pass for one another, with or without a subject', () => {
    for (const action of OWNER_ACTIONS) {
      expect(actionOfStatement(ownerStatement(action))).toBe(action);
      expect(actionOfStatement(ownerStatement(action, 'approve_tx - kill_switch'))).toBe(action);
    }
  });

  test.each([
    SESSION_STATEMENT,
    '',
    'WAIaaS Owner Action: ',
    'WAIaaS Owner Action: approve_tx_all',
    'WAIaaS Owner Action: approve_tx and more',
    'WAIaaS Owner Action:  approve_tx',
    ' WAIaaS Owner Action: approve_tx',
    'waiaas owner action: approve_tx',
    'WAIaaS Owner Action: constructor',
  ])('%j names no action', (statement) => {
    expect(actionOfStatement(statement)).toBeNull();
  });
});
