import type { Signature } from '@solana/kit';
import type { Commitment, TransactionStatusReport } from '@waiaas/core';
import { type BatchLookup, createBatchLookup } from './batch-lookup.ts';
import { listOf, naturalOf, recordOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';
import { describeTransactionError } from './transaction-error.ts';

/** Status of a transaction, and how far the node that told it had come. */
export interface SignatureReport {
  /** Slot the node had reached when it answered: what it does not know by then is not in any block before it. */
  readonly asOfSlot: bigint;
  readonly status: TransactionStatusReport;
}

/** Most signatures `getSignatureStatuses` takes (02 §16). */
const MAX_SIGNATURES = 256;
const WINDOW_MS = 3;

const commitmentOf = (fields: Readonly<Record<string, unknown>>): Commitment => {
  const told = fields.confirmationStatus;
  if (told === 'finalized' || told === 'confirmed' || told === 'processed') return told;
  // Nodes of old tell the number of confirmations only: none left to come means rooted.
  return fields.confirmations === null ? 'finalized' : 'processed';
};

const statusOf = (told: unknown): TransactionStatusReport => {
  if (told === null) return { state: 'not_found' };
  const fields = recordOf(told, 'signature status');
  const failure = fields.err ?? null;
  return {
    state: 'landed',
    commitment: commitmentOf(fields),
    blockNumber: naturalOf(fields.slot, 'slot'),
    error: failure === null ? null : describeTransactionError(failure).text,
  };
};

/** Looks signatures up with full history; look-ups asked for at the same moment share one call. */
export function createSignatureLookup(session: RpcSession, timeoutMs: number): BatchLookup<Signature, SignatureReport> {
  return createBatchLookup({
    maxKeys: MAX_SIGNATURES,
    windowMs: WINDOW_MS,
    load: (signatures) =>
      session.call({
        method: 'getSignatureStatuses',
        timeoutMs,
        // A failed look-up says nothing about what was looked up.
        mayHaveLanded: true,
        async request(rpc, abortSignal) {
          const answer = await rpc
            .getSignatureStatuses(signatures, { searchTransactionHistory: true })
            .send({ abortSignal });
          const asOfSlot = naturalOf(recordOf(answer.context, 'context').slot, 'context slot');
          const statuses = listOf(answer.value, 'signature statuses', signatures.length);
          return statuses.map((told) => ({ asOfSlot, status: statusOf(told) }));
        },
      }),
  });
}
