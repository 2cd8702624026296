import type {
  NonceResponse,
  OwnerAction,
  OwnerApproveResponse,
  OwnerChangeResponse,
  OwnerConnectResponse,
  OwnerDisconnectResponse,
  OwnerRejectResponse,
  PendingApproval,
  RecoverResponse,
  RecoveryAddressResponse,
  SessionCreateResponse,
} from '@waiaas/core';
import { canonicalJson, ownerStatement, transactionResource } from '@waiaas/core/owner-text';
import { encodeBody, encodeId } from '../encode.ts';
import { localError } from '../error.ts';
import { type ManagementCall, ManagementClient } from '../management-client.ts';
import { checkMasterPassword } from '../master-password.ts';
import type { Runtime } from '../runtime.ts';
import { createTransport, type Transport, type TransportCall } from '../transport.ts';
import type { ConnectionOptions, RequestOptions, SessionRequest } from '../types.ts';
import { ownerAuthorization, resourceOfRequest, type SignedPurpose, signText } from './owner-message.ts';
import { type AnySigner, type OwnerSigner, toOwnerSigner } from './owner-signer.ts';
import { wordsOf } from './payment-words.ts';

/** What an owner's client is made from. */
export interface WAIaaSOwnerClientOptions extends ConnectionOptions {
  /** The owner's wallet. */
  readonly signer: AnySigner;
}

/** Life of a session, seconds, where the owner names none: what is signed says how long it lives. */
const DEFAULT_SESSION_LIFE = 86_400;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What the owner of the funds can do, each time with a signature of their own wallet (03 §15). Every call asks the wallet
 * once, for one text that is good for that request alone, once, within five minutes; nothing is ever sent twice. The text
 * is laid out here: the wallet is never handed one that the daemon wrote.
 *
 * All methods reject with `WAIaaSError`; SIGNER_ERROR when the wallet does not sign, with what it threw as the `cause`.
 *
 * @example
 * const owner = new WAIaaSOwnerClient({ signer: privateKeyToAccount(key) }); // viem; or a signer of @solana/kit
 * const { transactions } = await owner.listPendingApprovals();
 * for (const payment of transactions) if (await looksRight(payment)) await owner.approveTransaction(payment);
 */
export class WAIaaSOwnerClient extends ManagementClient {
  readonly #transport: Transport;
  readonly #signer: OwnerSigner;

  /**
   * @param runtime for tests
   * @throws WAIaaSError INVALID_ARGUMENT
   */
  constructor({ signer, ...options }: WAIaaSOwnerClientOptions, runtime: Partial<Runtime> = {}) {
    super();
    this.#transport = createTransport(options, runtime);
    this.#signer = toOwnerSigner(signer);
  }

  /** Address of the owner's wallet, in the spelling that messages have. */
  get address(): string {
    return this.#signer.address;
  }

  /**
   * Makes this wallet the owner. Takes the master password beside the signature (00 §3).
   * @throws WAIaaSError OWNER_ALREADY_CONNECTED, INVALID_MASTER_PASSWORD
   */
  async connect(masterPassword: string, options?: RequestOptions): Promise<OwnerConnectResponse> {
    const { address, chain } = this.#signer;
    return this.#send({
      method: 'POST',
      path: '/v1/owner/connect',
      body: encodeBody({ address, chain }),
      headers: { 'x-master-password': checkMasterPassword(masterPassword) },
      fields: ['ownerId', 'address'],
      action: 'connect_owner',
      options,
    });
  }

  /** Lets the owner go. Payments that wait for an approval expire; the operator governs from then on. */
  disconnect(options?: RequestOptions): Promise<OwnerDisconnectResponse> {
    return this.manage({
      method: 'DELETE',
      path: '/v1/owner/disconnect',
      fields: ['disconnected', 'expiredTransactions'],
      action: 'update_settings',
      options,
    });
  }

  /**
   * Hands over to another wallet, in one step. Asks both wallets for a signature, the next one first, and takes the master
   * password (03 §19). This client speaks for the former owner afterwards, who can do nothing more.
   */
  async change(next: AnySigner, masterPassword: string, options?: RequestOptions): Promise<OwnerChangeResponse> {
    const path = '/v1/owner/change';
    const headers = { 'x-master-password': checkMasterPassword(masterPassword) };
    const nextSigner = toOwnerSigner(next);
    const { address, chain } = nextSigner;
    const { message, signature } = await this.#sign(
      {
        statement: ownerStatement('connect_owner'),
        resource: resourceOfRequest('POST', path, canonicalJson({ address, chain })),
      },
      options,
      nextSigner,
    );
    return this.#send({
      method: 'POST',
      path,
      body: encodeBody({ address, chain, message, signature }),
      headers,
      fields: ['ownerId', 'address', 'previousAddress'],
      action: 'change_owner',
      options,
    });
  }

  /**
   * Registers another address an agent's funds may go to. Takes the master password beside the signature, and counts a day
   * later; until then, the one before does.
   * @throws WAIaaSError DESTINATION_REFUSED, INVALID_ADDRESS, INVALID_MASTER_PASSWORD
   */
  async setRecoveryAddress(
    agentId: string,
    address: string,
    masterPassword: string,
    options?: RequestOptions,
  ): Promise<RecoveryAddressResponse> {
    return this.#send({
      method: 'PUT',
      path: `/v1/owner/agents/${encodeId(agentId)}/recovery-address`,
      body: encodeBody({ address }),
      headers: { 'x-master-password': checkMasterPassword(masterPassword) },
      fields: ['agentId', 'address'],
      action: 'recall',
      options,
    });
  }

  /**
   * Opens a session for an agent. What is signed is bound to the agent and to everything that the session may do, its life
   * included. The token is in the answer and never shown again.
   *
   * The signature is in the header, so that the request counts as the owner's. In the body, where the daemon takes one as well, it
   * would count as anybody's, and other programs could use that up.
   */
  override async createSession(request: SessionRequest, options?: RequestOptions): Promise<SessionCreateResponse> {
    const { agentId, constraints = {}, expiresIn = constraints.expiresIn ?? DEFAULT_SESSION_LIFE } = request;
    if (typeof agentId !== 'string' || !UUID.test(agentId))
      throw localError('INVALID_ARGUMENT', 'That can be no agent');
    return this.#send({
      method: 'POST',
      path: '/v1/sessions',
      body: encodeBody({ agentId, expiresIn, constraints: { ...constraints, expiresIn } }),
      fields: ['sessionId', 'token', 'expiresAt'],
      action: 'manage_sessions',
      options,
    });
  }

  /**
   * Has a payment carried out that waits for the owner. What the wallet is asked to sign says it in words: amount,
   * recipient, network.
   *
   * @param transaction as it was listed, which is what the owner has seen; with an id alone it is listed first, for which
   *   the wallet is asked as well
   * @throws WAIaaSError TX_EXPIRED, TX_ALREADY_PROCESSED; MESSAGE_REFUSED when the words are not about the payment
   */
  async approveTransaction(
    transaction: string | PendingApproval,
    options?: RequestOptions,
  ): Promise<OwnerApproveResponse> {
    return this.#decide('approve', transaction, undefined, options);
  }

  /**
   * Ends a payment that waits.
   * @param transaction as with `approveTransaction`
   */
  async rejectTransaction(
    transaction: string | PendingApproval,
    reason?: string,
    options?: RequestOptions,
  ): Promise<OwnerRejectResponse> {
    return this.#decide('reject', transaction, reason === undefined ? undefined : encodeBody({ reason }), options);
  }

  /**
   * Recovers from the kill switch, with the master password beside the signature. Sessions and cancelled payments stay
   * ended; agents that were suspended for other reasons stay suspended.
   * @throws WAIaaSError KILL_SWITCH_NOT_ACTIVE, INVALID_MASTER_PASSWORD, OWNER_MISMATCH
   */
  async recover(masterPassword: string, options?: RequestOptions): Promise<RecoverResponse> {
    return this.#send({
      method: 'POST',
      path: '/v1/owner/recover',
      headers: { 'x-master-password': checkMasterPassword(masterPassword) },
      fields: ['recovered', 'agentsReactivated'],
      action: 'recover',
      options,
    });
  }

  protected manage<T>(call: ManagementCall<T>): Promise<T> {
    return this.#send(call);
  }

  async #decide<T extends { readonly transactionId: string; readonly status: string }>(
    verb: 'approve' | 'reject',
    transaction: string | PendingApproval,
    body: string | undefined,
    options: RequestOptions | undefined,
  ): Promise<T> {
    const payment = typeof transaction === 'string' ? await this.#find(transaction, options) : { ...transaction };
    if (typeof payment.txId !== 'string' || !UUID.test(payment.txId)) {
      throw localError('INVALID_ARGUMENT', 'That can be no transaction');
    }
    const action: OwnerAction = `${verb}_tx`;
    const signed = await this.#sign(
      { statement: ownerStatement(action, wordsOf(payment)), resource: transactionResource(payment.txId) },
      options,
    );
    return this.#transport.call<T>({
      method: 'POST',
      path: `/v1/owner/${verb}/${encodeId(payment.txId)}`,
      headers: { authorization: ownerAuthorization(this.#signer, action, signed) },
      body,
      fields: ['transactionId', 'status'],
      signal: options?.signal,
      once: true,
    });
  }

  async #find(transactionId: string, options: RequestOptions | undefined): Promise<PendingApproval> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.listPendingApprovals({ limit: 100, cursor }, options);
      const found = page.transactions.find(({ txId }) => txId === transactionId);
      if (found !== undefined) return found;
      if (page.nextCursor === null) throw localError('TX_NOT_FOUND', 'No payment with that id waits', 404);
      cursor = page.nextCursor;
    }
  }

  async #send<T>(call: ManagementCall<T> & { readonly headers?: Readonly<Record<string, string>> }): Promise<T> {
    const { method, path, body, action, headers, fields, options } = call;
    const signed = await this.#sign(
      { statement: ownerStatement(action), resource: resourceOfRequest(method, path, body) },
      options,
    );
    return this.#transport.call({
      method,
      path,
      body,
      headers: { ...headers, authorization: ownerAuthorization(this.#signer, action, signed) },
      fields,
      signal: options?.signal,
      once: true,
    } satisfies TransportCall<T>);
  }

  async #sign(purpose: SignedPurpose, options: RequestOptions | undefined, signer = this.#signer) {
    const nonce = await this.#transport.call<NonceResponse>({
      method: 'GET',
      path: '/v1/nonce',
      fields: ['nonce', 'expiresAt'],
      signal: options?.signal,
    });
    return signText(signer, this.#transport.host, nonce, purpose);
  }
}
