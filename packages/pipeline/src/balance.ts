import type { Intent } from '@waiaas/core';
import type { LedgerMark } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { balanceOfAsset } from './tokens.ts';

/** What a wallet was found to hold, with what is needed to tell later how much of it is gone. */
export interface BalanceReading {
  /** Base units on the chain; null when it could not tell. */
  readonly held: bigint | null;
  /** How far the agent's ledger had come before the chain was asked; null when nobody could say. */
  readonly mark: LedgerMark | null;
}

/**
 * Reads what an agent holds of what it pays. Never rejects.
 * @param mark how far the ledger of that asset has come by now
 */
export type BalanceReader = (
  payment: Pick<Intent, 'chain' | 'network' | 'from' | 'token'>,
  mark: LedgerMark | null,
) => Promise<BalanceReading>;

/** Makes what reads the balance where a rule asks for it. */
export function createBalanceReader({
  adapters,
  logger,
}: Pick<PipelineDependencies, 'adapters' | 'logger'>): BalanceReader {
  return async (payment, mark) => {
    const { chain, network } = payment;
    try {
      const adapter = adapters.find(chain, network);
      return { held: adapter === undefined ? null : await balanceOfAsset(adapter, payment), mark };
    } catch (error) {
      logger.warn({ chain, network, error: String(error) }, 'A balance that a rule asks for could not be read');
      return { held: null, mark };
    }
  };
}

/** What leaves a wallet, or has left it, and may still be in the balance that was read. Base units; null when it cannot be told. */
export interface Promised {
  /** By payments that were admitted and have not settled. */
  readonly reserved: bigint | null;
  /** By payments that have settled since the ledger was where the reading has marked it. */
  readonly settled: bigint | null;
}

/**
 * What a wallet holds and has promised to nothing else: shares of the balance are shares of this, so that payments which are
 * decided at the same time, or while the balance was read, are not all measured by the same funds. Null when it cannot be told.
 *
 * What has left the wallet by the time it is looked at and is still reserved is taken off twice, and so is what settles in
 * between: that can only raise a payment to APPROVAL. Fees, and rent for accounts of recipients, are taken off once they are
 * paid: they are no part of what is limited (04 §9). Nor does a recall count, which reserves nothing: no agent may pay before the
 * one that is under way has ended.
 */
export function freeBalance(held: bigint | null, { reserved, settled }: Promised): bigint | null {
  if (held === null || reserved === null || settled === null) return null;
  const free = held - reserved - settled;
  return free > 0n ? free : 0n;
}
