import {
  decompileTransactionMessage,
  getCompiledTransactionMessageDecoder,
  type Instruction,
  type Transaction,
} from '@solana/kit';
import { notAPayment } from '../not-a-payment.ts';

/** A payment as a transaction asks for it. */
export interface TransactionPayment {
  readonly to: string;
  /** Lamports. */
  readonly amount: bigint;
  readonly memo?: string;
}

const SYSTEM = '11111111111111111111111111111111';
const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111';
const MEMOS: readonly string[] = [
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
];
/** Number of the system program's instruction `Transfer`. */
const TRANSFER = 2;

/**
 * Reads a compiled transaction as the payment it is, or refuses it and says what of it is none. The daemon makes a
 * transaction of its own from the payment, so that nothing may be in this one that would be missing there: only the fee,
 * which the daemon chooses, is left out.
 *
 * @param payer the agent's wallet
 * @throws WAIaaSError NOT_A_PAYMENT
 */
export function paymentOf(transaction: Transaction, payer: string): TransactionPayment {
  const message = readMessage(transaction);
  if (message.feePayer.address !== payer) throw notAPayment(`${message.feePayer.address} pays its fee`);
  let payment: TransactionPayment | null = null;
  let memo: string | null = null;
  for (const [index, instruction] of message.instructions.entries()) {
    const name = `instruction ${index + 1}`;
    if (instruction.programAddress === COMPUTE_BUDGET) continue;
    if (MEMOS.includes(instruction.programAddress)) {
      if (memo !== null) throw notAPayment(`${name} is a second memo`);
      memo = memoOf(instruction, payer, name);
    } else {
      if (payment !== null) throw notAPayment(`${name} comes after the payment`);
      payment = transferOf(instruction, payer, name);
    }
  }
  if (payment === null) throw notAPayment('no instruction of it pays');
  return memo === null ? payment : { ...payment, memo };
}

function readMessage({ messageBytes }: Transaction) {
  try {
    return decompileTransactionMessage(getCompiledTransactionMessageDecoder().decode(messageBytes));
  } catch {
    throw notAPayment('its message cannot be read without more, such as an address lookup table');
  }
}

function transferOf(
  { programAddress, accounts = [], data = new Uint8Array() }: Instruction,
  payer: string,
  name: string,
) {
  if (programAddress !== SYSTEM) throw notAPayment(`${name} calls the program ${programAddress}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const number = data.byteLength < 4 ? 'unknown' : view.getUint32(0, true);
  if (number !== TRANSFER || data.byteLength !== 12 || accounts.length !== 2) {
    throw notAPayment(`${name} is instruction ${number} of the system program, not a transfer`);
  }
  const [from, to] = accounts;
  if (from?.address !== payer) throw notAPayment(`${name} takes from ${from?.address}`);
  const amount = view.getBigUint64(4, true);
  if (to === undefined || amount === 0n) throw notAPayment(`${name} transfers nothing`);
  return { to: to.address, amount };
}

function memoOf({ accounts = [], data = new Uint8Array() }: Instruction, payer: string, name: string): string {
  const signer = accounts.find(({ address }) => address !== payer);
  if (signer !== undefined) throw notAPayment(`${name}, a memo, is signed by ${signer.address}`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(data));
  } catch {
    throw notAPayment(`${name}, a memo, is not UTF-8`);
  }
}
