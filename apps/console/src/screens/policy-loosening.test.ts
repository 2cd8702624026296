import { describe, expect, test } from 'vitest';
import { allowsEverybody, draftOf, type Policy } from './policy-form.ts';
import { looseningOf, successorOf } from './policy-loosening.ts';

const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const AGENT = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01';
const AT = '2026-11-22T12:00:00.000Z';

const policy = (
  number: number,
  type: Policy['type'],
  rules: Policy['rules'],
  fields: Partial<Policy> = {},
): Policy => ({
  id: `0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f${number}`,
  version: 3,
  agentId: null,
  type,
  rules,
  priority: 7,
  enabled: true,
  createdAt: AT,
  updatedAt: AT,
  authentic: true,
  ...fields,
});
const list = (number: number, addresses: readonly string[], fields: Partial<Policy> = {}): Policy =>
  policy(number, 'WHITELIST', { chain: 'solana', allowed_addresses: [...addresses] }, fields);
const limit = (number: number, fields: Partial<Policy> = {}): Policy =>
  policy(number, 'SPENDING_LIMIT', { chain: 'solana', instant_max: '1', notify_max: '1', delay_max: '1' }, fields);

describe('what a change takes off agents is known before it is signed', () => {
  test.each(['', ' ', '\n\t\n'])('a list of %j lets everybody be paid, of one agent or of all', (addresses) => {
    for (const agentId of [null, AGENT]) {
      const full = list(10, [USDC], { agentId });
      const open = list(10, [], { agentId });
      const empty = { ...draftOf(full), addresses };
      expect(allowsEverybody(empty)).toBe(true);
      expect(looseningOf(null, empty, [])).toBe('everybody');
      expect(looseningOf(full, empty, [full])).toBe('everybody');
      expect(looseningOf(list(10, [], { agentId, enabled: false }), empty, [])).toBe('everybody');
      // It is so already, or is not in force.
      expect(looseningOf(open, { ...empty, priority: '3' }, [open])).toBeNull();
      expect(looseningOf(null, { ...empty, enabled: false }, [])).toBeNull();
    }
  });

  test.each([null, AGENT])('so does the end of the only list of %s: deleted, off, or below an empty one', (agentId) => {
    const only = list(10, [USDC], { agentId });
    const off = { ...draftOf(only), enabled: false };
    const empty = list(11, [], { agentId, priority: 5 });
    const other = list(12, [USDC], { agentId, priority: 1 });
    for (const all of [[only], [only, empty], [only, list(11, [USDC], { agentId, enabled: false })]]) {
      expect(looseningOf(only, null, all)).toBe('lastList');
      expect(looseningOf(only, off, all)).toBe('lastList');
    }
    expect(looseningOf(only, { ...draftOf(only), priority: '4' }, [only, empty])).toBe('lastList');
    // Between equals the older one counts.
    expect(looseningOf(only, { ...draftOf(only), priority: '5' }, [only, empty])).toBeNull();
    expect(looseningOf(only, null, [only, other])).toBeNull();
    expect(looseningOf(empty, null, [only, empty])).toBeNull();
    expect(looseningOf(other, null, [only, other])).toBeNull();
  });

  test('the list of one agent and that for all stand in for each other in one direction only', () => {
    const own = list(10, [USDC], { agentId: AGENT });
    const all = list(11, [USDC]);
    expect(looseningOf(own, null, [own, all])).toBeNull();
    expect(looseningOf(all, null, [own, all])).toBe('lastList');
  });

  test('switching off or deleting the last spending limit for all agents, and no other', () => {
    const one = limit(10);
    const off = { ...draftOf(one), enabled: false };
    expect(looseningOf(one, off, [one])).toBe('lastLimit');
    expect(looseningOf(one, null, [one])).toBe('lastLimit');
    expect(looseningOf(one, off, [one, limit(11, { enabled: false })])).toBe('lastLimit');
    expect(looseningOf(one, off, [one, limit(11, { agentId: AGENT })])).toBe('lastLimit');
    expect(looseningOf(one, off, [one, limit(11)])).toBeNull();
    expect(looseningOf(one, { ...draftOf(one), instant: '9' }, [one])).toBeNull();
  });

  test('what follows a policy of one agent is that for all, and of several the one that comes first', () => {
    const own = limit(10, { agentId: AGENT });
    const [first, second] = [limit(11, { priority: 9 }), limit(12, { priority: 8 })];
    for (const gone of [null, { enabled: false, priority: '9' }]) {
      expect(successorOf(own, gone, [second, own, first])).toBe(first);
      expect(successorOf(first, gone, [second, own, first])).toBe(second);
      expect(successorOf(second, gone, [second, own, first])).toBe('same');
      expect(successorOf(own, gone, [own, list(13, [USDC])])).toBeNull();
    }
  });

  test('a policy that is put behind another one leaves its place to that, and takes it where it is put before', () => {
    const [first, second] = [limit(11, { priority: 9 }), limit(12, { priority: 8 })];
    const all = [second, first];
    const at = (one: Policy, priority: string) => successorOf(one, { enabled: true, priority }, all);
    expect(at(first, '7')).toBe(second);
    expect(at(second, '10')).toMatchObject({ id: second.id });
    // Between equals the older one counts.
    expect([at(first, '8'), at(second, '9'), at(first, '10')]).toEqual(['same', 'same', 'same']);
  });
});
