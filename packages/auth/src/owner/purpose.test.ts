import { createHash } from 'node:crypto';
import {
  type AgentId,
  actionOfStatement,
  agentId,
  assetId,
  baseUnits,
  nativeAssetId,
  OWNER_ACTIONS,
  ownerStatement,
  SESSION_STATEMENT,
  transactionId,
} from '@waiaas/core';
import { describe, expect, test } from 'vitest';
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

  test('of an asset without words is not approved blindly', () => {
    const asset = assetId('solana:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
    expect(() => paymentPurpose('approve_tx', { ...payment, asset })).toThrow(TypeError);
    expect(() => paymentPurpose('approve_tx', { ...payment, asset: nativeAssetId('ethereum') })).toThrow(TypeError);
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
