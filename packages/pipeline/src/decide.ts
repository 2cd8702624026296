import { type AssetId, type Intent, sumBaseUnits } from '@waiaas/core';
import {
  type CompiledPolicies,
  type Decision,
  type DenyDecision,
  evaluate,
  type Payment,
  type PaymentFacts,
  spendWindows,
} from '@waiaas/policy-engine';
import { appendAudit, type Db, type LiveReservation, spentSince } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { createPolicyLoader } from './policy-facts.ts';
import type { Refusal } from './refusal.ts';

/** Judges payments by the policies in force. The one place where the pipeline asks the policy engine (04 §5, FIX C1). */
export interface Decider {
  /** The decision about a new payment. `live` are the reservations of its agent without its own. */
  decide(db: Db, intent: Intent, live: readonly LiveReservation[], now: number): Promise<Decision>;
  /**
   * Whether a payment that was admitted before may still be carried out, by the rules of today: null, or why not (04 §19).
   * Its tier stays what it was.
   */
  objection(db: Db, intent: Intent, live: readonly LiveReservation[], now: number): Promise<DenyDecision | null>;
}

const reservedOf = (live: readonly LiveReservation[], asset: AssetId): bigint =>
  sumBaseUnits(live.filter((row) => row.asset === asset).map((row) => BigInt(row.reserved_amount ?? '0')));

const NOT_AUTHENTIC: DenyDecision = Object.freeze({
  outcome: 'DENY',
  code: 'POLICY_DENIED',
  reason: 'POLICY_NOT_AUTHENTIC',
  policyId: null,
  policyVersion: null,
  criteria: [],
});

/** What the requester of a denied payment is told. */
export function denialOf(decision: DenyDecision, asset: AssetId): Refusal {
  const { policyId, reason, cap } = decision;
  if (cap === undefined)
    return { code: decision.code, token: reason, details: { policyId, reason, policyType: 'SPENDING_LIMIT' } };
  const { name, ...figures } = cap;
  return { code: decision.code, token: reason, details: { cap: name, asset, ...figures, policyId } };
}

/** Makes the decider. */
export function createDecider(dependencies: Pick<PipelineDependencies, 'owner' | 'sealer' | 'settings'>): Decider {
  const { owner, sealer, settings } = dependencies;
  const loadPolicies = createPolicyLoader(sealer);

  /** The policies in force, or null when they are not what was stored: then nothing may be allowed. */
  async function inForce(db: Db, intent: Intent, now: number): Promise<CompiledPolicies | null> {
    const { compiled, complete, forged } = await loadPolicies(db, intent.agentId);
    if (complete && forged.length === 0) return compiled;
    await appendAudit(db, now, {
      event: 'SEAL_BROKEN',
      actor: 'system',
      agentId: intent.agentId,
      txId: intent.transactionId,
      details: { what: 'policy', policies: forged, complete },
    });
    return complete ? compiled : null;
  }

  async function factsFor(
    db: Db,
    compiled: CompiledPolicies,
    payment: Payment,
    context: { readonly agentId: Intent['agentId']; readonly live: readonly LiveReservation[]; readonly now: number },
  ): Promise<PaymentFacts> {
    const { agentId, live, now } = context;
    const spent: { day: bigint | null; week: bigint | null } = { day: null, week: null };
    for (const window of spendWindows(compiled, payment, now)) {
      spent[window.name] = await spentSince(db, agentId, payment.asset, window.since);
    }
    return {
      now,
      spent,
      reserved: reservedOf(live, payment.asset),
      reachableChannels: owner.reachableChannels(),
      minChannels: settings.minChannels,
      defaults: { delaySeconds: settings.delaySeconds, approvalTimeoutSeconds: settings.approvalTimeoutSeconds },
    };
  }

  const paymentOf = ({ chain, asset, amount, to }: Intent): Payment => ({ chain, asset, amount, to });

  async function decide(db: Db, intent: Intent, live: readonly LiveReservation[], now: number): Promise<Decision> {
    const compiled = await inForce(db, intent, now);
    if (compiled === null) return NOT_AUTHENTIC;
    const payment = paymentOf(intent);
    return evaluate(compiled, payment, await factsFor(db, compiled, payment, { agentId: intent.agentId, live, now }));
  }

  return {
    decide,
    async objection(db, intent, live, now) {
      const decision = await decide(db, intent, live, now);
      return decision.outcome === 'DENY' ? decision : null;
    },
  };
}
