import type { Tier } from '@waiaas/core';
import { criterion } from './criterion.ts';
import type { Criterion } from './decision.ts';
import type { PaymentFacts } from './payment.ts';

/**
 * Whether a tier that relies on the owner being told must become APPROVAL, because too few channels can reach the owner
 * (00 §3). INSTANT tells nobody and APPROVAL waits anyway: neither is asked about.
 */
export function gateRaises(tier: Tier, facts: PaymentFacts, criteria: Criterion[]): boolean {
  if (facts.minChannels === 0 || (tier !== 'NOTIFY' && tier !== 'DELAY')) return false;
  const passed = facts.reachableChannels >= facts.minChannels;
  criteria.push(criterion(null, 'min_channels', facts.reachableChannels, facts.minChannels, passed));
  return !passed;
}
