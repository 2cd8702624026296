import { type AnyDetails, type Chain, ChainError, type ChainErrorCode } from '@waiaas/core';

/** Makes an error about something that never left: nothing can land, and asking again changes nothing. */
export type Refuse = (
  code: ChainErrorCode,
  message: string,
  extra?: { readonly details?: AnyDetails; readonly cause?: unknown; readonly retryable?: boolean },
) => ChainError;

/** Refusals of one chain. */
export const refusals =
  (chain: Chain): Refuse =>
  (code, message, extra = {}) =>
    new ChainError({ code, chain, message, retryable: false, mayHaveLanded: false, ...extra });
