import type { JsonValue } from '../json/json-value.ts';

/** A transaction error as the RPC writes it: `"AccountNotFound"`, `{"InstructionError":[0,{"Custom":1}]}`, … */
export type TransactionError = Exclude<JsonValue, null>;

const INSTRUCTION = /^InstructionError\((\d+), (.+)\)$/s;
const WITH_NUMBER = /^(\w+)\((\d+)\)$/;
const WITH_TEXT = /^(\w+)\((.*)\)$/s;
const WITH_FIELD = /^(\w+) \{ (\w+): (\d+) \}$/;

/**
 * Reads the runtime's own text for an error into the shape of the RPC.
 *
 * @example parseTransactionError('InstructionError(0, Custom(1))') // { InstructionError: [0, { Custom: 1 }] }
 * @example parseTransactionError('InsufficientFundsForRent { account_index: 1 }')
 */
export function parseTransactionError(text: string): TransactionError {
  const instruction = INSTRUCTION.exec(text);
  if (instruction !== null) {
    const [, index = '0', inner = ''] = instruction;
    return { InstructionError: [Number(index), parseVariant(inner)] };
  }
  return parseVariant(text);
}

function parseVariant(text: string): TransactionError {
  const field = WITH_FIELD.exec(text);
  if (field !== null) {
    const [, name = '', key = '', value = ''] = field;
    return { [name]: { [key]: Number(value) } };
  }
  const number = WITH_NUMBER.exec(text);
  if (number !== null) {
    const [, name = '', value = ''] = number;
    return { [name]: Number(value) };
  }
  // The only variant with a text payload is written bare by the RPC.
  const payload = WITH_TEXT.exec(text);
  return payload?.[1] ?? text;
}
