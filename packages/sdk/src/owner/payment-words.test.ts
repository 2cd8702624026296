import type { PendingApproval } from '@waiaas/core';
import { formatUnits } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordsOf } from './payment-words.ts';

const TO = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';
const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
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

  const usdc = { address: MINT, decimals: 6, symbol: 'USDC' };
  const tokens = (change: Partial<PendingApproval> = {}): PendingApproval =>
    payment({
      type: 'TOKEN_TRANSFER',
      asset: `solana:${MINT}`,
      token: usdc,
      amount: '3000001',
      inWords: `pay 3.000001 USDC (token ${MINT}) to ${TO} on solana devnet`,
      ...change,
    });

  test('of a token that agree are the ones to sign, too', () => {
    expect(wordsOf(tokens())).toBe(`pay 3.000001 USDC (token ${MINT}) to ${TO} on solana devnet`);
    const contract = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
    const words = `pay 3.000001 USDC (token ${contract}) to ${TO} on ethereum sepolia`;
    const evm = { chain: 'ethereum', network: 'sepolia', token: { ...usdc, address: contract } } as const;
    expect(wordsOf(tokens({ ...evm, asset: `ethereum:${contract.toLowerCase()}`, inWords: words }))).toBe(words);
  });

  const OTHER = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';
  const tokenLies: readonly (readonly [string, Partial<PendingApproval>])[] = [
    ['name another token', { inWords: `pay 3.000001 USDC (token ${OTHER}) to ${TO} on solana devnet` }],
    ['name a token the listed asset is not', { asset: `solana:${OTHER}` }],
    ['name no token', { inWords: `pay 3.000001 USDC to ${TO} on solana devnet` }],
    ['name the coin of the chain', { inWords: `pay 0.003000001 SOL to ${TO} on solana devnet` }],
    ['are told with the figures of the coin', { asset: 'solana:native' }],
    ['have lost what they are paid in', { token: undefined }],
    ['use other decimals', { token: { ...usdc, decimals: 5 } }],
    ['use decimals nobody can read', { token: { ...usdc, decimals: 400 } }],
    ['use a symbol that speaks', { token: { ...usdc, symbol: 'USDC to' } }],
    ['name another amount', { amount: '3000010' }],
    ['name an amount that is none', { amount: '0x1' }],
  ];
  test.each(tokenLies)('of a token that %s are refused', (_what, change) => {
    expect(() => wordsOf(tokens(change))).toThrow(expect.objectContaining({ code: 'MESSAGE_REFUSED' }));
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
