import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AuditQuery, OwnerTransactionQuery } from '@waiaas/sdk';
import { useOperator } from '../session/session.tsx';

/*
 * What the daemon knows, as the page asks for it. The first word of a key is what changes are told by; see watch-daemon.
 */

/** Payments that wait, all of them: an owner must be able to reach every one. */
export function useApprovals() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['approvals'],
    queryFn: async ({ signal }) => {
      const all = [];
      for (let cursor: string | undefined; ; ) {
        const page = await operator.listPendingApprovals({ limit: 100, order: 'asc', cursor }, { signal });
        all.push(...page.transactions);
        if (page.nextCursor === null) return all;
        cursor = page.nextCursor;
      }
    },
  });
}

/** Payments, page after page. */
export function useTransactions(query: Omit<OwnerTransactionQuery, 'cursor'>) {
  const operator = useOperator();
  return useInfiniteQuery({
    queryKey: ['transactions', 'list', query],
    queryFn: ({ pageParam, signal }) => operator.listTransactions({ ...query, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function useTransaction(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['transactions', 'one', id],
    queryFn: ({ signal }) => operator.getTransaction(id, { signal }),
  });
}

export function useDecision(id: string, enabled = true) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['transactions', 'decision', id],
    queryFn: ({ signal }) => operator.getDecision(id, { signal }),
    enabled,
  });
}

export function useAgents() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'list'],
    queryFn: async ({ signal }) => (await operator.listAgents({ signal })).agents,
  });
}

export function useAgentAssets(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'assets', id],
    queryFn: ({ signal }) => operator.getAgentAssets(id, { signal }),
  });
}

export function useAgentBudget(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'budget', id],
    queryFn: ({ signal }) => operator.getAgentBudget(id, { signal }),
  });
}

export function useRecalls(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'recalls', id],
    queryFn: async ({ signal }) => (await operator.listRecalls(id, { signal })).recalls,
  });
}

export function useSessions(query: { readonly agentId?: string; readonly active?: boolean }) {
  const operator = useOperator();
  return useInfiniteQuery({
    queryKey: ['sessions', query],
    queryFn: ({ pageParam, signal }) => operator.listSessions({ ...query, cursor: pageParam, limit: 50 }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function usePolicies() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['policies'],
    queryFn: async ({ signal }) => (await operator.listPolicies({ signal })).policies,
  });
}

export function useAutoStopRules() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['autoStop'],
    queryFn: ({ signal }) => operator.listAutoStopRules({ signal }),
  });
}

export function useOwnerStatus() {
  const operator = useOperator();
  return useQuery({ queryKey: ['owner'], queryFn: ({ signal }) => operator.getStatus({ signal }) });
}

export function useChannels() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['notifications', 'channels'],
    queryFn: ({ signal }) => operator.listNotificationChannels({ signal }),
  });
}

export function useNotificationLog() {
  const operator = useOperator();
  return useInfiniteQuery({
    queryKey: ['notifications', 'log'],
    queryFn: ({ pageParam, signal }) => operator.listNotificationLog({ limit: 30, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

export function useAuditLog(query: Omit<AuditQuery, 'cursor'>) {
  const operator = useOperator();
  return useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam, signal }) => operator.listAuditLog({ ...query, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function useDaemonStatus() {
  const operator = useOperator();
  return useQuery({ queryKey: ['status'], queryFn: ({ signal }) => operator.getDaemonStatus({ signal }) });
}
