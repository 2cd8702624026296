import { getCompiledTransactionMessageDecoder, getCompiledTransactionMessageEncoder } from '@solana/kit';
import { COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM } from './programs.ts';

/** What the bytes of a message do, read from nothing but the bytes. */
export interface DecodedPayment {
  /** Pays the fee and is the only signer. */
  readonly feePayer: string;
  readonly source: string;
  readonly destination: string;
  readonly amount: bigint;
  readonly memo: string | undefined;
  readonly blockhash: string;
  readonly unitLimit: number;
  /** 0 when there is no such instruction. */
  readonly unitPrice: bigint;
}

/** The bytes are not a payment as this adapter builds them. */
export class NotAPayment extends Error {
  override readonly name = 'NotAPayment';
}

interface RawInstruction {
  readonly program: string | undefined;
  readonly accounts: readonly (string | undefined)[];
  readonly data: Uint8Array;
}

/** Tags of the instructions in question: first byte of a budget instruction, first four of a system one. */
const SET_UNIT_LIMIT = 2;
const SET_UNIT_PRICE = 3;
const TRANSFER = 2;

const demand = (holds: boolean, rule: string): void => {
  if (!holds) throw new NotAPayment(rule);
};

const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

const isBudget = (instruction: RawInstruction | undefined, tag: number): instruction is RawInstruction =>
  instruction?.program === COMPUTE_BUDGET_PROGRAM && instruction.data[0] === tag;

function readLimit(instruction: RawInstruction | undefined): number {
  if (!isBudget(instruction, SET_UNIT_LIMIT))
    throw new NotAPayment('the first instruction sets the compute-unit limit');
  demand(instruction.data.length === 5 && instruction.accounts.length === 0, 'the limit instruction is well formed');
  return view(instruction.data).getUint32(1, true);
}

function readPrice(instruction: RawInstruction): bigint {
  demand(instruction.data.length === 9 && instruction.accounts.length === 0, 'the price instruction is well formed');
  return view(instruction.data).getBigUint64(1, true);
}

function readTransfer(instruction: RawInstruction | undefined): {
  source: string;
  destination: string;
  amount: bigint;
} {
  if (instruction?.program !== SYSTEM_PROGRAM) throw new NotAPayment('there is a transfer of the system program');
  const { accounts, data } = instruction;
  const [source, destination] = accounts;
  demand(data.length === 12 && view(data).getUint32(0, true) === TRANSFER, 'the system instruction is a transfer');
  if (source === undefined || destination === undefined || accounts.length !== 2) {
    throw new NotAPayment('the transfer has a source and a destination');
  }
  return { source, destination, amount: view(data).getBigUint64(4, true) };
}

function readMemo(instruction: RawInstruction | undefined): string | undefined {
  if (instruction === undefined) return undefined;
  demand(instruction.program === MEMO_PROGRAM, 'what follows the transfer is a memo');
  demand(instruction.accounts.length === 0 && instruction.data.length > 0, 'the memo is well formed');
  // A memo is compared as text; bytes that are not UTF-8 must not be read as something they are not.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(instruction.data);
}

const sameBytes = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((byte, index) => byte === b[index]);

/**
 * Reads a payment from its message bytes and refuses everything else: other programs, further instructions, further
 * signers or accounts, lookup tables, other privileges, bytes that could have been written another way (02 §14).
 * @throws NotAPayment, or an error of the decoder.
 */
export function decodePayment(message: Uint8Array): DecodedPayment {
  const compiled = getCompiledTransactionMessageDecoder().decode(message);
  if (compiled.version !== 0) throw new NotAPayment('the message has version 0');
  demand(
    sameBytes(getCompiledTransactionMessageEncoder().encode(compiled), message),
    'the bytes are in canonical form',
  );
  demand((compiled.addressTableLookups ?? []).length === 0, 'there are no lookup tables');

  const accounts: readonly string[] = compiled.staticAccounts;
  const instructions = compiled.instructions.map(
    ({ programAddressIndex, accountIndices = [], data = new Uint8Array() }): RawInstruction => ({
      program: accounts[programAddressIndex],
      accounts: accountIndices.map((index) => accounts[index]),
      data: Uint8Array.from(data),
    }),
  );

  const unitLimit = readLimit(instructions[0]);
  const second = instructions[1];
  const hasPrice = isBudget(second, SET_UNIT_PRICE);
  const unitPrice = hasPrice ? readPrice(second) : 0n;
  const transferAt = hasPrice ? 2 : 1;
  const { source, destination, amount } = readTransfer(instructions[transferAt]);
  const memo = readMemo(instructions[transferAt + 1]);
  demand(instructions.length <= transferAt + 2, 'nothing follows the memo');

  const [feePayer] = accounts;
  if (feePayer === undefined) throw new NotAPayment('there is a fee payer');
  const programs = [SYSTEM_PROGRAM, COMPUTE_BUDGET_PROGRAM, ...(memo === undefined ? [] : [MEMO_PROGRAM])];
  const expected = new Set<string>([feePayer, destination, ...programs]);
  demand(accounts.length === expected.size && accounts.every((account) => expected.has(account)), 'no other accounts');
  // Privileges follow from the order of the accounts: payer signs and is written, destination is written, the rest is read.
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = compiled.header;
  demand(numSignerAccounts === 1 && numReadonlySignerAccounts === 0, 'there is one signer');
  demand(numReadonlyNonSignerAccounts === programs.length, 'programs are only read');
  demand(accounts[1] === destination, 'the destination is written to');

  return { feePayer, source, destination, amount, memo, blockhash: compiled.lifetimeToken, unitLimit, unitPrice };
}
