import { assetId } from '@waiaas/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGENT, facts, LIMIT, MINT, pay, RULES, row, unchecked, verdict } from '../test/fixtures.ts';
import { compilePolicies, evaluate, factsNeeded, type PaymentFacts } from './index.ts';

const BOUND = (2n ** 200n).toString();
const OPEN = { instant_max: BOUND, notify_max: BOUND, delay_max: BOUND };
const policiesOf = (rules: object) => compilePolicies([row({ rules })], AGENT);
const decide = (rules: object, amount: bigint, given: Partial<PaymentFacts>) =>
  evaluate(policiesOf(rules), pay(amount), facts(given));
const tierOf = (share: number, amount: bigint, balance: bigint | null) =>
  verdict(decide({ ...OPEN, max_balance_share: share }, amount, { balance }));

describe('a share of the balance', () => {
  test.each([
    [100, 1000n, 100n],
    [100, 1009n, 100n],
    [1, 1000n, 1n],
    [1, 1999n, 1n],
    [333, 10n, 3n],
    [1000, 77n, 77n],
    [999, 1000n, 999n],
    [250, 2n ** 63n, 2n ** 61n],
    [500, 2n ** 64n - 1n, 2n ** 63n - 1n],
    [100, 10n ** 40n, 10n ** 39n],
  ])('%i per mille of %d: %d passes, one base unit more needs an approval', (share, balance, most) => {
    expect(tierOf(share, most, balance)).toBe('INSTANT');
    expect(tierOf(share, most + 1n, balance)).toBe('APPROVAL');
  });

  test('of nothing is nothing', () => {
    expect(tierOf(1000, 1n, 0n)).toBe('APPROVAL');
    expect(tierOf(1, 1n, 999n)).toBe('APPROVAL');
  });

  test('of an unknown balance is nothing either', () => {
    expect(tierOf(1000, 1n, null)).toBe('APPROVAL');
    expect(verdict(decide({ ...OPEN, max_balance_share: 1000 }, 1n, {}))).toBe('APPROVAL');
  });

  test.each([-1n, unchecked<bigint>(5), unchecked<bigint>('5'), unchecked<bigint>(Number.NaN)])(
    'of an impossible balance, %s, denies',
    (balance) => {
      expect(decide({ ...OPEN, max_balance_share: 100 }, 1n, { balance })).toMatchObject({
        reason: 'FACTS_UNKNOWN',
        criteria: [{ observed: 'balance' }],
      });
    },
  );

  test('raises each tier below APPROVAL, and never lowers one', () => {
    const rules = { ...RULES, max_balance_share: 500, approval_timeout: 600 };
    const tiers = (balance: bigint) =>
      [10n, 100n, 1000n, 1001n].map((amount) => verdict(decide(rules, amount, { balance })));
    expect(tiers(10n ** 9n)).toEqual(['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL']);
    expect(tiers(200n)).toEqual(['INSTANT', 'NOTIFY', 'APPROVAL', 'APPROVAL']);
    expect(tiers(0n)).toEqual(['APPROVAL', 'APPROVAL', 'APPROVAL', 'APPROVAL']);
    expect(decide(rules, 1000n, { balance: 200n })).toEqual({
      outcome: 'ALLOW',
      tier: 'APPROVAL',
      policyId: LIMIT.id,
      policyVersion: 1,
      delaySeconds: null,
      approvalTimeoutSeconds: 600,
      raisedBy: 'BALANCE_SHARE',
      criteria: [
        { policy: LIMIT, rule: 'instant_max', observed: 1000n, limit: 10n, passed: false },
        { policy: LIMIT, rule: 'notify_max', observed: 1000n, limit: 100n, passed: false },
        { policy: LIMIT, rule: 'delay_max', observed: 1000n, limit: 1000n, passed: true },
        { policy: LIMIT, rule: 'max_balance_share', observed: 1000n, limit: 100n, passed: false },
      ],
    });
    expect(decide(rules, 1001n, { balance: 0n })).toMatchObject({ raisedBy: null });
  });

  test('is asked before the notification gate, and a cap before both', () => {
    const rules = { ...RULES, max_balance_share: 1, daily_max: '50' };
    const given = { balance: 0n, reachableChannels: 0 };
    expect(decide(rules, 50n, given)).toMatchObject({ tier: 'APPROVAL', raisedBy: 'BALANCE_SHARE' });
    expect(decide(rules, 51n, given)).toMatchObject({ reason: 'DAILY_CAP' });
    expect(decide(rules, 50n, { balance: 10n ** 6n, reachableChannels: 0 })).toMatchObject({
      raisedBy: 'NOTIFICATION_GATE',
    });
  });

  test('is of the asset that is paid, whichever has limits', () => {
    const rules = { ...OPEN, max_balance_share: 100, token_limits: { [MINT]: OPEN } };
    const token = pay(10n, { asset: assetId(`solana:${MINT}`) });
    const tier = (balance: bigint) => verdict(evaluate(policiesOf(rules), token, facts({ balance })));
    expect([tier(100n), tier(99n)]).toEqual(['INSTANT', 'APPROVAL']);
  });

  test('is exact: amount and balance are never rounded', () => {
    const large = fc.bigInt({ min: 0n, max: 2n ** 120n });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), large, large, (share, balance, amount) => {
        const above = (amount + 1n) * 1000n > balance * BigInt(share);
        expect(tierOf(share, amount + 1n, balance)).toBe(above ? 'APPROVAL' : 'INSTANT');
      }),
      { numRuns: 2_000 },
    );
  });
});

test('the balance is asked for where it can change the tier', () => {
  const asked = (rules: object, amount: bigint, asset = 'solana:native') =>
    factsNeeded(policiesOf(rules), pay(amount, { asset: assetId(asset) }), 1).balance;
  const rules = { ...RULES, max_balance_share: 100 };
  expect([asked(rules, 1n), asked(rules, 1000n), asked(rules, 1001n)]).toEqual([true, true, false]);
  expect(asked(rules, 1n, `solana:${MINT}`)).toBe(false);
  expect(asked(RULES, 1n)).toBe(false);
});
