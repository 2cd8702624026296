import { type AccountClosing, isClosing, readClosing } from './decode-closing.ts';
import { isCreation, readCreation, readTokenTransfer, type TokenTransfer } from './decode-token-transfer.ts';
import { ASSOCIATED_TOKEN_PROGRAM, COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM } from './programs.ts';
import { demand, NotAPayment, numbersIn, type RawInstruction, type RawMessage, readMessage } from './raw-message.ts';

/** A transfer of the native asset, as its instruction says. */
export interface NativeTransfer {
  readonly kind: 'native';
  readonly source: string;
  readonly destination: string;
  /** Lamports. */
  readonly amount: bigint;
}

/** What the bytes of a message do, read from nothing but the bytes. */
export interface DecodedPayment {
  /** Pays the fee and is the only signer. */
  readonly feePayer: string;
  /** Null when an account is closed and nothing else is done. */
  readonly transfer: NativeTransfer | TokenTransfer | null;
  /** The account that is closed afterwards; null when none is. */
  readonly closing: AccountClosing | null;
  readonly memo: string | undefined;
  readonly blockhash: string;
  readonly unitLimit: number;
  /** 0 when there is no such instruction. */
  readonly unitPrice: bigint;
}

/** Tags of the instructions in question: first byte of a budget instruction, first four of a system one. */
const SET_UNIT_LIMIT = 2;
const SET_UNIT_PRICE = 3;
const TRANSFER = 2;

const isBudget = (instruction: RawInstruction | undefined, tag: number): instruction is RawInstruction =>
  instruction?.program === COMPUTE_BUDGET_PROGRAM && instruction.data[0] === tag;

function readLimit(instruction: RawInstruction | undefined): number {
  if (!isBudget(instruction, SET_UNIT_LIMIT))
    throw new NotAPayment('the first instruction sets the compute-unit limit');
  demand(instruction.data.length === 5 && instruction.accounts.length === 0, 'the limit instruction is well formed');
  return numbersIn(instruction.data).getUint32(1, true);
}

function readPrice(instruction: RawInstruction): bigint {
  demand(instruction.data.length === 9 && instruction.accounts.length === 0, 'the price instruction is well formed');
  return numbersIn(instruction.data).getBigUint64(1, true);
}

function readNativeTransfer({ accounts, data }: RawInstruction): NativeTransfer {
  const [source, destination] = accounts;
  demand(data.length === 12 && numbersIn(data).getUint32(0, true) === TRANSFER, 'the system instruction is a transfer');
  if (source === undefined || destination === undefined || accounts.length !== 2) {
    throw new NotAPayment('the transfer has a source and a destination');
  }
  return { kind: 'native', source, destination, amount: numbersIn(data).getBigUint64(4, true) };
}

interface FoundTransfer {
  readonly transfer: NativeTransfer | TokenTransfer | null;
  /** Instructions it takes. */
  readonly length: number;
}

function readTransfer(instructions: readonly RawInstruction[], at: number): FoundTransfer {
  const first = instructions[at];
  if (first === undefined) throw new NotAPayment('there is a transfer');
  // Read where it stands: after this.
  if (isClosing(first)) return { transfer: null, length: 0 };
  if (first.program === SYSTEM_PROGRAM) return { transfer: readNativeTransfer(first), length: 1 };
  if (!isCreation(first)) return { transfer: readTokenTransfer(first, null), length: 1 };
  const second = instructions[at + 1];
  if (second === undefined) throw new NotAPayment('the creation is followed by a transfer');
  return { transfer: readTokenTransfer(second, readCreation(first)), length: 2 };
}

function readMemo(instruction: RawInstruction | undefined): string | undefined {
  if (instruction === undefined) return undefined;
  demand(instruction.program === MEMO_PROGRAM, 'what follows the transfer is a memo');
  demand(instruction.accounts.length === 0 && instruction.data.length > 0, 'the memo is well formed');
  // A memo is compared as text; bytes that are not UTF-8 must not be read as something they are not.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(instruction.data);
}

const sameSet = (listed: readonly string[], expected: readonly string[]): boolean => {
  const wanted = new Set(expected);
  return listed.length === wanted.size && listed.every((account) => wanted.has(account));
};

/** Checks that no account is there, and no privilege, but those the instructions need. */
function checkAccounts(
  raw: RawMessage,
  { transfer, closing, memo }: Pick<DecodedPayment, 'transfer' | 'closing' | 'memo'>,
): void {
  const read: string[] = [COMPUTE_BUDGET_PROGRAM, ...(memo === undefined ? [] : [MEMO_PROGRAM])];
  const written: string[] = [];
  if (closing !== null) {
    written.push(closing.account);
    read.push(closing.program);
    // Whoever gets the lamports and allows it is the one who pays and signs; nobody else is listed then.
    demand(closing.destination === raw.feePayer && closing.owner === raw.feePayer, 'it is closed to its owner');
  }
  if (transfer?.kind === 'native') {
    written.push(transfer.destination);
    read.push(SYSTEM_PROGRAM);
  } else if (transfer !== null) {
    written.push(transfer.source, transfer.destination);
    read.push(transfer.program, transfer.mint);
    const { creation } = transfer;
    if (creation !== null) read.push(SYSTEM_PROGRAM, ASSOCIATED_TOKEN_PROGRAM, creation.owner, creation.mint);
  }
  demand(sameSet(raw.written, written), 'nothing else is written to');
  demand(sameSet(raw.read, read), 'nothing else is read');
}

/**
 * Reads a payment from its message bytes and refuses everything else: other programs, further instructions, further
 * signers or accounts, lookup tables, other privileges, bytes that could have been written another way (02 §14).
 * @throws NotAPayment, or an error of the decoder.
 */
export function decodePayment(message: Uint8Array): DecodedPayment {
  const raw = readMessage(message);
  const { instructions, feePayer, blockhash } = raw;
  const unitLimit = readLimit(instructions[0]);
  const second = instructions[1];
  const hasPrice = isBudget(second, SET_UNIT_PRICE);
  const unitPrice = hasPrice ? readPrice(second) : 0n;
  const transferAt = hasPrice ? 2 : 1;
  const { transfer, length } = readTransfer(instructions, transferAt);
  const closingAt = transferAt + length;
  const last = instructions[closingAt];
  const closing = last !== undefined && isClosing(last) ? readClosing(last) : null;
  const memoAt = closingAt + (closing === null ? 0 : 1);
  const memo = readMemo(instructions[memoAt]);
  demand(instructions.length <= memoAt + 1, 'nothing follows the memo');
  const payment = { feePayer, transfer, closing, memo, blockhash, unitLimit, unitPrice };
  checkAccounts(raw, payment);
  return payment;
}
