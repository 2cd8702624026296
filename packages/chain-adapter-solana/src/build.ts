import { ChainError, type TransferRequest, type UnsignedTransaction } from '@waiaas/core';
import { TWIN_ROOM } from './compute-limit.ts';
import { unitPriceWithin } from './fee.ts';
import { checkFunds, checkRecipient } from './funds-check.ts';
import type { NodeView } from './node-view.ts';
import { compilePayment } from './payment-message.ts';
import { quoteFee } from './quote.ts';
import { checkRequest } from './request-check.ts';
import type { TwinRegister } from './twins.ts';

/** What a build needs beside the request. */
export interface BuildContext {
  readonly view: NodeView;
  readonly twins: TwinRegister;
  readonly maxPriorityFee: bigint;
}

/**
 * Builds a payment (02 §8): checks the request, the money and the rent, and compiles the message. Two equal payments get
 * different compute-unit limits, one unit apart, so that both land.
 * @throws ChainError INVALID_ADDRESS, INVALID_MEMO, INSUFFICIENT_BALANCE, BUILD_FAILED, RPC_ERROR, NETWORK_ERROR.
 */
export async function buildPayment(context: BuildContext, asked: TransferRequest): Promise<UnsignedTransaction> {
  const { view, twins, maxPriorityFee } = context;
  const request = checkRequest(asked);
  const { from, to, amount, memo } = request;
  const [blockhash, rent, sender, recipient, quote] = await Promise.all([
    view.blockhash.get(),
    view.walletRent.get(),
    view.account(from),
    view.account(to),
    quoteFee(view, request, maxPriorityFee),
  ]);
  checkRecipient(recipient);
  checkFunds({ sender, recipient, amount, fee: quote.fee, rent });

  const twin = twins.next(blockhash, JSON.stringify([from, to, amount.toString(), memo ?? null]));
  if (twin > TWIN_ROOM) {
    throw new ChainError({
      code: 'BUILD_FAILED',
      chain: 'solana',
      message: 'Too many equal payments at once',
      retryable: true,
      mayHaveLanded: false,
    });
  }
  const unitLimit = quote.unitLimit + twin;
  const unitPrice = unitPriceWithin(quote.budget, unitLimit);
  const serialized = compilePayment({
    from,
    to,
    amount,
    ...(memo === undefined ? {} : { memo }),
    blockhash,
    unitLimit,
    unitPrice,
  });
  return {
    chain: 'solana',
    serialized,
    estimatedFee: quote.fee,
    expiresAt: blockhash.expiresAt,
    lastValidBlockHeight: blockhash.lastValidBlockHeight,
    request: { ...asked },
    metadata: {
      type: 'SOL_TRANSFER',
      version: 0,
      from,
      to,
      amount: amount.toString(),
      blockhash: blockhash.blockhash,
      lastValidBlockHeight: blockhash.lastValidBlockHeight,
      computeUnitLimit: unitLimit,
      computeUnitPrice: unitPrice,
    },
  };
}
