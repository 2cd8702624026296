import {
  type AgentId,
  type AssetId,
  baseUnits,
  encodeIntent,
  sessionId,
  tokenOfAsset,
  transactionId,
} from '@waiaas/core';
import type { NewTransaction } from '../src/index.ts';
import { testId, testSealer } from './temporary-storage.ts';

/** A transaction of an agent before it is decided, of a session that has been cleaned up. */
export function newTransaction(
  id: string,
  payment: { readonly agentId: AgentId; readonly asset: AssetId; readonly amount: bigint; readonly now: number },
): NewTransaction {
  const { agentId, asset, amount, now } = payment;
  const mint = tokenOfAsset(asset);
  const type = mint === null ? 'TRANSFER' : 'TOKEN_TRANSFER';
  const intent = encodeIntent({
    version: 2,
    transactionId: transactionId(id),
    agentId,
    sessionId: sessionId(testId(999)),
    chain: 'solana',
    network: 'localnet',
    type,
    asset,
    token: mint === null ? null : { address: mint, decimals: 6, symbol: 'T' },
    from: 'from',
    to: 'to',
    amount: baseUnits(amount),
    memo: null,
    priority: 'medium',
    createdAt: now,
  });
  return {
    id,
    agent_id: agentId,
    session_id: null,
    chain: 'solana',
    type,
    asset,
    amount: amount.toString(),
    to_address: 'to',
    memo: null,
    fee_priority: 'medium',
    intent,
    intent_hash: '0'.repeat(64),
    intent_seal: testSealer.seal({ kind: 'intent', id, version: 1, payload: intent }),
    idempotency_key: null,
    request_hash: '0'.repeat(64),
    created_at: now,
  };
}
