import { readFileSync } from 'node:fs';
import { isSystemError } from '../system-error.ts';
import { coerce } from './coerce.ts';
import type { ConfigIssue } from './config-error.ts';
import { envNamesOf } from './env-names.ts';
import { CONFIG_KEYS, CONFIG_SECTIONS, type ConfigKey } from './keys.ts';

/** A value that some layer gave to a key, and which. */
export interface Setting {
  readonly key: ConfigKey;
  readonly value: unknown;
  /** `config.toml`, the variable or the flag. */
  readonly source: string;
}

/** What one layer says. */
export interface Layer {
  readonly settings: readonly Setting[];
  readonly issues: readonly ConfigIssue[];
  /** Dotted names in the file that mean nothing. */
  readonly unknown: readonly string[];
}

/** Wording of a bad value. The value itself is shown only where it cannot be a secret. */
export function badValue(key: ConfigKey, source: string, value: unknown): ConfigIssue {
  const harmless = key.secret !== true && (key.kind === 'integer' || key.kind === 'boolean');
  const shown =
    harmless && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      ? ` is ${JSON.stringify(value)} but`
      : '';
  return { key: key.name, source, message: `${key.name} (from ${source})${shown} must be ${key.expected}.` };
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** What config.toml says. */
export function fileLayer(document: Readonly<Record<string, unknown>>): Layer {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  const unknown: string[] = [];
  const keys = new Map(CONFIG_KEYS.map((key) => [key.name, key]));
  const sections = new Set(CONFIG_SECTIONS);
  const visit = (table: Readonly<Record<string, unknown>>, path: readonly string[]): void => {
    for (const [word, value] of Object.entries(table)) {
      const name = [...path, word].join('.');
      const key = keys.get(name);
      if (key !== undefined) settings.push({ key, value, source: 'config.toml' });
      else if (!sections.has(name)) unknown.push(name);
      else if (isTable(value)) visit(value, [...path, word]);
      else
        issues.push({
          key: name,
          source: 'config.toml',
          message: `${name} (from config.toml) must be a table: [${name}].`,
        });
    }
  };
  visit(document, []);
  return { settings, issues, unknown };
}

const textLayer = (texts: Iterable<readonly [ConfigKey, string, string]>): Layer => {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  for (const [key, source, text] of texts) {
    const read = coerce(key.kind, text);
    if (read.ok) settings.push({ key, source, value: read.value });
    else issues.push(badValue(key, source, text));
  }
  return { settings, issues, unknown: [] };
};

/** What the environment says. */
export function envLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const texts: [ConfigKey, string, string][] = [];
  for (const key of CONFIG_KEYS) {
    const source = envNamesOf(key).find((name) => env[name] !== undefined);
    const text = source === undefined ? undefined : env[source];
    if (source !== undefined && text !== undefined) texts.push([key, source, text]);
  }
  return textLayer(texts);
}

/** Keys whose value may be in a file that a variable names, such as a secret of a container (05 §6.4). */
const IN_FILES: Readonly<Record<string, string>> = { 'telegram_bot.bot_token': 'WAIAAS_TELEGRAM_BOT_TOKEN_FILE' };

/** What files say that the environment names. */
export function secretFileLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const settings: Setting[] = [];
  const issues: ConfigIssue[] = [];
  for (const [name, variable] of Object.entries(IN_FILES)) {
    const key = CONFIG_KEYS.find((one) => one.name === name);
    const path = env[variable];
    if (key === undefined || path === undefined || path === '') continue;
    try {
      settings.push({ key, source: variable, value: readFileSync(path, 'utf8').trim() });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      issues.push({ key: name, source: variable, message: `${name}: the file that ${variable} names cannot be read.` });
    }
  }
  return { settings, issues, unknown: [] };
}

/** Values of command-line flags that set keys, as they were typed. */
export interface ConfigFlags {
  readonly port?: string | undefined;
  readonly logLevel?: string | undefined;
}

/** What the command line says. */
export function flagLayer(flags: ConfigFlags): Layer {
  const given = new Map([
    ['daemon.port', { source: '--port', text: flags.port }],
    ['daemon.log_level', { source: '--log-level', text: flags.logLevel }],
  ]);
  const texts: [ConfigKey, string, string][] = [];
  for (const key of CONFIG_KEYS) {
    const flag = given.get(key.name);
    if (flag?.text !== undefined) texts.push([key, flag.source, flag.text]);
  }
  return textLayer(texts);
}
