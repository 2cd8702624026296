import type { AgentSummary } from '@waiaas/sdk';
import { createElement } from 'react';
import { describe, expect, test } from 'vitest';
import { drawn } from '../../test/drawn.ts';
import { en } from '../i18n/en.ts';
import { AgentPolicies } from './agent-policies.tsx';
import { PoliciesScreen } from './policies.tsx';
import type { Policy } from './policy-form.ts';

const AT = '2026-11-22T12:00:00.000Z';
const agent: AgentSummary = {
  id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01',
  name: 'shopper',
  status: 'ACTIVE',
  chain: 'solana',
  network: 'devnet',
  publicKey: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  createdAt: AT,
  sessionCount: 0,
  totalTxCount: 0,
};
const limit = (fields: Partial<Policy>): Policy => ({
  id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10',
  version: 3,
  agentId: null,
  type: 'RATE_LIMIT',
  rules: { max_tx_per_hour: 4711, max_tx_per_day: 0 },
  priority: 0,
  enabled: true,
  createdAt: AT,
  updatedAt: AT,
  authentic: true,
  ...fields,
});

describe('a policy that somebody else has changed in the database', () => {
  const altered = limit({ agentId: agent.id, authentic: false });
  const list = { policies: [limit({ id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11' }), altered], notAuthentic: [agent.id] };

  test('is shown as that among the policies, with whose it is, and never as enabled', () => {
    const page = drawn(createElement(PoliciesScreen), list, [agent]);
    expect(page).toContain('those of: shopper.');
    expect(page.split(en['policies.altered.badge'])).toHaveLength(2);
    // The other one is as the daemon stored it.
    expect(page.split(`>${en['common.enabled']}<`)).toHaveLength(2);
  });

  test('is not in force, and neither is any other for that agent', () => {
    const page = drawn(createElement(AgentPolicies, { agent }), list, [agent]);
    expect(page).toContain(en['agents.inForce.altered']);
    expect(page).not.toContain('4711');
    expect(drawn(createElement(AgentPolicies, { agent }), { ...list, notAuthentic: [] }, [agent])).toContain('4711');
  });

  test('is told of where it was taken away: no policy is not the same', () => {
    const none = { policies: [], notAuthentic: [null] };
    expect(drawn(createElement(PoliciesScreen), none, [agent])).toContain(`those of: ${en['common.allAgents']}.`);
    expect(drawn(createElement(AgentPolicies, { agent }), none, [agent])).not.toContain(
      en['agents.inForce.none.WHITELIST'],
    );
  });
});
