import { agentId, nativeAssetId, policyId, presetRules } from '@waiaas/core';
import { compilePolicies, evaluate } from '@waiaas/policy-engine';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

/** (f) Evaluations of a policy with both caps, per second. */
export function measurePolicy(): Figure {
  const agent = agentId('01a205ca-7607-729f-a8d3-0a119d9107d0');
  const rules = { ...presetRules('standard', 'solana'), daily_max: '1000000000000', weekly_max: '5000000000000' };
  const row = {
    id: policyId('01a205ca-7607-729f-a8d3-0a119d9107d1'),
    version: 1,
    agentId: null,
    type: 'SPENDING_LIMIT',
    rules,
    priority: 0,
    enabled: true,
    authentic: true,
  };
  const policies = compilePolicies([row], agent);
  const payments = Array.from({ length: 64 }, (_, index) => ({
    chain: 'solana' as const,
    asset: nativeAssetId('solana'),
    amount: BigInt(index + 1) * 1_000_000_000n,
    to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  }));
  const facts = {
    now: 1_800_000_000,
    spent: { day: 900_000_000_000n, week: 900_000_000_000n },
    reserved: 5_000_000_000n,
    reachableChannels: 2,
    minChannels: 2,
    defaults: { delaySeconds: 900, approvalTimeoutSeconds: 3600 },
  };
  const rates: number[] = [];
  let allowed = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let index = 0; index < 200_000; index++) {
      const payment = payments[index & 63];
      if (payment !== undefined && evaluate(policies, payment, facts).outcome === 'ALLOW') allowed += 1;
    }
    rates.push(200_000 / ((performance.now() - start) / 1000));
  }
  if (allowed !== 1_000_000) throw new Error('The measured payments are not the ones that were meant');
  const rate = median(rates);
  return {
    id: 'f',
    name: 'policy evaluations',
    value: `${Math.round(rate).toLocaleString('en')}/s`,
    numbers: { perSecond: rate },
    target: '≥ 500,000/s',
    met: rate >= 500_000,
  };
}
