import { constants, copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { applyEdits, modify, type ParseError, parse } from 'jsonc-parser';
import { writeFileAtomically } from '../../data-dir/index.ts';
import { EXIT } from '../../exit-codes.ts';
import { isSystemError } from '../../system-error.ts';
import { CliError } from '../cli-error.ts';
import type { AiClient } from './ai-clients.ts';
import type { ServerEntry } from './server-entry.ts';

/** What is to become of the file of an AI tool. */
export interface ConfigChange {
  readonly client: AiClient;
  /** The file itself, where the tool's own name for it is a link. */
  readonly path: string;
  /** Null where there is no file yet. */
  readonly before: string | null;
  readonly after: string;
}

const failure = (code: string, message: string, hint: string): CliError =>
  new CliError({ code, message, hint, exitCode: EXIT.FAILURE });

/**
 * Works out what the file of an AI tool becomes with this server in it. Everything else stays as it is, comments and
 * layout included; of an entry of the same name only what this one says is changed. Nothing is written.
 *
 * @throws CliError for a file that is not understood: it is left alone
 */
export function planChange(client: AiClient, name: string, entry: ServerEntry): ConfigChange {
  const path = existsSync(client.path) ? realpathSync(client.path) : client.path;
  const before = readIfPresent(path, client);
  const text = before === null || before.trim() === '' ? '{}' : before;
  const servers = memberOf(parseConfig(text, client), client.field, client);
  const present = memberOf(servers, name, client);
  const env = memberOf(present, 'env', client);
  const kept = Object.fromEntries(Object.entries(env ?? {}).filter(([key]) => !key.startsWith('WAIAAS_')));
  const next = {
    ...(client.typed ? { type: 'stdio' } : {}),
    ...present,
    ...entry,
    env: { ...kept, ...entry.env },
  };
  // Written anew it could be laid out in another way.
  if (before !== null && JSON.stringify(present) === JSON.stringify(next))
    return { client, path, before, after: before };
  const formattingOptions = { insertSpaces: !/^\t/m.test(text), tabSize: indentOf(text), eol: '\n' };
  const after = applyEdits(text, modify(text, [client.field, name], next, { formattingOptions }));
  return { client, path, before, after: before === null ? `${after}\n` : after };
}

/** Writes a change in one step, after the file as it was has been put aside. @returns the copy, or null without one */
export function applyChange({ client, path, before, after }: ConfigChange, stamp: string): string | null {
  try {
    if (readIfPresent(path, client) !== before) {
      throw failure('CLIENT_CONFIG_CHANGED', `${path} was changed meanwhile.`, `Close ${client.title} and try again.`);
    }
    if (before === null) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileAtomically(path, after);
      return null;
    }
    const copy = `${path}.${stamp}.bak`;
    copyFileSync(path, copy, constants.COPYFILE_EXCL);
    writeFileAtomically(path, after, statSync(path).mode & 0o777);
    return copy;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw failure(
      'CLIENT_CONFIG_UNWRITABLE',
      `${path} cannot be written (${error.code}).`,
      'Nothing in it was changed.',
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notUnderstood = ({ title, path }: AiClient, why: string): CliError =>
  failure(
    'CLIENT_CONFIG_UNREADABLE',
    `${path}, the settings of ${title}, ${why}; it was left as it is.`,
    'Repair it, or print the entry with --print and put it in by hand.',
  );

function parseConfig(text: string, client: AiClient): Fields {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isFields(value)) throw notUnderstood(client, 'is not JSON with an object in it');
  return value;
}

function memberOf(object: Fields | undefined, name: string, client: AiClient): Fields | undefined {
  const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === undefined || isFields(value)) return value;
  throw notUnderstood(client, `has something else than an object in ${name}`);
}

function readIfPresent(path: string, client: AiClient): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    if (isSystemError(error)) throw notUnderstood(client, `cannot be read (${error.code})`);
    if (error instanceof TypeError) throw notUnderstood(client, 'is not UTF-8');
    throw error;
  }
}

/** Spaces of the first line that is set in. */
const indentOf = (text: string): number => /^( +)\S/m.exec(text)?.[1]?.length ?? 2;
