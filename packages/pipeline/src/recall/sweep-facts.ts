import {
  type AgentId,
  assetId,
  agentId as brandAgentId,
  type Holding,
  type IChainAdapter,
  type ISweeper,
  isReplacer,
  isSweeper,
  isTerminal,
  type RecallIntent,
  tokenOfAsset,
  unixSeconds,
} from '@waiaas/core';
import {
  type AgentRow,
  authenticTransaction,
  type Db,
  listAssetsPaid,
  listTransactionsOfRecall,
  type TransactionRow,
} from '@waiaas/storage';
import type { Decider } from '../decide.ts';
import type { PipelineDependencies } from '../dependencies.ts';
import { readRecallIntent } from '../executable.ts';
import { isStuck } from './stuck-transactions.ts';
import type { Attempt } from './sweep-plan.ts';

/** An adapter that can empty a wallet. */
export type SweepingAdapter = IChainAdapter & ISweeper;

/** Most assets that are looked for on chains that cannot list what an address holds. */
const MOST_KNOWN = 500;

/** How long payments of an agent that are under way are waited for, seconds; then its wallet is emptied beside them. */
export const DRAIN_SECONDS = 120;

/** What is read before each step of a recall: nothing of it is remembered from the step before. */
export interface SweepReader {
  /** The adapter of an agent's network if it can be asked now; null otherwise. */
  adapterOf(agent: Pick<AgentRow, 'chain' | 'network'>): SweepingAdapter | null;
  /** Whether transactions of an agent have an order: then nothing of its wallet lands before what is due, whatever that waits for. */
  isOrdered(agent: Pick<AgentRow, 'chain' | 'network'>): boolean;
  /** Assets that somebody chose to hold: with limits in a policy, or paid with before. */
  listedAssets(agentId: AgentId): Promise<ReadonlySet<string>>;
  /** What a wallet holds now. @throws ChainError */
  holdings(adapter: SweepingAdapter, agent: AgentRow, listed: ReadonlySet<string>): Promise<readonly Holding[]>;
  /**
   * The transactions of a recall.
   * @param isOrdered whether those that are stuck count as attempts that have failed
   * @param db where they are read; what is committed, when left out
   */
  record(recallId: string, isOrdered: boolean, db?: Db): Promise<SweepRecord>;
}

/** What there is of the transactions of a recall. */
export interface SweepRecord {
  /** Those that have ended, and where they have an order those that are not waited for any more. */
  readonly attempts: readonly Attempt[];
  /** Those that are not what the daemon wrote, or that it cannot read: nobody can say what they have done. */
  readonly altered: readonly TransactionRow[];
}

/** Why an attempt counts as failed that may still land. */
const STUCK = 'STUCK';

const attemptOf = ({ status, error }: TransactionRow, { asset, account, close }: RecallIntent): Attempt => {
  const stuck = !isTerminal(status);
  return { asset, account, closed: close, moved: status === 'CONFIRMED', stuck, error: stuck ? STUCK : error };
};

/** Makes the reader. */
export function createSweepReader(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters' | 'sealer' | 'clock'> & { readonly decider: Decider },
): SweepReader {
  const { storage, adapters, sealer, clock, decider } = dependencies;
  return {
    adapterOf({ chain, network }) {
      const adapter = adapters.find(chain, network);
      return adapter?.isConnected() === true && isSweeper(adapter) ? adapter : null;
    },
    isOrdered({ chain, network }) {
      const adapter = adapters.find(chain, network);
      return adapter !== undefined && isReplacer(adapter);
    },
    async listedAssets(agentId) {
      const compiled = await decider.inForce(storage.read, agentId);
      const limited = Object.keys(compiled?.spendingLimit?.limits ?? {});
      return new Set([...limited, ...(await listAssetsPaid(storage.read, agentId, MOST_KNOWN))]);
    },
    holdings(adapter, agent, listed) {
      const known = [...listed].filter((asset) => asset.startsWith(`${agent.chain}:`));
      return adapter.listHoldings(
        agent.public_key,
        known.flatMap((asset) => tokenOfAsset(assetId(asset)) ?? []),
      );
    },
    async record(recallId, isOrdered, db = storage.read) {
      const now = unixSeconds(clock);
      const attempts: Attempt[] = [];
      const altered: TransactionRow[] = [];
      for (const found of await listTransactionsOfRecall(db, recallId)) {
        const row = await authenticTransaction(db, sealer, found);
        const intent = row === null ? null : readRecallIntent(sealer, row);
        if (intent === null) altered.push(found);
        else if (isTerminal(found.status) || (isOrdered && isStuck(found, now)))
          attempts.push(attemptOf(found, intent));
      }
      return { attempts, altered };
    },
  };
}

/** The branded id of an agent's row. */
export const idOf = (agent: Pick<AgentRow, 'id'>): AgentId => brandAgentId(agent.id);
