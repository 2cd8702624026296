import type { IChainAdapter, IReplacer } from '@waiaas/core';
import { type AuthenticTransaction, lastSignedAt, signedVariants, timesReplaced } from '@waiaas/storage';
import type { Claims } from './claim.ts';
import { permitClaimed } from './claimed-payment.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Displacements } from './displacement.ts';
import { readExecutable } from './executable.ts';
import { createExecutionCap } from './execution-cap.ts';
import type { Settlement } from './settlement.ts';

/** What became of the attempt to replace the transaction of a payment. */
export type Replacement =
  /** The row as it is now: there is a further variant on record, sent or not. */
  | { readonly kind: 'replaced'; readonly row: AuthenticTransaction }
  /** There is no need for it yet. */
  | { readonly kind: 'unneeded' }
  /** It was needed and not made, and why. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Signs payments that were sent once more, for a higher fee. */
export interface Replacer {
  /** When a payment may be signed again at the earliest, Unix ms; null when it was signed often enough. */
  dueAt(row: AuthenticTransaction): number | null;
  /**
   * Replaces the transaction of a payment that the market has left behind. The same way as the first one took: built and
   * simulated, then decided and on record in the audit log, then signed against a permit of that decision, then recorded beside
   * all variants before it, and only then sent. As they share one nonce, at most one of them can land, and whoever asks what
   * became of the payment asks about all of them.
   *
   * @param refused whether nodes turn the newest variant away as too cheap
   * @throws ChainError and whatever the database throws; then the row may have moved on or not
   */
  replace(row: AuthenticTransaction, adapter: IChainAdapter & IReplacer, refused: boolean): Promise<Replacement>;
}

const refusedFor = (reason: string): Replacement => ({ kind: 'refused', reason });

/** Makes the replacer. */
export function createReplacer(
  dependencies: Pick<
    PipelineDependencies,
    'signer' | 'permits' | 'gate' | 'sealer' | 'timers' | 'clock' | 'logger' | 'settings'
  > & {
    readonly settlement: Settlement;
    readonly claims: Pick<Claims, 'claimReplacement'>;
    readonly displacements: Displacements;
  },
): Replacer {
  const { signer, gate, sealer, clock, logger, settings, settlement, claims, displacements } = dependencies;
  const withinCap = createExecutionCap(dependencies);

  return {
    dueAt(row) {
      const { afterSeconds, most } = settings.replacement;
      const times = timesReplaced(row);
      if (times >= most) return null;
      const signedAt = lastSignedAt(row) ?? row.submitted_at;
      return signedAt === null ? clock.now() : (signedAt + afterSeconds * 2 ** times) * 1000;
    },

    async replace(row, adapter, refused) {
      const executable = readExecutable(sealer, row);
      if (executable === null) return refusedFor('INTENT_NOT_AUTHENTIC');
      // A nonce has one holder that is helped along: with several, each would outbid the others without end.
      if (await displacements.isDisplaced(row)) return { kind: 'unneeded' };
      const displaced = await displacements.displacedBy(row);
      const built = await adapter.buildReplacement(executable.transfer, signedVariants(row), refused, displaced);
      if (built === null) return { kind: 'unneeded' };
      const simulation = await adapter.simulateTransaction(built);
      if (!simulation.success) return refusedFor(`SIMULATION_FAILED: ${simulation.error ?? 'The node gave no reason'}`);

      const claimed = await claims.claimReplacement(row, built.estimatedFee);
      if (claimed === null) return refusedFor('TX_ALREADY_PROCESSED');
      if ('token' in claimed) return refusedFor(claimed.token);
      const { permit } = permitClaimed(dependencies, claimed);
      if (permit === null) return refusedFor('KILL_SWITCH');
      const signing = adapter.signTransaction(built, async (message) => signer.sign(permit, message));
      const signed = await withinCap(signing, permit, (late) => late.discard?.());

      const recorded = await settlement.recordReplacement(claimed.row, signed, built.estimatedFee);
      if (recorded === null) {
        signed.discard?.();
        return refusedFor('TX_ALREADY_PROCESSED');
      }
      // Engaged since: it is on record and followed, and like all that was signed before it, not sent until that is over.
      const mayGoOn = (): boolean => gate.isOpen && gate.epoch === claimed.epoch;
      if (mayGoOn()) {
        try {
          await adapter.submitTransaction(signed, mayGoOn);
        } catch (error) {
          logger.warn({ txId: row.id, error: String(error) }, 'A replacement was not taken at once; it is sent again');
        }
      }
      return { kind: 'replaced', row: recorded };
    },
  };
}
