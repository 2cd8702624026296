import { createBenchWorld } from './bench-world.ts';
import type { Effort, Figure } from './figure.ts';
import { writeHistory } from './history.ts';
import { measurePayments, type PaymentSpeed } from './payments.ts';
import { median } from './statistics.ts';

const text = ({ perSecond, p50, p99 }: PaymentSpeed): string =>
  `${Math.round(perSecond)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

/** (b) Payments up to the signature, one client and 64, every commit on disk; (c) the same with a long history. */
export async function measureAdmission(effort: Effort, withHistory: boolean): Promise<readonly Figure[]> {
  const empty = await createBenchWorld();
  const one = await measurePayments(empty, 1, effort.payments / 2);
  const many = await measurePayments(empty, 64, effort.payments);
  const figures: Figure[] = [
    {
      id: 'b1',
      name: 'payments up to the signature, 1 client',
      value: text(one),
      numbers: { ...one },
      target: 'p99 ≤ 10 ms',
      met: one.p99 <= 10,
    },
    {
      id: 'b64',
      name: 'payments up to the signature, 64 clients',
      value: text(many),
      numbers: { ...many },
      target: '≥ 500/s',
      met: many.perSecond >= 500,
    },
  ];
  if (withHistory) {
    const long = await createBenchWorld();
    await writeHistory(long, effort.history);
    await measurePayments(long, 64, effort.payments / 4);
    // Alternating, so that whatever else the machine does weighs on both.
    const ratios: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      const a = await measurePayments(empty, 64, effort.payments / 2);
      const b = await measurePayments(long, 64, effort.payments / 2);
      ratios.push(a.perSecond / b.perSecond);
    }
    const ratio = median(ratios);
    figures.push({
      id: 'c',
      name: `the same with ${effort.history.toLocaleString('en')} rows of history, ratio of times`,
      value: ratio.toFixed(2),
      numbers: { ratio },
      target: '≤ 1.2',
      met: ratio <= 1.2,
    });
    await long.close();
  }
  await empty.close();
  return figures;
}
