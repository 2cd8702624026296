import { KeystoreError } from './keystore-error.ts';

/** Reads the JSON of a file piece by piece; whatever is not exactly as documented is CORRUPT and names the file. */
export interface FileReader {
  /** An object with exactly these keys: unknown ones are refused, so that nothing rides along unread. */
  object<Key extends string>(value: unknown, keys: readonly Key[]): Readonly<Record<Key, unknown>>;
  literal(value: unknown, expected: string | number): void;
  text(value: unknown, what: string, maxLength: number): string;
  oneOf<Choice extends string>(value: unknown, what: string, choices: readonly Choice[]): Choice;
  integer(value: unknown, what: string, min: number, max: number): number;
  /** Lower-case hexadecimal of exactly that many bytes. */
  hex(value: unknown, what: string, bytes: number): Buffer;
  /** ISO 8601 in UTC with milliseconds. */
  time(value: unknown, what: string): string;
  /** @throws KeystoreError UNSUPPORTED_VERSION for any other version. */
  version(value: unknown, supported: number): void;
  corrupt(what: string): KeystoreError;
}

/**
 * The reader of one file.
 * @param file its base name, for messages
 */
export function fileReader(file: string): FileReader {
  const corrupt = (what: string): KeystoreError => new KeystoreError('CORRUPT', what, file);
  const text = (value: unknown, what: string, maxLength: number): string => {
    if (typeof value !== 'string' || value.length > maxLength || !value.isWellFormed())
      throw corrupt(`${what} is invalid`);
    return value;
  };
  return {
    corrupt,
    text,
    object(value, keys) {
      if (!isObject(value)) throw corrupt('an object is missing');
      if (Object.keys(value).length !== keys.length || !hasKeys(value, keys)) {
        throw corrupt(`expected exactly the fields ${keys.join(', ')}`);
      }
      return value;
    },
    literal(value, expected) {
      if (value !== expected) throw corrupt(`expected ${expected}`);
    },
    oneOf(value, what, choices) {
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw corrupt(`${what} is unknown`);
      return found;
    },
    integer(value, what, min, max) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        throw corrupt(`${what} must be a whole number from ${min} to ${max}`);
      }
      return value;
    },
    hex(value, what, bytes) {
      const digits = text(value, what, 2 * bytes);
      if (digits.length !== 2 * bytes || !/^[0-9a-f]*$/.test(digits)) {
        throw corrupt(`${what} must be ${bytes} bytes in hexadecimal`);
      }
      return Buffer.from(digits, 'hex');
    },
    time(value, what) {
      const time = text(value, what, 24);
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time)) throw corrupt(`${what} is not a time`);
      return time;
    },
    version(value, supported) {
      if (typeof value !== 'number' || !Number.isInteger(value)) throw corrupt('version is invalid');
      if (value !== supported) {
        throw new KeystoreError('UNSUPPORTED_VERSION', `version ${value} is not supported`, file);
      }
    },
  };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasKeys = <Key extends string>(value: object, keys: readonly Key[]): value is Record<Key, unknown> =>
  keys.every((key) => Object.hasOwn(value, key));

/** The JSON of a file. The parser's own message is dropped: it quotes the file. @throws KeystoreError CORRUPT */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeystoreError('CORRUPT', 'not JSON', file);
  }
}

/** The version field alone, read first so that a later format is not called damaged. */
export function versionOf(value: unknown): unknown {
  return isObject(value) && hasKeys(value, ['version']) ? value.version : undefined;
}
