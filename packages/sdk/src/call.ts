import { openAbortScope } from './abort-scope.ts';
import { WAIaaSError, type WAIaaSErrorFields } from './error.ts';
import { ABORTED, exchange, type HttpAnswer, type HttpRequest } from './exchange.ts';
import { readAnswer } from './read-answer.ts';
import { backoffDelay, type RetryPolicy, retryAfterDelay } from './retry-policy.ts';
import type { Runtime } from './runtime.ts';

/** One logical call: the same request, sent as often as it takes. */
export interface Call<T> {
  readonly request: HttpRequest;
  /** Fields without which a success is not the daemon's answer. */
  readonly fields: readonly (keyof T & string)[];
  /** Milliseconds for each attempt. */
  readonly timeout: number;
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Codes that are not retried by this call although the daemon calls them retryable. */
  readonly finalCodes?: readonly string[];
  /** Told the headers of every answer, also of those that are errors. */
  readonly onAnswer?: ((headers: Headers) => void) | undefined;
  /** Told in errors, so that the caller can repeat a payment without paying twice. */
  readonly idempotencyKey?: string;
}

/** What calls are made with. */
export interface Caller {
  readonly fetch: typeof globalThis.fetch;
  readonly retry: RetryPolicy;
  readonly runtime: Runtime;
}

/**
 * Makes a call: attempts, pauses, and the value or the last error (06 §5.4). Every attempt sends the very same bytes,
 * idempotency key included, so a retry can never be a second payment.
 * @throws WAIaaSError
 */
export async function makeCall<T>(caller: Caller, call: Call<T>): Promise<T> {
  const { retry, runtime } = caller;
  const scope = openAbortScope(call.signals);
  const fail = (fields: WAIaaSErrorFields): never => {
    throw new WAIaaSError({ ...fields, idempotencyKey: call.idempotencyKey });
  };
  try {
    for (let retries = 0; ; retries += 1) {
      const outcome = await exchange(caller.fetch, call.request, call.timeout, scope.signal);
      if ('answer' in outcome) call.onAnswer?.(outcome.answer.headers);
      const reading =
        'answer' in outcome
          ? readAnswer<T>(withoutSecrets(outcome.answer, call.request), call.fields, retry.retryableStatuses)
          : outcome;
      if ('value' in reading) return reading.value;

      const { failure } = reading;
      const final = !failure.retryable || call.finalCodes?.includes(failure.code) === true;
      if (final || retries >= retry.maxRetries) return fail(failure);
      const asked = 'answer' in outcome ? retryAfterDelay(outcome.answer.headers) : 0;
      const pause = Math.max(asked, backoffDelay(retry, retries + 1, runtime.random()));
      if (!(await slept(runtime, pause, scope.signal))) return fail(ABORTED);
    }
  } finally {
    scope.close();
  }
}

/** Whether a pause was waited out; false when the caller ended it. */
async function slept(runtime: Runtime, pause: number, signal: AbortSignal): Promise<boolean> {
  try {
    await runtime.sleep(pause, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}

/** An error answer that quotes the request (some proxies do) must not bring a secret of it into an error that is logged. */
function withoutSecrets(answer: HttpAnswer, request: HttpRequest): HttpAnswer {
  if (answer.ok) return answer;
  const { authorization, 'x-master-password': password } = request.headers;
  const secrets = [authorization?.replace(/^Bearer /, ''), password, ...(request.secrets ?? [])];
  const text = secrets.reduce<string>(
    (rest, secret) => (secret === undefined || secret === '' ? rest : rest.replaceAll(secret, maskOf(secret))),
    answer.text,
  );
  return { ...answer, text };
}

const maskOf = (secret: string): string => `${/^wai_(?:sess|op)_/.exec(secret)?.[0] ?? ''}***`;
