import { isTokenProgram, type TokenProgram } from './programs.ts';
import { demand, NotAPayment, type RawInstruction } from './raw-message.ts';

/** The closing of a token account, as its instruction says. */
export interface AccountClosing {
  readonly program: TokenProgram;
  readonly account: string;
  /** Whoever gets its lamports. */
  readonly destination: string;
  /** Whoever allows it. */
  readonly owner: string;
}

/** First byte of the instruction. */
const CLOSE_ACCOUNT = 9;

/** Whether an instruction closes a token account. */
export const isClosing = ({ program, data }: RawInstruction): boolean =>
  isTokenProgram(program) && data[0] === CLOSE_ACCOUNT;

/** Reads the closing of a token account. @throws NotAPayment */
export function readClosing({ program, accounts, data }: RawInstruction): AccountClosing {
  if (!isTokenProgram(program)) throw new NotAPayment('a token account is closed by its program');
  demand(data.length === 1, 'the closing is well formed');
  const [account, destination, owner] = accounts;
  if (accounts.length !== 3 || account === undefined || destination === undefined || owner === undefined) {
    throw new NotAPayment('the closing has its three accounts');
  }
  return { program, account, destination, owner };
}
