import { z } from 'zod';

/** How a key's text form (environment, flag) is read. A text key stays a text, whatever it looks like (01 §1.4). */
export type KeyKind = 'integer' | 'boolean' | 'text' | 'list' | 'text-or-list';

/** What is known about a configuration key beside its schema. */
export interface KeyInfo {
  readonly kind: KeyKind;
  /** What a value must be, completing "must be …". Named in every error about the key. */
  readonly expected: string;
  /** What the key is for: one line of the generated config.toml. */
  readonly about: string;
  /** Never shown or logged. */
  readonly secret?: boolean;
  /** Taken over by SIGHUP without a restart. */
  readonly reload?: boolean;
}

/** Facts about the keys, attached to their schemas. */
export const keyInfo = z.registry<KeyInfo>();

type Extra = Pick<KeyInfo, 'secret' | 'reload'>;

/** A whole number within bounds; `unit` is told to people. */
export const integer = (about: string, fallback: number, min: number, max: number, unit = '', extra: Extra = {}) =>
  z
    .int()
    .min(min)
    .max(max)
    .default(fallback)
    .register(keyInfo, {
      kind: 'integer',
      expected: `a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`,
      about,
      ...extra,
    });

/** true or false. */
export const flag = (about: string, fallback: boolean) =>
  z.boolean().default(fallback).register(keyInfo, { kind: 'boolean', expected: 'true or false', about });

/** One of a few words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(
  about: string,
  words: Words,
  fallback: Words[number],
  extra: Extra = {},
) => {
  const schema: z.ZodType<Words[number]> = z.enum(words);
  return schema
    .prefault(fallback)
    .register(keyInfo, { kind: 'text', expected: `one of ${words.join(', ')}`, about, ...extra });
};

/** A text; `accepts` says which. */
export const text = (
  about: string,
  fallback: string,
  expected = 'a text',
  accepts: (value: string) => boolean = () => true,
  extra: Extra = {},
) =>
  z
    .string()
    .refine(accepts)
    .default(fallback)
    .register(keyInfo, { kind: 'text', expected, about, ...extra });

/** A list of texts; in the environment a JSON array. */
export const list = (about: string, fallback: string[], expected: string, accepts: (value: string) => boolean) =>
  z.array(z.string().refine(accepts)).default(fallback).register(keyInfo, { kind: 'list', expected, about });

/** An ordered list that may be written as a single text when it has one entry; `''` is the empty list where allowed. */
export const textOrList = (
  about: string,
  fallback: string[],
  rules: { readonly expected: string; readonly accepts: (value: string) => boolean; readonly mayBeEmpty: boolean },
) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? (value === '' ? [] : [value]) : value))
    .refine((values) => (rules.mayBeEmpty || values.length > 0) && values.length <= 16 && values.every(rules.accepts))
    .default(fallback)
    .register(keyInfo, { kind: 'text-or-list', expected: rules.expected, about });
