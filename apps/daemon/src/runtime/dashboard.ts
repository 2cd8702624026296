import {
  agentId,
  type Chain,
  type Clock,
  type DashboardResponse,
  formatUnits,
  isoFromSeconds,
  isoTime,
  type KillSwitchStatus,
  type Network,
  nativeAsset,
  nativeAssetId,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import {
  type AgentRow,
  countAllLiveSessions,
  countSpendsSince,
  countWaitingApprovals,
  listAgents,
  listAssetsPaid,
  listSentSince,
  type SentPayment,
  type Storage,
  spentSince,
} from '@waiaas/storage';
import type { AdapterRegistry } from './adapter-registry.ts';
import type { BalanceReader, KnownBalance } from './balance-reader.ts';

/** What the dashboard is made from. */
export interface DashboardParts {
  readonly clock: Clock;
  readonly storage: Pick<Storage, 'read'>;
  readonly sealer: RowSealer;
  readonly adapters: Pick<AdapterRegistry, 'find'>;
  readonly balances: BalanceReader;
  readonly systemState: () => KillSwitchStatus;
}

const DAY = 86_400;
/** Assets of one agent that payments are counted of. */
const MOST_ASSETS = 1000;

/** Agents of one network. */
interface Group {
  readonly chain: Chain;
  readonly network: Network;
  readonly agents: readonly AgentRow[];
}

/** By chain and network. */
function groupsOf(agents: readonly AgentRow[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const agent of agents) {
    const { chain, network } = agent;
    const key = `${chain}:${network}`;
    groups.set(key, { chain, network, agents: [...(groups.get(key)?.agents ?? []), agent] });
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** An amount that may be unknown, as it is shown. */
const shown = (amount: bigint | null, { decimals, symbol }: { decimals: number; symbol: string }) =>
  amount === null ? null : formatUnits(amount, decimals, symbol);

/** How things stand, in one look (06 E28). No chain can keep it waiting for long, and none makes it fail. */
export function createDashboard(parts: DashboardParts): () => Promise<DashboardResponse> {
  const { clock, storage, sealer, adapters, balances, systemState } = parts;

  const walletOf = ({ id, chain, network, public_key }: AgentRow) => ({
    id,
    async read() {
      const adapter = adapters.find(chain, network);
      if (adapter?.isConnected() !== true)
        throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
      return (await adapter.getBalance(public_key)).balance;
    },
  });

  function balanceOf(
    { chain, network, agents }: Group,
    known: ReadonlyMap<string, KnownBalance>,
  ): DashboardResponse['balances'][number] {
    const asset = nativeAsset(chain);
    let balance: bigint | null = 0n;
    let oldest = Number.POSITIVE_INFINITY;
    let stale = false;
    for (const { id } of agents) {
      const one = known.get(id);
      balance = balance === null || one === undefined || one.balance === null ? null : balance + one.balance;
      oldest = Math.min(oldest, one?.at ?? oldest);
      stale ||= one?.stale !== false;
    }
    return {
      ...{ chain, network, symbol: asset.symbol, decimals: asset.decimals },
      balance: balance?.toString() ?? null,
      formatted: shown(balance, asset),
      agents: agents.length,
      asOf: balance === null || !Number.isFinite(oldest) ? null : isoTime(oldest),
      stale,
    };
  }

  async function volumeOf(
    { chain, network, agents }: Group,
    sent: readonly SentPayment[],
    since: number,
  ): Promise<DashboardResponse['todayTxVolumes'][number]> {
    const asset = nativeAsset(chain);
    const name = nativeAssetId(chain);
    let amount: bigint | null = 0n;
    for (const { id } of agents) {
      // After a moment, exclusive: what has settled at midnight is of today.
      const settled = await spentSince(storage.read, sealer, agentId(id), name, since - 1);
      amount = amount === null || settled === null ? null : amount + settled;
    }
    const own = new Set(agents.map(({ id }) => id));
    for (const payment of sent) {
      if (amount !== null && payment.asset === name && own.has(payment.agent_id)) amount += BigInt(payment.amount);
    }
    return {
      ...{ chain, network, symbol: asset.symbol, decimals: asset.decimals },
      amount: amount?.toString() ?? null,
      formatted: shown(amount, asset),
    };
  }

  async function countSettled(agents: readonly AgentRow[], since: number): Promise<number> {
    let count = 0;
    for (const { id } of agents) {
      for (const asset of await listAssetsPaid(storage.read, agentId(id), MOST_ASSETS))
        count += await countSpendsSince(storage.read, agentId(id), asset, since);
    }
    return count;
  }

  return async () => {
    const agents = await listAgents(storage.read);
    const alive = agents.filter(({ status }) => status !== 'TERMINATED');
    const known = await balances.read(alive.map(walletOf));
    const now = unixSeconds(clock);
    const since = now - (now % DAY);
    const sent = await listSentSince(storage.read, since);
    const volumes: DashboardResponse['todayTxVolumes'] = [];
    for (const group of groupsOf(agents)) volumes.push(await volumeOf(group, sent, since));
    return {
      balances: groupsOf(alive).map((group) => balanceOf(group, known)),
      today: isoFromSeconds(since),
      todayTxCount: (await countSettled(agents, since)) + sent.length,
      todayTxVolumes: volumes,
      activeSessions: await countAllLiveSessions(storage.read, now),
      pendingApprovals: await countWaitingApprovals(storage.read),
      systemState: systemState(),
      agentStatuses: agents.map(({ id, name, status, suspension_reason, chain, network }) => ({
        id,
        name,
        status,
        ...(suspension_reason === null ? {} : { suspensionReason: suspension_reason }),
        chain,
        network,
      })),
    };
  };
}
