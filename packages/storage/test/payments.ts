import { type AgentId, type AssetId, agentId, transactionId } from '@waiaas/core';
import {
  type AuthenticTransaction,
  appendAudit,
  appendSpend,
  insertAgent,
  insertPending,
  recordBroadcast,
  type Storage,
  transition,
} from '../src/index.ts';
import { newTransaction } from './new-transaction.ts';
import { testId, testSealer } from './temporary-storage.ts';

/** Stores an agent with a number in its id. */
export async function createAgent(storage: Storage, number: number): Promise<AgentId> {
  const id = agentId(testId(number));
  await storage.write(({ db }) =>
    insertAgent(db, {
      id,
      name: 'a',
      chain: 'solana',
      network: 'localnet',
      public_key: `key ${number}`,
      status: 'ACTIVE',
      owner_address: null,
      created_at: 1,
      updated_at: 1,
      suspended_at: null,
      suspension_reason: null,
    }),
  );
  return id;
}

/** A payment of a test, in base units and Unix seconds. */
export interface TestPayment {
  readonly agentId: AgentId;
  readonly asset: AssetId;
  readonly amount: bigint;
  readonly now: number;
}

let next = 1000;

/** Stores a payment as admitted: queued, with what it reserves. */
export async function admit(storage: Storage, payment: TestPayment): Promise<AuthenticTransaction> {
  const id = transactionId(testId(next++));
  return storage.write(async ({ db }) => {
    const pending = await insertPending(db, testSealer, newTransaction(id, payment));
    const reserved = { tier: 'INSTANT', reserved_amount: pending.amount } as const;
    const queued = await transition(db, testSealer, pending, 'QUEUED', reserved);
    if (queued === null) throw new Error('Nobody else has this row');
    await appendAudit(db, payment.now, { event: 'TX_QUEUED', actor: 'system', agentId: payment.agentId, txId: id });
    return queued;
  });
}

/** Carries an admitted payment to its end and counts it as spent. */
export async function settle(storage: Storage, queued: AuthenticTransaction, payment: TestPayment): Promise<void> {
  const { now, ...spend } = payment;
  const { id } = queued;
  await storage.write(async ({ db }) => {
    let row: AuthenticTransaction | null = await transition(db, testSealer, queued, 'EXECUTING');
    const sent = { txHash: id, lastValidBlockHeight: 1n, signedTx: new Uint8Array(1) };
    row = row === null ? null : await recordBroadcast(db, testSealer, row, sent);
    row = row === null ? null : await transition(db, testSealer, row, 'SUBMITTED');
    const ended = { reserved_amount: null, signed_tx: null, executed_at: now };
    row = row === null ? null : await transition(db, testSealer, row, 'CONFIRMED', ended);
    if (row === null) throw new Error('Nobody else has this row');
    await appendSpend(db, testSealer, { ...spend, txId: id, now });
    await appendAudit(db, now, { event: 'TX_CONFIRMED', actor: 'system', agentId: payment.agentId, txId: id });
  });
}

/** Both. */
export const pay = async (storage: Storage, payment: TestPayment): Promise<void> =>
  settle(storage, await admit(storage, payment), payment);
