import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGENT, facts, id, pay, row, unchecked, verdict } from '../test/fixtures.ts';
import { compilePolicies, evaluate, factsNeeded, type PaymentFacts } from './index.ts';

const policiesOf = (rules: unknown) => compilePolicies([row(), row({ id: id(2), type: 'RATE_LIMIT', rules })], AGENT);
const decide = (rules: unknown, recentTransactions?: PaymentFacts['recentTransactions']) =>
  evaluate(policiesOf(rules), pay(1n), facts(recentTransactions === undefined ? {} : { recentTransactions }));

describe('a rate limit (04 §11)', () => {
  test.each([
    [{ max_tx_per_hour: 5 }, 4, 4, 'INSTANT'],
    [{ max_tx_per_hour: 5 }, 5, 5, 'DENY'],
    [{ max_tx_per_hour: 5 }, 6, 6, 'DENY'],
    [{ max_tx_per_hour: 5 }, 0, 500, 'INSTANT'],
    [{ max_tx_per_day: 5 }, 0, 4, 'INSTANT'],
    [{ max_tx_per_day: 5 }, 0, 5, 'DENY'],
    [{ max_tx_per_hour: 2, max_tx_per_day: 3 }, 1, 3, 'DENY'],
    [{ max_tx_per_hour: 1, max_tx_per_day: 3 }, 1, 1, 'DENY'],
    [{ max_tx_per_hour: 1 }, 0, 0, 'INSTANT'],
    [{}, 10_000, 10_000, 'INSTANT'],
    [{ max_tx_per_hour: 0, max_tx_per_day: 0 }, 10_000, 10_000, 'INSTANT'],
  ])('%j after %i in the hour and %i in the day: %s', (rules, hour, day, expected) => {
    expect(verdict(decide(rules, { hour, day }))).toBe(expected);
  });

  test('a denial tells the limit, the count and the window', () => {
    expect(decide({ max_tx_per_hour: 9, max_tx_per_day: 5 }, { hour: 2, day: 7 })).toEqual({
      outcome: 'DENY',
      code: 'POLICY_DENIED',
      reason: 'RATE_LIMIT_DAY',
      policyType: 'RATE_LIMIT',
      policyId: id(2),
      policyVersion: 1,
      rate: { name: 'max_tx_per_day', limit: 5, count: 7, windowSeconds: 86_400 },
      criteria: [
        {
          policy: { type: 'RATE_LIMIT', id: id(2), version: 1 },
          rule: 'max_tx_per_hour',
          observed: 2,
          limit: 9,
          passed: true,
        },
        {
          policy: { type: 'RATE_LIMIT', id: id(2), version: 1 },
          rule: 'max_tx_per_day',
          observed: 7,
          limit: 5,
          passed: false,
        },
      ],
    });
    expect(decide({ max_tx_per_hour: 1 }, { hour: 1, day: null })).toMatchObject({ reason: 'RATE_LIMIT_HOUR' });
  });

  test.each<[string, PaymentFacts['recentTransactions']]>([
    ['recentTransactions.hour', undefined],
    ['recentTransactions.hour', { hour: null, day: 0 }],
    ['recentTransactions.hour', { hour: -1, day: 0 }],
    ['recentTransactions.hour', { hour: Number.NaN, day: 0 }],
    ['recentTransactions.hour', { hour: 0.5, day: 0 }],
    ['recentTransactions.hour', unchecked({ hour: '0', day: 0 })],
    ['recentTransactions.day', { hour: 0, day: null }],
    ['recentTransactions.day', unchecked({ hour: 0 })],
  ])('%s unknown denies: %j', (name, recent) => {
    expect(decide({ max_tx_per_hour: 5, max_tx_per_day: 5 }, recent)).toMatchObject({
      reason: 'FACTS_UNKNOWN',
      criteria: [{ rule: 'facts', observed: name }],
    });
  });

  test('counts nobody needs may be unknown', () => {
    expect(verdict(decide({ max_tx_per_hour: 5 }, { hour: 0, day: null }))).toBe('INSTANT');
    expect(verdict(decide({}))).toBe('INSTANT');
  });
});

test('what is asked for is what lies in the last 3600 and 86,400 seconds, with the one in which they begin', () => {
  const asked = (rules: unknown) => factsNeeded(policiesOf(rules), pay(1n), 1_000_000).recentTransactions;
  expect(asked({ max_tx_per_hour: 5 })).toEqual([{ name: 'hour', since: 996_399 }]);
  expect(asked({ max_tx_per_day: 5 })).toEqual([{ name: 'day', since: 913_599 }]);
  expect(asked({ max_tx_per_hour: 5, max_tx_per_day: 5 }).map(({ name }) => name)).toEqual(['hour', 'day']);
  expect(asked({})).toEqual([]);
});

test('a limit of n admits exactly n in any window, denied ones not counted (04 §27 row 16)', () => {
  const scenario = fc.record({
    perHour: fc.nat({ max: 4 }),
    perDay: fc.nat({ max: 6 }),
    // Milliseconds, where whole seconds are decided by.
    pauses: fc.array(
      fc.constantFrom(
        0,
        1,
        500,
        999,
        1_000,
        600_001,
        1_800_000,
        3_598_999,
        3_599_001,
        3_600_999,
        43_200_000,
        86_399_500,
      ),
      { minLength: 5, maxLength: 40 },
    ),
  });
  fc.assert(
    fc.property(scenario, ({ perHour, perDay, pauses }) => {
      const policies = policiesOf({ max_tx_per_hour: perHour, max_tx_per_day: perDay });
      const admitted: number[] = [];
      let at = 1_700_000_000_000;
      for (const pause of pauses) {
        at += pause;
        const now = Math.floor(at / 1000);
        const recentTransactions: { hour: number | null; day: number | null } = { hour: null, day: null };
        for (const { name, since } of factsNeeded(policies, pay(1n), now).recentTransactions)
          recentTransactions[name] = admitted.filter((created) => Math.floor(created / 1000) > since).length;
        const allowed = evaluate(policies, pay(1n), facts({ now, recentTransactions })).outcome === 'ALLOW';
        // The promise, told without windows: not more than n lie less than their length apart from each other.
        const within = (ms: number) => admitted.filter((created) => at - created < ms).length + 1;
        const fits = (late: number) =>
          (perHour === 0 || within(3_600_000 + late) <= perHour) &&
          (perDay === 0 || within(86_400_000 + late) <= perDay);
        if (allowed) expect(fits(0)).toBe(true);
        // Refused for a second longer, at most.
        else expect(fits(1000)).toBe(false);
        if (allowed) admitted.push(at);
      }
    }),
    { numRuns: 2_000 },
  );
});
