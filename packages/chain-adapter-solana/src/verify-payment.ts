import { type Address, isAddress } from '@solana/kit';
import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import { associatedAccount } from './associated-account.ts';
import type { AccountClosing } from './decode-closing.ts';
import { type DecodedPayment, decodePayment, type NativeTransfer } from './decode-payment.ts';
import type { TokenTransfer } from './decode-token-transfer.ts';
import { BASE_FEE, priorityFee } from './fee.ts';

/** Part of a payment that is not what was asked for; `form` when the bytes are no payment at all. */
export type Mismatch =
  | 'form'
  | 'feePayer'
  | 'asset'
  | 'source'
  | 'destination'
  | 'amount'
  | 'decimals'
  | 'tokenProgram'
  | 'creation'
  | 'closing'
  | 'memo'
  | 'blockhash'
  | 'unitLimit'
  | 'unitPrice'
  | 'fee';

type Metadata = UnsignedTransaction['metadata'];

function nativeMismatch(transfer: NativeTransfer, request: TransferRequest): Mismatch | null {
  if (request.token !== undefined) return 'asset';
  if (transfer.source !== request.from) return 'source';
  if (transfer.destination !== request.to) return 'destination';
  return transfer.amount === request.amount ? null : 'amount';
}

function creationMismatch(
  { creation, destination, mint, program }: TokenTransfer,
  { from, to }: TransferRequest,
  rent: unknown,
): Mismatch | null {
  // Nothing is created whose rent was not in the estimate.
  if (creation === null) return rent === 0n ? null : 'creation';
  const isExpected =
    typeof rent === 'bigint' &&
    rent > 0n &&
    creation.payer === from &&
    creation.account === destination &&
    creation.owner === to &&
    creation.mint === mint &&
    creation.program === program;
  return isExpected ? null : 'creation';
}

async function tokenMismatch(
  transfer: TokenTransfer,
  request: TransferRequest,
  metadata: Metadata,
): Promise<Mismatch | null> {
  const { token, from, to } = request;
  const { program, mint } = transfer;
  if (token === undefined || mint !== token.address || !isAddress(mint) || !isAddress(to)) return 'asset';
  if (program !== metadata.tokenProgramId) return 'tokenProgram';
  if (transfer.decimals !== token.decimals) return 'decimals';
  // Only the owner of an account can move what is in it, and the one signer is the sender: whichever of the sender's accounts
  // the build has chosen, nobody else's can be debited.
  if (transfer.authority !== from || transfer.source !== metadata.sourceAccount) return 'source';
  if (request.emptied !== undefined && transfer.source !== request.emptied.account) return 'source';
  // Whose account is credited follows from the bytes alone: it is derived anew from the recipient.
  const due: Address = await associatedAccount(to, mint, program);
  if (transfer.destination !== due) return 'destination';
  if (transfer.amount !== request.amount) return 'amount';
  return creationMismatch(transfer, request, metadata.accountRent);
}

/** An account is closed when the request says so, that one, and to its owner. */
function closingMismatch(
  closing: AccountClosing | null,
  { from, emptied }: TransferRequest,
  metadata: Metadata,
): Mismatch | null {
  if (emptied?.close !== true) return closing === null ? null : 'closing';
  const isExpected =
    closing !== null &&
    closing.account === emptied.account &&
    closing.program === metadata.tokenProgramId &&
    closing.destination === from &&
    closing.owner === from;
  return isExpected ? null : 'closing';
}

async function transferMismatch(
  transfer: DecodedPayment['transfer'],
  request: TransferRequest,
  metadata: Metadata,
): Promise<Mismatch | null> {
  // Only a request for the closing of an account moves nothing, and it moves nothing else.
  if (request.emptied !== undefined && request.amount === 0n) return transfer === null ? null : 'amount';
  if (transfer === null) return 'amount';
  return transfer.kind === 'native' ? nativeMismatch(transfer, request) : tokenMismatch(transfer, request, metadata);
}

/** Lamports that a payment may take at most beside what it pays. */
function costs({ unitLimit, unitPrice, transfer }: DecodedPayment, metadata: Metadata): bigint {
  const rent = transfer?.kind === 'token' && typeof metadata.accountRent === 'bigint' ? metadata.accountRent : 0n;
  return BASE_FEE + priorityFee(unitLimit, unitPrice) + rent;
}

/**
 * Compares what the bytes of a transaction do with what its request asks for, field by field (02 §14, "sign what was
 * approved"). The blockhash, the compute budget, the account debited and the rent are compared with what the build recorded,
 * all of it together with the estimate that was shown to the policy, and the bid with the cap.
 * @returns the first part that differs, or null when the bytes do exactly what was asked for.
 */
export async function paymentMismatch(
  message: Uint8Array,
  built: UnsignedTransaction,
  maxFee: bigint,
): Promise<Mismatch | null> {
  const { request, metadata } = built;
  const payment = readable(message);
  if (payment === null) return 'form';
  const { transfer, unitLimit, unitPrice } = payment;
  if (payment.feePayer !== request.from) return 'feePayer';
  const mismatch =
    (await transferMismatch(transfer, request, metadata)) ?? closingMismatch(payment.closing, request, metadata);
  if (mismatch !== null) return mismatch;
  if (payment.memo !== request.memo) return 'memo';
  if (payment.blockhash !== metadata.blockhash) return 'blockhash';
  if (unitLimit !== metadata.computeUnitLimit) return 'unitLimit';
  if (unitPrice !== metadata.computeUnitPrice) return 'unitPrice';
  const bid = priorityFee(unitLimit, unitPrice);
  // The rest of the wallet was reckoned with this very fee: another one would leave something, or fail.
  if (request.fee !== undefined && BASE_FEE + bid !== request.fee) return 'fee';
  return bid > maxFee || costs(payment, metadata) > built.estimatedFee ? 'fee' : null;
}

const readable = (message: Uint8Array): DecodedPayment | null => {
  try {
    return decodePayment(message);
  } catch {
    // Whatever the reason, bytes that cannot be read are not signed.
    return null;
  }
};
