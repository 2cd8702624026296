import { type AgentId, assetId, agentId as brandAgentId, unixSeconds } from '@waiaas/core';
import { spendWindows } from '@waiaas/policy-engine';
import { findAgent, spentSince } from '@waiaas/storage';
import type { Decider } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';

/** How much of a daily cap an agent has spent, base units. */
export interface DailyUse {
  readonly asset: string;
  readonly spent: bigint;
  readonly limit: bigint;
}

/**
 * What an agent has spent of each asset with a daily cap, in the very window in which the cap is enforced. Nothing where
 * policies, or what was spent, cannot be believed: then nothing is paid either.
 */
export function createDailyUse(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'> & { readonly decider: Decider },
): (agentId: AgentId) => Promise<readonly DailyUse[]> {
  const { storage, sealer, clock, decider } = dependencies;
  return async (agentId) => {
    const db = storage.read;
    const agent = await findAgent(db, agentId);
    const compiled = await decider.inForce(db, agentId);
    if (agent === undefined || compiled === null || compiled.spendingLimit === null) return [];
    const now = unixSeconds(clock);
    const uses: DailyUse[] = [];
    for (const [name, { dailyMax }] of Object.entries(compiled.spendingLimit.limits)) {
      if (dailyMax === null) continue;
      const asset = assetId(name);
      const payment = { chain: agent.chain, asset, amount: 1n, to: agent.public_key };
      for (const { name: window, since } of spendWindows(compiled, payment, now)) {
        if (window !== 'day') continue;
        const spent = await spentSince(db, sealer, brandAgentId(agent.id), asset, since);
        if (spent !== null) uses.push({ asset, spent, limit: dailyMax });
      }
    }
    return uses;
  };
}
