/** What a node says is wrong with a transaction, in words and in one fact. */
export interface TransactionErrorText {
  readonly text: string;
  /** True when it is about too little money, whatever the instruction. */
  readonly insufficientFunds: boolean;
  /** Instruction that failed. */
  readonly instructionIndex?: number;
  /** The program's own error number. */
  readonly customCode?: number;
}

interface Known {
  readonly text: string;
  readonly insufficientFunds: boolean;
}

const KNOWN: ReadonlyMap<string, Known> = new Map<string, Known>([
  // Only the account that pays the fee must exist beforehand: a wallet that was never funded (02 §17).
  ['AccountNotFound', { text: 'The wallet has never been funded', insufficientFunds: true }],
  ['InsufficientFundsForFee', { text: 'The wallet cannot pay the network fee', insufficientFunds: true }],
  [
    'InsufficientFundsForRent',
    { text: 'An account would be left with less than the rent-exempt minimum', insufficientFunds: true },
  ],
  ['InvalidAccountForFee', { text: 'The account cannot pay network fees', insufficientFunds: false }],
  ['AccountInUse', { text: 'An account is in use by another transaction', insufficientFunds: false }],
  ['BlockhashNotFound', { text: 'The blockhash has expired', insufficientFunds: false }],
  ['AlreadyProcessed', { text: 'The transaction has been executed before', insufficientFunds: false }],
]);

const MAX_NAME = 100;
/** The node's words are shown to people: letters and digits only, and not too many of them. */
const nameOf = (told: string): string => told.replace(/[^A-Za-z0-9 ]/g, '').slice(0, MAX_NAME) || 'Unknown error';

const firstKey = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null ? Object.keys(value)[0] : undefined;

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

const small = (value: unknown): number => (typeof value === 'bigint' || typeof value === 'number' ? Number(value) : -1);

function instructionError(told: unknown): TransactionErrorText {
  const [place, reason]: readonly unknown[] = Array.isArray(told) ? told : [];
  const instructionIndex = small(place);
  const custom = field(reason, 'Custom');
  if (custom !== undefined) {
    const customCode = small(custom);
    return {
      text: `Instruction ${instructionIndex}: custom error ${customCode}`,
      insufficientFunds: false,
      instructionIndex,
      customCode,
    };
  }
  const name = nameOf(typeof reason === 'string' ? reason : (firstKey(reason) ?? ''));
  return { text: `Instruction ${instructionIndex}: ${name}`, insufficientFunds: false, instructionIndex };
}

/**
 * Describes the `err` of a simulation or a status. It may hold bigints, so it is never turned into JSON (02 §14).
 * @example describeTransactionError({ InstructionError: [2n, { Custom: 1n }] }).text // "Instruction 2: custom error 1"
 */
export function describeTransactionError(told: unknown): TransactionErrorText {
  const name = typeof told === 'string' ? told : firstKey(told);
  if (name === 'InstructionError') return instructionError(field(told, 'InstructionError'));
  const known = KNOWN.get(name ?? '');
  if (known === undefined) return { text: nameOf(name ?? ''), insufficientFunds: false };
  const account = field(field(told, name ?? ''), 'account_index');
  return { ...known, text: account === undefined ? known.text : `${known.text} (account ${small(account)})` };
}
