import type { PendingApproval } from '@waiaas/core';
import { formatUnits } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordsOf } from './payment-words.ts';

const TO = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';
const payment = (change: Partial<PendingApproval> = {}): PendingApproval => ({
  txId: '01936d3a-7f00-7abc-8def-0123456789ab',
  agentId: '01936d3a-7f00-7abc-8def-0123456789ac',
  agentName: 'shopper',
  type: 'TRANSFER',
  asset: 'solana:native',
  amount: '12500000000',
  toAddress: TO,
  chain: 'solana',
  network: 'devnet',
  tier: 'APPROVAL',
  queuedAt: '2026-11-22T00:00:00.000Z',
  expiresAt: '2026-11-22T01:00:00.000Z',
  inWords: `pay 12.5 SOL to ${TO} on solana devnet`,
  ...change,
});

describe('the words of a payment', () => {
  test('that agree with its figures are the ones to sign', () => {
    expect(wordsOf(payment())).toBe(`pay 12.5 SOL to ${TO} on solana devnet`);
  });

  const lies: readonly (readonly [string, Partial<PendingApproval>])[] = [
    ['are missing', { inWords: null }],
    ['name another recipient', { toAddress: 'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V' }],
    ['name another network', { network: 'mainnet-beta' }],
    ['name a smaller amount', { amount: '125000000000' }],
    ['name a larger amount', { amount: '1250000000' }],
    ['name another amount', { amount: '12500000001' }],
    ['name the coin of another chain', { inWords: `pay 12.5 ETH to ${TO} on solana devnet` }],
    ['have more to say', { inWords: `pay 12.5 SOL to ${TO} on solana devnet and 5 more` }],
    ['hide a line', { inWords: `pay 12.5 SOL to ${TO} on solana devnet\nNonce: 0` }],
    ['have finer units than the coin', { amount: '1', inWords: `pay 0.0000000001 SOL to ${TO} on solana devnet` }],
    ['are none', { inWords: '' }],
  ];
  test.each(lies)('that %s are refused', (_what, change) => {
    expect(() => wordsOf(payment(change))).toThrow(expect.objectContaining({ code: 'MESSAGE_REFUSED' }));
  });

  test('hold for every amount as it is, and for no other', () => {
    const amount = fc.bigInt({ min: 1n, max: 2n ** 80n });
    fc.assert(
      fc.property(amount, amount, (paid, listed) => {
        const inWords = `pay ${formatUnits(paid, 9, 'SOL')} to ${TO} on solana devnet`;
        expect(wordsOf(payment({ amount: String(paid), inWords }))).toBe(inWords);
        if (paid !== listed) expect(() => wordsOf(payment({ amount: String(listed), inWords }))).toThrow();
      }),
    );
  });
});
