import { type ConfirmationVerdict, type IChainAdapter, unixSeconds } from '@waiaas/core';
import { type AuthenticTransaction, hasYoungerLanded } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { readExecutable } from './executable.ts';
import type { Refusal } from './refusal.ts';
import type { Settlement } from './settlement.ts';

/** Longest pause between two rounds, ms. */
const MAX_PAUSE = 15_000;

const adapterOf = (
  { adapters, sealer }: Pick<PipelineDependencies, 'adapters' | 'sealer'>,
  row: AuthenticTransaction,
): IChainAdapter | undefined => {
  const executable = readExecutable(sealer, row);
  return executable === null ? undefined : adapters.find(executable.chain, executable.network);
};

/**
 * Stage 6: follows a SUBMITTED transaction until the chain has proven what became of it (04 §6.6). Faults and silence
 * prove nothing: the row stays SUBMITTED, its reservation stays held, and the question is asked again, for as long as
 * it takes. While it may still land, the very same bytes are sent again, in case the network lost them.
 *
 * @returns the row in its terminal state, or null when the signal ended the wait or another hand settled it
 */
export type Tracker = (row: AuthenticTransaction, signal: AbortSignal) => Promise<AuthenticTransaction | null>;

export function createTracker(
  dependencies: Pick<PipelineDependencies, 'adapters' | 'sealer' | 'gate' | 'timers' | 'logger' | 'settings'> & {
    readonly settlement: Settlement;
  },
): Tracker {
  const { gate, timers, logger, settings, settlement } = dependencies;

  async function resend(adapter: IChainAdapter, row: AuthenticTransaction, txHash: string): Promise<void> {
    // While the kill switch is engaged a transaction is watched, not helped (04 §20).
    if (row.signed_tx === null || !gate.isOpen) return;
    try {
      await adapter.submitTransaction({ bytes: row.signed_tx, txHash });
    } catch (error) {
      logger.debug(
        { txId: row.id, error: String(error) },
        'Sending a transaction again was refused; its status decides',
      );
    }
  }

  async function ask(
    adapter: IChainAdapter,
    row: AuthenticTransaction,
    txHash: string,
    signal: AbortSignal,
  ): Promise<ConfirmationVerdict> {
    try {
      return await adapter.waitForConfirmation(txHash, {
        timeoutMs: settings.confirmationRoundMs,
        // What the owner signed for, or takes back, must be beyond any reorganisation before it is called done.
        target: row.tier === 'APPROVAL' || row.recall_id !== null ? 'finalized' : 'confirmed',
        ...(row.last_valid_block_height === null ? {} : { lastValidBlockHeight: BigInt(row.last_valid_block_height) }),
        ...(row.signed_tx === null ? {} : { bytes: row.signed_tx }),
        signal,
      });
    } catch (error) {
      logger.warn({ txId: row.id, error: String(error) }, 'The chain could not be asked about a transaction');
      return { verdict: 'unknown' };
    }
  }

  function settle(
    row: AuthenticTransaction,
    verdict: Exclude<ConfirmationVerdict, { verdict: 'unknown' }>,
  ): Promise<AuthenticTransaction | null> {
    switch (verdict.verdict) {
      case 'confirmed':
        return settlement.confirmed(row, verdict);
      case 'failed': {
        const refusal: Refusal = {
          code: 'CHAIN_ERROR',
          token: 'ONCHAIN_FAILURE',
          reason: verdict.error,
          message: `The transaction was executed and failed: ${verdict.error}`,
          details: { reason: verdict.error, txHash: row.tx_hash },
          retryable: false,
        };
        return settlement.failedOnChain(row, refusal, verdict);
      }
      case 'expired':
        return settlement.expired(row, verdict);
    }
  }

  return async (row, signal) => {
    const txHash = row.tx_hash;
    if (txHash === null) throw new Error('A submitted transaction always has a hash');
    for (let round = 0; !signal.aborted; round++) {
      const adapter = adapterOf(dependencies, row);
      const verdict: ConfirmationVerdict =
        adapter?.isConnected() === true ? await ask(adapter, row, txHash, signal) : { verdict: 'unknown' };
      if (signal.aborted) return null;
      if (verdict.verdict !== 'unknown') {
        try {
          return await settle(row, verdict);
        } catch (error) {
          // A database that cannot be written now: the verdict is proven and will be proven again in the next round.
          logger.error({ txId: row.id, error: String(error) }, 'A verdict could not be stored; trying again');
        }
      } else if (adapter?.isConnected() === true) {
        await resend(adapter, row, txHash);
      }
      await timers.sleep(Math.min(250 * 2 ** Math.min(round, 6), MAX_PAUSE), signal);
    }
    return null;
  };
}

/** How long an adapter may take to prove that a transaction cannot land any more, ms. */
const PROOF_PATIENCE = 1000;

/**
 * Whether a transaction that a node has refused cannot land any more. One with a last block proves it by that; one with a
 * nonce is dead once a younger one of its wallet has landed, which had the same nonce or a later one.
 */
async function isOver(
  { storage, sealer, clock, settings }: LateCheckDependencies,
  adapter: IChainAdapter,
  row: AuthenticTransaction,
  txHash: string,
): Promise<boolean> {
  // It ended because this was proven.
  if (row.status === 'EXPIRED') return true;
  if (row.last_valid_block_height === null) {
    return hasYoungerLanded(storage.read, sealer, row, unixSeconds(clock) - settings.lateCheckSeconds);
  }
  const lastValidBlockHeight = BigInt(row.last_valid_block_height);
  const { verdict } = await adapter.waitForConfirmation(txHash, { timeoutMs: PROOF_PATIENCE, lastValidBlockHeight });
  return verdict === 'expired';
}

type LateCheckDependencies = Pick<PipelineDependencies, 'storage' | 'adapters' | 'sealer' | 'clock' | 'settings'> & {
  readonly settlement: Settlement;
};

/**
 * Looks a transaction up that ended without landing (04 §6.6): one that turns up after all counts towards the caps and is
 * reported as critical. One that a node has refused is looked up until it is proven that it cannot land: that node may have
 * kept the bytes. A look-up that fails is made again at the next run.
 */
export const createLateCheck =
  (dependencies: LateCheckDependencies) =>
  async (row: AuthenticTransaction): Promise<void> => {
    const adapter = adapterOf(dependencies, row);
    if (row.tx_hash === null || adapter === undefined || !adapter.isConnected()) return;
    // Asked first: what lands after this look is found by the next one.
    const over = await isOver(dependencies, adapter, row, row.tx_hash);
    const status = await adapter.getTransactionStatus(row.tx_hash);
    const landed = status.state === 'landed' && status.error === null;
    if (landed && status.commitment === 'processed') return;
    const { settlement } = dependencies;
    if (landed) await settlement.lateChecked(row, { blockNumber: status.blockNumber });
    else if (over || status.state === 'landed') await settlement.lateChecked(row, null);
    else await settlement.lateCheckAgain(row);
  };
