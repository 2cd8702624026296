import type { TransferRequest } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusals } from './refuse.ts';
import { checkRequest, isEvmAddress } from './request-check.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const TOKEN = { address: '0xdAC17F958D2ee523a2206206994597C13D831ec7', decimals: 6, symbol: 'USDT' };
const check = (change: Partial<TransferRequest>) => () =>
  checkRequest(refusals('ethereum'), { from: A, to: B, amount: 1n, ...change });

describe('a request is refused without asking anybody', () => {
  test.each([
    ['INVALID_ADDRESS', { from: 'me' }],
    ['INVALID_ADDRESS', { to: '0x12' }],
    ['INVALID_ADDRESS', { to: B.replace('fB', 'Fb') }],
    ['INVALID_ADDRESS', { to: A }],
    ['INVALID_ADDRESS', { to: A.toLowerCase() }],
    ['INVALID_ADDRESS', { to: `0x${'0'.repeat(40)}` }],
    ['INVALID_ADDRESS', { to: `0x${'0'.repeat(39)}1` }],
    ['INVALID_ADDRESS', { to: TOKEN.address, token: TOKEN }],
    ['INVALID_ADDRESS', { from: TOKEN.address, token: TOKEN }],
    ['INVALID_TOKEN', { token: { ...TOKEN, address: 'USDT' } }],
    ['BUILD_FAILED', { amount: 0n }],
    ['BUILD_FAILED', { amount: -1n }],
    ['BUILD_FAILED', { amount: 2n ** 256n }],
    ['INVALID_MEMO', { memo: '' }],
    ['INVALID_MEMO', { memo: '가'.repeat(86) }],
    ['INVALID_MEMO', { memo: 'a\nb' }],
    ['INVALID_MEMO', { memo: 'rent', token: TOKEN }],
  ] as const)('%s, case %#', (code, change) => {
    expect(check(change)).toThrow(expect.objectContaining({ code, retryable: false, mayHaveLanded: false }));
  });
});

test('85 Hangul fit into a memo', () => {
  expect(check({ memo: '가'.repeat(85) })().memo).toHaveLength(85);
});

test('addresses come out with their checksum, whatever they came in with', () => {
  expect(
    check({ from: A.toLowerCase(), to: B.toLowerCase(), token: { ...TOKEN, address: TOKEN.address.toLowerCase() } })(),
  ).toMatchObject({ from: A, to: B, token: TOKEN });
});

test('asking for an address never throws', () => {
  fc.assert(fc.property(fc.anything(), (candidate) => void expect(typeof isEvmAddress(candidate)).toBe('boolean')));
});
