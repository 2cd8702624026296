import { z } from 'zod';
import { type KeyInfo, keyInfo } from './key.ts';
import { configSchema } from './schema.ts';

/** A leaf of the configuration. */
export interface ConfigKey extends KeyInfo {
  readonly path: readonly string[];
  /** Dotted path, such as `security.kill_switch.recovery_cooldown`. */
  readonly name: string;
  readonly defaultValue: unknown;
}

function* leaves(schema: unknown, path: readonly string[]): Generator<ConfigKey> {
  const table = schema instanceof z.ZodPrefault && schema.unwrap() instanceof z.ZodObject ? schema.unwrap() : schema;
  if (table instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(table.shape)) yield* leaves(child, [...path, key]);
    return;
  }
  const name = path.join('.');
  const info = table instanceof z.ZodType ? keyInfo.get(table) : undefined;
  if (info === undefined || !(table instanceof z.ZodType))
    throw new TypeError(`The configuration key ${name} is not described`);
  yield { ...info, path, name, defaultValue: table.parse(undefined) };
}

/** All keys, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = [...leaves(configSchema, [])];

/** All tables of the file, such as `rpc.solana.ws`. */
export const CONFIG_SECTIONS: readonly string[] = [
  ...new Set(
    CONFIG_KEYS.flatMap(({ path }) => path.slice(0, -1).map((_, depth) => path.slice(0, depth + 1).join('.'))),
  ),
];
