import { agentId, nativeAssetId, transactionId } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newTransaction } from '../../test/new-transaction.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import type { UnitOfWork } from '../write-queue.ts';
import { insertAgent } from './agents.ts';
import {
  type AuthenticTransaction,
  authenticTransaction,
  insertPending,
  recordBroadcast,
  type TransitionFields,
  transition,
} from './transaction-states.ts';
import { findTransaction, listSignedOf } from './transactions.ts';

let temporary: TemporaryStorage;
beforeEach(() => {
  temporary = openTemporaryStorage();
});
afterEach(() => temporary.remove());

const WALLET = { chain: 'ethereum', network: 'localnet', address: '0xA' } as const;
const write: TemporaryStorage['storage']['write'] = (unit) => temporary.storage.write(unit);

async function createAgent(number: number, address: string): Promise<ReturnType<typeof agentId>> {
  const id = agentId(testId(number));
  await write(({ db }) =>
    insertAgent(db, {
      id,
      name: 'a',
      chain: 'ethereum',
      network: 'localnet',
      public_key: address,
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

/** Moves a payment on from where it is. */
async function move(
  { db }: UnitOfWork,
  id: ReturnType<typeof transactionId>,
  to: 'QUEUED' | 'EXECUTING' | 'SUBMITTED' | 'CONFIRMED' | 'FAILED',
  fields: TransitionFields = {},
): Promise<AuthenticTransaction> {
  const row = await findTransaction(db, id);
  const before = row === undefined ? null : await authenticTransaction(db, testSealer, row);
  const after = before === null ? null : await transition(db, testSealer, before, to, fields);
  if (after === null) throw new Error(`It did not become ${to}`);
  return after;
}

/** A payment that is about to be sent: recorded, unless told otherwise. */
async function execute(agent: ReturnType<typeof agentId>, number: number, isRecorded = true) {
  const id = transactionId(testId(number));
  await write(async (work) => {
    const { db } = work;
    const payment = newTransaction(id, { agentId: agent, asset: nativeAssetId('solana'), amount: 5n, now: 1 });
    await insertPending(db, testSealer, { ...payment, chain: 'ethereum', asset: nativeAssetId('ethereum') });
    await move(work, id, 'QUEUED', { tier: 'INSTANT', reserved_amount: '5' });
    const executing = await move(work, id, 'EXECUTING');
    if (!isRecorded) return;
    const signed = { txHash: `hash ${number}`, lastValidBlockHeight: null, signedTx: Uint8Array.of(number) };
    expect(await recordBroadcast(db, testSealer, executing, signed)).not.toBeNull();
  });
  return id;
}

const end = { reserved_amount: null, signed_tx: null };

test('what was signed for a wallet is listed from its record until its end is proven', async () => {
  const { storage } = temporary;
  const [agent, other] = [await createAgent(1, WALLET.address), await createAgent(2, '0xB')];
  const first = await execute(agent, 10);
  const second = await execute(agent, 11);
  await execute(agent, 12, false);
  await execute(other, 13);
  const listed = async () => (await listSignedOf(storage.read, WALLET)).map(({ txHash, bytes }) => [txHash, bytes[0]]);
  expect(await listed()).toEqual([
    ['hash 10', 10],
    ['hash 11', 11],
  ]);
  await write((work) => move(work, first, 'SUBMITTED', { submitted_at: 1 }));
  expect(await listed()).toHaveLength(2);
  await write((work) => move(work, first, 'CONFIRMED', { ...end, executed_at: 1 }));
  await write((work) => move(work, second, 'FAILED', end));
  expect(await listed()).toEqual([]);
});

test('the same address on another network has nothing to do with it', async () => {
  const agent = await createAgent(1, WALLET.address);
  await execute(agent, 10);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, network: 'mainnet' })).toEqual([]);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, chain: 'solana' })).toEqual([]);
});
