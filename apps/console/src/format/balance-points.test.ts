import { expect, test } from 'vitest';
import { upToNow } from './balance-points.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString();
const series = (...points: readonly (readonly [minute: number, balance: string])[]) => ({
  asset: 'solana:native',
  symbol: 'SOL',
  decimals: 9,
  points: points.map(([minute, balance]) => ({ at: at(minute), balance })),
});
const held = (minute: number, balance: string, decimals = 9) => ({
  readAt: at(minute),
  assets: [
    { asset: 'solana:EPjFWdd5', balance: '7', decimals: 6, symbol: 'USDC', formatted: '0.000007 USDC' },
    { asset: 'solana:native', balance, decimals, symbol: 'SOL', formatted: '' },
  ],
});

test('a wallet that was funded since the daemon looked has a line, and not a point at nothing', () => {
  expect(upToNow(series([0, '0']), held(5, '987990000000')).points).toEqual([
    { at: at(0), balance: '0' },
    { at: at(5), balance: '987990000000' },
  ]);
});

test.each([
  ['nothing is known of now', undefined],
  ['what is held was read before that', held(14, '1')],
  ['what is held was read at that very time', held(15, '1')],
  ['it is of other decimals', held(16, '1', 6)],
  ['the asset is not held', { readAt: at(16), assets: [] }],
])('the history stays as it is where %s', (_, now) => {
  const seen = series([0, '5'], [15, '6']);
  expect(upToNow(seen, now)).toBe(seen);
});
