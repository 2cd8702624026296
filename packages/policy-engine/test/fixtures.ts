import { type AgentId, agentId, nativeAssetId, type PolicyId, policyId } from '@waiaas/core';
import type { Decision, Payment, PaymentFacts, PolicyReference, PolicyRow } from '../src/index.ts';

/** Agent whose payments are judged. */
export const AGENT: AgentId = agentId('0192f3a1-0000-7000-8000-00000000000a');
/** Another agent, whose policies must not matter. */
export const OTHER: AgentId = agentId('0192f3a1-0000-7000-8000-00000000000b');
/** A policy id; higher numbers sort later. */
export const id = (number: number): PolicyId => policyId(`0192f3a1-0000-7000-8000-${`${number}`.padStart(12, '0')}`);

/** A value as it may arrive from code that the compiler did not check. */
export const unchecked = <T>(value: unknown): T => JSON.parse('null', () => value);

/** Rules whose three bounds are 10, 100 and 1000. */
export const RULES = { instant_max: '10', notify_max: '100', delay_max: '1000' };

/** A sealed, enabled, global spending limit of priority 0. */
export const row = (change: Partial<PolicyRow> = {}): PolicyRow => ({
  id: id(1),
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: RULES,
  priority: 0,
  enabled: true,
  authentic: true,
  ...change,
});

/** Recipient of payments, and somebody else. */
export const TO = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
export const ELSE = 'So11111111111111111111111111111111111111112';

/** Two mints, and a contract as its checksum writes it. */
export const MINT = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';
export const OTHER_MINT = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263';
export const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';

/** The reference to the row that `row()` makes. */
export const LIMIT: PolicyReference = { type: 'SPENDING_LIMIT', id: id(1), version: 1 };

/** A payment of native SOL. */
export const pay = (amount: bigint, change: Partial<Payment> = {}): Payment => ({
  chain: 'solana',
  asset: nativeAssetId('solana'),
  amount,
  to: TO,
  ...change,
});

/** An agent that has spent nothing, with an owner who can be reached. */
export const facts = (change: Partial<PaymentFacts> = {}): PaymentFacts => ({
  now: 1_700_000_000,
  spent: { day: 0n, week: 0n },
  reserved: 0n,
  reachableChannels: 2,
  minChannels: 2,
  defaults: { delaySeconds: 300, approvalTimeoutSeconds: 3600 },
  ...change,
});

/** A decision in one word: its tier, or DENY. */
export const verdict = (decision: Decision): string => (decision.outcome === 'ALLOW' ? decision.tier : 'DENY');
