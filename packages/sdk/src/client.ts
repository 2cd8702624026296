import type {
  AddressResponse,
  AssetsResponse,
  BalanceResponse,
  BudgetResponse,
  DryRunResponse,
  NonceResponse,
  PendingTransactionListResponse,
  SessionRenewResponse,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
} from '@waiaas/core';
import { createRenewalGate, type RenewalGate } from './auto-renew.ts';
import { encodeBody, encodeId, encodeQuery } from './encode.ts';
import { localError } from './error.ts';
import { checkIdempotencyKey, newIdempotencyKey } from './idempotency-key.ts';
import type { Runtime } from './runtime.ts';
import { readSessionClaims } from './session-claims.ts';
import { checkTimeout, createTransport, type Transport, type TransportCall } from './transport.ts';
import type {
  BudgetOptions,
  RequestOptions,
  SendTokenOptions,
  SendTokenRequest,
  WAIaaSClientOptions,
  WaitForTransactionOptions,
} from './types.ts';
import { waitUntilTerminal } from './wait-for-transaction.ts';

/** Longer than the 30 s that the daemon waits for a confirmation. */
const SEND_TIMEOUT = 45_000;
const WAIT_TIMEOUT = 120_000;

/**
 * What an agent can do at its daemon (06 §5.2). The session token is kept where neither `JSON.stringify` nor
 * `util.inspect` finds it. All methods reject with `WAIaaSError` and nothing else.
 *
 * @example
 * const client = new WAIaaSClient({ sessionToken: 'wai_sess_…' });
 * const { status } = await client.sendToken({ to: recipient, amount: 50_000_000n });
 */
export class WAIaaSClient {
  readonly #transport: Transport;
  readonly #gate: RenewalGate | null;
  #token: string | undefined;

  /**
   * @param runtime for tests: the pauses between attempts, their jitter, and the time
   * @throws WAIaaSError INVALID_TOKEN_FORMAT, or INVALID_ARGUMENT for any other option
   */
  constructor(options: WAIaaSClientOptions = {}, runtime: Partial<Runtime> = {}) {
    this.#transport = createTransport(options, runtime);
    const { autoRenew } = options;
    this.#gate =
      autoRenew === undefined
        ? null
        : createRenewalGate({
            autoRenew,
            token: () => this.#token,
            renew: () => this.#renew({}),
            now: this.#transport.runtime.now,
          });
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

  /** What the agent's wallet holds, native asset and tokens, read from the chain. */
  getAssets(options?: RequestOptions): Promise<AssetsResponse> {
    return this.#get('/v1/wallet/assets', ['assets'], options);
  }

  /** What the session may still spend of the native asset or of a token, as the code that enforces it works it out. */
  getBudget(options: BudgetOptions = {}): Promise<BudgetResponse> {
    const { tokenMint, ...rest } = options;
    return this.#get(`/v1/wallet/budget${encodeQuery({ tokenMint })}`, ['session', 'policy', 'maxPayment'], rest);
  }

  /**
   * Ends the life of the session's token and begins a new one of the same length (03 §13). The client goes on with the new
   * token; keep it, the old one has ended. Sent once: whoever does not get the answer has no token any more.
   *
   * @throws WAIaaSError RENEWAL_TOO_EARLY before half of the present life, RENEWAL_LIMIT_REACHED,
   *   SESSION_ABSOLUTE_LIFETIME_EXCEEDED, or what calling came to
   */
  renewSession(options: RequestOptions = {}): Promise<SessionRenewResponse> {
    return this.#renew(options);
  }

  /**
   * Renews the session if `autoRenew` would before the next call; sends nothing otherwise. For programs that may be idle
   * for longer than a session lives.
   *
   * @throws WAIaaSError INVALID_ARGUMENT without `autoRenew`
   */
  async renewIfDue({ signal }: RequestOptions = {}): Promise<void> {
    if (this.#gate === null) throw localError('INVALID_ARGUMENT', 'The client was made without autoRenew');
    return this.#gate.run([this.#transport.signal, signal], async () => undefined);
  }

  /**
   * Asks for a payment: of the native asset, or with `tokenMint` of a token. Resolves with CONFIRMED, with SUBMITTED when
   * the confirmation takes longer than the daemon waits, or with QUEUED when the payment waits for time or for the
   * owner's approval: look at `status`.
   *
   * One call is one payment, however often it is sent: all attempts carry the same idempotency key. An error carries it
   * too; whoever repeats a call whose outcome is not known must repeat it with that key. The answer to a repetition says
   * `replayed`.
   */
  async sendToken(request: SendTokenRequest, options: SendTokenOptions = {}): Promise<TransactionResponse> {
    const idempotencyKey =
      options.idempotencyKey === undefined ? newIdempotencyKey() : checkIdempotencyKey(options.idempotencyKey);
    const body = encodePayment(request);
    return this.#authorized(({ authorization }) => ({
      method: 'POST',
      path: '/v1/transactions/send',
      headers: { authorization, 'idempotency-key': idempotencyKey },
      body,
      fields: ['transactionId', 'status'],
      timeout: SEND_TIMEOUT,
      signal: options.signal,
      // The key stays bound to the payment that failed, so asking again could only repeat the error.
      finalCodes: ['CHAIN_ERROR'],
      idempotencyKey,
    }));
  }

  /** What the daemon would decide about a payment if it were asked for now. Leaves no trace and pays nothing. */
  async dryRun(request: SendTokenRequest, options: RequestOptions = {}): Promise<DryRunResponse> {
    const body = encodePayment(request);
    return this.#authorized(({ authorization }) => ({
      method: 'POST',
      path: '/v1/transactions/dry-run',
      headers: { authorization },
      body,
      fields: ['outcome', 'criteria'],
      signal: options.signal,
    }));
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
    return this.#transport.call({
      method: 'GET',
      path: '/v1/nonce',
      fields: ['nonce', 'expiresAt'],
      signal: options?.signal,
    });
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
      runtime: this.#transport.runtime,
      signals: [this.#transport.signal, options.signal],
      timeout: checkTimeout(options.timeout ?? WAIT_TIMEOUT),
    });
  }

  async #get<T>(path: string, fields: TransportCall<T>['fields'], options: RequestOptions = {}): Promise<T> {
    return this.#authorized(({ authorization }) => ({
      method: 'GET',
      path,
      headers: { authorization },
      fields,
      signal: options.signal,
    }));
  }

  /** Makes a call with the token there is once it is the call's turn. */
  async #authorized<T>(describe: (credential: { readonly authorization: string }) => TransportCall<T>): Promise<T> {
    const { signal } = describe({ authorization: this.#authorization() });
    const gate = this.#gate;
    if (gate === null) return this.#transport.call(describe({ authorization: this.#authorization() }));
    return gate.run([this.#transport.signal, signal], () => {
      const authorization = this.#authorization();
      const token = this.#token;
      const onAnswer = (headers: Headers): void => gate.noteRenewBy(token, headers.get('x-session-renew-by'));
      return this.#transport.call({ ...describe({ authorization }), onAnswer });
    });
  }

  async #renew({ signal }: RequestOptions): Promise<SessionRenewResponse> {
    const authorization = this.#authorization();
    const before = this.#token;
    const claims = readSessionClaims(before ?? '');
    if (claims === null) throw localError('INVALID_TOKEN_FORMAT', 'The session token names no session to renew');
    const renewed = await this.#transport.call<SessionRenewResponse>({
      method: 'PUT',
      path: `/v1/sessions/${encodeId(claims.sessionId)}/renew`,
      headers: { authorization },
      fields: ['sessionId', 'token', 'expiresAt'],
      signal,
      once: true,
    });
    // Another token may have been set meanwhile; then the caller knows better.
    if (this.#token === before) this.setSessionToken(renewed.token);
    return renewed;
  }

  #authorization(): string {
    if (this.#token === undefined) throw localError('AUTH_TOKEN_MISSING', 'Set a session token first', 401);
    return `Bearer ${this.#token}`;
  }
}

/** The body of a payment. */
function encodePayment(request: SendTokenRequest): string {
  const amount: unknown = request?.amount;
  if (typeof amount !== 'bigint' && typeof amount !== 'string') {
    throw localError('INVALID_ARGUMENT', 'amount must be a bigint or a decimal string of base units, never a number');
  }
  // Whoever names a token wants to pay with it.
  const type = request.type ?? (request.tokenMint === undefined ? undefined : 'TOKEN_TRANSFER');
  return encodeBody({ ...request, type, amount: String(amount) });
}
