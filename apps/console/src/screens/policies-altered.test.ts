import { QueryClientProvider } from '@tanstack/react-query';
import { type AgentSummary, type PolicyListResponse, WAIaaSOperatorClient } from '@waiaas/sdk';
import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { Router } from 'wouter';
import { en } from '../i18n/en.ts';
import { Speaking } from '../i18n/language.tsx';
import { createQueryClient } from '../session/query-client.ts';
import { SessionContext } from '../session/session.tsx';
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

/** A part of the page, as it is once the daemon has answered. */
function drawn(part: ReactNode, policies: PolicyListResponse): string {
  const client = createQueryClient();
  client.setQueryData(['policies'], policies);
  client.setQueryData(['agents', 'list'], [agent]);
  const nothing = () => undefined;
  const session = {
    presence: { state: 'signedIn', operator: new WAIaaSOperatorClient({ baseUrl: 'http://127.0.0.1:3100' }) },
    hearing: 'live',
    fetch: globalThis.fetch,
    signIn: async () => undefined,
    signOut: nothing,
    lock: nothing,
  } as const;
  const routed = createElement(Router, { ssrPath: '/', children: part });
  const page = createElement(QueryClientProvider, { client }, createElement(Speaking, null, routed));
  return renderToString(createElement(SessionContext, { value: session }, page));
}

describe('a policy that somebody else has changed in the database', () => {
  const altered = limit({ agentId: agent.id, authentic: false });
  const list = { policies: [limit({ id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11' }), altered], notAuthentic: [agent.id] };

  test('is shown as that among the policies, with whose it is, and never as enabled', () => {
    const page = drawn(createElement(PoliciesScreen), list);
    expect(page).toContain('those of: shopper.');
    expect(page.split(en['policies.altered.badge'])).toHaveLength(2);
    // The other one is as the daemon stored it.
    expect(page.split(`>${en['common.enabled']}<`)).toHaveLength(2);
  });

  test('is not in force, and neither is any other for that agent', () => {
    const page = drawn(createElement(AgentPolicies, { agent }), list);
    expect(page).toContain(en['agents.inForce.altered']);
    expect(page).not.toContain('4711');
    expect(drawn(createElement(AgentPolicies, { agent }), { ...list, notAuthentic: [] })).toContain('4711');
  });

  test('is told of where it was taken away: no policy is not the same', () => {
    const none = { policies: [], notAuthentic: [null] };
    expect(drawn(createElement(PoliciesScreen), none)).toContain(`those of: ${en['common.allAgents']}.`);
    expect(drawn(createElement(AgentPolicies, { agent }), none)).not.toContain(en['agents.inForce.none.WHITELIST']);
  });
});
