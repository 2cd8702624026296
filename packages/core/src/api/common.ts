import { z } from 'zod';
import { limitSchema } from '../base-units.ts';
import { isUuidV7 } from '../ids.ts';

/** Wire form of an id. */
export const idSchema = z.string().refine(isUuidV7, 'must be a UUID v7 in lower case');
/** Wire form of a time: ISO 8601, UTC, milliseconds. */
export const timestampSchema = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
/** Wire form of an amount in answers. */
export const moneySchema = limitSchema;

/** A token as it is shown. */
export const tokenSchema = z.object({
  /** The mint or contract. */
  address: z.string(),
  decimals: z.int(),
  /** For people; anybody may give a token any symbol. */
  symbol: z.string(),
});

/** Page of a list (06 §2.1): newest first unless told otherwise; `cursor` is the `nextCursor` of the page before. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: idSchema.optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
};
/** Where the next page starts; null on the last one. */
export const nextCursorSchema = z.string().nullable();

/** Error answer, the same everywhere (00 §3). */
export const errorBodySchema = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string(),
  retryable: z.boolean(),
  hint: z.string().optional(),
});
