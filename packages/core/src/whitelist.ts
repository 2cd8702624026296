import { z } from 'zod';
import { chainSchema } from './network.ts';
import { isWalletAddress } from './wallet-address.ts';

/** Most recipients one list may name: a decision's cost does not grow with them, but rows are read at every decision. */
export const WHITELIST_MAX = 1000;

/**
 * Rules of a WHITELIST policy (04 §11): the recipients that may be paid, all of one chain. An empty list is inactive,
 * which is the opposite of an empty list in a session's constraints. The list must be there: rules whose only key was
 * misspelt would otherwise permit everybody.
 *
 * The one rule in force holds for every payment it is consulted for. Addresses of another chain than the rule's are
 * never on it.
 * @example whitelistRulesSchema.parse({ allowed_addresses: ['4Nd1mYvM…'] }) // { chain: 'solana', allowed_addresses: […] }
 */
export const whitelistRulesSchema = z
  .strictObject({
    chain: chainSchema.default('solana'),
    allowed_addresses: z.array(z.string().max(64)).max(WHITELIST_MAX),
  })
  .superRefine((rules, context) => {
    // zod runs this although a field may have been refused for its form.
    if (!Array.isArray(rules.allowed_addresses) || !chainSchema.safeParse(rules.chain).success) return;
    for (const [index, address] of rules.allowed_addresses.entries()) {
      if (typeof address === 'string' && !isWalletAddress(rules.chain, address)) {
        const message = `must be an address of ${rules.chain}`;
        context.addIssue({ code: 'custom', path: ['allowed_addresses', index], message });
      }
    }
  });
/** Rules of a WHITELIST policy. */
export type WhitelistRules = z.infer<typeof whitelistRulesSchema>;
