import { transferRequestSchema } from '@waiaas/core';
import type { BenchWorld } from './bench-world.ts';
import { percentile } from './statistics.ts';

const body = transferRequestSchema.parse({ to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS', amount: '1' });

/** Speed of payments by a number of clients that each wait for one payment before they ask for the next. */
export interface PaymentSpeed {
  readonly perSecond: number;
  /** Milliseconds to the signature. */
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds until CONFIRMED. */
  readonly confirmedP50: number;
}

/** Pays so many times and measures. */
export async function measurePayments(world: BenchWorld, clients: number, payments: number): Promise<PaymentSpeed> {
  const session = { agentId: world.agentId, sessionId: world.sessionId, constraints: {} };
  let key = 0;
  const confirmed: number[] = [];
  const pay = async (): Promise<void> => {
    const start = performance.now();
    world.begin();
    const paid = await world.pipeline.send(session, body, { waitMs: 30_000, idempotencyKey: `${start}-${key++}` });
    if (paid.status !== 'CONFIRMED') throw new Error(`A payment ended as ${paid.status}`);
    confirmed.push(performance.now() - start);
  };
  const client = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await pay();
  };
  await client(50);
  world.takeSignatureTimes();
  confirmed.length = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, () => client(Math.ceil(payments / clients))));
  const seconds = (performance.now() - start) / 1000;
  const times = world.takeSignatureTimes();
  return {
    perSecond: confirmed.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    confirmedP50: percentile(confirmed, 0.5),
  };
}
