import type {
  AdminLoginResponse,
  AdminStatusResponse,
  ChangeBatch,
  MasterPasswordChangeResponse,
  OwnerRejectResponse,
  PendingApproval,
  SecretRotationResponse,
  ShutdownResponse,
} from '@waiaas/core';
import { encodeBody, encodeId } from './encode.ts';
import { localError } from './error.ts';
import { type ManagementCall, ManagementClient } from './management-client.ts';
import { checkMasterPassword } from './master-password.ts';
import type { Runtime } from './runtime.ts';
import { createTransport, type Transport, type TransportCall } from './transport.ts';
import type { RequestOptions, WAIaaSOperatorClientOptions } from './types.ts';

/**
 * What the operator of a daemon can do (00 §3): whoever knows the master password. The password is not kept; signing in
 * gives a token that ends after fifteen idle minutes, and that neither `JSON.stringify` nor `util.inspect` finds here. All
 * methods reject with `WAIaaSError`.
 *
 * @example
 * const operator = new WAIaaSOperatorClient();
 * await operator.signIn(masterPassword);
 * const { agents } = await operator.listAgents();
 */
export class WAIaaSOperatorClient extends ManagementClient {
  readonly #transport: Transport;
  #token: string | undefined;

  /**
   * @param runtime for tests
   * @throws WAIaaSError INVALID_ARGUMENT
   */
  constructor(options: WAIaaSOperatorClientOptions = {}, runtime: Partial<Runtime> = {}) {
    super();
    this.#transport = createTransport(options, runtime);
  }

  /** Exchanges the master password for a token. @throws WAIaaSError INVALID_MASTER_PASSWORD, MASTER_PASSWORD_LOCKED */
  async signIn(masterPassword: string, { signal }: RequestOptions = {}): Promise<{ readonly expiresAt: string }> {
    const { token, expiresAt } = await this.#withPassword<AdminLoginResponse>(masterPassword, {
      path: '/v1/admin/login',
      fields: ['token', 'expiresAt'],
      signal,
    });
    this.#token = token;
    return { expiresAt };
  }

  /** Ends the token, here and at the daemon. */
  async signOut({ signal }: RequestOptions = {}): Promise<void> {
    const headers = { authorization: this.#authorization() };
    this.#token = undefined;
    await this.#transport.call<{ loggedOut: true }>({
      method: 'POST',
      path: '/v1/admin/logout',
      headers,
      fields: ['loggedOut'],
      signal,
      once: true,
    });
  }

  /** Ends a payment that waits. */
  async rejectTransaction(
    transaction: string | PendingApproval,
    reason?: string,
    options?: RequestOptions,
  ): Promise<OwnerRejectResponse> {
    const id = typeof transaction === 'string' ? transaction : transaction?.txId;
    return this.manage({
      method: 'POST',
      path: `/v1/owner/reject/${encodeId(id)}`,
      ...(reason === undefined ? {} : { body: encodeBody({ reason }) }),
      fields: ['transactionId', 'status'],
      action: 'manage_sessions',
      options,
    });
  }

  /** The daemon itself: workers, chains, keystore, database. */
  getDaemonStatus(options?: RequestOptions): Promise<AdminStatusResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/admin/status',
      fields: ['daemon', 'killSwitch'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * What the daemon does, as it does it: what to look at again. The first batch is empty and comes at once. Ends when the
   * loop is left or the signal is aborted; listening keeps no token alive.
   *
   * @throws WAIaaSError INVALID_OPERATOR_TOKEN when the token ends meanwhile; NETWORK_ERROR when the daemon is gone
   * @example
   * for await (const { changes } of operator.watchChanges()) console.log(changes);
   */
  watchChanges({ signal }: RequestOptions = {}): AsyncGenerator<ChangeBatch, void> {
    return this.#transport.watch<ChangeBatch>({
      path: '/v1/owner/changes',
      headers: { authorization: this.#authorization() },
      event: 'changes',
      fields: ['changes', 'complete'],
      signal,
    });
  }

  /** Changes the master password. Operator tokens end with it, this client's too. */
  async changeMasterPassword(
    masterPassword: string,
    newPassword: string,
    { signal }: RequestOptions = {},
  ): Promise<MasterPasswordChangeResponse> {
    return this.#withPassword(masterPassword, {
      path: '/v1/admin/password',
      body: encodeBody({ newPassword }),
      secrets: [newPassword],
      fields: ['changed', 'timestamp'],
      signal,
    });
  }

  /** Signs session tokens with a new secret. Those of the old one are good for five minutes more, for renewal. */
  async rotateSecret(masterPassword: string, { signal }: RequestOptions = {}): Promise<SecretRotationResponse> {
    return this.#withPassword(masterPassword, {
      path: '/v1/admin/rotate-secret',
      fields: ['rotated', 'previousValidUntil'],
      signal,
    });
  }

  /** Stops the daemon. */
  async shutDown(masterPassword: string, { signal }: RequestOptions = {}): Promise<ShutdownResponse> {
    return this.#withPassword(masterPassword, {
      path: '/v1/admin/shutdown',
      fields: ['shutdownInitiated'],
      signal,
    });
  }

  protected manage<T>({ method, path, body, fields, options }: ManagementCall<T>): Promise<T> {
    return this.#send({ method, path, body, fields, signal: options?.signal });
  }

  async #send<T>({ method, ...call }: TransportCall<T>): Promise<T> {
    return this.#transport.call({
      ...call,
      method,
      headers: { authorization: this.#authorization() },
      once: method !== 'GET',
    });
  }

  async #withPassword<T>(
    masterPassword: string,
    call: Pick<TransportCall<T>, 'path' | 'body' | 'secrets' | 'fields' | 'signal'>,
  ): Promise<T> {
    return this.#transport.call({
      ...call,
      method: 'POST',
      headers: { 'x-master-password': checkMasterPassword(masterPassword) },
      once: true,
    });
  }

  #authorization(): string {
    if (this.#token === undefined) throw localError('AUTH_TOKEN_MISSING', 'Sign in first', 401);
    return `Bearer ${this.#token}`;
  }
}
