import { assetId, nativeAssetId, presetRules } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import {
  AGENT,
  CONTRACT,
  facts,
  id,
  LIMIT,
  MINT,
  OTHER_MINT,
  pay,
  RULES,
  row,
  unchecked,
  verdict,
} from '../test/fixtures.ts';
import { compilePolicies, evaluate, type PaymentFacts } from './index.ts';

const under = (rules: unknown) => compilePolicies([row({ rules })], AGENT);
const tierOf = (rules: unknown, amount: bigint, given: Partial<PaymentFacts> = {}) =>
  verdict(evaluate(under(rules), pay(amount), facts(given)));

describe('tiers (04 §11, §27 row 14)', () => {
  const SOL = 10n ** 9n;

  test.each([
    [1n, 'INSTANT'],
    [SOL, 'INSTANT'],
    [SOL + 1n, 'NOTIFY'],
    [10n * SOL, 'NOTIFY'],
    [10n * SOL + 1n, 'DELAY'],
    [50n * SOL, 'DELAY'],
    [50n * SOL + 1n, 'APPROVAL'],
    [2n ** 64n - 1n, 'APPROVAL'],
  ])('standard: %d lamports are %s', (amount, tier) => {
    expect(tierOf(presetRules('standard', 'solana'), amount)).toBe(tier);
  });

  test.each([
    [SOL / 10n, 'INSTANT'],
    [SOL / 10n + 1n, 'NOTIFY'],
    [SOL, 'NOTIFY'],
    [SOL + 1n, 'DELAY'],
    [10n * SOL, 'DELAY'],
    [10n * SOL + 1n, 'APPROVAL'],
  ])('conservative: %d lamports are %s', (amount, tier) => {
    expect(tierOf(presetRules('conservative', 'solana'), amount)).toBe(tier);
  });

  test.each([2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 255n])('bounds at %d are exact to the base unit', (bound) => {
    const rules = { instant_max: `${bound - 1n}`, notify_max: `${bound}`, delay_max: `${bound + 1n}` };
    const tiers = [-1n, 0n, 1n, 2n].map((offset) => tierOf(rules, bound + offset));
    expect(tiers).toEqual(['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL']);
  });

  test('bounds of zero leave nothing without a signature', () => {
    expect(tierOf({ instant_max: '0', notify_max: '0', delay_max: '0' }, 1n)).toBe('APPROVAL');
  });

  test('what was spent before does not move the tier', () => {
    expect(tierOf(RULES, 10n, { spent: { day: 2n ** 70n, week: 2n ** 70n }, reserved: 2n ** 70n })).toBe('INSTANT');
  });

  test('timings come from the rule, else from the configuration, and only with the tier they belong to', () => {
    const timed = { ...RULES, delay_seconds: 900, approval_timeout: 7200 };
    const timings = (rules: unknown, amount: bigint) => {
      const decision = evaluate(under(rules), pay(amount), facts());
      return decision.outcome === 'ALLOW' ? [decision.delaySeconds, decision.approvalTimeoutSeconds] : 'DENY';
    };
    expect([10n, 100n, 1000n, 1001n].map((amount) => timings(timed, amount))).toEqual([
      [null, null],
      [null, null],
      [900, null],
      [null, 7200],
    ]);
    expect([1000n, 1001n].map((amount) => timings(RULES, amount))).toEqual([
      [300, null],
      [null, 3600],
    ]);
  });
});

describe('caps (04 §11)', () => {
  const capped = { ...RULES, delay_max: '1000', daily_max: '500', weekly_max: '2000' };
  const spent = (day: bigint, week: bigint) => ({ spent: { day, week } });

  test('reaching a cap passes, one base unit more is denied', () => {
    expect(tierOf(capped, 5n, { ...spent(400n, 400n), reserved: 95n })).toBe('INSTANT');
    expect(tierOf(capped, 6n, { ...spent(400n, 400n), reserved: 95n })).toBe('DENY');
    expect(tierOf(capped, 5n, { ...spent(0n, 1990n), reserved: 5n })).toBe('INSTANT');
    expect(tierOf(capped, 6n, { ...spent(0n, 1990n), reserved: 5n })).toBe('DENY');
  });

  test.each([2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 256n - 1n])('caps at %d are exact', (cap) => {
    const rules = { ...RULES, daily_max: `${cap}` };
    expect(tierOf(rules, 1n, { ...spent(cap - 2n, 0n), reserved: 1n })).toBe('INSTANT');
    expect(tierOf(rules, 2n, { ...spent(cap - 2n, 0n), reserved: 1n })).toBe('DENY');
  });

  test('a denial tells which cap, how far it is used, and what is left', () => {
    expect(evaluate(under(capped), pay(200n), facts({ ...spent(300n, 300n), reserved: 50n }))).toEqual({
      outcome: 'DENY',
      code: 'SPENDING_LIMIT_EXCEEDED',
      reason: 'DAILY_CAP',
      policyType: 'SPENDING_LIMIT',
      policyId: id(1),
      policyVersion: 1,
      cap: { name: 'daily_max', limit: 500n, spent: 300n, reserved: 50n, requested: 200n, remaining: 150n },
      criteria: [{ policy: LIMIT, rule: 'daily_max', observed: 550n, limit: 500n, passed: false }],
    });
    expect(evaluate(under(capped), pay(200n), facts(spent(0n, 1900n)))).toMatchObject({
      reason: 'WEEKLY_CAP',
      cap: { name: 'weekly_max', remaining: 100n },
      criteria: [
        { rule: 'daily_max', observed: 200n, limit: 500n, passed: true },
        { rule: 'weekly_max', observed: 2100n, limit: 2000n, passed: false },
      ],
    });
  });

  test('what is left is never negative: a cap may have been lowered below what is spent', () => {
    expect(evaluate(under(capped), pay(1n), facts(spent(9_000n, 9_000n)))).toMatchObject({ cap: { remaining: 0n } });
  });

  test('a cap denies before any tier could be reached: an approval does not lift it', () => {
    expect(tierOf(capped, 501n)).toBe('DENY');
    expect(tierOf({ ...capped, daily_max: '0', weekly_max: '0' }, 1n)).toBe('DENY');
  });

  test('without caps nothing is denied', () => {
    expect(tierOf(RULES, 5n, { spent: { day: null, week: null }, reserved: 2n ** 200n })).toBe('INSTANT');
  });
});

describe('assets (00 §3, 04 §27 row 13)', () => {
  const usdc = assetId(`solana:${MINT}`);
  const token = { instant_max: '5', notify_max: '6', delay_max: '7', daily_max: '8' };
  const of = (rules: unknown, asset: string, amount: bigint, given: Partial<PaymentFacts> = {}) => {
    const chain = asset.startsWith('ethereum') ? 'ethereum' : 'solana';
    return evaluate(under(rules), pay(amount, { chain, asset: assetId(asset) }), facts(given));
  };

  test('1,000 units of a token with six decimals are never judged by lamports', () => {
    expect(of(presetRules('standard', 'solana'), usdc, 10n ** 9n)).toEqual({
      outcome: 'ALLOW',
      tier: 'APPROVAL',
      policyId: id(1),
      policyVersion: 1,
      delaySeconds: null,
      approvalTimeoutSeconds: 3600,
      raisedBy: 'NO_LIMITS',
      criteria: [{ policy: LIMIT, rule: 'asset_limits', observed: usdc, limit: null, passed: false }],
    });
  });

  test.each(['ethereum:native', `ethereum:${CONTRACT.toLowerCase()}`, `solana:${OTHER_MINT}`])(
    '%s without limits needs an approval even of one base unit',
    (asset) => expect(verdict(of({ ...RULES, token_limits: { [MINT]: token } }, asset, 1n))).toBe('APPROVAL'),
  );

  test.each([MINT, `solana:${MINT}`])('limits under the key %s are found', (key) => {
    const rules = { ...RULES, token_limits: { [key]: token } };
    expect([5n, 6n, 7n, 8n, 9n].map((amount) => verdict(of(rules, usdc, amount)))).toEqual([
      'INSTANT',
      'NOTIFY',
      'DELAY',
      'APPROVAL',
      'DENY',
    ]);
    expect(verdict(of(rules, 'solana:native', 10n))).toBe('INSTANT');
  });

  test('a mint is compared to the letter, a contract without regard to case', () => {
    const rules = { ...RULES, token_limits: { [MINT]: token } };
    const similar = `${MINT.slice(0, -1)}b`;
    expect(verdict(of(rules, `solana:${similar}`, 1n))).toBe('APPROVAL');
    for (const key of [CONTRACT, CONTRACT.toLowerCase(), `ethereum:0x${CONTRACT.slice(2).toUpperCase()}`]) {
      const limits = { ...RULES, chain: 'ethereum', token_limits: { [key]: token } };
      expect(verdict(of(limits, `ethereum:${CONTRACT.toLowerCase()}`, 9n))).toBe('DENY');
    }
  });

  test('caps of a token are exact beyond 2^63, to the base unit', () => {
    const cap = 2n ** 255n + 1n;
    const top = `${cap}`;
    const limits = { instant_max: top, notify_max: top, delay_max: top, daily_max: top, weekly_max: top };
    const rules = { ...RULES, token_limits: { [MINT]: limits } };
    for (const spent of [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 254n]) {
      const left = cap - spent - 1n;
      const given = { spent: { day: spent, week: spent }, reserved: 1n };
      expect(verdict(of(rules, usdc, left, given))).toBe('INSTANT');
      expect(of(rules, usdc, left + 1n, given)).toMatchObject({ cap: { limit: cap, remaining: left } });
    }
  });

  test('native assets of two chains have limits of their own', () => {
    const rules = { ...RULES, chain: 'ethereum', token_limits: { 'solana:native': token } };
    expect(verdict(of(rules, 'ethereum:native', 10n))).toBe('INSTANT');
    expect(verdict(of(rules, 'solana:native', 10n))).toBe('DENY');
  });

  test('no inherited name that a caller may hand in unchecked passes for a limit', () => {
    for (const asset of ['__proto__', 'constructor', 'toString', 'solana:__proto__', 'solana:hasOwnProperty']) {
      const payment = pay(1n, { asset: unchecked(asset) });
      expect(['APPROVAL', 'DENY']).toContain(verdict(evaluate(under(RULES), payment, facts())));
    }
  });

  test('no policy at all means an approval, never INSTANT, with the default time to give it', () => {
    const decision = evaluate(compilePolicies([], AGENT), pay(1n), facts());
    expect(decision).toMatchObject({
      outcome: 'ALLOW',
      tier: 'APPROVAL',
      raisedBy: 'NO_LIMITS',
      policyId: null,
      approvalTimeoutSeconds: 3600,
    });
  });
});

describe('the notification gate (00 §3)', () => {
  const unheard = { reachableChannels: 1, minChannels: 2 };

  test('raises NOTIFY and DELAY to APPROVAL, leaves INSTANT and APPROVAL, denies nothing', () => {
    expect([10n, 100n, 1000n, 1001n].map((amount) => tierOf(RULES, amount, unheard))).toEqual([
      'INSTANT',
      'APPROVAL',
      'APPROVAL',
      'APPROVAL',
    ]);
  });

  test('says that it did, with the time to approve of the rule', () => {
    const rules = { ...RULES, delay_seconds: 900, approval_timeout: 600 };
    expect(evaluate(under(rules), pay(100n), facts(unheard))).toMatchObject({
      tier: 'APPROVAL',
      raisedBy: 'NOTIFICATION_GATE',
      delaySeconds: null,
      approvalTimeoutSeconds: 600,
      criteria: [
        { rule: 'instant_max', passed: false },
        { rule: 'notify_max', passed: true },
        { rule: 'min_channels', observed: 1, limit: 2, passed: false },
      ],
    });
    expect(evaluate(under(RULES), pay(2000n), facts(unheard))).toMatchObject({ tier: 'APPROVAL', raisedBy: null });
    expect(evaluate(under(RULES), pay(100n), facts(unheard))).toMatchObject({ approvalTimeoutSeconds: 3600 });
  });

  test('is off at 0 and content with as many channels as it asks for', () => {
    expect(tierOf(RULES, 100n, { reachableChannels: 0, minChannels: 0 })).toBe('NOTIFY');
    expect(tierOf(RULES, 100n, { reachableChannels: 2, minChannels: 2 })).toBe('NOTIFY');
  });

  test('a cap denies before it is asked', () => {
    expect(tierOf({ ...RULES, daily_max: '99' }, 100n, unheard)).toBe('DENY');
  });
});

describe('facts that are missing or cannot be true deny (09 no. 4)', () => {
  const capped = { ...RULES, daily_max: '500', weekly_max: '2000' };

  test.each<[string, Partial<PaymentFacts>]>([
    ['spent.day', { spent: { day: null, week: 0n } }],
    ['spent.week', { spent: { day: 0n, week: null } }],
    ['spent.day', { spent: { day: -1n, week: 0n } }],
    ['spent.week', { spent: { day: 0n, week: -1n } }],
    ['spent.day', { spent: unchecked({ week: 0n }) }],
    ['spent.day', { spent: unchecked({ day: 0, week: 0n }) }],
    ['reserved', { reserved: -1n }],
    ['reserved', { reserved: unchecked(undefined) }],
    ['reserved', { reserved: unchecked(0) }],
    ['now', { now: Number.NaN }],
    ['now', { now: -1 }],
    ['now', { now: 1.5 }],
    ['reachableChannels', { reachableChannels: Number.NaN }],
    ['reachableChannels', { reachableChannels: -1 }],
    ['reachableChannels', { reachableChannels: unchecked('3') }],
    ['minChannels', { minChannels: -1 }],
    ['minChannels', { minChannels: Number.NaN }],
    ['minChannels', { minChannels: unchecked(undefined) }],
    ['defaults.delaySeconds', { defaults: { delaySeconds: 0, approvalTimeoutSeconds: 3600 } }],
    ['defaults.delaySeconds', { defaults: { delaySeconds: Number.NaN, approvalTimeoutSeconds: 3600 } }],
    ['defaults.approvalTimeoutSeconds', { defaults: { delaySeconds: 300, approvalTimeoutSeconds: -1 } }],
  ])('%s: %o', (name, given) => {
    expect(evaluate(under(capped), pay(1n), facts(given))).toEqual({
      outcome: 'DENY',
      code: 'POLICY_DENIED',
      reason: 'FACTS_UNKNOWN',
      policyType: 'SPENDING_LIMIT',
      policyId: id(1),
      policyVersion: 1,
      criteria: [{ policy: null, rule: 'facts', observed: name, limit: null, passed: false }],
    });
  });

  test.each([0n, -1n, -(2n ** 63n), unchecked<bigint>(1), unchecked<bigint>('1'), unchecked<bigint>(undefined)])(
    'an amount of %s',
    (amount) => {
      expect(tierOf(capped, amount)).toBe('DENY');
      expect(verdict(evaluate(compilePolicies([], AGENT), pay(amount), facts()))).toBe('DENY');
    },
  );

  test.each([{ to: '' }, { to: unchecked<string>(undefined) }])('a recipient like %j', (change) => {
    const decision = evaluate(under(capped), pay(1n, change), facts());
    expect(decision).toMatchObject({ reason: 'FACTS_UNKNOWN', criteria: [{ observed: 'to' }] });
  });

  test('an asset of another chain than the payment', () => {
    const payment = pay(1n, { chain: 'ethereum', asset: nativeAssetId('solana') });
    expect(evaluate(under(capped), payment, facts())).toMatchObject({ reason: 'FACTS_UNKNOWN' });
  });

  test('a sum nobody needs may be unknown, but not impossible', () => {
    const daily = { ...RULES, daily_max: '500' };
    expect(tierOf(daily, 1n, { spent: { day: 0n, week: null } })).toBe('INSTANT');
    expect(tierOf(daily, 1n, { spent: { day: 0n, week: -1n } })).toBe('DENY');
    expect(tierOf(RULES, 1n, { spent: { day: null, week: null } })).toBe('INSTANT');
  });
});
