/**
 * Decisions per second on one core: `node bench/evaluate.ts`, after a build of core. Not a test: machines differ. The
 * aim is 500,000 a second.
 */
import { agentId, nativeAssetId, policyId, presetRules } from '@waiaas/core';
import { compilePolicies, evaluate, type Payment, type PaymentFacts } from '../src/index.ts';

const agent = agentId('0192f3a1-0000-7000-8000-00000000000a');
const rules = { ...presetRules('conservative', 'solana'), daily_max: '50000000000', weekly_max: '90000000000' };
const row = {
  id: policyId('0192f3a1-0000-7000-8000-000000000001'),
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: JSON.parse(JSON.stringify(rules)),
  priority: 0,
  enabled: true,
  authentic: true,
};
const policies = compilePolicies([row], agent);
const facts: PaymentFacts = {
  now: 1_700_000_000,
  spent: { day: 20_000_000_000n, week: 40_000_000_000n },
  reserved: 1_000_000_000n,
  reachableChannels: 2,
  minChannels: 2,
  defaults: { delaySeconds: 300, approvalTimeoutSeconds: 3600 },
};
const payments: Record<string, Payment> = Object.fromEntries(
  Object.entries({
    INSTANT: 1n,
    NOTIFY: 10n ** 9n,
    DELAY: 10n ** 10n,
    APPROVAL: 2n * 10n ** 10n,
    DENY: 10n ** 11n,
  }).map(([name, amount]) => [name, { chain: 'solana', asset: nativeAssetId('solana'), amount, to: 'To111111' }]),
);

/** Runs a function for about a second and gives the runs per second. */
function perSecond(run: () => unknown): number {
  for (let index = 0; index < 200_000; index += 1) run();
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < 1000) {
    for (let index = 0; index < 1000; index += 1) run();
    runs += 1000;
  }
  return Math.round((runs / (performance.now() - start)) * 1000);
}

for (const [name, payment] of Object.entries(payments)) {
  console.log(
    `evaluate, ${name}: ${perSecond(() => evaluate(policies, payment, facts)).toLocaleString('en')} per second`,
  );
}
const recipient = '4Nd1mYvM8SPgZ9pD7gT1MsPAo9Cw3m9Ko1fZ6LrTqS2s';
const others = Array.from(
  { length: 999 },
  (_, index) => `${'1'.repeat(31)}${'123456789ABCDEFGHJKLMNPQRSTUVWXYZ'[index % 33]}`,
);
const all = compilePolicies(
  [
    row,
    {
      ...row,
      id: policyId('0192f3a1-0000-7000-8000-000000000002'),
      type: 'WHITELIST',
      rules: { allowed_addresses: [...others, recipient] },
    },
    {
      ...row,
      id: policyId('0192f3a1-0000-7000-8000-000000000003'),
      type: 'RATE_LIMIT',
      rules: { max_tx_per_hour: 60, max_tx_per_day: 500 },
    },
    {
      ...row,
      id: policyId('0192f3a1-0000-7000-8000-000000000004'),
      type: 'TIME_RESTRICTION',
      rules: { allowed_hours: { start: 0, end: 24 }, timezone: 'Europe/Berlin' },
    },
  ],
  agent,
);
const payment: Payment = { chain: 'solana', asset: nativeAssetId('solana'), amount: 1n, to: recipient };
const situation: PaymentFacts = { ...facts, recentTransactions: { hour: 3, day: 30 }, balance: 10n ** 12n };
if (evaluate(all, payment, situation).outcome !== 'ALLOW')
  throw new Error('The payment that is measured is one that is made');
console.log(
  `evaluate, all four types: ${perSecond(() => evaluate(all, payment, situation)).toLocaleString('en')} per second`,
);
console.log(
  `compilePolicies, one row: ${perSecond(() => compilePolicies([row], agent)).toLocaleString('en')} per second`,
);
