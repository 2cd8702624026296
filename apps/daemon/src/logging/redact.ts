const HIDDEN = '***';

/** Names of fields that are never logged, without case, dashes and underscores (01 §1.6). */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'apikey',
  'bottoken',
  'cookie',
  'jwtsecret',
  'masterpassword',
  'mnemonic',
  'passphrase',
  'password',
  'privatekey',
  'secret',
  'secretkey',
  'seed',
  'sessiontoken',
  'setcookie',
  'token',
  'webhookurl',
  'xmasterpassword',
]);

const MAX_DEPTH = 8;

const isSecretField = (name: string): boolean => SECRET_FIELDS.has(name.toLowerCase().replace(/[-_]/g, ''));

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error;
  return {
    ...copyFields(rest, depth),
    type: name,
    message,
    stack,
    ...(cause === undefined ? {} : { cause: copy(cause, depth + 1) }),
  };
}

const copyFields = (fields: object, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isSecretField(name) ? HIDDEN : copy(value, depth + 1)]),
  );

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  // Bytes may be key material, and say nothing to people.
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  return copyFields(value, depth);
}

/** Fields of a log line as they may be written: secrets by name, bytes and depth cut, bigint as decimal strings. */
export const redactFields = (fields: object): Record<string, unknown> =>
  fields instanceof Error ? { err: errorFields(fields, 0) } : copyFields(fields, 0);

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * A filter for finished lines: masks tokens by their form and the given secrets wherever they stand, also inside
 * messages and stack traces, where no field name gives them away.
 *
 * @param secrets texts that must never appear; those under 8 characters would mask ordinary words and are left out
 */
export function lineFilter(secrets: readonly string[]): (line: string) => string {
  const literals = secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .map(escapePattern);
  const known = literals.length === 0 ? null : new RegExp([...new Set(literals)].join('|'), 'g');
  return (line) => {
    const masked = line
      .replace(/wai_(sess|op)_[\w.~+/=-]+/g, `wai_$1_${HIDDEN}`)
      .replace(/\b(Bearer|Basic)\s+(?!wai_)[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`);
    return known === null ? masked : masked.replace(known, HIDDEN);
  };
}
