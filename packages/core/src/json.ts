/**
 * JSON text of a value, with bigint as decimal strings (06 §2). The one encoder for answers, logs and audit details: a
 * bigint can never make an error report fail (02 §14). What JSON has no word for at the top, such as undefined, is `null`.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)) ?? 'null';
