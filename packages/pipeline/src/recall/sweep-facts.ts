import {
  type AgentId,
  assetId,
  agentId as brandAgentId,
  decodeRecallIntent,
  type Holding,
  type IChainAdapter,
  type ISweeper,
  isSweeper,
  tokenOfAsset,
} from '@waiaas/core';
import { type AgentRow, listAssetsPaid, listTransactionsOfRecall, type TransactionRow } from '@waiaas/storage';
import type { Decider } from '../decide.ts';
import type { PipelineDependencies } from '../dependencies.ts';
import type { Attempt } from './sweep-plan.ts';

/** An adapter that can empty a wallet. */
export type SweepingAdapter = IChainAdapter & ISweeper;

/** Most assets that are looked for on chains that cannot list what an address holds. */
const MOST_KNOWN = 500;

/** What is read before each step of a recall: nothing of it is remembered from the step before. */
export interface SweepReader {
  /** The adapter of an agent's network if it can be asked now; null otherwise. */
  adapterOf(agent: Pick<AgentRow, 'chain' | 'network'>): SweepingAdapter | null;
  /** Assets that somebody chose to hold: with limits in a policy, or paid with before. */
  listedAssets(agentId: AgentId): Promise<ReadonlySet<string>>;
  /** What a wallet holds now. @throws ChainError */
  holdings(adapter: SweepingAdapter, agent: AgentRow, listed: ReadonlySet<string>): Promise<readonly Holding[]>;
  /** Transactions of a recall that have ended. */
  attempts(recallId: string): Promise<readonly Attempt[]>;
}

const attemptOf = (row: TransactionRow): Attempt => {
  const { account, close } = decodeRecallIntent(row.intent);
  return { asset: row.asset, account, closed: close, moved: row.status === 'CONFIRMED', error: row.error };
};

/** Makes the reader. */
export function createSweepReader(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters'> & { readonly decider: Decider },
): SweepReader {
  const { storage, adapters, decider } = dependencies;
  return {
    adapterOf({ chain, network }) {
      const adapter = adapters.find(chain, network);
      return adapter?.isConnected() === true && isSweeper(adapter) ? adapter : null;
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
    async attempts(recallId) {
      const rows = await listTransactionsOfRecall(storage.read, recallId);
      return rows.filter(({ status }) => status !== 'EXECUTING' && status !== 'SUBMITTED').map(attemptOf);
    },
  };
}

/** The branded id of an agent's row. */
export const idOf = (agent: Pick<AgentRow, 'id'>): AgentId => brandAgentId(agent.id);
