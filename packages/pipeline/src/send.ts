import type { TransactionResponse } from '@waiaas/core';
import { agentNotAuthentic } from '@waiaas/management';
import { findByIdempotencyKey, type TransactionRow } from '@waiaas/storage';
import { type Admission, type AdmissionRequest, type Admit, assertSameRequest } from './admission.ts';
import { createAuthenticRow } from './authentic-row.ts';
import type { BalanceReader } from './balance.ts';
import { BalanceNeeded } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { requestHash } from './intent-hash.ts';
import type { NetworkBreakers } from './network-breaker.ts';
import { notAuthentic } from './not-authentic.ts';
import { refusalError } from './refusal.ts';
import type { PayingSession, RequestedPayments, TransferBody } from './requested-payment.ts';
import type { Shutdown } from './shutdown.ts';
import { transactionView } from './transaction-view.ts';
import type { Patience, WorkUnderWay } from './work-under-way.ts';

/** How to handle a request for a payment. */
export interface SendOptions extends Patience {
  readonly idempotencyKey?: string;
  readonly ip?: string;
}

/**
 * Asks for a payment (04 §7): admits it, and answers the transaction as it is when it ended, when it was queued, or when the wait
 * was over. A repetition of a request is answered by what became of the first.
 */
export type Sender = (session: PayingSession, body: TransferBody, options: SendOptions) => Promise<TransactionResponse>;

/** Makes it. */
export function createSender(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'> & {
    readonly requests: RequestedPayments;
    readonly breakers: NetworkBreakers;
    readonly admit: Admit;
    readonly balanceOf: BalanceReader;
    readonly work: Pick<WorkUnderWay, 'withPassage' | 'waitForEnd'>;
    readonly shutdown: Shutdown;
  },
): Sender {
  const { storage, sealer, clock, requests, breakers, admit, balanceOf, work, shutdown } = dependencies;
  const authentic = createAuthenticRow(dependencies);

  async function answer(found: TransactionRow, replayed: boolean): Promise<TransactionResponse> {
    const row = await authentic(found);
    if (row === null) throw notAuthentic(found.id);
    if (row.status === 'FAILED' || row.status === 'CANCELLED' || row.status === 'EXPIRED')
      throw refusalError(row, replayed);
    return { ...transactionView(row), ...(replayed ? { replayed } : {}) };
  }

  /** Admits a payment; where a rule asks for the balance, it is read and the unit of work is run again with it. */
  async function admitPayment(request: AdmissionRequest): Promise<Admission> {
    const first = await storage
      .write(({ db }) => admit(db, request))
      .catch((error: unknown) => {
        if (error instanceof BalanceNeeded) return error;
        throw error;
      });
    if (!(first instanceof BalanceNeeded)) return first;
    const balance = await balanceOf(request.intent, first.mark);
    return storage.write(({ db }) => admit(db, { ...request, balance }));
  }

  return async (session, body, { waitMs, ...options }) => {
    shutdown.assertRunning();
    const asked = clock.now();
    // Whatever is read from the chain before a payment is admitted is part of the wait.
    const patience = () => ({ ...options, waitMs: Math.max(0, waitMs - (clock.now() - asked)) });
    const requested = await requests.requestedBy(session.agentId, body);
    const idempotencyKey = options.idempotencyKey ?? null;
    // A repetition is answered whatever the state of the chain or the keystore: the outcome is already known.
    if (idempotencyKey !== null) {
      const before = await findByIdempotencyKey(storage.read, session.agentId, idempotencyKey);
      if (before !== undefined) {
        assertSameRequest(sealer, before, requestHash(requested));
        return answer(await work.waitForEnd(before, patience()), true);
      }
    }
    requests.checkReady(requested);
    const admission = await work.withPassage(await breakers.enter(requested), async (handOver) => {
      const intent = { ...(await requests.paymentOf(requested)), sessionId: session.sessionId };
      const admitted = await admitPayment({ intent, idempotencyKey, ip: options.ip ?? null });
      if (admitted.kind === 'admitted' && admitted.row.status === 'EXECUTING') handOver(admitted);
      return admitted;
    });
    if (admission.kind === 'unbelievable') throw agentNotAuthentic(requested.agentId);
    if (admission.kind === 'refused') throw refusalError(admission.row);
    return answer(await work.waitForEnd(admission.row, patience()), admission.kind === 'replayed');
  };
}
