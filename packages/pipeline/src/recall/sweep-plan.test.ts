import { assetId, type Holding } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { type Attempt, isMissed, planTokens } from './sweep-plan.ts';

/* What to do about the tokens of a wallet, by what was tried before. */

const MINTS = ['AAA', 'BBB', 'CCC', 'DDD'] as const;
const assetOf = (mint: string): string => `solana:${mint}`;

const holding = (mint: string, change: Partial<Holding> = {}): Holding => ({
  ...{ mint, token: { address: mint, decimals: 6, symbol: mint }, account: `account of ${mint}`, balance: 7n },
  ...{ wrapped: false, obstacle: null },
  ...change,
});
const attempt = (mint: string, change: Partial<Attempt> = {}): Attempt => ({
  ...{
    asset: assetOf(mint),
    account: `account of ${mint}`,
    closed: true,
    moved: false,
    stuck: false,
    error: 'Custom(11)',
  },
  ...change,
});
const plan = (holdings: readonly Holding[], attempts: readonly Attempt[] = []) =>
  planTokens({ chain: 'solana', holdings, attempts, listed: new Set(), includeUnlisted: true });

describe('an account that cannot be closed', () => {
  test('is emptied without that after three tries, and given up after one more', () => {
    const tries = (n: number): Attempt[] => Array.from({ length: n }, () => attempt('AAA'));
    for (const n of [0, 1, 2]) {
      expect(plan([holding('AAA')], tries(n)).steps).toMatchObject([{ amount: 7n, close: true }]);
    }
    expect(plan([holding('AAA')], tries(3)).steps).toMatchObject([{ amount: 7n, close: false }]);
    const last = plan([holding('AAA')], [...tries(3), attempt('AAA', { closed: false, error: 'Frozen' })]);
    expect(last.steps).toEqual([]);
    expect(last.left).toMatchObject([{ reason: 'FAILED', detail: 'Frozen' }]);
  });
});

describe('what is stuck', () => {
  const flat = (mint: string) => holding(mint, { account: null });
  const stuck = (mint: string) => attempt(mint, { account: null, closed: false, stuck: true, error: 'STUCK' });

  test('is not sent again beside itself, and holds up no other token', () => {
    const { steps, left } = plan([flat('AAA'), flat('BBB')], [stuck('AAA')]);
    expect(steps).toMatchObject([{ asset: assetOf('BBB') }]);
    expect(left).toMatchObject([{ asset: assetOf('AAA'), reason: 'FAILED', detail: 'STUCK' }]);
  });

  test('three times: no further token is tried, so that the native asset has its turn', () => {
    const { steps, left } = plan(MINTS.map(flat), MINTS.slice(0, 3).map(stuck));
    expect(steps).toEqual([]);
    expect(left.map(({ asset, reason }) => [asset, reason])).toEqual(MINTS.map((mint) => [assetOf(mint), 'FAILED']));
  });

  test('of the native asset, is no reason to leave tokens', () => {
    const native = { ...stuck('AAA'), asset: assetId('solana:native') };
    expect(plan([flat('AAA')], [native, native, native]).steps).toHaveLength(1);
  });
});

test('a token that cannot be read is missed, although nobody can say how much of it there is', () => {
  const { steps, left } = plan([holding('AAA', { token: null, account: null, balance: 0n, obstacle: 'UNREADABLE' })]);
  expect(steps).toEqual([]);
  expect(left.map((each) => [each.reason, isMissed(each)])).toEqual([['FAILED', true]]);
});
