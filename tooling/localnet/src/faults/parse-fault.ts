import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { Fault } from './fault.ts';
import { ControlError, createReader, type Reader } from './reader.ts';

/** Reads a fault from JSON; unknown types, unknown keys and wrong values are refused. @throws ControlError */
export function parseFault(value: JsonValue | undefined): Fault {
  const reader = createReader(value, 'fault');
  const fault = readFault(reader, reader.string('type'));
  reader.end();
  return fault;
}

function readFault(reader: Reader, type: string): Fault {
  switch (type) {
    case 'delay':
      return { type, ms: reader.integer('ms'), ...scope(reader) };
    case 'httpError':
      return {
        type,
        status: reader.integer('status', 400, 599),
        ...optional('retryAfterSeconds', reader.optionalInteger('retryAfterSeconds')),
        ...scope(reader),
      };
    case 'rpcError':
      return {
        type,
        code: reader.integer('code', -40_000, 40_000),
        ...optional('message', reader.optionalString('message')),
        ...scope(reader),
      };
    case 'dropReply':
    case 'withholdReply':
    case 'reset':
    case 'hang':
      return { type, ...scope(reader) };
    case 'landLate':
      return {
        type,
        slots: reader.integer('slots', 1),
        ...optional('evenIfExpired', reader.optionalBoolean('evenIfExpired')),
        ...times(reader),
      };
    case 'landNever':
    case 'hideStatuses':
      return { type, ...times(reader) };
    case 'genesisHash':
      return { type, hash: reader.string('hash') };
    case 'priorityFee':
      return { type, microLamports: reader.bigint('microLamports') };
    case 'refuseSockets':
    case 'muteNotifications':
      return { type };
    default:
      throw new ControlError(`unknown fault type "${type}"`);
  }
}

function scope(reader: Reader): { readonly method?: string; readonly times?: number } {
  return { ...optional('method', reader.optionalString('method')), ...times(reader) };
}

function times(reader: Reader): { readonly times?: number } {
  return optional('times', reader.optionalInteger('times', 1));
}

/** A member that is left out when its value is undefined. */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  const member: { [key in K]?: V } = {};
  if (value !== undefined) member[key] = value;
  return member;
}

/** A fault as the report shows it. */
export function faultToJson(fault: Fault): JsonObject {
  return { ...fault };
}
