import { isWaiaasError, transferRequestSchema } from '@waiaas/core';
import { createBenchWorld } from './bench-world.ts';
import type { Effort, Figure } from './figure.ts';
import { percentile } from './statistics.ts';

const CLIENTS = 64;
const body = transferRequestSchema.parse({ to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS', amount: '1' });

/** (g) How long the kill switch takes to answer while 64 clients pay, and how much is signed after its answer. */
export async function measureKillSwitch(effort: Effort): Promise<Figure> {
  const world = await createBenchWorld();
  const times: number[] = [];
  let late = 0;
  try {
    let sessionId = world.sessionId;
    for (let round = 0; round < effort.activations; round++) {
      const session = { agentId: world.agentId, sessionId, constraints: {} };
      let loading = true;
      let paid = 0;
      const client = async (): Promise<void> => {
        while (loading) {
          try {
            await world.pipeline.send(session, body, { waitMs: 50 });
            paid += 1;
          } catch (error) {
            if (!isWaiaasError(error)) throw error;
            return;
          }
        }
      };
      const clients = Array.from({ length: CLIENTS }, client);
      while (paid < CLIENTS) await new Promise((resolve) => setImmediate(resolve));
      const start = performance.now();
      await world.killSwitch.activate('benchmark', { by: 'system' });
      times.push(performance.now() - start);
      const before = world.signatures;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      late += world.signatures - before;
      loading = false;
      sessionId = await world.recover();
      await Promise.all(clients);
    }
  } finally {
    await world.close();
  }
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  return {
    id: 'g',
    name: 'kill switch under 64 paying clients, time to its answer',
    value: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${late} signatures after it`,
    numbers: { p50, p99, late },
    target: 'p99 ≤ 200 ms, none',
    met: p99 <= 200 && late === 0,
  };
}
