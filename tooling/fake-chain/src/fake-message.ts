import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import type { LedgerTransfer } from './fake-ledger.ts';

/** Fee of every fake transaction, base units. */
export const FAKE_FEE = 5000n;

/** What a fake transaction says beside the payment: what makes it different from every other, and its last block. */
export interface FakeLifetime {
  readonly nonce: string;
  readonly lastValidBlockHeight: bigint;
}

/** The one encoding of a payment: JSON, so that failures of tests can be read. */
export const encodeMessage = (request: TransferRequest, lifetime: FakeLifetime): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      from: request.from,
      to: request.to,
      amount: request.amount.toString(),
      memo: request.memo ?? null,
      token: request.token === undefined ? null : { mint: request.token.address, decimals: request.token.decimals },
      lastValidBlockHeight: lifetime.lastValidBlockHeight.toString(),
      nonce: lifetime.nonce,
    }),
  );

/** Reads a message back. @throws an error of any kind when the bytes are none */
export function decodeMessage(message: Uint8Array): LedgerTransfer & { readonly memo: string | null } {
  const { from, to, amount, lastValidBlockHeight, memo, token } = JSON.parse(new TextDecoder().decode(message));
  return {
    from,
    to,
    amount: BigInt(amount),
    fee: FAKE_FEE,
    lastValidBlockHeight: BigInt(lastValidBlockHeight),
    memo,
    token: token?.mint ?? null,
  };
}

/** Whether the bytes of a transaction are those of its request and of the record of its build. */
export function isWhatWasAsked({ request, serialized, metadata, lastValidBlockHeight }: UnsignedTransaction): boolean {
  if (typeof metadata.nonce !== 'string' || lastValidBlockHeight === undefined) return false;
  if ((request.fee ?? FAKE_FEE) !== FAKE_FEE) return false;
  const expected = encodeMessage(request, { nonce: metadata.nonce, lastValidBlockHeight });
  return Buffer.from(expected).equals(serialized);
}
