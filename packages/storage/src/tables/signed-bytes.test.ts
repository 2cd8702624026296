import { agentId, nativeAssetId, transactionId } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import { insertAgent } from './agents.ts';
import { insertPending, listSignedOf, recordBroadcast, transition } from './transactions.ts';

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

/** A payment that is about to be sent: recorded, unless told otherwise. */
async function execute(agent: ReturnType<typeof agentId>, number: number, isRecorded = true) {
  const id = transactionId(testId(number));
  await write(async ({ db }) => {
    const hash = '0'.repeat(64);
    await insertPending(db, {
      id,
      agent_id: agent,
      session_id: null,
      chain: 'ethereum',
      type: 'TRANSFER',
      asset: nativeAssetId('ethereum'),
      amount: '5',
      to_address: 'to',
      memo: null,
      fee_priority: 'medium',
      intent: '{}',
      intent_hash: hash,
      intent_seal: 's',
      idempotency_key: null,
      request_hash: hash,
      created_at: 1,
    });
    await transition(db, id, 'PENDING', 'QUEUED', { tier: 'INSTANT', reserved_amount: '5' });
    await transition(db, id, 'QUEUED', 'EXECUTING');
    if (!isRecorded) return;
    const signed = { txHash: `hash ${number}`, lastValidBlockHeight: null, signedTx: Uint8Array.of(number) };
    expect(await recordBroadcast(db, id, signed)).toBe(true);
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
  await write(({ db }) => transition(db, first, 'EXECUTING', 'SUBMITTED', { submitted_at: 1 }));
  expect(await listed()).toHaveLength(2);
  await write(({ db }) => transition(db, first, 'SUBMITTED', 'CONFIRMED', { ...end, executed_at: 1 }));
  await write(({ db }) => transition(db, second, 'EXECUTING', 'FAILED', end));
  expect(await listed()).toEqual([]);
});

test('the same address on another network has nothing to do with it', async () => {
  const agent = await createAgent(1, WALLET.address);
  await execute(agent, 10);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, network: 'mainnet' })).toEqual([]);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, chain: 'solana' })).toEqual([]);
});
