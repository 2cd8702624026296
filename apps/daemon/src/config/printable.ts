import { CONFIG_KEYS } from './keys.ts';
import type { Config } from './schema.ts';
import { printableUrl } from './url.ts';

const valueAt = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (node, word) =>
      typeof node === 'object' && node !== null ? Object.entries(node).find(([key]) => key === word)?.[1] : undefined,
    tree,
  );

/** The configuration as it may be shown or logged: dotted keys, secrets replaced, URLs cut to their origin (01 §1.6). */
export function printableConfig(config: Config): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    CONFIG_KEYS.map((key) => {
      const value = valueAt(config, key.path);
      if (key.secret === true) return [key.name, value === '' ? '' : '***'];
      if (key.kind === 'text-or-list' && Array.isArray(value)) {
        return [key.name, value.map((url) => (typeof url === 'string' ? printableUrl(url) : '***'))];
      }
      return [key.name, value];
    }),
  );
}

/** Secret values of the configuration, for the log's filter. */
export const configSecrets = (config: Config): readonly string[] =>
  CONFIG_KEYS.filter((key) => key.secret === true)
    .map((key) => valueAt(config, key.path))
    .filter((value): value is string => typeof value === 'string' && value !== '');
