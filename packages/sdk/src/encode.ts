import { localError } from './error.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A query from what is given of it; nothing where nothing is. */
export function encodeQuery(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** An id as a part of a path. @throws WAIaaSError INVALID_ARGUMENT */
export function encodeId(id: string): string {
  // A URL drops dot segments, encoded or not: they would lead to another route.
  if (typeof id === 'string' && !/^\.{0,2}$/.test(id) && !LONE_SURROGATE.test(id)) return encodeURIComponent(id);
  throw localError('INVALID_ARGUMENT', 'That can be no id');
}

/**
 * A body, written once for all attempts, so that a caller who changes the object meanwhile changes nothing. A bigint goes
 * as the decimal string that the API has for amounts.
 * @throws WAIaaSError INVALID_ARGUMENT
 */
export function encodeBody(body: object): string {
  try {
    return JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    throw localError('INVALID_ARGUMENT', 'The request holds something that JSON cannot carry');
  }
}
