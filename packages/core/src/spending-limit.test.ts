import { describe, expect, test } from 'vitest';
import { HOSTILE_AMOUNTS } from '../test/hostile-amounts.ts';
import { presetRules, type SpendingLimitRules, spendingLimitRulesSchema, tokenLimitAsset } from './index.ts';

const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const tiers = { instant_max: '1', notify_max: '2', delay_max: '3' };
const findings = (rules: unknown): readonly string[] =>
  spendingLimitRulesSchema.safeParse(rules).error?.issues.map((issue) => issue.path.join('.')) ?? [];
const taken = (rules: unknown): boolean => spendingLimitRulesSchema.safeParse(rules).success;

describe('rules of a spending limit', () => {
  test('need the three bounds and nothing else', () => {
    expect(spendingLimitRulesSchema.parse(tiers)).toEqual({ ...tiers, chain: 'solana', window: 'rolling' });
    for (const key of Object.keys(tiers)) {
      expect(taken(Object.fromEntries(Object.entries(tiers).filter(([name]) => name !== key)))).toBe(false);
    }
  });

  test.each(['dailyMax', 'max_daily', 'instant', 'constructor', 'currency'])('the unknown key %s is refused', (key) => {
    expect(taken({ ...tiers, [key]: '1' })).toBe(false);
    expect(taken({ ...tiers, token_limits: { [MINT]: { ...tiers, [key]: '1' } } })).toBe(false);
  });

  test('a key called __proto__ is unknown like any other', () => {
    expect(
      taken(JSON.parse('{"instant_max":"1","notify_max":"2","delay_max":"3","__proto__":{"daily_max":"1"}}')),
    ).toBe(false);
  });

  test('bounds are in order and may be equal', () => {
    expect(taken({ instant_max: '5', notify_max: '5', delay_max: '5', daily_max: '5', weekly_max: '5' })).toBe(true);
    expect(taken({ instant_max: '0', notify_max: '0', delay_max: '0' })).toBe(true);
    expect(findings({ ...tiers, instant_max: '10' })).toEqual(['notify_max']);
    expect(findings({ ...tiers, notify_max: '10' })).toEqual(['delay_max']);
    expect(findings({ ...tiers, daily_max: '10', weekly_max: '9' })).toEqual(['weekly_max']);
    expect(findings({ ...tiers, token_limits: { [MINT]: { ...tiers, notify_max: '10' } } })).toEqual([
      `token_limits.${MINT}.delay_max`,
    ]);
  });

  test('are compared as numbers, not as texts, and past 2^64', () => {
    expect(taken({ instant_max: '9', notify_max: '10', delay_max: '100' })).toBe(true);
    const max = 2n ** 256n - 1n;
    expect(taken({ instant_max: `${max - 1n}`, notify_max: `${max}`, delay_max: `${max}` })).toBe(true);
    expect(taken({ instant_max: `${max}`, notify_max: `${max - 1n}`, delay_max: `${max}` })).toBe(false);
  });

  test.each([...HOSTILE_AMOUNTS].map((text) => [JSON.stringify(text), text]))(
    'an amount of %s is a finding, not an exception',
    (_shown, text) => {
      for (const key of ['instant_max', 'notify_max', 'delay_max', 'daily_max', 'weekly_max']) {
        expect(findings({ ...tiers, daily_max: '1', weekly_max: '1', [key]: text })).toContain(key);
        expect(taken({ ...tiers, token_limits: { [MINT]: { ...tiers, [key]: text } } })).toBe(false);
      }
    },
  );

  test.each([
    ['delay_seconds', 59, false],
    ['delay_seconds', 60, true],
    ['delay_seconds', 60.5, false],
    ['delay_seconds', '60', false],
    ['approval_timeout', 299, false],
    ['approval_timeout', 300, true],
    ['approval_timeout', 86_400, true],
    ['approval_timeout', 86_401, false],
    ['max_balance_share', 0, false],
    ['max_balance_share', 1, true],
    ['max_balance_share', 1000, true],
    ['max_balance_share', 1001, false],
    ['max_balance_share', 0.5, false],
    ['max_balance_share', '100', false],
    ['window', 'calendar', true],
    ['window', 'monthly', false],
    ['chain', 'ethereum', true],
    ['chain', 'bitcoin', false],
    ['chain', null, false],
  ])('%s %j: %s', (key, value, expected) => expect(taken({ ...tiers, [key]: value })).toBe(expected));

  test.each([null, undefined, [], 'text', 5, true, [tiers]])('%j are no rules', (rules) => {
    expect(taken(rules)).toBe(false);
  });
});

describe('limits of further assets', () => {
  test('are named by asset id or by a mint of the same chain', () => {
    expect(tokenLimitAsset('solana', MINT)).toBe(`solana:${MINT}`);
    expect(tokenLimitAsset('solana', `solana:${MINT}`)).toBe(`solana:${MINT}`);
    expect(tokenLimitAsset('solana', 'ethereum:native')).toBe('ethereum:native');
  });

  test('a contract may be written with its checksum or without, but has limits once', () => {
    const lower = CONTRACT.toLowerCase();
    for (const key of [CONTRACT, lower, `ethereum:${CONTRACT}`, `ethereum:${lower}`]) {
      expect(tokenLimitAsset('ethereum', key)).toBe(`ethereum:${lower}`);
      expect(taken({ ...tiers, chain: 'ethereum', token_limits: { [key]: tiers } })).toBe(true);
    }
    expect(tokenLimitAsset('solana', `ethereum:${CONTRACT}`)).toBe(`ethereum:${lower}`);
    expect(findings({ ...tiers, chain: 'ethereum', token_limits: { [CONTRACT]: tiers, [lower]: tiers } })).toEqual([
      `token_limits.${lower}`,
    ]);
  });

  test.each(['bitcoin:native', 'solana:', ':native', 'USD Coin', 'a:b:c', 'solana:na-tive', 'USDC', CONTRACT])(
    'the key %j can name no asset and is refused',
    (key) => {
      expect(tokenLimitAsset('solana', key)).toBeNull();
      expect(findings({ ...tiers, token_limits: { [key]: tiers } })).toEqual([`token_limits.${key}`]);
    },
  );

  test('no asset has limits twice: not one would be looked at', () => {
    expect(taken({ ...tiers, token_limits: { [MINT]: tiers, [`solana:${MINT}`]: tiers } })).toBe(false);
    expect(taken({ ...tiers, token_limits: { 'solana:native': tiers } })).toBe(false);
    expect(taken({ ...tiers, token_limits: { native: tiers } })).toBe(false);
    expect(taken({ ...tiers, chain: 'ethereum', token_limits: { 'solana:native': tiers } })).toBe(true);
  });
});

describe('presets', () => {
  const SOL = 10n ** 9n;
  const ETH = 10n ** 18n;
  const bounds = (rules: Pick<SpendingLimitRules, 'instant_max' | 'notify_max' | 'delay_max'> | undefined) =>
    rules === undefined ? [] : [rules.instant_max, rules.notify_max, rules.delay_max].map(BigInt);

  test.each([
    ['conservative', 'solana', [SOL / 10n, SOL, 10n * SOL], 900],
    ['conservative', 'ethereum', [ETH / 10n, ETH, 10n * ETH], 900],
    ['standard', 'solana', [SOL, 10n * SOL, 50n * SOL], 300],
    ['standard', 'ethereum', [ETH, 10n * ETH, 50n * ETH], 300],
  ] as const)('%s for %s', (preset, chain, expected, delay) => {
    const rules = presetRules(preset, chain);
    expect(rules.chain).toBe(chain);
    expect(bounds(rules)).toEqual(expected);
    expect(rules.delay_seconds).toBe(delay);
    expect(rules.approval_timeout).toBe(3600);
    expect(taken(rules)).toBe(true);
  });

  test('cover the native assets of the other chains with the same figures', () => {
    expect(bounds(presetRules('conservative', 'solana').token_limits?.['ethereum:native'])).toEqual(
      bounds(presetRules('conservative', 'ethereum')),
    );
  });
});
