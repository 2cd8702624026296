import { addressKey } from '@waiaas/core';
import type { CompiledWhitelist } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion } from './decision.ts';
import type { Payment } from './payment.ts';

/**
 * Whether the recipient may be paid (04 §11): it is listed, in the form in which its chain compares addresses, or the list
 * is empty. A list of another chain's addresses lists nobody on this one. The outcome is added to `criteria`.
 */
export function isListed(rule: CompiledWhitelist, payment: Payment, criteria: Criterion[]): boolean {
  const passed =
    rule.size === 0 ||
    (rule.chain === payment.chain && Object.hasOwn(rule.addresses, addressKey(payment.chain, payment.to)));
  criteria.push(criterion(rule.policy, 'allowed_addresses', payment.to, rule.size, passed));
  return passed;
}
