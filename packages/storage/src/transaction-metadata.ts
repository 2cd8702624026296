import { toJson } from '@waiaas/core';
import type { TransactionRow } from './tables/transactions.ts';

/** The metadata of a row; nothing where there is none, or somebody has left there what is no object. */
export function readMetadata({ metadata }: Pick<TransactionRow, 'metadata'>): Readonly<Record<string, unknown>> {
  if (metadata === null) return {};
  try {
    const read: unknown = JSON.parse(metadata);
    return typeof read === 'object' && read !== null ? { ...read } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/**
 * Whether a transaction is watched and never sent again: the kill switch was engaged between its signature and the network's
 * word for it, or while there was none. Its bytes stay with it only to prove what becomes of them.
 */
export const isWatchedOnly = (row: Pick<TransactionRow, 'metadata'>): boolean => readMetadata(row).watchedOnly === true;

/** Hashes of what a transaction took the place of when it was signed, of other payments with its nonce; none for most. */
export function displacesOf(row: Pick<TransactionRow, 'metadata'>): readonly string[] {
  const { displaces } = readMetadata(row);
  return Array.isArray(displaces) ? displaces.filter((hash): hash is string => typeof hash === 'string') : [];
}

/**
 * The nonce that a transaction was signed with, on chains that have them: its bytes go with its end, and whether they can still land is
 * proven by this. Null where none was kept, as by earlier versions.
 */
export function nonceOf(row: Pick<TransactionRow, 'metadata'>): bigint | null {
  const { nonce } = readMetadata(row);
  return typeof nonce === 'string' && /^\d+$/.test(nonce) ? BigInt(nonce) : null;
}

/** The metadata of a row with fields added; what was there before is kept (04 §2). */
export const mergeMetadata = (
  row: Pick<TransactionRow, 'metadata'>,
  fields: Readonly<Record<string, unknown>>,
): string => toJson({ ...readMetadata(row), ...fields });
