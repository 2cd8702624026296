import { addressKey, whitelistRulesSchema } from '@waiaas/core';
import type { CompiledWhitelist } from './compiled-policies.ts';
import { referenceTo } from './policy-reference.ts';
import type { PolicyRow } from './policy-row.ts';
import { readRules } from './read-rules.ts';

/** Reads the rules of a WHITELIST row; null when they are not of the documented form (04 §11). */
export function compileWhitelist(row: PolicyRow): CompiledWhitelist | null {
  const rules = readRules(whitelistRulesSchema, row.rules);
  if (rules === null) return null;
  const keys = rules.allowed_addresses.map((address) => addressKey(rules.chain, address)).sort();
  const addresses: Readonly<Record<string, true>> = Object.fromEntries(keys.map((key) => [key, true as const]));
  return Object.freeze({
    policy: referenceTo(row, 'WHITELIST'),
    chain: rules.chain,
    size: Object.keys(addresses).length,
    addresses: Object.freeze(addresses),
  });
}
