import type { AdapterHealth, Clock } from '@waiaas/core';
import type { ChainView } from './chain-view.ts';
import { quantityOf } from './rpc-answer.ts';

/** Probes the network through whichever endpoint answers. Never throws and never changes whether it is connected (02 §3). */
export async function probeHealth(view: ChainView | null, clock: Clock): Promise<AdapterHealth> {
  if (view === null) return { healthy: false, latency: -1 };
  const since = clock.now();
  const elapsed = (): number => Math.max(0, Math.round(clock.now() - since));
  try {
    await view.pool.run(async (node) => quantityOf(await node.request('eth_blockNumber', []), 'block number'));
    return { healthy: true, latency: elapsed() };
  } catch {
    // Whatever it was, the answer to "is it healthy" is no.
    return { healthy: false, latency: elapsed() };
  }
}
