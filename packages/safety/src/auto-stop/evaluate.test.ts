import { AUTO_STOP_CONFIGS } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { type Activity, evaluateRule, evaluateRules } from './evaluate.ts';
import { type ActiveRule, rulesFor } from './rules.ts';

const quiet: Activity = {
  hasPaid: true,
  hasFailed: true,
  failuresInARow: 0,
  askedForInAnHour: 0,
  topRecipient: null,
  dailyUse: [],
  hours: [],
};
const shared = { id: 'r', agentId: null, action: 'SUSPEND_AGENT' } as const;
const failures: ActiveRule = { ...shared, type: 'CONSECUTIVE_FAILURES', config: { threshold: 3 } };
const hours = (start: number, end: number): ActiveRule => ({
  ...shared,
  type: 'TIME_RESTRICTION',
  config: { allowedHours: { start, end }, timezone: 'UTC' },
});
const daily: ActiveRule = {
  ...shared,
  type: 'DAILY_LIMIT_THRESHOLD',
  config: { warnPercent: 80, stopPercent: 100 },
};
const hourly: ActiveRule = { ...shared, type: 'HOURLY_RATE', config: { maxTxPerHour: 50 } };
const recipient: ActiveRule = {
  ...shared,
  type: 'ANOMALY_PATTERN',
  config: { sameAddressWarn: 10, sameAddressStop: 20 },
};
const verdict = (rule: ActiveRule, activity: Partial<Activity>): string =>
  evaluateRule(rule, { ...quiet, ...activity })?.action ?? 'nothing';

describe('the five rules at their edges', () => {
  test.each([
    [2, 'nothing'],
    [3, 'SUSPEND_AGENT'],
    [4, 'SUSPEND_AGENT'],
  ])('%i failures in a row, three allowed: %s', (failuresInARow, expected) => {
    expect(verdict(failures, { failuresInARow })).toBe(expected);
  });

  test('failures of long ago are not held against an agent that has not failed just now', () => {
    expect(verdict(failures, { failuresInARow: 9, hasFailed: false })).toBe('nothing');
  });

  test.each([
    [9, 17, 8, false],
    [9, 17, 9, true],
    [9, 17, 16, true],
    [9, 17, 17, false],
    [22, 6, 21, false],
    [22, 6, 22, true],
    [22, 6, 0, true],
    [22, 6, 5, true],
    [22, 6, 6, false],
    [0, 24, 23, true],
    [7, 7, 7, false],
  ])('from %i until %i, at %i: allowed %s', (start, end, hour, allowed) => {
    expect(verdict(hours(start, end), { hours: [hour] })).toBe(allowed ? 'nothing' : 'SUSPEND_AGENT');
  });

  test.each([
    [79n, 100n, 'nothing'],
    [80n, 100n, 'WARN'],
    [99n, 100n, 'WARN'],
    [100n, 100n, 'SUSPEND_AGENT'],
    [150n, 100n, 'SUSPEND_AGENT'],
    // Beyond what a number holds exactly, one base unit decides.
    [(8n * 10n ** 40n) / 10n - 1n, 10n ** 40n, 'nothing'],
    [(8n * 10n ** 40n) / 10n, 10n ** 40n, 'WARN'],
    [10n ** 40n - 1n, 10n ** 40n, 'WARN'],
    // No cap, no rule.
    [5n, 0n, 'nothing'],
  ])('%s of %s spent today: %s', (spent, limit, expected) => {
    expect(verdict(daily, { dailyUse: [{ asset: 'solana:native', spent, limit }] })).toBe(expected);
  });

  test('of several assets the one that is spent most counts, and no amounts are added up', () => {
    const of = (asset: string, spent: bigint) => ({ asset, spent, limit: 100n });
    expect(verdict(daily, { dailyUse: [of('solana:native', 70n), of('solana:token', 79n)] })).toBe('nothing');
    const found = evaluateRule(daily, { ...quiet, dailyUse: [of('solana:native', 70n), of('solana:token', 85n)] });
    expect(found).toMatchObject({
      action: 'WARN',
      reason: expect.stringContaining('85 % of the daily cap of solana:token'),
    });
  });

  test.each([
    [50, 'nothing'],
    [51, 'SUSPEND_AGENT'],
  ])('%i payments in an hour, fifty allowed: %s', (askedForInAnHour, expected) => {
    expect(verdict(hourly, { askedForInAnHour })).toBe(expected);
  });

  test.each([
    [9, 'nothing'],
    [10, 'WARN'],
    [19, 'WARN'],
    [20, 'SUSPEND_AGENT'],
  ])('%i payments to one recipient: %s', (payments, expected) => {
    expect(verdict(recipient, { topRecipient: { to: 'a', payments } })).toBe(expected);
  });

  test('a warning is a warning whatever the rule does when it stops', () => {
    const everything: ActiveRule = { ...daily, action: 'KILL_SWITCH' };
    const use = (spent: bigint) => ({ dailyUse: [{ asset: 'a', spent, limit: 100n }] });
    expect([verdict(everything, use(80n)), verdict(everything, use(100n))]).toEqual(['WARN', 'KILL_SWITCH']);
  });

  test('the most severe comes first, and of equals the first rule', () => {
    const activity = { ...quiet, failuresInARow: 3, askedForInAnHour: 51, topRecipient: { to: 'a', payments: 20 } };
    const rules: ActiveRule[] = [
      { ...hourly, id: 'warns', action: 'WARN' },
      { ...failures, id: 'first' },
      { ...recipient, id: 'second' },
    ];
    expect(evaluateRules(rules, activity).map(({ rule }) => rule.id)).toEqual(['first', 'second', 'warns']);
  });
});

describe('whose rules count', () => {
  const own: ActiveRule = { ...hourly, id: 'own', agentId: 'a' };
  test('an agent’s own take the place of those for all of the same type, and of no others', () => {
    expect(rulesFor([hourly, failures, own], 'a').map(({ id, type }) => `${id} ${type}`)).toEqual([
      'own HOURLY_RATE',
      'r CONSECUTIVE_FAILURES',
    ]);
    expect(rulesFor([hourly, failures, own], 'b')).toEqual([hourly, failures]);
  });
});

describe('what a rule may be set to', () => {
  test.each([
    ['CONSECUTIVE_FAILURES', { threshold: 0 }],
    ['CONSECUTIVE_FAILURES', { threshold: 1.5 }],
    ['CONSECUTIVE_FAILURES', {}],
    ['TIME_RESTRICTION', { allowedHours: { start: 9, end: 25 } }],
    ['TIME_RESTRICTION', { allowedHours: { start: 9, end: 17 }, timezone: 'Asia/Seoul' }],
    ['DAILY_LIMIT_THRESHOLD', { warnPercent: 90, stopPercent: 80 }],
    // The ceiling is the agent's own daily cap, and nothing else.
    ['DAILY_LIMIT_THRESHOLD', { warnPercent: 80, stopPercent: 100, dailyMax: '1' }],
    ['HOURLY_RATE', { maxTxPerHour: '50' }],
    ['ANOMALY_PATTERN', { sameAddressWarn: 20, sameAddressStop: 10 }],
  ] as const)('%s not to %j', (type, config) => {
    expect(AUTO_STOP_CONFIGS[type].safeParse(config).success).toBe(false);
  });
});
