import { describe, expect, test } from 'vitest';
import { policyInForce, type RankedPolicy } from './index.ts';

const AGENT = 'the agent';
const limit = (id: string, change: Partial<RankedPolicy> = {}): RankedPolicy => ({
  id,
  agentId: null,
  type: 'SPENDING_LIMIT',
  priority: 0,
  enabled: true,
  ...change,
});

describe('the policy that counts (04 §10)', () => {
  test.each<[string, readonly RankedPolicy[], ofAgent: string | undefined, ofAll: string | undefined]>([
    ['none where there is none', [], undefined, undefined],
    ['the older one among equals', [limit('b'), limit('a'), limit('c')], 'a', 'a'],
    ['the highest priority', [limit('a', { priority: -10 }), limit('b', { priority: -9 })], 'b', 'b'],
    [
      'its own, whatever the priority',
      [limit('a', { priority: 9 }), limit('b', { agentId: AGENT, priority: -5 })],
      'b',
      'a',
    ],
    ['that of all where its own is off', [limit('a'), limit('b', { agentId: AGENT, enabled: false })], 'a', 'a'],
    ['never that of another agent', [limit('a', { agentId: 'another', priority: 9 })], undefined, undefined],
    ['never one of another type', [limit('a', { type: 'WHITELIST' }), limit('b')], 'b', 'b'],
    ['nothing that is off', [limit('a', { enabled: false, priority: 9 }), limit('b')], 'b', 'b'],
  ])('is %s', (_name, policies, ofAgent, ofAll) => {
    for (const listed of [policies, policies.toReversed()]) {
      expect(policyInForce(listed, AGENT, 'SPENDING_LIMIT')?.id).toBe(ofAgent);
      expect(policyInForce(listed, null, 'SPENDING_LIMIT')?.id).toBe(ofAll);
    }
  });
});
