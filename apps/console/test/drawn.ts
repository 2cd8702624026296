import { QueryClientProvider } from '@tanstack/react-query';
import { type AgentSummary, type PolicyListResponse, WAIaaSOperatorClient } from '@waiaas/sdk';
import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { Router } from 'wouter';
import { Speaking } from '../src/i18n/language.tsx';
import { createQueryClient } from '../src/session/query-client.ts';
import { SessionContext } from '../src/session/session.tsx';

/** A part of the page, as it is once the daemon has told its policies and its agents. */
export function drawn(part: ReactNode, policies: PolicyListResponse, agents: readonly AgentSummary[]): string {
  const client = createQueryClient();
  client.setQueryData(['policies'], policies);
  client.setQueryData(['agents', 'list'], agents);
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
