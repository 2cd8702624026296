import {
  type AgentId,
  baseUnits,
  transactionId as brandTransactionId,
  type IChainAdapter,
  type Intent,
  isWalletAddress,
  nativeAsset,
  nativeAssetId,
  type SessionConstraints,
  type SessionId,
  tokenAssetId,
  type transferRequestSchema,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import { findAgent } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { readToken } from './tokens.ts';

/** The session a request was authenticated for. */
export interface PayingSession {
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly constraints: SessionConstraints;
}

/** A transfer as validation leaves it. */
export type TransferBody = (typeof transferRequestSchema)['_output'];

/** A request as it is understood before the chain is asked anything. */
export type RequestedPayment = Omit<Intent, 'version' | 'transactionId' | 'sessionId' | 'token' | 'createdAt'> & {
  /** The mint or contract as it was written; null for the native asset. */
  readonly tokenMint: string | null;
};

/** The steps from the words of a request to the payment that admission judges. None of them leaves a trace. */
export interface RequestedPayments {
  /**
   * Everything a request says that can be told without asking the chain.
   * @throws WaiaasError AGENT_NOT_FOUND, INVALID_TOKEN_MINT
   */
  requestedBy(agentId: AgentId, body: TransferBody): Promise<RequestedPayment>;
  /**
   * Whether a request can be a payment of its chain at all.
   * @throws WaiaasError CHAIN_NOT_SUPPORTED, INVALID_ADDRESS, VALIDATION_ERROR
   */
  checkPayable(requested: RequestedPayment): IChainAdapter;
  /**
   * Checks that need no database and leave no row: the request is as if it had never been (04 §6.1).
   * @throws WaiaasError KEYSTORE_LOCKED, SYSTEM_LOCKED, ADAPTER_NOT_AVAILABLE, and as `checkPayable`
   */
  checkReady(requested: RequestedPayment): void;
  /** The payment that is asked for, with its token as the chain describes it now. @throws WaiaasError as `readToken` */
  paymentOf(requested: RequestedPayment): Promise<Omit<Intent, 'sessionId'>>;
}

/** Makes them. */
export function createRequestedPayments(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters' | 'signer' | 'gate' | 'ids' | 'clock'>,
): RequestedPayments {
  const { storage, adapters, signer, gate, ids, clock } = dependencies;

  /** Checks that need no database and leave no row: the request is as if it had never been (04 §6.1). */
  function checkReady(requested: RequestedPayment): void {
    if (!signer.isUnlocked) throw new WaiaasError('KEYSTORE_LOCKED');
    if (!gate.isOpen) throw new WaiaasError('SYSTEM_LOCKED');
    const { chain, network } = requested;
    const adapter = checkPayable(requested);
    if (!adapter.isConnected()) throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
  }

  /** Whether a request can be a payment of its chain at all. */
  function checkPayable({ chain, network, to, amount, tokenMint, memo }: RequestedPayment): IChainAdapter {
    const adapter = adapters.find(chain, network);
    if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
    if (!adapter.isValidAddress(to)) throw new WaiaasError('INVALID_ADDRESS', { details: { to } });
    const { max } = nativeAsset(chain);
    if (amount > max) {
      throw validationError([
        { path: 'amount', code: 'too_big', message: `must be at most ${max}, the largest amount of ${chain}` },
      ]);
    }
    // Refused here, so that nobody approves a payment that can never be built (02 §10).
    if (memo !== null && tokenMint !== null && chain !== 'solana') {
      throw validationError([{ path: 'memo', code: 'custom', message: `cannot go with a token on ${chain}` }]);
    }
    return adapter;
  }

  /** Everything a request says that can be told without asking the chain. */
  async function requestedBy(agentId: AgentId, body: TransferBody): Promise<RequestedPayment> {
    const agent = await findAgent(storage.read, agentId);
    if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
    const { chain, network } = agent;
    const { tokenMint = null } = body;
    if (tokenMint !== null && !isWalletAddress(chain, tokenMint)) {
      throw new WaiaasError('INVALID_TOKEN_MINT', { details: { chain, network, tokenMint } });
    }
    return {
      agentId,
      chain,
      network,
      type: body.type,
      asset: tokenMint === null ? nativeAssetId(chain) : tokenAssetId(chain, tokenMint),
      tokenMint,
      from: agent.public_key,
      to: body.to,
      amount: baseUnits(BigInt(body.amount)),
      memo: body.memo ?? null,
      priority: body.priority,
    };
  }

  /** The payment that is asked for, with its token as the chain describes it now. */
  async function paymentOf({ tokenMint, ...requested }: RequestedPayment): Promise<Omit<Intent, 'sessionId'>> {
    return {
      version: 2,
      transactionId: brandTransactionId(ids.next()),
      ...requested,
      token: tokenMint === null ? null : await readToken(dependencies, requested, tokenMint),
      createdAt: unixSeconds(clock),
    };
  }

  return { requestedBy, checkPayable, checkReady, paymentOf };
}
