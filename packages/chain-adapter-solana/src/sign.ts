import {
  type Address,
  getPublicKeyFromAddress,
  isSignatureBytes,
  type SignatureBytes,
  verifySignature,
} from '@solana/kit';
import { ChainError, type Clock, type SignBytes, type SignedTransaction, type UnsignedTransaction } from '@waiaas/core';
import { checkLifetime } from './lifetime-check.ts';
import { requireAddress } from './request-check.ts';
import { paymentMismatch } from './verify-payment.ts';
import { assembleWire, transactionId } from './wire-transaction.ts';

const refuse = (message: string, extra: { details?: Readonly<Record<string, unknown>>; cause?: unknown }): ChainError =>
  new ChainError({ code: 'SIGN_FAILED', chain: 'solana', message, ...extra, retryable: false, mayHaveLanded: false });

const askForSignature = async (sign: SignBytes, message: Uint8Array): Promise<unknown> => {
  try {
    return await sign(message);
  } catch (cause) {
    // Kept as it is: it comes from our own keystore, and the caller may want to know which of its checks refused.
    throw refuse('The keystore did not sign', { cause });
  }
};

const verifies = async (signer: Address, signature: SignatureBytes, message: Uint8Array): Promise<boolean> => {
  try {
    return await verifySignature(await getPublicKeyFromAddress(signer), signature, message);
  } catch {
    // An address that is no point of the curve has no signatures.
    return false;
  }
};

/**
 * Signs a built transaction. Before: it must not be stale, and its bytes, read anew, must do exactly what its request
 * says. After: the signature must verify against the sender, so that a wrong key cannot produce a transaction (02 §14).
 * Everything works on copies: nobody who holds `serialized` can change it between check and signature.
 * @throws ChainError TRANSACTION_EXPIRED, CHAIN_NOT_SUPPORTED, or SIGN_FAILED with `details.mismatch` naming the part
 * that was not as asked for, or with the sign function's own error as cause.
 */
export async function signPayment(
  transaction: UnsignedTransaction,
  sign: SignBytes,
  clock: Clock,
  maxPriorityFee: bigint,
): Promise<SignedTransaction> {
  checkLifetime(transaction, clock);
  const from = requireAddress(transaction.request.from, 'from');
  const { lastValidBlockHeight } = transaction;
  const message = Uint8Array.from(transaction.serialized);
  const mismatch = await paymentMismatch(message, transaction, maxPriorityFee);
  if (mismatch !== null) {
    throw refuse('The transaction does not do what its request says', { details: { mismatch } });
  }

  const given = await askForSignature(sign, message.slice());
  if (!(given instanceof Uint8Array)) throw refuse('The keystore did not return a signature', {});
  const signature = Uint8Array.from(given);
  if (!isSignatureBytes(signature)) {
    throw refuse('A signature must have 64 bytes', { details: { actualLength: signature.length } });
  }
  if (!(await verifies(from, signature, message))) {
    throw refuse('The signature is not one of the sender', {});
  }
  return {
    bytes: assembleWire(signature, message),
    txHash: transactionId(signature),
    ...(lastValidBlockHeight === undefined ? {} : { lastValidBlockHeight }),
  };
}
