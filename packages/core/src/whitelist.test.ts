import { describe, expect, test } from 'vitest';
import { WHITELIST_MAX, whitelistRulesSchema } from './index.ts';

const A = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const EVM = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const taken = (rules: unknown): boolean => whitelistRulesSchema.safeParse(rules).success;

describe('rules of a whitelist', () => {
  test('name a list, of solana unless told otherwise', () => {
    expect(whitelistRulesSchema.parse({ allowed_addresses: [A] })).toEqual({ chain: 'solana', allowed_addresses: [A] });
    expect(taken({ allowed_addresses: [] })).toBe(true);
    expect(taken({ chain: 'ethereum', allowed_addresses: [EVM] })).toBe(true);
  });

  test('keep an EVM address in the form it was given', () => {
    expect(whitelistRulesSchema.parse({ chain: 'ethereum', allowed_addresses: [EVM] }).allowed_addresses).toEqual([
      EVM,
    ]);
  });

  test.each<[string, unknown]>([
    ['no list', {}],
    ['a misspelt list', { addresses: [] }],
    ['a misspelt list beside the right one', { allowed_addresses: [], addresses: [A] }],
    ['a list that is none', { allowed_addresses: A }],
    ['a list in an object', { allowed_addresses: { 0: A, length: 1 } }],
    ['null', { allowed_addresses: null }],
    ['an address that is no text', { allowed_addresses: [5] }],
    ['an empty address', { allowed_addresses: [''] }],
    ['an address of another chain', { allowed_addresses: [EVM] }],
    ['a Solana address for ethereum', { chain: 'ethereum', allowed_addresses: [A] }],
    ['an unknown chain', { chain: 'bitcoin', allowed_addresses: [] }],
    ['a name instead of an address', { allowed_addresses: ['alice.sol'] }],
    ['a wildcard', { allowed_addresses: ['*'] }],
    ['too many', { allowed_addresses: Array.from({ length: WHITELIST_MAX + 1 }, () => A) }],
    ['a list', [A]],
    ['null rules', null],
  ])('%s: refused', (_name, rules) => expect(taken(rules)).toBe(false));
});
