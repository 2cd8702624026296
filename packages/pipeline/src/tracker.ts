import { type ConfirmationVerdict, type IChainAdapter, isChainError, isReplacer, UNDERPRICED } from '@waiaas/core';
import { type AuthenticTransaction, hashesOf, isWatchedOnly, signedVariants } from '@waiaas/storage';
import { createAuthenticRow } from './authentic-row.ts';
import { chainRefusal, isGivenUp } from './chain-refusal.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Displacements } from './displacement.ts';
import { adapterOf } from './executable.ts';
import { isLeftByStop } from './left-by-stop.ts';
import type { Refusal } from './refusal.ts';
import type { Replacer } from './replacer.ts';
import type { Settlement } from './settlement.ts';

/** Longest pause between two rounds, ms. */
const MAX_PAUSE = 15_000;
/** Pauses after a replacement that was needed and not made, ms: after the first, and at most. */
const REFUSED_PAUSE = 30_000;
const LONGEST_REFUSED_PAUSE = 1_800_000;

/** Whether a node turned a transaction away because it offers too little. */
const isUnderpriced = (error: unknown): boolean => isChainError(error) && error.details?.reason === UNDERPRICED;

/**
 * Stage 6: follows a SUBMITTED transaction until the chain has proven what became of it (04 §6.6). Faults and silence
 * prove nothing: the row stays SUBMITTED, its reservation stays held, and the question is asked again, for as long as
 * it takes. While it may still land, the very same bytes are sent again, in case the network lost them; where it would wait
 * for ever because fees have risen, it is replaced. Only where all endpoints have refused it by then, and none can have got it, it
 * has failed.
 *
 * @returns the row in its terminal state, or null when the signal ended the wait or another hand settled it
 */
export type Tracker = (row: AuthenticTransaction, signal: AbortSignal) => Promise<AuthenticTransaction | null>;

export function createTracker(
  dependencies: Pick<
    PipelineDependencies,
    'storage' | 'adapters' | 'sealer' | 'clock' | 'gate' | 'timers' | 'logger' | 'settings'
  > & { readonly settlement: Settlement; readonly replacer: Replacer; readonly displacements: Displacements },
): Tracker {
  const { storage, clock, gate, timers, logger, settings, settlement, replacer, displacements } = dependencies;
  const authentic = createAuthenticRow(dependencies);

  /**
   * Hands what was signed to the network again, the newest variant first, until one is taken. Answers whether the newest was
   * turned away as too cheap; and why all that was signed was given up, where it was.
   *
   * @param epoch that of the gate for which it is known that the transaction may be helped
   */
  async function resend(
    adapter: IChainAdapter,
    row: AuthenticTransaction,
    epoch: number,
  ): Promise<{ readonly refused: boolean; readonly givenUp: Refusal | null }> {
    let refused = false;
    const isOnly = hashesOf(row).length === 1;
    for (const [index, variant] of signedVariants(row).entries()) {
      // While the kill switch is engaged a transaction is watched, not helped (04 §20); what was engaged and recovered while a node
      // hung may have left it to itself.
      if (!gate.isOpen || gate.epoch !== epoch) break;
      try {
        await adapter.submitTransaction(variant, () => gate.isOpen && gate.epoch === epoch);
        break;
      } catch (error) {
        // Of several variants another one may be out.
        if (isOnly && isGivenUp(error)) return { refused, givenUp: chainRefusal(error) };
        if (index === 0) refused = isUnderpriced(error);
        logger.debug(
          { txId: row.id, txHash: variant.txHash, error: String(error) },
          'Sending a transaction again was refused; its status decides',
        );
      }
    }
    return { refused, givenUp: null };
  }

  async function ask(
    adapter: IChainAdapter,
    row: AuthenticTransaction,
    txHash: string,
    signal: AbortSignal,
  ): Promise<ConfirmationVerdict> {
    const [newest, ...variants] = signedVariants(row);
    try {
      return await adapter.waitForConfirmation(txHash, {
        timeoutMs: settings.confirmationRoundMs,
        // What the owner signed for, or takes back, must be beyond any reorganisation before it is called done.
        target: row.tier === 'APPROVAL' || row.recall_id !== null ? 'finalized' : 'confirmed',
        ...(row.last_valid_block_height === null ? {} : { lastValidBlockHeight: BigInt(row.last_valid_block_height) }),
        ...(newest === undefined ? {} : { bytes: newest.bytes }),
        ...(variants.length === 0 ? {} : { variants }),
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
          details: { reason: verdict.error, txHash: verdict.txHash ?? row.tx_hash },
          retryable: false,
        };
        return settlement.failedOnChain(row, refusal, verdict);
      }
      case 'expired':
        return settlement.expired(row, verdict);
    }
  }

  return async (submitted, signal) => {
    let row = submitted;
    /** Replacements in a row that were needed and not made, and until when no other one is tried, Unix ms. */
    let refusals = 0;
    let restsUntil = Number.NEGATIVE_INFINITY;
    /** For which epoch of the gate it is known whether the transaction may be helped. */
    let askedIn: number | null = null;

    /**
     * In which epoch of the gate the transaction may be sent again and replaced; null when it may not now. What a stop has left to
     * itself is marked so, for good; what was displaced is left to itself for as long as that which took its place is not.
     */
    async function mayHelpIn(adapter: IChainAdapter): Promise<number | null> {
      const { epoch } = gate;
      if (!gate.isOpen || isWatchedOnly(row)) return null;
      try {
        if (isReplacer(adapter) && (await displacements.isDisplaced(row))) return null;
        if (!gate.isOpen || gate.epoch !== epoch) return null;
        if (askedIn === epoch) return epoch;
        if (await isLeftByStop(storage.read, row)) {
          row = (await settlement.watchedOnly(row)) ?? (await authentic(row)) ?? row;
          return null;
        }
      } catch (error) {
        logger.error({ txId: row.id, error: String(error) }, 'Whether a payment may be helped could not be read');
        return null;
      }
      askedIn = epoch;
      return epoch;
    }

    /** Replaces the transaction when it is time and there is need. The row is then another one. */
    async function help(adapter: IChainAdapter, refused: boolean): Promise<void> {
      const isHelped = gate.isOpen && !signal.aborted;
      const due = isReplacer(adapter) && isHelped ? replacer.dueAt(row) : null;
      if (!isReplacer(adapter) || due === null || clock.now() < due || clock.now() < restsUntil) return;
      let reason: string;
      try {
        const replacement = await replacer.replace(row, adapter, refused);
        if (replacement.kind === 'replaced') row = replacement.row;
        if (replacement.kind !== 'refused') {
          refusals = 0;
          return;
        }
        reason = replacement.reason;
      } catch (error) {
        reason = String(error);
      }
      restsUntil = clock.now() + Math.min(REFUSED_PAUSE * 2 ** Math.min(refusals, 10), LONGEST_REFUSED_PAUSE);
      refusals += 1;
      logger.warn({ txId: row.id, reason }, 'A transaction that may wait for long was not replaced');
      try {
        // Whether it was recorded before it failed, the database knows; until it tells, nothing is settled from an older state.
        row = (await authentic(row)) ?? row;
      } catch (error) {
        logger.debug({ txId: row.id, error: String(error) }, 'The state of a payment could not be read anew');
      }
    }

    /** Ends what was given up: it never leaves again. Null where it could not be stored, or another hand has changed the row. */
    async function end(refusal: Refusal): Promise<AuthenticTransaction | null> {
      try {
        const ended = await settlement.failedBeforeLanding(row, refusal);
        if (ended === null) row = (await authentic(row)) ?? row;
        return ended;
      } catch (error) {
        logger.error(
          { txId: row.id, error: String(error) },
          'That a payment was given up could not be stored; trying again',
        );
        return null;
      }
    }

    for (let round = 0; !signal.aborted; round++) {
      const txHash = row.tx_hash;
      if (txHash === null) throw new Error('A submitted transaction always has a hash');
      const adapter = adapterOf(dependencies, row);
      const verdict: ConfirmationVerdict =
        adapter?.isConnected() === true ? await ask(adapter, row, txHash, signal) : { verdict: 'unknown' };
      if (signal.aborted) return null;
      if (verdict.verdict !== 'unknown') {
        try {
          const settled = await settle(row, verdict);
          const present = settled === null ? await authentic(row) : null;
          // Another hand has settled it, or has only marked it: then the verdict holds for the row as it is now.
          if (present?.status !== 'SUBMITTED') return settled;
          row = present;
        } catch (error) {
          // A database that cannot be written now: the verdict is proven and will be proven again in the next round.
          logger.error({ txId: row.id, error: String(error) }, 'A verdict could not be stored; trying again');
        }
      } else if (adapter?.isConnected() === true) {
        const epoch = await mayHelpIn(adapter);
        if (epoch !== null) {
          const { refused, givenUp } = await resend(adapter, row, epoch);
          if (givenUp !== null) {
            const ended = await end(givenUp);
            if (ended !== null) return ended;
          } else if (gate.epoch === epoch) await help(adapter, refused);
        }
        if (row.status !== 'SUBMITTED') return row;
      }
      await timers.sleep(Math.min(250 * 2 ** Math.min(round, 6), MAX_PAUSE), signal);
    }
    return null;
  };
}
