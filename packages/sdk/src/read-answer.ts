import type { WAIaaSErrorFields } from './error.ts';
import type { HttpAnswer } from './exchange.ts';

/** What an answer came to. */
export type Reading<T> = { readonly value: T } | { readonly failure: WAIaaSErrorFields };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an answer: the value of a success that has the named fields, or what went wrong. Something else than the daemon
 * may answer (a proxy's HTML page, another service on the port): that is UNKNOWN_ERROR, never a value.
 *
 * @param fields fields without which the answer is not the daemon's
 * @param retryableStatuses decide where an error does not say itself whether it is retryable
 */
export function readAnswer<T>(
  answer: HttpAnswer,
  fields: readonly (keyof T & string)[],
  retryableStatuses: readonly number[],
): Reading<T> {
  const body = parseObject(answer.text);
  if (answer.ok && hasFields<T>(body, fields)) return { value: body };
  return { failure: readError(answer, answer.ok ? undefined : body, retryableStatuses) };
}

const hasFields = <T>(body: unknown, fields: readonly (keyof T & string)[]): body is T =>
  typeof body === 'object' && body !== null && fields.every((field) => Object.hasOwn(body, field));

function readError(answer: HttpAnswer, body: Fields | undefined, statuses: readonly number[]): WAIaaSErrorFields {
  // Older daemons nest the error (06 §1.11).
  const error = asObject(body?.error) ?? body;
  const requestId = asText(error?.requestId) ?? answer.headers.get('x-request-id') ?? undefined;
  const byStatus = statuses.includes(answer.status);
  const code = asText(error?.code);
  if (code === undefined) {
    return {
      code: 'UNKNOWN_ERROR',
      message: `HTTP ${answer.status}`,
      statusCode: answer.status,
      retryable: byStatus,
      requestId,
      hint: 'The answer is not one of the daemon; check that baseUrl is its address.',
    };
  }
  return {
    code,
    message: asText(error?.message) ?? `HTTP ${answer.status}`,
    statusCode: answer.status,
    retryable: typeof error?.retryable === 'boolean' ? error.retryable : byStatus,
    requestId,
    details: asObject(error?.details),
    hint: asText(error?.hint),
  };
}

function parseObject(text: string): Fields | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asObject = (value: unknown): Fields | undefined => (isObject(value) ? value : undefined);
const asText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
