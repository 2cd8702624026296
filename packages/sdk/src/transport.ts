import { checkBaseUrl } from './base-url.ts';
import { type Caller, makeCall } from './call.ts';
import { localError } from './error.ts';
import { type EventStream, watchEvents } from './event-stream.ts';
import type { HttpRequest } from './exchange.ts';
import { type RetryPolicy, resolveRetryPolicy } from './retry-policy.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import type { ConnectionOptions } from './types.ts';

const DEFAULT_BASE_URL = 'http://127.0.0.1:3100';
const DEFAULT_TIMEOUT = 30_000;
/** Timers beyond this fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** One logical call, as a client words it. */
export interface TransportCall<T> {
  readonly method: HttpRequest['method'];
  /** With the query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** What of the body must not show up in an error. */
  readonly secrets?: readonly string[];
  /** Fields without which a success is not the daemon's answer. */
  readonly fields: readonly (keyof T & string)[];
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt, where the client was not told another time. */
  readonly timeout?: number;
  /** Sends it once and never again: for what would be done twice, and for signatures, which are good for one use. */
  readonly once?: boolean;
  readonly finalCodes?: readonly string[];
  readonly idempotencyKey?: string;
  /** Told the headers of every answer, also of those that are errors. */
  readonly onAnswer?: ((headers: Headers) => void) | undefined;
}

/** One stream of events, as a client words it. */
export interface TransportWatch {
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** The way to one daemon. */
export interface Transport {
  /** Host and port, as the messages of owners name it. */
  readonly host: string;
  readonly runtime: Runtime;
  /** Ends all calls. */
  readonly signal: AbortSignal | undefined;
  /** @throws WAIaaSError */
  call<T>(call: TransportCall<T>): Promise<T>;
  /** Messages of a stream of events, as they come. @throws WAIaaSError */
  watch<T>(stream: Omit<EventStream<T>, 'url' | 'signals'> & TransportWatch): AsyncGenerator<T, void>;
}

/** @throws WAIaaSError INVALID_ARGUMENT */
export function checkTimeout(timeout: number): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return timeout;
  throw localError('INVALID_ARGUMENT', `timeout must be between 1 and ${MAX_TIMEOUT} milliseconds`);
}

/**
 * Opens the way to a daemon; nothing is sent yet.
 * @throws WAIaaSError INVALID_ARGUMENT
 */
export function createTransport(
  options: ConnectionOptions & { readonly retry?: Partial<RetryPolicy> | undefined },
  runtime: Partial<Runtime>,
): Transport {
  const baseUrl = checkBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL);
  const timeout = options.timeout === undefined ? undefined : checkTimeout(options.timeout);
  const retry = resolveRetryPolicy(options.retry);
  const caller: Caller = {
    // Looked up at each call, and called without `this`, as browsers demand.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    retry,
    runtime: { ...systemRuntime, ...runtime },
  };
  const onceOnly: Caller = { ...caller, retry: { ...retry, maxRetries: 0 } };
  return {
    host: new URL(baseUrl).host,
    runtime: caller.runtime,
    signal: options.signal,
    watch: ({ path, signal, ...stream }) =>
      watchEvents(caller.fetch, { ...stream, url: `${baseUrl}${path}`, signals: [options.signal, signal] }),
    call: ({ method, path, headers, body, secrets, once, signal, ...call }) =>
      makeCall(once === true ? onceOnly : caller, {
        ...call,
        request: {
          method,
          url: `${baseUrl}${path}`,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          body,
          secrets,
        },
        timeout: timeout ?? call.timeout ?? DEFAULT_TIMEOUT,
        signals: [options.signal, signal],
      }),
  };
}
