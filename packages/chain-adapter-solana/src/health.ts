import type { AdapterHealth, Clock } from '@waiaas/core';
import type { NodeView } from './node-view.ts';
import { textOf } from './rpc-answer.ts';

/** Probes a node. Never throws and changes nothing (02 §3). */
export async function probeHealth(view: NodeView | null, clock: Clock, timeoutMs: number): Promise<AdapterHealth> {
  if (view === null) return { healthy: false, latency: -1 };
  const since = clock.now();
  const elapsed = (): number => Math.max(0, Math.round(clock.now() - since));
  try {
    await view.session.call({
      method: 'getHealth',
      timeoutMs,
      request: async (rpc, abortSignal) => textOf(await rpc.getHealth().send({ abortSignal }), 'health'),
    });
    return { healthy: true, latency: elapsed() };
  } catch {
    // Whatever it was, the answer to "is it healthy" is no.
    return { healthy: false, latency: elapsed() };
  }
}
