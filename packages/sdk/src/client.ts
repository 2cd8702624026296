import type {
  AddressResponse,
  BalanceResponse,
  NonceResponse,
  PendingTransactionListResponse,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
} from '@waiaas/core';
import { checkBaseUrl } from './base-url.ts';
import { type Call, type Caller, makeCall } from './call.ts';
import { localError } from './error.ts';
import { checkIdempotencyKey, newIdempotencyKey } from './idempotency-key.ts';
import { resolveRetryPolicy } from './retry-policy.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import type {
  RequestOptions,
  SendTokenOptions,
  SendTokenRequest,
  WAIaaSClientOptions,
  WaitForTransactionOptions,
} from './types.ts';
import { waitUntilTerminal } from './wait-for-transaction.ts';

const DEFAULT_BASE_URL = 'http://127.0.0.1:3100';
const DEFAULT_TIMEOUT = 30_000;
/** Longer than the 30 s that the daemon waits for a confirmation. */
const SEND_TIMEOUT = 45_000;
const WAIT_TIMEOUT = 120_000;
/** Timers beyond this fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What an agent can do at its daemon (06 §5.2). The session token is kept where neither `JSON.stringify` nor
 * `util.inspect` finds it. All methods reject with `WAIaaSError` and nothing else.
 *
 * @example
 * const client = new WAIaaSClient({ sessionToken: 'wai_sess_…' });
 * const { status } = await client.sendToken({ to: recipient, amount: 50_000_000n });
 */
export class WAIaaSClient {
  readonly #baseUrl: string;
  readonly #timeout: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #caller: Caller;
  #token: string | undefined;

  /**
   * @param runtime for tests: the pauses between attempts and their jitter
   * @throws WAIaaSError INVALID_TOKEN_FORMAT, or INVALID_ARGUMENT for any other option
   */
  constructor(options: WAIaaSClientOptions = {}, runtime: Partial<Runtime> = {}) {
    this.#baseUrl = checkBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL);
    this.#timeout = options.timeout === undefined ? undefined : checkTimeout(options.timeout);
    this.#signal = options.signal;
    this.#caller = {
      // Looked up at each call, and called without `this`, as browsers demand.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      retry: resolveRetryPolicy(options.retry),
      runtime: { ...systemRuntime, ...runtime },
    };
    if (options.sessionToken !== undefined) this.setSessionToken(options.sessionToken);
  }

  /** Sets the token of the calls to come. @throws WAIaaSError INVALID_TOKEN_FORMAT */
  setSessionToken(token: string): void {
    if (typeof token !== 'string' || !/^wai_sess_[\x21-\x7e]+$/.test(token)) {
      throw localError('INVALID_TOKEN_FORMAT', 'A session token begins with wai_sess_ and has no white space');
    }
    this.#token = token;
  }

  /** Forgets the token. */
  clearSessionToken(): void {
    this.#token = undefined;
  }

  /** Balance of the agent's wallet, read from the chain. */
  getBalance(options?: RequestOptions): Promise<BalanceResponse> {
    return this.#get('/v1/wallet/balance', ['balance', 'decimals', 'symbol'], options);
  }

  /** Address of the agent's wallet: where to fund it. */
  getAddress(options?: RequestOptions): Promise<AddressResponse> {
    return this.#get('/v1/wallet/address', ['address'], options);
  }

  /**
   * Asks for a payment. Resolves with CONFIRMED, with SUBMITTED when the confirmation takes longer than the daemon waits,
   * or with QUEUED when the payment waits for time or for the owner's approval: look at `status`.
   *
   * One call is one payment, however often it is sent: all attempts carry the same idempotency key. An error carries it
   * too; whoever repeats a call whose outcome is not known must repeat it with that key.
   */
  async sendToken(request: SendTokenRequest, options: SendTokenOptions = {}): Promise<TransactionResponse> {
    const idempotencyKey =
      options.idempotencyKey === undefined ? newIdempotencyKey() : checkIdempotencyKey(options.idempotencyKey);
    return this.#call({
      request: {
        method: 'POST',
        url: `${this.#baseUrl}/v1/transactions/send`,
        headers: {
          ...this.#authorization(),
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body: encodePayment(request),
      },
      fields: ['transactionId', 'status'],
      timeout: this.#timeout ?? SEND_TIMEOUT,
      signals: [this.#signal, options.signal],
      // The key stays bound to the payment that failed, so asking again could only repeat the error.
      finalCodes: ['CHAIN_ERROR'],
      idempotencyKey,
    });
  }

  /** A page of the agent's transactions, newest first unless asked otherwise; `nextCursor` leads to the next page. */
  listTransactions(query: TransactionListQuery = {}, options?: RequestOptions): Promise<TransactionListResponse> {
    return this.#get(`/v1/transactions${encodeQuery(query)}`, ['transactions', 'nextCursor'], options);
  }

  /** One transaction of the agent. */
  async getTransaction(transactionId: string, options?: RequestOptions): Promise<TransactionResponse> {
    return this.#get(`/v1/transactions/${encodeId(transactionId)}`, ['transactionId', 'status'], options);
  }

  /** The transactions that wait for time or for the owner. */
  listPendingTransactions(options?: RequestOptions): Promise<PendingTransactionListResponse> {
    return this.#get('/v1/transactions/pending', ['transactions'], options);
  }

  /** A fresh nonce for a message that the owner signs. Needs no token and sends none. */
  getNonce(options?: RequestOptions): Promise<NonceResponse> {
    return this.#get('/v1/nonce', ['nonce', 'expiresAt'], options, {});
  }

  /**
   * Asks for a transaction until it is CONFIRMED, FAILED, CANCELLED or EXPIRED, and resolves with it: look at `status`.
   * @throws WAIaaSError TIMEOUT when it takes longer; the transaction goes on
   */
  async waitForTransaction(
    transactionId: string,
    options: WaitForTransactionOptions = {},
  ): Promise<TransactionResponse> {
    return waitUntilTerminal({
      transactionId,
      get: (id, signal) => this.getTransaction(id, { signal }),
      runtime: this.#caller.runtime,
      signals: [this.#signal, options.signal],
      timeout: checkTimeout(options.timeout ?? WAIT_TIMEOUT),
    });
  }

  async #get<T>(
    path: string,
    fields: Call<T>['fields'],
    options: RequestOptions = {},
    authorization = this.#authorization(),
  ): Promise<T> {
    return this.#call({
      request: { method: 'GET', url: `${this.#baseUrl}${path}`, headers: authorization },
      fields,
      timeout: this.#timeout ?? DEFAULT_TIMEOUT,
      signals: [this.#signal, options.signal],
    });
  }

  #call<T>(call: Call<T>): Promise<T> {
    const { request } = call;
    return makeCall(this.#caller, {
      ...call,
      request: { ...request, headers: { accept: 'application/json', ...request.headers } },
    });
  }

  #authorization(): Readonly<Record<string, string>> {
    if (this.#token === undefined) throw localError('AUTH_TOKEN_MISSING', 'Set a session token first', 401);
    return { authorization: `Bearer ${this.#token}` };
  }
}

function checkTimeout(timeout: number): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return timeout;
  throw localError('INVALID_ARGUMENT', `timeout must be between 1 and ${MAX_TIMEOUT} milliseconds`);
}

/** The body, written once for all attempts, so that a caller who changes the object meanwhile changes nothing. */
function encodePayment(request: SendTokenRequest): string {
  const amount: unknown = request?.amount;
  if (typeof amount !== 'bigint' && typeof amount !== 'string') {
    throw localError('INVALID_ARGUMENT', 'amount must be a bigint or a decimal string of base units, never a number');
  }
  try {
    return JSON.stringify({ ...request, amount: String(amount) });
  } catch {
    throw localError('INVALID_ARGUMENT', 'The payment holds something that JSON cannot carry');
  }
}

function encodeQuery(query: TransactionListQuery): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function encodeId(id: string): string {
  // A URL drops dot segments, encoded or not: they would lead to another route.
  if (typeof id === 'string' && !/^\.{0,2}$/.test(id) && !LONE_SURROGATE.test(id)) return encodeURIComponent(id);
  throw localError('INVALID_ARGUMENT', 'That can be no transaction id');
}
