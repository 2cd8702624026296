import { keepPreviousData, useQueries, useQueryClient } from '@tanstack/react-query';
import type { AuditQuery, BalancePeriod, OwnerTransactionQuery, PolicyListResponse } from '@waiaas/sdk';
import { nativeUnit, type Unit } from '../format/amount.ts';
import { daemonClock } from '../session/daemon-clock.ts';
import { useOperator } from '../session/session.tsx';
import { useInfiniteQuery, useQuery } from './asking.ts';
import { engagementOf } from './engagement.ts';

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

/** What an agent holds, with when that was read. */
export function useAgentAssets(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'assets', id],
    queryFn: async ({ signal }) => {
      const held = await operator.getAgentAssets(id, { signal });
      return { ...held, readAt: new Date(daemonClock.now()).toISOString() };
    },
  });
}

/** @param tokenMint absent: of the native asset */
export function useAgentBudget(id: string, tokenMint?: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'budget', id, tokenMint ?? null],
    queryFn: ({ signal }) => operator.getAgentBudget(id, { tokenMint, signal }),
  });
}

const NATIVE = /^([^:]+):native$/;

/** The chain of an asset, and its mint or contract; null for a native asset. */
export function partsOfAsset(asset: string): { readonly chain: string; readonly token: string | null } {
  const [, native] = NATIVE.exec(asset) ?? [];
  if (native !== undefined) return { chain: native, token: null };
  const at = asset.indexOf(':');
  return { chain: asset.slice(0, Math.max(0, at)), token: asset.slice(at + 1) };
}

/**
 * What one whole unit of each asset is, as the chains of the agents say. An asset that no chain knows, or that two networks do
 * not agree on, is in no whole units: it is told in base units, never in a guess.
 * @returns null while it is not known yet
 */
export function useAssetUnits(assets: readonly string[]): ReadonlyMap<string, Unit> | null {
  const operator = useOperator();
  const agents = useAgents();
  const asked = assets.flatMap((asset) => {
    const { chain, token } = partsOfAsset(asset);
    if (token === null) return [];
    const able = (agents.data ?? []).filter((agent) => agent.chain === chain && agent.status !== 'TERMINATED');
    const oneOfEach = able.filter(({ network }, at) => able.findIndex((other) => other.network === network) === at);
    return oneOfEach.map(({ id }) => ({ asset, id, token }));
  });
  const answers = useQueries({
    queries: asked.map(({ id, token }) => ({
      queryKey: ['units', id, token],
      queryFn: async ({ signal }: { readonly signal: AbortSignal }): Promise<Unit> => {
        const { decimals, symbol } = (await operator.getAgentBudget(id, { tokenMint: token, signal })).policy;
        return { decimals, symbol };
      },
      // It never changes.
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  if (agents.isPending || answers.some(({ isPending }) => isPending)) return null;
  const known = new Map<string, Unit>();
  for (const asset of assets) {
    const { chain, token } = partsOfAsset(asset);
    if (token === null) known.set(asset, nativeUnit(chain));
    const told = answers.flatMap(({ data }, at) => (asked[at]?.asset === asset && data !== undefined ? [data] : []));
    const [first] = told;
    if (first !== undefined && told.every(({ decimals }) => decimals === first.decimals)) known.set(asset, first);
  }
  return known;
}

export function useBalanceHistory(id: string, period: BalancePeriod) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['balanceHistory', id, period],
    queryFn: ({ signal }) => operator.getBalanceHistory(id, { period, signal }),
    placeholderData: keepPreviousData,
  });
}

export function useRecoveryAddress(id: string) {
  const operator = useOperator();
  return useQuery({
    queryKey: ['agents', 'recoveryAddress', id],
    queryFn: ({ signal }) => operator.getRecoveryAddress(id, { signal }),
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

const policyList = (operator: ReturnType<typeof useOperator>) => ({
  queryKey: ['policies'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => operator.listPolicies({ signal }),
});
const policiesOf = ({ policies }: PolicyListResponse): PolicyListResponse['policies'] => policies;

/** The policies, with whose somebody else has changed in the database. */
export function usePolicyList() {
  return useQuery(policyList(useOperator()));
}

export function usePolicies() {
  return useQuery({ ...policyList(useOperator()), select: policiesOf });
}

/** Asks for the policies as they are now, whatever is known of them; the lists that show them show it too. */
export function usePresentPolicies(): () => Promise<PolicyListResponse['policies']> {
  const operator = useOperator();
  const queries = useQueryClient();
  return async () => policiesOf(await queries.fetchQuery({ ...policyList(operator), staleTime: 0 }));
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

/** The last time the kill switch was engaged; null: never. */
export function useLastEngagement() {
  const operator = useOperator();
  return useQuery({
    queryKey: ['audit', 'lastEngagement'],
    queryFn: async ({ signal }) => {
      const [row] = (await operator.listAuditLog({ event: 'KILL_SWITCH_ACTIVATED', limit: 1 }, { signal })).entries;
      return row === undefined ? null : engagementOf(row);
    },
  });
}

export function useDaemonStatus() {
  const operator = useOperator();
  return useQuery({ queryKey: ['status'], queryFn: ({ signal }) => operator.getDaemonStatus({ signal }) });
}

export function useDashboard() {
  const operator = useOperator();
  return useQuery({ queryKey: ['dashboard'], queryFn: ({ signal }) => operator.getDashboard({ signal }) });
}

export function useSettings() {
  const operator = useOperator();
  return useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => operator.getSettings({ signal }) });
}
