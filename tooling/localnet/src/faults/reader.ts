import { isJsonObject, type JsonValue } from '../json/json-value.ts';

/** A control request that cannot be carried out as written. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ControlError';
  }
}

/** Reads the members of a JSON object one by one and refuses those nobody asked for. */
export interface Reader {
  string(key: string): string;
  optionalString(key: string): string | undefined;
  integer(key: string, least?: number, most?: number): number;
  optionalInteger(key: string, least?: number, most?: number): number | undefined;
  bigint(key: string): bigint;
  optionalBoolean(key: string): boolean | undefined;
  value(key: string): JsonValue | undefined;
  /** @throws ControlError when a member was not read */
  end(): void;
}

/** @throws ControlError here and in every method when the value does not fit */
export function createReader(value: JsonValue | undefined, what: string): Reader {
  if (!isJsonObject(value)) throw new ControlError(`${what} must be an object`);
  const unread = new Set(Object.keys(value));
  const take = (key: string): JsonValue | undefined => {
    unread.delete(key);
    return value[key];
  };
  const required = <T>(key: string, member: T | undefined): T => {
    if (member === undefined) throw new ControlError(`${what} needs "${key}"`);
    return member;
  };
  const reader: Reader = {
    value: take,
    optionalString(key) {
      const member = take(key);
      if (member !== undefined && typeof member !== 'string') throw new ControlError(`"${key}" must be a string`);
      return member;
    },
    string: (key) => required(key, reader.optionalString(key)),
    optionalInteger(key, least = 0, most = Number.MAX_SAFE_INTEGER) {
      const member = take(key);
      if (member === undefined) return undefined;
      if (typeof member !== 'number' || !Number.isSafeInteger(member) || member < least || member > most) {
        throw new ControlError(`"${key}" must be a whole number from ${least} to ${most}`);
      }
      return member;
    },
    integer: (key, least, most) => required(key, reader.optionalInteger(key, least, most)),
    bigint(key) {
      const member = required(key, take(key));
      const isInteger = typeof member === 'bigint' || (typeof member === 'number' && Number.isSafeInteger(member));
      if (!isInteger || member < 0) throw new ControlError(`"${key}" must be an unsigned integer`);
      return BigInt(member);
    },
    optionalBoolean(key) {
      const member = take(key);
      if (member !== undefined && typeof member !== 'boolean') throw new ControlError(`"${key}" must be a boolean`);
      return member;
    },
    end() {
      const [surplus] = unread;
      if (surplus !== undefined) throw new ControlError(`${what} has no key "${surplus}"`);
    },
  };
  return reader;
}
