import { assetId, NO_USAGE, nativeAssetId, type SessionConstraints } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { checkSession, type SessionDemand } from './session-check.ts';

const SOL = nativeAssetId('solana');
const TO = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';
const EVM = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const payment = (over: Partial<SessionDemand> = {}): SessionDemand => ({
  type: 'TRANSFER',
  asset: SOL,
  nativeAsset: SOL,
  amount: 5n,
  to: TO,
  ...over,
});
const refusal = (
  constraints: SessionConstraints,
  over: Partial<SessionDemand> = {},
  usage = NO_USAGE,
): string | undefined => checkSession(constraints, payment(over), { usage, reserved: 0n, underWay: 0 }).refusal?.token;

test('a session without limits permits', () => {
  expect(refusal({})).toBeUndefined();
});

describe('each limit', () => {
  test.each([
    ['per payment', { maxAmountPerTx: '5' }, { amount: 6n }, 'SESSION_LIMIT_PER_TX'],
    ['in all', { maxTotalAmount: '5' }, { amount: 6n }, 'SESSION_LIMIT_TOTAL'],
  ])('%s permits what equals it, and not one base unit more', (_what, constraints, over, token) => {
    expect(refusal(constraints)).toBeUndefined();
    expect(refusal(constraints, over)).toBe(token);
  });

  test('in all counts what was used, far beyond 2^63', () => {
    const used = (10n ** 40n).toString();
    const usage = { totalTx: 1, totalAmount: used, lastTxAt: null };
    const limit = { maxTotalAmount: (10n ** 40n + 5n).toString() };
    expect(refusal(limit, {}, usage)).toBeUndefined();
    expect(refusal(limit, { amount: 6n }, usage)).toBe('SESSION_LIMIT_TOTAL');
  });

  test('on the number permits that many, and not one more', () => {
    expect(refusal({ maxTransactions: 2 }, {}, { ...NO_USAGE, totalTx: 1 })).toBeUndefined();
    expect(refusal({ maxTransactions: 2 }, {}, { ...NO_USAGE, totalTx: 2 })).toBe('SESSION_LIMIT_TX_COUNT');
  });

  test('in native base units says nothing good about another asset', () => {
    const token = assetId('solana:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
    for (const constraints of [{ maxAmountPerTx: '5' }, { maxTotalAmount: '5' }])
      expect(refusal(constraints, { asset: token, amount: 1n })).toBe('SESSION_ASSET_DENIED');
  });
});

describe('operations', () => {
  test('that are not listed are denied; an empty list permits nothing', () => {
    expect(refusal({ allowedOperations: ['TRANSFER'] })).toBeUndefined();
    expect(refusal({ allowedOperations: ['BALANCE_CHECK'] })).toBe('SESSION_OPERATION_DENIED');
    expect(refusal({ allowedOperations: [] })).toBe('SESSION_OPERATION_DENIED');
  });
});

describe('destinations', () => {
  test('that are not listed are denied; an empty list permits nobody', () => {
    expect(refusal({ allowedDestinations: [TO] })).toBeUndefined();
    expect(refusal({ allowedDestinations: [TO] }, { to: EVM })).toBe('SESSION_DESTINATION_DENIED');
    expect(refusal({ allowedDestinations: [] })).toBe('SESSION_DESTINATION_DENIED');
  });

  test('on Solana are compared to the letter', () => {
    for (const to of [TO.toLowerCase(), TO.toUpperCase(), TO.replace('F', 'f'), ` ${TO}`, `${TO}1`])
      expect(refusal({ allowedDestinations: [TO] }, { to })).toBe('SESSION_DESTINATION_DENIED');
  });

  test('on EVM chains are one account in every spelling, and another one in none', () => {
    const native = nativeAssetId('ethereum');
    const check = (listed: string, to: string) =>
      refusal({ allowedDestinations: [listed] }, { asset: native, nativeAsset: native, to });
    for (const listed of [EVM, EVM.toLowerCase(), `0x${EVM.slice(2).toUpperCase()}`])
      for (const to of [EVM, EVM.toLowerCase()]) expect(check(listed, to)).toBeUndefined();
    const neighbour = EVM.replace(/d$/, 'e');
    expect(check(EVM, neighbour)).toBe('SESSION_DESTINATION_DENIED');
    expect(check(EVM.slice(0, -1), EVM)).toBe('SESSION_DESTINATION_DENIED');
  });
});

test('the first limit in the order of 03 §11 is the one that is told', () => {
  const all: SessionConstraints = {
    maxAmountPerTx: '1',
    maxTotalAmount: '1',
    maxTransactions: 1,
    allowedOperations: [],
    allowedDestinations: [],
  };
  const usage = { ...NO_USAGE, totalTx: 1 };
  const order = [
    ['maxAmountPerTx', 'SESSION_LIMIT_PER_TX'],
    ['maxTotalAmount', 'SESSION_LIMIT_TOTAL'],
    ['maxTransactions', 'SESSION_LIMIT_TX_COUNT'],
    ['allowedOperations', 'SESSION_OPERATION_DENIED'],
    ['allowedDestinations', 'SESSION_DESTINATION_DENIED'],
  ] as const;
  let left: SessionConstraints = all;
  for (const [name, token] of order) {
    expect(refusal(left, {}, usage)).toBe(token);
    left = Object.fromEntries(Object.entries(left).filter(([key]) => key !== name));
  }
});
