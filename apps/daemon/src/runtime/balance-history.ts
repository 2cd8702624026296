import {
  type AgentId,
  type AssetsResponse,
  agentId,
  assetId,
  type BalanceHistoryQuery,
  type BalanceHistoryResponse,
  type BalancePeriod,
  type Clock,
  isoFromSeconds,
  type Logger,
  nativeAssetId,
  tokenOfAsset,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import {
  type AgentRow,
  type BalanceSample,
  findAgent,
  keepBalanceSamples,
  listAgents,
  listAssetsPaid,
  listBalanceSamples,
  type ReadBalance,
  type Storage,
  thinBalanceSamples,
} from '@waiaas/storage';

/** What the history is made from. */
export interface BalanceHistoryParts {
  readonly clock: Clock;
  readonly storage: Pick<Storage, 'read' | 'write'>;
  /** What a wallet holds now, read from the chain; rejects when it does not answer. */
  readonly assets: (id: AgentId) => Promise<AssetsResponse>;
  readonly logger: Logger;
  /** Aborted when shutdown begins: then no further wallet is read, however many are due. */
  readonly shutdown: AbortSignal;
}

/** What wallets held over time, for people to look at. Nothing is decided by it. */
export interface BalanceHistory {
  /** Reads the wallets that are due and keeps what they hold. One that cannot be read now is read another time. */
  sample(): Promise<void>;
  /** What an agent held. @throws WaiaasError AGENT_NOT_FOUND */
  read(id: AgentId, query: BalanceHistoryQuery): Promise<BalanceHistoryResponse>;
}

const DAY = 86_400;
/** A wallet is read no more often than this, seconds. */
const EVERY = 900;
/** Wallets read at a time: payments ask the same nodes. */
const PLACES = 2;
/** Tokens kept of one agent. */
const MOST_TOKENS = 20;

const PERIODS: Readonly<Record<BalancePeriod, { readonly days: number; readonly each: 'hour' | 'day' }>> = {
  day: { days: 1, each: 'hour' },
  week: { days: 7, each: 'hour' },
  month: { days: 30, each: 'day' },
  year: { days: 365, each: 'day' },
};

/** Makes the history. */
export function createBalanceHistory(parts: BalanceHistoryParts): BalanceHistory {
  const { clock, storage, assets, logger, shutdown } = parts;
  /** When each wallet was asked last, and when its rows were thinned last, Unix seconds. */
  const asked = new Map<string, number>();
  const thinned = new Map<string, number>();

  const isDue = (times: ReadonlyMap<string, number>, { id }: AgentRow, every: number): boolean =>
    Math.abs(unixSeconds(clock) - (times.get(id) ?? 0)) >= every;

  async function readOne({ id, chain }: AgentRow): Promise<readonly ReadBalance[]> {
    asked.set(id, unixSeconds(clock));
    const { assets: held } = await assets(agentId(id));
    const native = nativeAssetId(chain);
    // Strangers can send any number of tokens: only what the agent has paid with itself is worth a line.
    const paid = new Set<string>(await listAssetsPaid(storage.read, agentId(id), MOST_TOKENS));
    const read_at = unixSeconds(clock);
    return held
      .filter(({ asset }) => asset === native || paid.has(asset))
      .map(({ asset, balance, decimals, symbol }) => ({ agent_id: id, asset, read_at, balance, decimals, symbol }));
  }

  async function sampleOne(agent: AgentRow): Promise<void> {
    try {
      const balances = await readOne(agent);
      await storage.write(({ db }) => keepBalanceSamples(db, balances));
    } catch (error) {
      asked.delete(agent.id);
      logger.debug({ agentId: agent.id, error: String(error) }, 'A balance could not be kept; it is read another time');
    }
  }

  async function sample(): Promise<void> {
    const agents = await listAgents(storage.read);
    const due = agents.filter(
      (agent) => agent.status !== 'CREATING' && agent.status !== 'TERMINATED' && isDue(asked, agent, EVERY),
    );
    const work = async (): Promise<void> => {
      for (let next = due.shift(); next !== undefined && !shutdown.aborted; next = due.shift()) await sampleOne(next);
    };
    await Promise.all(Array.from({ length: PLACES }, work));
    for (const agent of agents.filter((one) => isDue(thinned, one, DAY))) {
      if (shutdown.aborted) return;
      thinned.set(agent.id, unixSeconds(clock));
      await storage.write(({ db }) => thinBalanceSamples(db, agentId(agent.id), unixSeconds(clock)));
    }
  }

  return {
    sample,
    async read(id, { period }) {
      const agent = await findAgent(storage.read, id);
      if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
      const { chain, network } = agent;
      const { days, each } = PERIODS[period];
      const to = unixSeconds(clock);
      const from = to - days * DAY;
      const rows = await listBalanceSamples(storage.read, id, { from, to, each });
      const native = nativeAssetId(chain);
      const ofAsset = Map.groupBy(rows, ({ asset }) => asset);
      const order = [...ofAsset.keys()].sort((one, other) => Number(other === native) - Number(one === native));
      return {
        ...{ agentId: id, chain, network, period, from: isoFromSeconds(from), to: isoFromSeconds(to) },
        series: order.flatMap((asset) => seriesOf(asset, ofAsset.get(asset) ?? [])),
      };
    },
  };
}

function seriesOf(asset: string, rows: readonly BalanceSample[]): BalanceHistoryResponse['series'] {
  const last = rows.at(-1);
  if (last === undefined) return [];
  const token = tokenOfAsset(assetId(asset));
  return [
    {
      asset,
      ...(token === null ? {} : { tokenMint: token }),
      symbol: last.symbol,
      decimals: last.decimals,
      // A row with other decimals is of another measure: nothing may be drawn on one line with it.
      points: rows
        .filter(({ decimals }) => decimals === last.decimals)
        .map(({ read_at, balance }) => ({ at: isoFromSeconds(read_at), balance })),
    },
  ];
}
