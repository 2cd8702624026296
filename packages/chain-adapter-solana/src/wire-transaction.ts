import {
  type Base64EncodedWireTransaction,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  getTransactionDecoder,
} from '@solana/kit';

/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** A payment has one signature, and its count takes one byte. */
const SIGNATURE_COUNT = 1;
const MESSAGE_OFFSET = 1 + SIGNATURE_BYTES;

/** The wire form of a transaction with one signature: count, signature, message (02 §14). */
export function assembleWire(signature: Uint8Array, message: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError('A signature has 64 bytes');
  return Uint8Array.of(SIGNATURE_COUNT, ...signature, ...message);
}

/** The wire form before there is a signature: what a simulation without signature check takes. */
export const assembleUnsignedWire = (message: Uint8Array): Uint8Array =>
  assembleWire(new Uint8Array(SIGNATURE_BYTES), message);

/** The id of a transaction: its signature in base58, 86 to 88 characters. */
export const transactionId = (signature: Uint8Array): string => getBase58Decoder().decode(signature);

/** The two parts of a wire transaction. */
export interface WireParts {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** Takes a wire transaction apart; null when it has not exactly one signature and a message. */
export function readWire(wire: Uint8Array): WireParts | null {
  if (wire[0] !== SIGNATURE_COUNT || wire.length <= MESSAGE_OFFSET) return null;
  return { signature: wire.slice(1, MESSAGE_OFFSET), message: wire.slice(MESSAGE_OFFSET) };
}

/**
 * Base64 of a wire transaction.
 * @throws SolanaError when the bytes are no transaction.
 */
export const base64Wire = (wire: Uint8Array): Base64EncodedWireTransaction =>
  getBase64EncodedWireTransaction(getTransactionDecoder().decode(wire));
