import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type AddressGuard, AddressRefused, isLoopbackName, type ResolvedAddress } from './address-guard.ts';

/** One request to a service. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, name look-up included. */
  readonly timeoutMs: number;
  /** Ends the exchange early. */
  readonly signal?: AbortSignal | undefined;
  /** Longest answer that is read, bytes. Default: 64 KiB; services answer in a few hundred bytes. */
  readonly answerMax?: number;
}

/** What a service answered. Redirects are answers like any other; none is followed. */
export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

/** Why there was no answer. */
export type HttpFailureKind = 'refused' | 'timeout' | 'aborted' | 'network' | 'too_large';

/** There was no answer. The text holds no address and no secret: a URL may be one. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The one way out of this package. */
export interface HttpClient {
  /** @throws HttpFailure */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** Longest answer that is read where nothing else is said. */
const ANSWER_MAX = 64 * 1024;

/** Answers with addresses that were checked, whatever the name would lead to now. */
const pinned =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_hostname, options, callback) => {
    const wanted = addresses.filter(
      ({ family }) => (options.family !== 4 && options.family !== 6) || family === options.family,
    );
    const [first] = wanted;
    if (first === undefined) callback(new Error('No address of that family'), '', 0);
    else if (options.all === true) callback(null, [...wanted]);
    else callback(null, first.address, first.family);
  };

/** What may be told of an error: the word of the system for it, never its text, which may quote the address. */
const wordOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,60}$/.test(error.code)
    ? error.code
    : 'connection failed';

function readAll(incoming: IncomingMessage, max: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > max) incoming.destroy(new HttpFailure('too_large', 'The answer is too long'));
      else chunks.push(chunk);
    });
    incoming.on('error', reject);
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

/**
 * Makes the client that every channel uses: checked addresses, a time-out on everything, no redirects, bounded answers, a
 * connection for each request. The plain `https` module does it, because it lets the caller say which addresses to
 * connect to; `fetch` would look the name up again.
 */
export function createHttpClient(dependencies: {
  readonly guard: AddressGuard;
  /** Sent as User-Agent. */
  readonly userAgent: string;
}): HttpClient {
  const { guard, userAgent } = dependencies;

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, url, headers, body } = request;
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackName(url.hostname))) {
      throw new HttpFailure('refused', 'Only https is spoken, and http to this machine itself');
    }
    const addresses = await raceAbort(guard.addressesOf(url.hostname), signal);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = send(
        url,
        {
          method,
          agent: false,
          lookup: pinned(addresses),
          signal,
          headers: {
            'user-agent': userAgent,
            ...headers,
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    const text = await readAll(incoming, request.answerMax ?? ANSWER_MAX);
    return {
      status: incoming.statusCode ?? 0,
      header: (name) => {
        const value = incoming.headers[name.toLowerCase()];
        return Array.isArray(value) ? value[0] : value;
      },
      text,
    };
  }

  return {
    async send(request) {
      const timeout = AbortSignal.timeout(request.timeoutMs);
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
      try {
        return await exchange(request, signal);
      } catch (error) {
        if (error instanceof HttpFailure) throw error;
        if (error instanceof AddressRefused) throw new HttpFailure('refused', error.message);
        if (request.signal?.aborted === true) throw new HttpFailure('aborted', 'The request was given up');
        if (timeout.aborted) throw new HttpFailure('timeout', `No answer within ${request.timeoutMs / 1000} s`);
        throw new HttpFailure('network', wordOf(error));
      }
    },
  };
}

/** Looking a name up cannot be aborted; what comes of it late is dropped. */
function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
