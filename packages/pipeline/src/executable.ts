import {
  type AgentId,
  assetId,
  agentId as brandAgentId,
  recallId as brandRecallId,
  transactionId as brandTransactionId,
  type Chain,
  decodeRecallIntent,
  encodeRecallIntent,
  type IChainAdapter,
  type Network,
  type RecallIntent,
  type RowSealer,
  type TokenInfo,
  type TransferRequest,
} from '@waiaas/core';
import { intentContent, type TransactionRow } from '@waiaas/storage';
import { readIntent } from './admission.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { sha256 } from './intent-hash.ts';
import { readable } from './readable.ts';

/** What a row has the daemon do, whoever asked for it: the only thing execution looks at. */
export interface Executable {
  readonly agentId: AgentId;
  readonly chain: Chain;
  readonly network: Network;
  readonly token: TokenInfo | null;
  /** SHA-256 of the canonical encoding, hex: what the permit is bound to. */
  readonly hash: string;
  readonly transfer: TransferRequest;
}

/** SHA-256 of the canonical encoding of a recall's transaction, hex. */
export const recallIntentHash = (intent: RecallIntent): string => sha256(encodeRecallIntent(intent));

function recallIntentOf(sealer: RowSealer, row: TransactionRow): RecallIntent | null {
  if (row.recall_id === null || !sealer.verify(intentContent(row), row.intent_seal)) return null;
  const intent = decodeRecallIntent(row.intent);
  const agrees =
    intent.transactionId === brandTransactionId(row.id) &&
    intent.recallId === brandRecallId(row.recall_id) &&
    intent.agentId === brandAgentId(row.agent_id) &&
    intent.asset === assetId(row.asset) &&
    intent.amount.toString() === row.amount &&
    intent.to === row.to_address &&
    recallIntentHash(intent) === row.intent_hash;
  return agrees ? intent : null;
}

/** Reads a transaction of a recall. Null when it is not the one the daemon wrote. */
export const readRecallIntent = (sealer: RowSealer, row: TransactionRow): RecallIntent | null =>
  readable(() => recallIntentOf(sealer, row));

/**
 * Reads what a row is to do. Null when it is not what was admitted: such a row must never be signed (00 §3, 09 no. 8). A row
 * whose kind was changed is read as something that it is not, and so is none.
 */
export const readExecutable = (sealer: RowSealer, row: TransactionRow): Executable | null =>
  readable(() => (row.recall_id !== null ? ofRecall(sealer, row) : ofPayment(sealer, row)));

/** The adapter of the network that a row is for; undefined when the row is not what was admitted, or this daemon has none. */
export const adapterOf = (
  { adapters, sealer }: Pick<PipelineDependencies, 'adapters' | 'sealer'>,
  row: TransactionRow,
): IChainAdapter | undefined => {
  const executable = readExecutable(sealer, row);
  return executable === null ? undefined : adapters.find(executable.chain, executable.network);
};

function ofPayment(sealer: RowSealer, row: TransactionRow): Executable | null {
  const authentic = readIntent(sealer, row);
  if (authentic === null) return null;
  const { agentId, chain, network, token, from, to, amount, memo, priority } = authentic.intent;
  const transfer = {
    ...{ from, to, amount, priority },
    ...(memo === null ? {} : { memo }),
    ...(token === null ? {} : { token }),
  };
  return { agentId, chain, network, token, hash: authentic.hash, transfer };
}

function ofRecall(sealer: RowSealer, row: TransactionRow): Executable | null {
  const intent = recallIntentOf(sealer, row);
  if (intent === null) return null;
  const { agentId, chain, network, token, from, to, amount, fee, account, close } = intent;
  const transfer = {
    ...{ from, to, amount, priority: 'medium' as const },
    ...(token === null ? {} : { token }),
    ...(fee === null ? {} : { fee }),
    ...(account === null ? {} : { emptied: { account, close } }),
  };
  return { agentId, chain, network, token, hash: row.intent_hash, transfer };
}
