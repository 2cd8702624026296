import {
  type Intent,
  type OwnerReject,
  type TransactionId,
  type TransactionResponse,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import { findTransaction, takeWaiting } from '@waiaas/storage';
import { readIntent } from './admission.ts';
import { createAuthenticRow } from './authentic-row.ts';
import type { Claims } from './claim.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { FREE_PASSAGE } from './network-breaker.ts';
import { notAuthentic } from './not-authentic.ts';
import type { QueuedPassages } from './queued-passage.ts';
import type { Shutdown } from './shutdown.ts';
import { transactionView } from './transaction-view.ts';
import type { WorkUnderWay } from './work-under-way.ts';

/** What the owner decides about payments that wait. */
export interface OwnerDecisions {
  /**
   * The payment that an owner's signature has to be over, from its sealed record.
   * @throws WaiaasError TX_NOT_FOUND; POLICY_DENIED when the record is not the one that was admitted
   */
  admitted(id: TransactionId): Promise<Intent>;
  /**
   * Ends what waits and is no longer what the daemon wrote, where the owner has signed a rejection of it: nobody can hold their
   * words against it, and nobody shall carry it out when it has been put back. Does nothing to any other payment.
   * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
   */
  endAltered(id: TransactionId): Promise<void>;
  /**
   * Carries out what the owner has approved. Resolves once it is EXECUTING; its end shows in the transaction.
   * @throws WaiaasError as `Claims.approve`, and ADAPTER_NOT_AVAILABLE, CIRCUIT_OPEN, KEYSTORE_LOCKED, SHUTTING_DOWN: then it stays queued
   */
  approve(id: TransactionId, origin: RequestOrigin): Promise<TransactionResponse>;
  /** Ends what waits. @throws WaiaasError as `Claims.reject` */
  reject(id: TransactionId, input: OwnerReject, origin: RequestOrigin): Promise<TransactionResponse>;
  /** Notes that the owner means to approve a payment. @throws WaiaasError as `Claims.preApprove` */
  preApprove(id: TransactionId, origin: RequestOrigin): Promise<{ readonly expiresAt: string }>;
}

/** Makes it. */
export function createOwnerDecisions(
  dependencies: Pick<PipelineDependencies, 'storage' | 'signer' | 'sealer' | 'clock'> & {
    readonly claims: Pick<Claims, 'approve' | 'reject' | 'preApprove'>;
    readonly passages: QueuedPassages;
    readonly work: Pick<WorkUnderWay, 'withPassage'>;
    readonly shutdown: Shutdown;
  },
): OwnerDecisions {
  const { storage, signer, sealer, clock, claims, passages, work, shutdown } = dependencies;
  const authentic = createAuthenticRow(dependencies);
  return {
    async admitted(id) {
      const row = await findTransaction(storage.read, id);
      if (row === undefined) throw new WaiaasError('TX_NOT_FOUND');
      const stored = (await authentic(row)) === null ? null : readIntent(sealer, row);
      if (stored === null) throw notAuthentic(id);
      return stored.intent;
    },

    endAltered: (id) =>
      storage.write(async ({ db }) => {
        await takeWaiting(db, sealer, unixSeconds(clock), { id });
      }),

    async approve(id, origin) {
      shutdown.assertRunning();
      const waiting = await findTransaction(storage.read, id);
      if (waiting?.status === 'QUEUED') {
        if (!signer.isUnlocked) throw new WaiaasError('KEYSTORE_LOCKED');
        if (!passages.isReachable(waiting)) throw new WaiaasError('ADAPTER_NOT_AVAILABLE');
      }
      const passage = waiting?.status === 'QUEUED' ? await passages.passageOf(waiting) : FREE_PASSAGE;
      return work.withPassage(passage, async (handOver) => {
        const claim = await claims.approve(id, origin);
        handOver(claim);
        return transactionView(claim.row);
      });
    },

    async reject(id, input, origin) {
      return transactionView(await claims.reject(id, input, origin));
    },

    preApprove: (id, origin) => claims.preApprove(id, origin),
  };
}
