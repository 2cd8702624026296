import { openAbortScope } from './abort-scope.ts';
import type { WAIaaSErrorFields } from './error.ts';

/** One HTTP request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** What of the body must not show up in an error. */
  readonly secrets?: readonly string[] | undefined;
}

/** One HTTP answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Headers;
  readonly text: string;
}

/** How an attempt ended. */
export type ExchangeOutcome = { readonly answer: HttpAnswer } | { readonly failure: WAIaaSErrorFields };

/**
 * Sends a request once and reads the answer. Never follows a redirect: the session token must not travel to an address
 * that somebody else chose. What `fetch` throws is not handed on, since it may quote the request.
 *
 * @param timeout milliseconds for the whole attempt, body included
 */
export async function exchange(
  fetch: typeof globalThis.fetch,
  request: HttpRequest,
  timeout: number,
  caller: AbortSignal,
): Promise<ExchangeOutcome> {
  const scope = openAbortScope([caller], timeout);
  const read = async (): Promise<HttpAnswer> => {
    const { method, headers, body } = request;
    const response = await fetch(request.url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: scope.signal,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    });
    return { status: response.status, ok: response.ok, headers: response.headers, text: await response.text() };
  };
  try {
    if (caller.aborted) return { failure: ABORTED };
    // Raced, because a fetch that was handed in may not heed its signal.
    return { answer: await Promise.race([read(), whenAborted(scope.signal)]) };
  } catch (error) {
    if (scope.endedBy === 'caller') return { failure: ABORTED };
    if (scope.endedBy === 'deadline') return { failure: timedOut(timeout) };
    return { failure: unreachable(error, request.url) };
  } finally {
    scope.close();
  }
}

/** The caller's abort. */
export const ABORTED: WAIaaSErrorFields = {
  code: 'ABORTED',
  message: 'The call was aborted; a request that was already sent may still be carried out.',
  statusCode: 0,
  retryable: false,
};

const timedOut = (timeout: number): WAIaaSErrorFields => ({
  code: 'TIMEOUT',
  message: `The daemon did not answer within ${timeout} ms.`,
  statusCode: 0,
  retryable: true,
});

/** What an answer that does not come is told as. */
export const unreachable = (error: unknown, url: string): WAIaaSErrorFields => {
  const reason = systemCode(error);
  return {
    code: 'NETWORK_ERROR',
    message: `No answer from ${new URL(url).origin}${reason === undefined ? '' : ` (${reason})`}.`,
    statusCode: 0,
    retryable: true,
    ...(reason === undefined ? {} : { details: { reason } }),
    hint: 'Check that the daemon runs and that baseUrl is its address; redirects are not followed.',
  };
};

/** `ECONNREFUSED` and the like, which Node puts on the cause of what `fetch` throws. */
function systemCode(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? code : undefined;
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
