import {
  baseUnits,
  agentId as brandAgentId,
  recallId as brandRecallId,
  transactionId as brandTransactionId,
  canonicalJson,
  encodeRecallIntent,
  nativeAssetId,
  type RecallIntent,
  shownSymbol,
  type TokenInfo,
  unixSeconds,
} from '@waiaas/core';
import {
  type AgentRow,
  type AuthenticTransaction,
  appendAudit,
  authenticRecall,
  findAgent,
  findRecall,
  insertPending,
  intentContent,
  listTransactionsOfRecall,
  type RecallRow,
  readState,
  type TransactionRow,
  transition,
} from '@waiaas/storage';
import type { Claim } from '../claimed-payment.ts';
import type { PipelineDependencies } from '../dependencies.ts';
import { recallIntentHash } from '../executable.ts';
import { sha256 } from '../intent-hash.ts';
import { isAllowed, loadDestinations } from './destination.ts';
import { isStuck } from './stuck-transactions.ts';
import type { TokenStep } from './sweep-plan.ts';

/** The native asset, or what is left of it. */
export interface NativeStep {
  readonly kind: 'native';
  /** Base units. */
  readonly amount: bigint;
  /** The network fee it was reckoned with, base units. */
  readonly fee: bigint;
}

/** One transaction of a recall. */
export type SweepStep = TokenStep | NativeStep;

/** What became of the attempt to begin a step. */
export type StepClaim =
  /** It is EXECUTING now, and whoever asked carries it out. */
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** Nothing was done: the kill switch is engaged, or another step is under way. */
  | { readonly kind: 'wait' }
  /** Nothing will be done any more, and why. */
  | { readonly kind: 'over'; readonly reason: string };

/** What a step has written; the row of a unit of work cannot be taken away under it. */
const begun = (row: AuthenticTransaction | null): AuthenticTransaction => {
  if (row === null) throw new Error('A transaction vanished while it was begun');
  return row;
};

/** A token as an intent holds it: under a symbol that can be read as nothing else, whatever its maker or the chain calls it. */
const named = (token: TokenInfo): TokenInfo => ({ ...token, symbol: shownSymbol(token.symbol) });

/**
 * Begins one transaction of a recall: the row, its sealed intent and the audit row exist together or not at all, and what
 * may have changed since the recall was asked for is asked again (08 §2.5.3). It takes no limit and no tier; everything after
 * this is as for a payment.
 */
export function createStepClaims(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'gate' | 'clock' | 'ids'>,
): (recall: RecallRow, step: SweepStep, isOrdered: boolean) => Promise<StepClaim> {
  const { storage, sealer, gate, clock, ids } = dependencies;

  function intentOf(recall: RecallRow, agent: AgentRow, step: SweepStep, now: number): RecallIntent {
    const isClosing = step.kind === 'token' && step.amount === 0n;
    return {
      ...{ kind: 'RECALL', version: 1 },
      transactionId: brandTransactionId(ids.next()),
      recallId: brandRecallId(recall.id),
      agentId: brandAgentId(agent.id),
      ...{ chain: agent.chain, network: agent.network },
      asset: step.kind === 'native' ? nativeAssetId(agent.chain) : step.asset,
      token: step.kind === 'native' ? null : named(step.token),
      from: agent.public_key,
      // What closing an account gives back goes to the agent, and from there with the rest.
      to: isClosing ? agent.public_key : recall.destination,
      amount: baseUnits(step.amount),
      fee: step.kind === 'native' ? baseUnits(step.fee) : null,
      account: step.kind === 'native' ? null : step.account,
      close: step.kind === 'token' && step.close,
      createdAt: now,
    };
  }

  return (recall, step, isOrdered) =>
    storage.write(async ({ db }): Promise<StepClaim> => {
      const now = unixSeconds(clock);
      const { epoch } = gate;
      if (!gate.isOpen || (await readState(db, 'kill_switch_status')) !== 'NORMAL') return { kind: 'wait' };
      const found = await findRecall(db, recall.id);
      const present = found === undefined ? null : authenticRecall(sealer, found);
      // Whoever runs it finds out by itself that it has ended or was stopped, or that somebody has changed it.
      if (present === null || present.status !== 'EXECUTING' || present.error !== null) return { kind: 'wait' };
      const agent = await findAgent(db, present.agent_id);
      if (agent === undefined) return { kind: 'over', reason: 'AGENT_NOT_FOUND' };
      // An agent that may pay could race the sweep. Nothing resumes it while there is a recall.
      if (agent.status === 'ACTIVE') return { kind: 'over', reason: 'AGENT_NOT_SUSPENDED' };
      // The owner may have become another one since.
      if (!isAllowed(agent.chain, await loadDestinations(db, sealer, agent, now), present.destination)) {
        return { kind: 'over', reason: 'DESTINATION_REFUSED' };
      }
      const others = await listTransactionsOfRecall(db, present.id);
      const isUnderWay = ({ status }: TransactionRow): boolean => status === 'EXECUTING' || status === 'SUBMITTED';
      if (others.some((other) => isUnderWay(other) && !(isOrdered && isStuck(other, now)))) return { kind: 'wait' };

      const intent = intentOf(present, agent, step, now);
      const { transactionId: id } = intent;
      const encoded = encodeRecallIntent(intent);
      const pending = await insertPending(db, sealer, {
        ...{ id, agent_id: agent.id, session_id: null, chain: intent.chain, asset: intent.asset },
        type: intent.token === null ? 'TRANSFER' : 'TOKEN_TRANSFER',
        ...{ amount: intent.amount.toString(), to_address: intent.to, memo: null, fee_priority: 'medium' },
        ...{ intent: encoded, intent_hash: recallIntentHash(intent), idempotency_key: null },
        intent_seal: sealer.seal(intentContent({ id, intent: encoded })),
        request_hash: sha256(canonicalJson({ recallId: present.id, transactionId: id })),
        ...{ created_at: now, recall_id: present.id },
      });
      const reserved = { tier: 'INSTANT', reserved_amount: intent.amount.toString(), queued_at: now } as const;
      const queued = begun(await transition(db, sealer, pending, 'QUEUED', reserved));
      const row = begun(await transition(db, sealer, queued, 'EXECUTING', { claimed_at: now }));
      await appendAudit(db, now, {
        ...{ event: 'TX_REQUESTED', actor: 'system', agentId: agent.id, txId: id },
        details: {
          recallId: present.id,
          asset: intent.asset,
          amount: intent.amount,
          to: intent.to,
          close: intent.close,
        },
      });
      return { kind: 'claimed', claim: { row, epoch } };
    });
}
