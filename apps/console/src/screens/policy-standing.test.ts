import { policyInForce } from '@waiaas/core';
import { createElement } from 'react';
import { describe, expect, test } from 'vitest';
import { drawn } from '../../test/drawn.ts';
import { en } from '../i18n/en.ts';
import { PoliciesScreen } from './policies.tsx';
import { draftOf, EMPTY_DRAFT, POLICY_TYPES, type Policy, type PolicyDraft } from './policy-form.ts';
import { priorityBeforeAll, standingOf } from './policy-standing.ts';

const [AGENT, OTHER] = ['0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01', '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f02'];
const AT = '2026-11-22T12:00:00.000Z';
const RULES: Readonly<Record<Policy['type'], Policy['rules']>> = {
  SPENDING_LIMIT: { chain: 'solana', instant_max: '1', notify_max: '1', delay_max: '1' },
  WHITELIST: { chain: 'solana', allowed_addresses: [] },
  TIME_RESTRICTION: { allowed_hours: { start: 9, end: 18 } },
  RATE_LIMIT: { max_tx_per_hour: 1, max_tx_per_day: 1 },
};

const policy = (number: number, type: Policy['type'], fields: Partial<Policy> = {}): Policy => ({
  id: `0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f${number}`,
  version: 1,
  agentId: null,
  type,
  rules: RULES[type],
  priority: 0,
  enabled: true,
  createdAt: AT,
  updatedAt: AT,
  authentic: true,
  ...fields,
});

describe.each(POLICY_TYPES)('a new policy of the type %s', (type) => {
  const draft: PolicyDraft = { ...EMPTY_DRAFT, type };
  const [first, off] = [policy(10, type), policy(11, type, { enabled: false, priority: 9 })];

  test('does not count beside an older one of its priority, and takes the place of that with a higher one', () => {
    expect(standingOf(null, draft, [off, first])).toMatchObject({ behind: first, displaced: null });
    expect(standingOf(null, { ...draft, priority: '-1' }, [first])).toMatchObject({ behind: first });
    expect(standingOf(null, { ...draft, priority: '1' }, [first])).toMatchObject({ behind: null, displaced: first });
  });

  test('counts where nothing else does: beside what is off, of another type, or another agent’s', () => {
    const another = policy(12, type === 'WHITELIST' ? 'RATE_LIMIT' : 'WHITELIST', { priority: 9 });
    const theirs = policy(13, type, { agentId: OTHER, priority: 9 });
    const own = standingOf(null, { ...draft, agentId: AGENT }, [off, another, theirs]);
    expect(own).toEqual({ behind: null, displaced: null, notFor: [], isOfOneAgent: true });
    expect(standingOf(null, { ...draft, enabled: false }, [first])).toMatchObject({ behind: null, displaced: null });
  });

  test('takes the place of the one for all agents where it is for one, whatever the priority', () => {
    const above = policy(10, type, { priority: 100 });
    const own = standingOf(null, { ...draft, agentId: AGENT, priority: '-5' }, [above]);
    expect(own).toMatchObject({ behind: null, displaced: above });
  });

  test('counts for no agent with one of its own where it is for all, and says which ones those are', () => {
    const theirs = [
      policy(12, type, { agentId: OTHER }),
      policy(13, type, { agentId: OTHER, priority: 2 }),
      policy(14, type, { agentId: AGENT, enabled: false }),
    ];
    expect(standingOf(null, { ...draft, priority: '200' }, [first, ...theirs])).toMatchObject({
      behind: null,
      displaced: first,
      notFor: [OTHER],
    });
  });

  test('comes first with the priority that is proposed for its scope, also once one that is off is switched on', () => {
    const all = [first, off, policy(12, type, { agentId: AGENT, priority: 3 }), policy(13, type, { agentId: OTHER })];
    const proposed = ['', AGENT, OTHER].map((agentId) => priorityBeforeAll({ type, agentId }, all));
    expect(proposed).toEqual(['10', '4', '1']);
    for (const [at, agentId] of ['', AGENT, OTHER].entries()) {
      const on = all.map((one) => ({ ...one, enabled: true }));
      expect(standingOf(null, { ...draft, agentId, priority: proposed[at] ?? '' }, on).behind).toBeNull();
    }
    expect(priorityBeforeAll({ type, agentId: '' }, [])).toBe('0');
    expect(priorityBeforeAll({ type, agentId: '' }, [policy(10, type, { priority: -5 })])).toBe('-4');
    // No more than the daemon takes: it does not count then, which is said.
    const highest = policy(10, type, { priority: 1_000_000 });
    expect(priorityBeforeAll({ type, agentId: '' }, [highest])).toBe('1000000');
    expect(standingOf(null, { ...draft, priority: '1000000' }, [highest]).behind).toBe(highest);
  });
});

test.each(POLICY_TYPES)('on the list a %s that is on and does not count is not called enabled', (type) => {
  const policies = [policy(10, type), policy(11, type), policy(12, type, { agentId: AGENT })];
  const page = drawn(createElement(PoliciesScreen), { policies, notAuthentic: [] }, []);
  expect(page.split(`>${en['policies.counts.not']}<`)).toHaveLength(2);
  expect(page).toContain('…8d9e0f10, priority 0, comes first.');
  expect(page.split(`>${en['common.enabled']}<`)).toHaveLength(3);
  expect(page).toContain(`Not for agents with one of their own: ${AGENT}.`);
});

test('a change of a policy that does not count is told as such, and one that makes it count names what it displaces', () => {
  const [first, second] = [policy(10, 'SPENDING_LIMIT'), policy(11, 'SPENDING_LIMIT')];
  const draft = draftOf(second);
  expect(standingOf(second, draft, [first, second])).toMatchObject({ behind: first });
  const ahead = standingOf(second, { ...draft, priority: '1' }, [first, second]);
  expect(ahead).toMatchObject({ behind: null, displaced: first });
  expect(standingOf(first, draftOf(first), [first, second])).toMatchObject({
    behind: null,
    displaced: null,
  });
  expect(standingOf(first, { ...draftOf(first), priority: '-1' }, [first, second])).toMatchObject({ behind: second });
  // Nothing is said of a priority that is none.
  expect(standingOf(second, { ...draft, priority: 'high' }, [first, second]).behind).toBeNull();
});

test('what is said of a new policy is what the engine does once it is stored', () => {
  const scopes = [null, AGENT, OTHER];
  const all = scopes.flatMap((agentId, at) => [
    policy(10 + at, 'RATE_LIMIT', { agentId, priority: at }),
    policy(20 + at, 'RATE_LIMIT', { agentId, priority: 2 - at, enabled: at !== 1 }),
    policy(30 + at, 'WHITELIST', { agentId, priority: at }),
  ]);
  // Of every choice of the policies that there may be.
  for (let chosen = 0; chosen < 2 ** all.length; chosen += 1) {
    const there = all.filter((_, at) => (chosen >> at) % 2 === 1);
    for (const agentId of [null, AGENT]) {
      for (const priority of [0, 1, 3]) {
        const stored = policy(99, 'RATE_LIMIT', { agentId, priority });
        const after = [...there, stored];
        const { behind, displaced, notFor } = standingOf(null, draftOf(stored), there);
        const [before, now] = [there, after].map((policies) => policyInForce(policies, agentId, 'RATE_LIMIT'));
        expect(behind).toBe(now === stored ? null : now);
        expect(displaced).toBe(now === stored ? (before ?? null) : null);
        for (const other of agentId === null && now === stored ? [AGENT, OTHER] : []) {
          expect(notFor.includes(other)).toBe(policyInForce(after, other, 'RATE_LIMIT') !== stored);
        }
      }
    }
  }
});
