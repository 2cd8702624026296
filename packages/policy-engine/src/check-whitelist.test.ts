import { assetId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { AGENT, ELSE, facts, id, MINT, pay, row, TO, verdict } from '../test/fixtures.ts';
import { compilePolicies, evaluate, type Payment } from './index.ts';

const EVM = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const decide = (rules: unknown, change: Partial<Payment> = {}) =>
  evaluate(
    compilePolicies([row(), row({ id: id(2), version: 3, type: 'WHITELIST', rules })], AGENT),
    pay(1n, change),
    facts(),
  );
const under = (rules: unknown, change: Partial<Payment> = {}) => verdict(decide(rules, change));
const ether = (to: string): Partial<Payment> => ({ chain: 'ethereum', asset: assetId('ethereum:native'), to });

describe('a whitelist (04 §11)', () => {
  test('admits who is listed and denies everybody else', () => {
    expect(under({ allowed_addresses: [ELSE, TO] })).toBe('INSTANT');
    expect(under({ allowed_addresses: [ELSE] })).toBe('DENY');
  });

  test('says whom it denied, and by which list', () => {
    expect(decide({ allowed_addresses: [ELSE] })).toEqual({
      outcome: 'DENY',
      code: 'WHITELIST_DENIED',
      reason: 'WHITELIST_DENIED',
      policyType: 'WHITELIST',
      policyId: id(2),
      policyVersion: 3,
      criteria: [
        {
          policy: { type: 'WHITELIST', id: id(2), version: 3 },
          rule: 'allowed_addresses',
          observed: TO,
          limit: 1,
          passed: false,
        },
      ],
    });
  });

  test('without entries is switched off, and says so', () => {
    const decision = decide({ allowed_addresses: [] });
    expect(verdict(decision)).toBe('INSTANT');
    expect(decision.criteria[0]).toMatchObject({ rule: 'allowed_addresses', limit: 0, passed: true });
  });

  test('takes letter case for what it is on Solana (04 §27 row 20)', () => {
    for (const to of [TO.toLowerCase(), TO.toUpperCase(), TO.replace('E', 'e')]) {
      expect(under({ allowed_addresses: [TO] }, { to })).toBe('DENY');
    }
  });

  test('ignores letter case on EVM chains', () => {
    const rules = { chain: 'ethereum', allowed_addresses: [EVM] };
    for (const to of [EVM, EVM.toLowerCase(), `0x${EVM.slice(2).toUpperCase()}`]) {
      expect(under(rules, ether(to))).toBe('APPROVAL');
      expect(under({ ...rules, allowed_addresses: [to] }, ether(EVM))).toBe('APPROVAL');
    }
    expect(under(rules, ether(EVM.replace('d', 'e')))).toBe('DENY');
    expect(under(rules, ether(` ${EVM}`))).toBe('DENY');
  });

  test('of one chain lists nobody on another', () => {
    expect(under({ allowed_addresses: [TO] }, ether(EVM))).toBe('DENY');
    expect(under({ allowed_addresses: [TO] }, ether(TO))).toBe('DENY');
    expect(under({ chain: 'ethereum', allowed_addresses: [EVM] })).toBe('DENY');
  });

  test('is not fooled by names that every object has', () => {
    for (const to of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(under({ allowed_addresses: [TO] }, { to })).toBe('DENY');
      expect(under({ chain: 'ethereum', allowed_addresses: [EVM] }, ether(to))).toBe('DENY');
    }
  });

  test('holds for every asset, before any limit is looked at', () => {
    const payment = { asset: assetId(`solana:${MINT}`), amount: 10n ** 30n };
    expect(under({ allowed_addresses: [ELSE] }, payment)).toBe('DENY');
    expect(under({ allowed_addresses: [TO] }, payment)).toBe('APPROVAL');
  });
});
