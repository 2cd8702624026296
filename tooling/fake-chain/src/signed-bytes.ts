import type { SignBytes, SignedVariant } from '@waiaas/core';
import { isSignedBy, isTransactionHash, SIGNATURE_BYTES } from './fake-signature.ts';
import { refusal } from './request-check.ts';

/** @throws ChainError RPC_ERROR for what is no transaction id of a fake chain */
export function requireHash(txHash: string): void {
  if (!isTransactionHash(txHash)) throw refusal('RPC_ERROR', 'This is not a transaction id of the fake chain');
}

/**
 * Takes signed bytes apart.
 * @throws ChainError SUBMIT_FAILED when they are not the transaction they are said to be
 */
export function readSigned<Message>(
  { bytes, txHash }: SignedVariant,
  decode: (message: Uint8Array) => Message,
): Message {
  if (Buffer.from(bytes.subarray(0, SIGNATURE_BYTES)).toString('hex') !== txHash) {
    throw refusal('SUBMIT_FAILED', 'The transaction id is not that of the signature');
  }
  try {
    return decode(bytes.subarray(SIGNATURE_BYTES));
  } catch (cause) {
    throw refusal('SUBMIT_FAILED', 'The bytes are not a transaction', { cause });
  }
}

/** Signs a message with the key of its sender. @throws ChainError SIGN_FAILED */
export async function signMessage(from: string, message: Uint8Array, sign: SignBytes): Promise<SignedVariant> {
  let signature: Uint8Array;
  try {
    signature = Uint8Array.from(await sign(message.slice()));
  } catch (cause) {
    throw refusal('SIGN_FAILED', 'The keystore did not sign', { cause });
  }
  if (!isSignedBy(from, message, signature)) {
    throw refusal('SIGN_FAILED', 'The signature is not one of the sender');
  }
  return {
    bytes: Uint8Array.from(Buffer.concat([signature, message])),
    txHash: Buffer.from(signature).toString('hex'),
  };
}
