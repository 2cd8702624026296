import { getCompiledTransactionMessageDecoder, getCompiledTransactionMessageEncoder } from '@solana/kit';

/** The bytes are not a payment as this adapter builds them. */
export class NotAPayment extends Error {
  override readonly name = 'NotAPayment';
}

/** Refuses bytes for which something does not hold. @throws NotAPayment */
export function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new NotAPayment(rule);
}

/** One instruction, with addresses in place of their numbers. */
export interface RawInstruction {
  readonly program: string | undefined;
  readonly accounts: readonly (string | undefined)[];
  readonly data: Uint8Array;
}

/** A message of version 0 with one signer and no lookup tables, read from nothing but its bytes. */
export interface RawMessage {
  /** Pays the fee and is the only signer. */
  readonly feePayer: string;
  readonly blockhash: string;
  readonly instructions: readonly RawInstruction[];
  /** Accounts that are written to, beside the fee payer. */
  readonly written: readonly string[];
  /** Accounts that are only read, programs included. */
  readonly read: readonly string[];
}

const sameBytes = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((byte, index) => byte === b[index]);

/** Numbers in the data of an instruction. */
export const numbersIn = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/**
 * Reads a message. Bytes that could have been written another way, further signers, lookup tables and other versions are
 * refused; what the instructions do is for others to judge.
 * @throws NotAPayment, or an error of the decoder
 */
export function readMessage(message: Uint8Array): RawMessage {
  const compiled = getCompiledTransactionMessageDecoder().decode(message);
  if (compiled.version !== 0) throw new NotAPayment('the message has version 0');
  demand(
    sameBytes(getCompiledTransactionMessageEncoder().encode(compiled), message),
    'the bytes are in canonical form',
  );
  demand((compiled.addressTableLookups ?? []).length === 0, 'there are no lookup tables');
  const accounts: readonly string[] = compiled.staticAccounts;
  demand(new Set(accounts).size === accounts.length, 'no account is listed twice');
  const [feePayer] = accounts;
  demand(feePayer !== undefined, 'there is a fee payer');
  // Privileges follow from the order of the accounts: the payer signs and is written, then come the written, then the read.
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = compiled.header;
  demand(numSignerAccounts === 1 && numReadonlySignerAccounts === 0, 'there is one signer');
  const firstRead = accounts.length - numReadonlyNonSignerAccounts;
  demand(firstRead >= 1, 'the fee payer is written to');
  return {
    feePayer,
    blockhash: compiled.lifetimeToken,
    instructions: compiled.instructions.map(
      ({ programAddressIndex, accountIndices = [], data = new Uint8Array() }): RawInstruction => ({
        program: accounts[programAddressIndex],
        accounts: accountIndices.map((index) => accounts[index]),
        data: Uint8Array.from(data),
      }),
    ),
    written: accounts.slice(1, firstRead),
    read: accounts.slice(firstRead),
  };
}
