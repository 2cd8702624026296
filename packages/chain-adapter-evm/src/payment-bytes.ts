import {
  type Address,
  bytesToHex,
  getAddress,
  type Hex,
  hexToBytes,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerializedEIP1559,
} from 'viem';
import type { Call } from './call-of.ts';

/** All that an EIP-1559 transaction of ours consists of. Amounts in wei. */
export interface PaymentFields extends Call {
  readonly chainId: number;
  readonly nonce: bigint;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A signature over the digest of a transaction. */
export interface PaymentSignature {
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity: 0 | 1;
}

/** Encodes a transaction, with its signature if there is one. */
export function encodePayment(fields: PaymentFields, signature?: PaymentSignature): Uint8Array {
  const transaction = { ...fields, nonce: Number(fields.nonce), type: 'eip1559' } as const;
  return hexToBytes(serializeTransaction(transaction, signature));
}

const isEip1559 = (hex: Hex): hex is TransactionSerializedEIP1559 => hex.startsWith('0x02');

/**
 * Reads a transaction, signed or not. Anything that could have been written another way is refused: what comes out
 * describes the bytes and nothing but them.
 * @returns null when the bytes are no EIP-1559 transaction in canonical form that calls an address
 */
export function decodePayment(bytes: Uint8Array): { fields: PaymentFields; signature: PaymentSignature | null } | null {
  const hex = bytesToHex(bytes);
  if (!isEip1559(hex)) return null;
  try {
    const parsed = parseTransaction(hex);
    if (parsed.to === undefined || parsed.to === null || (parsed.accessList ?? []).length > 0) return null;
    const fields: PaymentFields = {
      chainId: parsed.chainId,
      nonce: BigInt(parsed.nonce ?? 0),
      gas: parsed.gas ?? 0n,
      maxFeePerGas: parsed.maxFeePerGas ?? 0n,
      maxPriorityFeePerGas: parsed.maxPriorityFeePerGas ?? 0n,
      to: getAddress(parsed.to),
      value: parsed.value ?? 0n,
      data: parsed.data ?? '0x',
    };
    const signature = readSignature(parsed);
    const again = encodePayment(fields, signature ?? undefined);
    return bytesToHex(again) === hex ? { fields, signature } : null;
  } catch {
    // Whatever the reason, bytes that cannot be read are no payment.
    return null;
  }
}

function readSignature(parsed: {
  r?: Hex | undefined;
  s?: Hex | undefined;
  yParity?: number | undefined;
}): PaymentSignature | null {
  const { r, s, yParity } = parsed;
  if (r === undefined || s === undefined) return null;
  return { r, s, yParity: yParity === 1 ? 1 : 0 };
}

/** What is signed: the hash of the unsigned transaction. */
export const signingDigest = (fields: PaymentFields): Uint8Array => keccak256(encodePayment(fields), 'bytes');

/** The id of a signed transaction: the hash of its bytes. */
export const transactionHash = (signed: Uint8Array): string => keccak256(signed);

/** A signed transaction, read from its bytes. */
export interface SignedPayment {
  readonly fields: PaymentFields;
  readonly sender: Address;
}

/** Reads a signed transaction and who signed it; null when the bytes are none. */
export async function readSigned(bytes: Uint8Array): Promise<SignedPayment | null> {
  const decoded = decodePayment(bytes);
  if (decoded === null || decoded.signature === null) return null;
  const serializedTransaction = bytesToHex(bytes);
  if (!isEip1559(serializedTransaction)) return null;
  try {
    return { fields: decoded.fields, sender: await recoverTransactionAddress({ serializedTransaction }) };
  } catch {
    // A signature that no key can have made.
    return null;
  }
}
