import { type Holding, nativeAssetId, tokenAssetId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { type Attempt, isMissed, planTokens } from './sweep-plan.ts';

/* What to do about the tokens of a wallet, by what was tried before. */

const MINTS = [
  'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB',
  'So11111111111111111111111111111111111111112',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
] as const;
const [FIRST, SECOND] = MINTS;
const assetOf = (mint: string): string => tokenAssetId('solana', mint);

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
    const tries = (n: number): Attempt[] => Array.from({ length: n }, () => attempt(FIRST));
    for (const n of [0, 1, 2]) {
      expect(plan([holding(FIRST)], tries(n)).steps).toMatchObject([{ amount: 7n, close: true }]);
    }
    expect(plan([holding(FIRST)], tries(3)).steps).toMatchObject([{ amount: 7n, close: false }]);
    const last = plan([holding(FIRST)], [...tries(3), attempt(FIRST, { closed: false, error: 'Frozen' })]);
    expect(last.steps).toEqual([]);
    expect(last.left).toMatchObject([{ reason: 'FAILED', detail: 'Frozen' }]);
  });
});

describe('what is stuck', () => {
  const flat = (mint: string) => holding(mint, { account: null });
  const stuck = (mint: string) => attempt(mint, { account: null, closed: false, stuck: true, error: 'STUCK' });

  test('is not sent again beside itself, and holds up no other token', () => {
    const { steps, left } = plan([flat(FIRST), flat(SECOND)], [stuck(FIRST)]);
    expect(steps).toMatchObject([{ asset: assetOf(SECOND) }]);
    expect(left).toMatchObject([{ asset: assetOf(FIRST), reason: 'FAILED', detail: 'STUCK' }]);
  });

  test('three times: no further token is tried, so that the native asset has its turn', () => {
    const { steps, left } = plan(MINTS.map(flat), MINTS.slice(0, 3).map(stuck));
    expect(steps).toEqual([]);
    expect(left.map(({ asset, reason }) => [asset, reason])).toEqual(MINTS.map((mint) => [assetOf(mint), 'FAILED']));
  });

  test('of the native asset, is no reason to leave tokens', () => {
    const native = { ...stuck(FIRST), asset: nativeAssetId('solana') };
    expect(plan([flat(FIRST)], [native, native, native]).steps).toHaveLength(1);
  });
});

test('a token that cannot be read is missed, although nobody can say how much of it there is', () => {
  const { steps, left } = plan([holding(FIRST, { token: null, account: null, balance: 0n, obstacle: 'UNREADABLE' })]);
  expect(steps).toEqual([]);
  expect(left.map((each) => [each.reason, isMissed(each)])).toEqual([['FAILED', true]]);
});
