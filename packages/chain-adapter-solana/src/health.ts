import { type AdapterHealth, type Clock, isChainError } from '@waiaas/core';
import type { NodePool } from './node-pool.ts';
import { probeNode } from './probe.ts';

/**
 * Probes every endpoint of a network at once. Never throws and does not change whether the adapter is connected (02 §3). What
 * it finds also tells which endpoints to use, so that a payment need not be the one that finds out.
 * @returns healthy when one of them is, with the latency of the first that is
 */
export async function probeHealth(pool: NodePool | null, clock: Clock, timeoutMs: number): Promise<AdapterHealth> {
  if (pool === null) return { healthy: false, latency: -1 };
  const since = clock.now();
  const elapsed = (): number => Math.max(0, Math.round(clock.now() - since));
  const latencies = await Promise.all(
    pool.nodes.map(async (node) => {
      try {
        await node.verify();
        await probeNode(node.view.session, timeoutMs);
        node.succeeded();
        return elapsed();
      } catch (error) {
        // Whatever it was, the answer to "is it healthy" is no.
        if (isChainError(error) && error.code !== 'WRONG_NETWORK') node.failed(error);
        return null;
      }
    }),
  );
  const latency = latencies.find((found) => found !== null) ?? null;
  return latency === null ? { healthy: false, latency: elapsed() } : { healthy: true, latency };
}
