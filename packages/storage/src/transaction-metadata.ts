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

/** The metadata of a row with fields added; what was there before is kept (04 §2). */
export const mergeMetadata = (
  row: Pick<TransactionRow, 'metadata'>,
  fields: Readonly<Record<string, unknown>>,
): string => toJson({ ...readMetadata(row), ...fields });
