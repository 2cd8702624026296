import {
  type Address,
  type CompiledTransactionMessage,
  type CompiledTransactionMessageWithLifetime,
  getBase58Decoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type Transaction,
} from '@solana/kit';

/** Largest transaction a validator takes, signatures included, in bytes. */
export const MAX_TRANSACTION_BYTES = 1232;

/** The message kinds the network runs today; version 1 is refused as undecodable. */
export type Message = Exclude<CompiledTransactionMessage, { readonly version: 1 }> &
  CompiledTransactionMessageWithLifetime;

/** A transaction as it came over the wire, decoded once. */
export interface WireTransaction {
  readonly bytes: Uint8Array;
  readonly transaction: Transaction;
  readonly message: Message;
  /** Base58 of the fee payer's signature; all ones in base58 when it is missing. */
  readonly signature: string;
  readonly isFullySigned: boolean;
}

const UNSIGNED = new Uint8Array(64);
const transactionDecoder = getTransactionDecoder();
const messageDecoder = getCompiledTransactionMessageDecoder();
const toBase58 = getBase58Decoder();

/**
 * Decodes wire bytes.
 *
 * @throws Error when the bytes are not a legacy or version 0 transaction
 */
export function decodeWireTransaction(bytes: Uint8Array): WireTransaction {
  const transaction = transactionDecoder.decode(bytes);
  const message = decodeMessage(transaction.messageBytes);
  const signatures = Object.values(transaction.signatures);
  return {
    bytes,
    transaction,
    message,
    signature: toBase58.decode(signatures[0] ?? UNSIGNED),
    isFullySigned: signatures.every((signature) => signature !== null),
  };
}

/**
 * Decodes bare message bytes.
 *
 * @throws Error when the bytes are not a legacy or version 0 message
 */
export function decodeMessage(bytes: ArrayLike<number>): Message {
  const message = messageDecoder.decode(Uint8Array.from(bytes));
  if (message.version === 1) throw new Error('transaction version 1 is not supported');
  return message;
}

/** One account of a transaction with the rights the message gives it. */
export interface TransactionAccount {
  readonly address: Address;
  readonly signer: boolean;
  readonly writable: boolean;
}

/** The accounts named in the message itself, in order; those of lookup tables are not among them. */
export function staticAccounts(message: Message): readonly TransactionAccount[] {
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = message.header;
  const firstReadonlySigner = numSignerAccounts - numReadonlySignerAccounts;
  const firstReadonlyOther = message.staticAccounts.length - numReadonlyNonSignerAccounts;
  return message.staticAccounts.map((address, index) => {
    const signer = index < numSignerAccounts;
    return { address, signer, writable: signer ? index < firstReadonlySigner : index < firstReadonlyOther };
  });
}
