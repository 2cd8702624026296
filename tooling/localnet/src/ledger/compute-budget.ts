import type { Message } from './wire-transaction.ts';

const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';
const SET_LIMIT = 2;
const SET_PRICE = 3;
const MAX_UNITS = 1_400_000;
const UNITS_PER_BUILTIN = 3_000;
const UNITS_PER_PROGRAM = 200_000;
const LAMPORTS_PER_SIGNATURE = 5_000n;
const MICRO_LAMPORTS_PER_LAMPORT = 1_000_000n;

/** Programs that are part of the runtime and so get the small default allowance. */
const BUILTINS: ReadonlySet<string> = new Set([
  '11111111111111111111111111111111',
  COMPUTE_BUDGET_PROGRAM,
  'Vote111111111111111111111111111111111111111',
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
]);

/** What a transaction asks of the scheduler. */
export interface RequestedBudget {
  /** Compute units billed: the requested limit, or the default for its instructions. */
  readonly unitLimit: number;
  /** Micro-lamports for each unit. */
  readonly unitPrice: bigint;
}

/** Reads the compute-budget instructions of a message. */
export function requestedBudget(message: Message): RequestedBudget {
  let limit: number | undefined;
  let unitPrice = 0n;
  let defaultUnits = 0;
  for (const instruction of message.instructions) {
    const program = message.staticAccounts[instruction.programAddressIndex] ?? '';
    defaultUnits += BUILTINS.has(program) ? UNITS_PER_BUILTIN : UNITS_PER_PROGRAM;
    if (program !== COMPUTE_BUDGET_PROGRAM || instruction.data === undefined) continue;
    const data = Buffer.from(Uint8Array.from(instruction.data));
    if (data[0] === SET_LIMIT && data.length >= 5) limit = data.readUInt32LE(1);
    if (data[0] === SET_PRICE && data.length >= 9) unitPrice = data.readBigUInt64LE(1);
  }
  return { unitLimit: Math.min(limit ?? defaultUnits, MAX_UNITS), unitPrice };
}

/** The fee the network takes for a message, in lamports: per signature plus the requested limit at the offered price. */
export function feeForMessage(message: Message): bigint {
  const { unitLimit, unitPrice } = requestedBudget(message);
  const microLamports = BigInt(unitLimit) * unitPrice;
  const priority = (microLamports + MICRO_LAMPORTS_PER_LAMPORT - 1n) / MICRO_LAMPORTS_PER_LAMPORT;
  return BigInt(message.header.numSignerAccounts) * LAMPORTS_PER_SIGNATURE + priority;
}
