import { canonicalJson } from '@waiaas/core';
import { z } from 'zod';
import type { TransactionRow } from './tables/transactions.ts';

/*
 * A transaction that its chain never lets expire may be signed again for a higher fee: with the same nonce, for the same
 * payment. Its row names the newest variant, and once it has ended the one that landed; the others are kept beside it, because
 * any one of them may be the one that lands.
 */

/** Signed bytes of a transaction that may still land. */
export interface SignedBytes {
  readonly txHash: string;
  readonly bytes: Uint8Array;
}

/** What a variant needs of its row. */
type Row = Pick<TransactionRow, 'tx_hash' | 'signed_tx' | 'variants'>;

const variantsSchema = z.array(
  z.strictObject({
    txHash: z.string(),
    /** Hex; null once the transaction has ended. */
    signedTx: z.string().nullable(),
    /** When the next one was signed, Unix seconds; null for the newest one, when another has landed. */
    replacedAt: z.int().nullable(),
  }),
);
type Variants = z.infer<typeof variantsSchema>;

/** @throws SyntaxError or ZodError for what no daemon has written; the seal of the row excludes it */
const readVariants = ({ variants }: Pick<Row, 'variants'>): Variants =>
  variants === null ? [] : variantsSchema.parse(JSON.parse(variants));

const encode = (variants: Variants): string => canonicalJson(variants.map((variant) => ({ ...variant })));

/** All that was signed for a transaction and may still land, newest first; empty when nothing is left to be sent. */
export function signedVariants(row: Row): readonly SignedBytes[] {
  const { tx_hash, signed_tx } = row;
  if (tx_hash === null || signed_tx === null) return [];
  const others = readVariants(row).flatMap(({ txHash, signedTx }) =>
    signedTx === null ? [] : [{ txHash, bytes: Uint8Array.from(Buffer.from(signedTx, 'hex')) }],
  );
  return [{ txHash: tx_hash, bytes: signed_tx }, ...others.reverse()];
}

/** Hashes of all that was ever signed for a transaction, the one that its row names first. */
export const hashesOf = (row: Pick<Row, 'tx_hash' | 'variants'>): readonly string[] => [
  ...(row.tx_hash === null ? [] : [row.tx_hash]),
  ...readVariants(row).map(({ txHash }) => txHash),
];

/** How often a transaction was signed again. */
export const timesReplaced = (row: Pick<Row, 'variants'>): number => readVariants(row).length;

/** When a transaction was signed last, as far as it was signed again, Unix seconds; null otherwise. */
export const lastSignedAt = (row: Pick<Row, 'variants'>): number | null => readVariants(row).at(-1)?.replacedAt ?? null;

/** What is kept beside the next variant: all that were signed before it. @param now Unix seconds */
export function variantsWhenReplaced(row: Row, now: number): string {
  const { tx_hash, signed_tx } = row;
  if (tx_hash === null || signed_tx === null) throw new Error('Only what was signed is replaced');
  const present = { txHash: tx_hash, signedTx: Buffer.from(signed_tx).toString('hex'), replacedAt: now };
  return encode([...readVariants(row), present]);
}

/**
 * How a transaction with variants ends: its row names the one that landed, the hashes of the others are kept, and no bytes.
 * Nothing for one that was signed once, as far as anybody knows.
 * @param landed hash of the one that landed, also of one that is not on record; null when none did
 */
export function variantsAtEnd(row: Row, landed: string | null): Partial<Pick<TransactionRow, 'tx_hash' | 'variants'>> {
  const { tx_hash, variants } = row;
  if (tx_hash === null) return {};
  const named = landed ?? tx_hash;
  if (variants === null && named === tx_hash) return {};
  const all = [...readVariants(row), { txHash: tx_hash, signedTx: null, replacedAt: null }];
  const others = all.filter(({ txHash }) => txHash !== named).map((variant) => ({ ...variant, signedTx: null }));
  return { tx_hash: named, variants: encode(others) };
}
