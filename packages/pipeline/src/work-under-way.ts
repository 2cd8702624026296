import { isTerminal, isWaiaasError } from '@waiaas/core';
import type { PermitMint } from '@waiaas/keystore';
import { type AuthenticTransaction, findTransaction, type TransactionRow } from '@waiaas/storage';
import { createAuthenticRow } from './authentic-row.ts';
import { type Claim, type ClaimedPayment, permitClaimed } from './claimed-payment.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Executor } from './executor.ts';
import type { Passage } from './network-breaker.ts';
import { notAuthentic } from './not-authentic.ts';
import type { Settlement } from './settlement.ts';
import type { Shutdown } from './shutdown.ts';
import type { Tracker } from './tracker.ts';

/** How long somebody waits for the end of a payment. */
export interface Patience {
  /** How long to wait for the end of it, ms. */
  readonly waitMs: number;
  /** Ends the wait, never the payment. */
  readonly signal?: AbortSignal;
}

/**
 * The transactions that this process carries out or follows. It goes on with each by itself, whoever still waits for it; all
 * that it knows beyond who works on what is in the database and on the chain.
 */
export interface WorkUnderWay {
  /** Carries out what a unit of work has just claimed. Synchronous up to the permit. */
  carryOut(claim: Claim, passage: Passage): void;
  /** Does what ends in a payment's being carried out or not. A leave that was not handed on is given back. */
  withPassage<T>(passage: Passage, work: (handOver: (claim: Claim) => void) => Promise<T>): Promise<T>;
  /** Follows a SUBMITTED transaction to its end. */
  follow(row: AuthenticTransaction): void;
  /** Ends a row that was begun, and of which nobody knows what became, by what is recorded of it. */
  resolve(row: AuthenticTransaction): void;
  /** Ends when the work on a transaction does; undefined when there is none. Never rejects. */
  endOf(id: string): Promise<void> | undefined;
  /**
   * A row as it is once the work on it has ended, or the wait for that is over.
   * @throws WaiaasError POLICY_DENIED when it was taken away
   */
  waitForEnd(row: TransactionRow, patience: Patience): Promise<TransactionRow>;
  /** What is being carried out, or about to be: it may be signed, and not yet sent. */
  readonly executions: readonly Promise<unknown>[];
  /** All that is being carried out or followed. None of it rejects. */
  readonly endings: readonly Promise<void>[];
  readonly counts: { readonly executing: number; readonly confirming: number };
}

/** Makes it, with nothing under way. */
export function createWorkUnderWay(
  dependencies: { readonly permits: PermitMint } & Pick<
    PipelineDependencies,
    'storage' | 'sealer' | 'gate' | 'clock' | 'timers' | 'logger'
  > & {
      readonly settlement: Settlement;
      readonly execute: Executor;
      readonly track: Tracker;
      readonly shutdown: Shutdown;
    },
): WorkUnderWay {
  const { storage, timers, logger, settlement, execute, track, shutdown } = dependencies;
  const authentic = createAuthenticRow(dependencies);

  const executing = new Set<Promise<unknown>>();
  /** What may end in an execution. */
  const claiming = new Set<Promise<unknown>>();
  /** What is being carried out or followed, by transaction: repeated requests wait for the same end. */
  const endings = new Map<string, Promise<void>>();
  const confirming = new Set<string>();

  async function follow(row: AuthenticTransaction): Promise<void> {
    confirming.add(row.id);
    try {
      await track(row, shutdown.signal);
    } finally {
      confirming.delete(row.id);
    }
  }

  /** A row as it is now; null when it is not what the daemon wrote. @throws WaiaasError KEYSTORE_LOCKED */
  async function readAnew({ id }: AuthenticTransaction): Promise<AuthenticTransaction | null> {
    const found = await findTransaction(storage.read, id);
    return found === undefined ? null : authentic(found);
  }

  async function executeToEnd(payment: ClaimedPayment, passage: Passage): Promise<void> {
    const { row } = payment;
    const work = execute(payment, passage).finally(() => passage.release());
    executing.add(work);
    try {
      const sent = await work.finally(() => executing.delete(work));
      // Another hand may have taken it for sent while a node kept this one waiting.
      const present = sent ?? (await readAnew(row));
      if (present?.status === 'SUBMITTED') await follow(present);
    } catch (error) {
      logger.error({ txId: row.id, error: String(error) }, 'What became of a payment could not be stored');
      await resolveStranded(row);
    }
  }

  /**
   * A row whose outcome could not be written, because the database could not. Asks the database until it answers, then
   * ends the row the way a restart would: by what is recorded, never by what was remembered.
   */
  async function resolveStranded(row: AuthenticTransaction): Promise<void> {
    for (let round = 0; !shutdown.signal.aborted; round++) {
      await timers.sleep(Math.min(1000 * 2 ** Math.min(round, 5), 30_000), shutdown.signal);
      if (shutdown.signal.aborted) return;
      try {
        const present = await readAnew(row);
        if (present === null || isTerminal(present.status)) return;
        if (present.status === 'SUBMITTED') return await follow(present);
        if (present.tx_hash === null) {
          await settlement.failedBeforeLanding(present, {
            code: 'STORAGE_UNAVAILABLE',
            token: 'STORAGE_UNAVAILABLE',
            retryable: true,
          });
          return;
        }
        const sent = await settlement.submitted(present, { ambiguous: true, recovered: true });
        if (sent !== null) await follow(sent);
        return;
      } catch (error) {
        if (isWaiaasError(error, 'KEYSTORE_LOCKED')) logger.debug({ txId: row.id }, 'The vault is still locked');
        else logger.error({ txId: row.id, error: String(error) }, 'The database still cannot be written');
      }
    }
  }

  /** Carries out what a unit of work has just claimed. Synchronous up to the permit. */
  function carryOut(claim: Claim, passage: Passage): void {
    const payment = permitClaimed(dependencies, claim);
    begin(claim.row, () => executeToEnd(payment, passage));
  }

  /** Does what ends in a payment's being carried out or not. A leave that was not handed on is given back. */
  async function withPassage<T>(passage: Passage, work: (handOver: (claim: Claim) => void) => Promise<T>): Promise<T> {
    let isHandedOver = false;
    const claim = work((found) => {
      carryOut(found, passage);
      isHandedOver = true;
    });
    claiming.add(claim);
    try {
      return await claim;
    } finally {
      claiming.delete(claim);
      if (!isHandedOver) passage.release();
    }
  }

  /** Starts work on a row that nobody waits for by itself; its failures end here. */
  function begin(row: AuthenticTransaction, work: (row: AuthenticTransaction) => Promise<void>): void {
    const ending = work(row)
      .catch((error: unknown) =>
        logger.error({ txId: row.id, error: String(error) }, 'A payment was left to the next start'),
      )
      .finally(() => endings.delete(row.id));
    endings.set(row.id, ending);
  }

  async function waitForEnd(row: TransactionRow, patience: Patience): Promise<TransactionRow> {
    const ending = endings.get(row.id);
    if (ending !== undefined) {
      const waiting = new AbortController();
      const end = patience.signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, patience.signal]);
      await Promise.race([ending, timers.sleep(patience.waitMs, end)]);
      waiting.abort('The wait is over');
    }
    const present = await findTransaction(storage.read, row.id);
    // Somebody has taken it out of the file.
    if (present === undefined) throw notAuthentic(row.id);
    return present;
  }

  return {
    carryOut,
    withPassage,
    follow: (row) => begin(row, follow),
    resolve: (row) => begin(row, resolveStranded),
    endOf: (id) => endings.get(id),
    waitForEnd,
    get executions() {
      return [...claiming, ...executing];
    },
    get endings() {
      return [...endings.values()];
    },
    get counts() {
      return { executing: executing.size, confirming: confirming.size };
    },
  };
}
