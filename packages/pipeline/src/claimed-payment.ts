import { isWaiaasError } from '@waiaas/core';
import type { PermitMint, SigningPermit } from '@waiaas/keystore';
import type { AuthenticTransaction } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { readExecutable } from './executable.ts';

/** A payment that a unit of work has moved to EXECUTING. */
export interface Claim {
  readonly row: AuthenticTransaction;
  /** Epoch of the gate while it was decided. */
  readonly epoch: number;
}

/** A payment to be carried out by whoever holds this, once. */
export interface ClaimedPayment {
  readonly row: AuthenticTransaction;
  /** Null when the gate was closed since the decision, whether or not it is open again: then nothing is signed. */
  readonly permit: SigningPermit | null;
}

/** Null where the vault was locked since the unit of work was committed: whoever holds the claim is to end it. */
function unlessLocked<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isWaiaasError(error, 'KEYSTORE_LOCKED')) return null;
    throw error;
  }
}

/**
 * The end of the claim step, called as soon as the unit of work is committed: the one place where permits are minted
 * (00 §3). A permit from here is for this intent and for the epoch of the decision, so that a payment which the kill
 * switch has met on its way is not signed after a recovery.
 */
export function permitClaimed(
  dependencies: { readonly permits: PermitMint } & Pick<PipelineDependencies, 'gate' | 'sealer'>,
  { row, epoch }: Claim,
): ClaimedPayment {
  const { permits, gate, sealer } = dependencies;
  const executable = unlessLocked(() => readExecutable(sealer, row));
  if (executable === null || !gate.isOpen || gate.epoch !== epoch) return { row, permit: null };
  return { row, permit: permits.mint({ agentId: executable.agentId, intentHash: executable.hash, epoch }) };
}
