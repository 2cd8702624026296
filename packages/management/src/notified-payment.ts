import { decodeIntent, type Intent, type NotifiedPayment, nativeAsset } from '@waiaas/core';
import type { TransactionRow } from '@waiaas/storage';

/** A payment as the owner is told of it, from what was admitted. */
export const intentInMessage = (intent: Intent): NotifiedPayment => {
  const { symbol, decimals } = intent.token ?? nativeAsset(intent.chain);
  return {
    txId: intent.transactionId,
    agentId: intent.agentId,
    chain: intent.chain,
    network: intent.network,
    asset: intent.asset,
    amount: intent.amount.toString(),
    unit: { symbol, decimals },
    to: intent.to,
    memo: intent.memo,
  };
};

/**
 * The same of a stored payment. Null when its record cannot be read: then there is nothing true to be told of it, and
 * whoever meets it reports a broken seal. Never throws, for no payment may depend on a message about it.
 */
export function paymentInMessage(row: Pick<TransactionRow, 'intent'>): NotifiedPayment | null {
  try {
    return intentInMessage(decodeIntent(row.intent));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
