import { describe, expect, test } from 'vitest';
import { agentCreateSchema } from './agent.ts';

const taken = (change: object): boolean =>
  agentCreateSchema.safeParse({ name: 'trader', chain: 'solana', network: 'localnet', ...change }).success;

describe('a new agent', () => {
  test.each(['trader', 'Trader 2', 'a', '7', '거래 봇', 'été.v1_x-2', 'a'.repeat(64)])('may be called %j', (name) => {
    expect(taken({ name })).toBe(true);
  });

  test.each([
    '',
    ' ',
    ' trader',
    '-trader',
    '.hidden',
    '../etc/passwd',
    'a/b',
    'a\\b',
    'a\nb',
    'a\u0000b',
    '<img src=x onerror=alert(1)>',
    '{amount}',
    'a\u202eb',
    'a\u200bb',
    '\ud800',
    '😀',
    'a'.repeat(65),
    7,
    null,
  ])('may not be called %j', (name) => expect(taken({ name })).toBe(false));

  test('is on a known chain and network, and has no unknown fields', () => {
    expect(taken({ chain: 'bitcoin' })).toBe(false);
    expect(taken({ network: 'moonnet' })).toBe(false);
    expect(taken({ privateKey: 'x' })).toBe(false);
  });
});
