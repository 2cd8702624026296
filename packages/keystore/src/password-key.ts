import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import type { FileReader } from './file-reader.ts';

/** Cost of one password guess. */
export interface Argon2Parameters {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** How a password was turned into a key: everything but the password. */
export interface PasswordKeyParameters extends Argon2Parameters {
  readonly salt: Buffer;
  readonly hashLength: number;
}

/** A key that a password was turned into. Overwrite it when it is done with. */
export interface PasswordKey {
  readonly key: Buffer;
  readonly parameters: PasswordKeyParameters;
}

/** Upper ends: a planted file must not be able to exhaust the machine (01 §3.2). */
const MAX_MEMORY_COST = 1_048_576;
const MAX_TIME_COST = 20;
const MAX_PARALLELISM = 16;
/** Argon2's own lower end for each lane, KiB. */
const MIN_MEMORY_PER_LANE = 8;

const SALT_LENGTH = 16;
const KEY_LENGTH = 32;

/** @throws RangeError when parameters that are to be written would not be accepted on reading. */
export function checkArgon2Parameters({ memoryCost, timeCost, parallelism }: Argon2Parameters): void {
  const within = (value: number, min: number, max: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max;
  if (
    !within(parallelism, 1, MAX_PARALLELISM) ||
    !within(timeCost, 1, MAX_TIME_COST) ||
    !within(memoryCost, MIN_MEMORY_PER_LANE * parallelism, MAX_MEMORY_COST)
  ) {
    throw new RangeError('The Argon2 parameters are out of range');
  }
}

/** The parameters of a new key, with a salt of its own. */
export const newPasswordKey = ({ memoryCost, timeCost, parallelism }: Argon2Parameters): PasswordKeyParameters => ({
  memoryCost,
  timeCost,
  parallelism,
  salt: randomBytes(SALT_LENGTH),
  hashLength: KEY_LENGTH,
});

/** The parameters of a file. @throws KeystoreError CORRUPT when they are out of range */
export function readPasswordKey(read: FileReader, value: unknown): PasswordKeyParameters {
  const kdf = read.object(value, ['salt', 'memoryCost', 'timeCost', 'parallelism', 'hashLength']);
  read.literal(kdf.hashLength, KEY_LENGTH);
  const parallelism = read.integer(kdf.parallelism, 'parallelism', 1, MAX_PARALLELISM);
  return {
    parallelism,
    memoryCost: read.integer(kdf.memoryCost, 'memoryCost', MIN_MEMORY_PER_LANE * parallelism, MAX_MEMORY_COST),
    timeCost: read.integer(kdf.timeCost, 'timeCost', 1, MAX_TIME_COST),
    salt: read.hex(kdf.salt, 'salt', SALT_LENGTH),
    hashLength: KEY_LENGTH,
  };
}

/** Turns a password into a key: Argon2id. */
export async function derivePasswordKey(password: string, parameters: PasswordKeyParameters): Promise<PasswordKey> {
  const { salt, memoryCost, timeCost, parallelism, hashLength } = parameters;
  const options = { memoryCost, timeCost, parallelism, salt, hashLength } as const;
  const key = await argon2.hash(password, { ...options, type: argon2.argon2id, raw: true });
  return { key, parameters };
}
