import { nativeAssetId, tokenAssetId } from '@waiaas/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AGENT, facts, MINT, pay, row } from '../test/fixtures.ts';
import { referenceLedger } from '../test/reference-ledger.ts';
import { compilePolicies, evaluate, spendWindows } from './index.ts';

/** Sizes at which number types break: amounts lie closely around multiples of one of them. */
const SCALES = [1n, 2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 240n];
const near = (scale: bigint, seed: number): bigint => scale * BigInt(seed % 13) + BigInt((seed >> 4) % 3);
const atLeast = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const ASSETS = [nativeAssetId('solana'), tokenAssetId('solana', MINT)] as const;

/** Caps of one asset from two numbers, as rules have them and as the model takes them. */
function capsOf(scale: bigint, [day, week]: readonly [number, number]) {
  const daily = near(scale, day);
  const weekly = atLeast(daily, near(scale, week));
  const top = (2n ** 250n).toString();
  return {
    rules: {
      ...{ instant_max: top, notify_max: top, delay_max: top },
      ...{ daily_max: daily.toString(), weekly_max: weekly.toString() },
    },
    model: [
      { days: 1, max: daily },
      { days: 7, max: weekly },
    ] as const,
  };
}

/**
 * Plays requests, settlements, releases and passing time in the order the numbers give, through the engine as a caller
 * would use it, beside a model for each of two assets that only knows what caps promise. Gives what went wrong.
 */
function play(
  window: 'rolling' | 'calendar',
  scale: bigint,
  caps: readonly [readonly [number, number], readonly [number, number]],
  steps: readonly number[],
) {
  const [native, token] = [capsOf(scale, caps[0]), capsOf(scale, caps[1])];
  const policies = compilePolicies(
    [row({ rules: { ...native.rules, window, token_limits: { [MINT]: token.rules } } })],
    AGENT,
  );
  const purses = [native, token].map(({ model }, index) => ({
    asset: ASSETS[index] ?? ASSETS[0],
    model: referenceLedger(model, window),
    settled: [] as { readonly amount: bigint; readonly at: number }[],
    reserved: [] as bigint[],
  }));
  let now = 1_700_000_000;

  for (const step of steps) {
    const [action, seed] = [step % 6, step >> 4];
    const purse = purses[(step >> 3) % 2];
    if (purse === undefined) throw new Error('unreachable');
    const { asset, model, settled, reserved } = purse;
    if (action < 3) {
      const payment = pay(near(scale, seed) + 1n, { asset });
      const spent = { day: 0n, week: 0n };
      for (const { name, since } of spendWindows(policies, payment, now)) {
        for (const { amount, at } of settled) if (at > since) spent[name] += amount;
      }
      const sum = reserved.reduce((total, amount) => total + amount, 0n);
      const allowed = evaluate(policies, payment, facts({ now, spent, reserved: sum })).outcome === 'ALLOW';
      if (allowed !== model.fits(payment.amount, now)) return `judged ${payment.amount} otherwise than the model`;
      if (allowed) {
        reserved.push(payment.amount);
        model.admit(payment.amount);
      }
    } else if (action === 3 && reserved.length > 0) {
      const index = seed % reserved.length;
      for (const amount of reserved.splice(index, 1)) settled.push({ amount, at: now });
      model.settle(index, now);
    } else if (action === 4 && reserved.length > 0) {
      reserved.splice(seed % reserved.length, 1);
      model.release(seed % (reserved.length + 1));
    } else {
      now += [1, 3_599, 43_200, 86_399, 86_400, 259_200, 604_800][seed % 7] ?? 0;
    }
    if (!purses.every((each) => each.model.holds(now))) return 'spent and in flight exceed a cap';
  }
  return null;
}

test('promise 1: caps are exact for each asset under any order of events, to the base unit (100,000 runs)', () => {
  const cap = fc.nat({ max: 1023 });
  const scenario = fc.tuple(
    fc.constantFrom('rolling' as const, 'calendar' as const),
    fc.constantFrom(...SCALES),
    fc.tuple(fc.tuple(cap, cap), fc.tuple(cap, cap)),
    fc.array(fc.nat(), { minLength: 4, maxLength: 16, size: 'max' }),
  );
  fc.assert(
    fc.property(scenario, ([window, scale, caps, steps]) => {
      const problem = play(window, scale, caps, steps);
      if (problem !== null) throw new Error(problem);
    }),
    { numRuns: 100_000 },
  );
});

test('the model itself sees an engine that is off by one base unit', () => {
  const model = referenceLedger([{ days: 1, max: 10n }], 'rolling');
  model.admit(10n);
  expect([model.holds(0), model.fits(1n, 0)]).toEqual([true, false]);
  model.admit(1n);
  expect(model.holds(0)).toBe(false);
});
