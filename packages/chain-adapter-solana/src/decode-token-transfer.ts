import { ASSOCIATED_TOKEN_PROGRAM, isTokenProgram, SYSTEM_PROGRAM, type TokenProgram } from './programs.ts';
import { demand, NotAPayment, numbersIn, type RawInstruction } from './raw-message.ts';

/** The creation of a token account, as its instruction says. */
export interface AccountCreation {
  readonly payer: string;
  readonly account: string;
  readonly owner: string;
  readonly mint: string;
  readonly program: string;
}

/** A checked transfer of a token, as its instruction says. */
export interface TokenTransfer {
  readonly kind: 'token';
  readonly program: TokenProgram;
  readonly mint: string;
  /** Account that is debited. */
  readonly source: string;
  /** Account that is credited. */
  readonly destination: string;
  /** Whoever allows it. */
  readonly authority: string;
  readonly amount: bigint;
  readonly decimals: number;
  /** What is created before; null when nothing is. */
  readonly creation: AccountCreation | null;
}

/** First byte of each instruction in question. */
const CREATE_IDEMPOTENT = 1;
const TRANSFER_CHECKED = 12;

const addressesOf = ({ accounts }: RawInstruction, count: number, rule: string): readonly string[] => {
  const known = accounts.filter((account) => account !== undefined);
  demand(accounts.length === count && known.length === count, rule);
  return known;
};

/** Whether an instruction is one of the program that creates token accounts of wallets. */
export const isCreation = (instruction: RawInstruction | undefined): instruction is RawInstruction =>
  instruction?.program === ASSOCIATED_TOKEN_PROGRAM;

/** Reads the creation of an account: the kind that does nothing when the account is there. @throws NotAPayment */
export function readCreation(instruction: RawInstruction): AccountCreation {
  const { data } = instruction;
  demand(data.length === 1 && data[0] === CREATE_IDEMPOTENT, 'the creation does nothing when the account is there');
  const [payer = '', account = '', owner = '', mint = '', system, program = ''] = addressesOf(
    instruction,
    6,
    'the creation has its six accounts',
  );
  demand(system === SYSTEM_PROGRAM, 'the creation names the system program');
  return { payer, account, owner, mint, program };
}

/** Reads the transfer of a token. @throws NotAPayment */
export function readTokenTransfer(instruction: RawInstruction, creation: AccountCreation | null): TokenTransfer {
  const { program, data } = instruction;
  if (!isTokenProgram(program)) throw new NotAPayment('there is a transfer of a token program');
  demand(data.length === 10 && data[0] === TRANSFER_CHECKED, 'the token instruction is a checked transfer');
  const [source = '', mint = '', destination = '', authority = ''] = addressesOf(
    instruction,
    4,
    'the transfer has its four accounts',
  );
  const numbers = numbersIn(data);
  return {
    kind: 'token',
    program,
    mint,
    source,
    destination,
    authority,
    amount: numbers.getBigUint64(1, true),
    decimals: numbers.getUint8(9),
    creation,
  };
}
