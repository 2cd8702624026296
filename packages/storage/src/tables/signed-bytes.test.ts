import { agentId, nativeAssetId, transactionId } from '@waiaas/core';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newTransaction } from '../../test/new-transaction.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import {
  hashesOf,
  lastSignedAt,
  type SignedBytes,
  signedVariants,
  timesReplaced,
  variantsAtEnd,
} from '../transaction-variants.ts';
import type { UnitOfWork } from '../write-queue.ts';
import { insertAgent } from './agents.ts';
import {
  type AuthenticTransaction,
  authenticTransaction,
  insertPending,
  isStateAuthentic,
  recordBroadcast,
  recordVariant,
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
const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
const variant = (number: number) => ({ txHash: `hash ${number}`, bytes: Uint8Array.of(number, 0, 255) });

describe('a transaction that is signed again', () => {
  const submitted = async () => {
    const agent = await createAgent(1, WALLET.address);
    const id = await execute(agent, 10);
    return write((work) => move(work, id, 'SUBMITTED', { submitted_at: 1 }));
  };
  const replace = (row: AuthenticTransaction, number: number, now = 7) =>
    write(({ db }) => recordVariant(db, testSealer, row, variant(number), now));
  const found = async (row: AuthenticTransaction | null) => {
    if (row === null) throw new Error('It was not recorded');
    const { signed_tx, ...stored } = (await findTransaction(temporary.storage.read, row.id)) ?? row;
    expect({ ...row, signed_tx: hex(row.signed_tx) }).toEqual({ ...stored, signed_tx: hex(signed_tx) });
    return row;
  };

  test('is all of its variants, newest first, from the record of each until its end is proven', async () => {
    const first = await submitted();
    const second = await found(await replace(first, 20, 7));
    const third = await found(await replace(second, 30, 9));
    expect([timesReplaced(first), timesReplaced(third)]).toEqual([0, 2]);
    expect([lastSignedAt(first), lastSignedAt(second), lastSignedAt(third)]).toEqual([null, 7, 9]);
    const all = [variant(30), variant(20), { txHash: 'hash 10', bytes: Uint8Array.of(10) }];
    const told = (variants: readonly SignedBytes[]) => variants.map(({ txHash, bytes }) => [txHash, hex(bytes)]);
    expect(told(signedVariants(third))).toEqual(told(all));
    expect(told(await listSignedOf(temporary.storage.read, WALLET))).toEqual(told(all));
    expect(hashesOf(third)).toEqual(['hash 30', 'hash 10', 'hash 20']);
  });

  test.each(['hash 10', 'hash 20', 'hash 30', null])(
    'ends by the one that landed (%s), without bytes',
    async (landed) => {
      const second = await found(await replace(await submitted(), 20));
      const third = await found(await replace(second, 30));
      const fields = { ...end, executed_at: 1, ...variantsAtEnd(third, landed) };
      const paid = await write(({ db }) => transition(db, testSealer, third, 'CONFIRMED', fields));
      expect(await found(paid)).toMatchObject({ tx_hash: landed ?? 'hash 30', signed_tx: null });
      expect(hashesOf(third).toSorted()).toEqual(paid === null ? [] : [...hashesOf(paid)].toSorted());
      expect(paid === null ? [] : signedVariants({ ...paid, signed_tx: Uint8Array.of(1) })).toHaveLength(1);
      expect(await listSignedOf(temporary.storage.read, WALLET)).toEqual([]);
    },
  );

  test.each([[], [20]])('ends by one that is not on record, beside all that are (%j)', async (...replaced) => {
    let row = await submitted();
    for (const one of replaced) row = await found(await replace(row, one));
    const fields = { ...end, executed_at: 1, ...variantsAtEnd(row, 'hash 99') };
    const paid = await found(await write(({ db }) => transition(db, testSealer, row, 'CONFIRMED', fields)));
    expect(paid).toMatchObject({ tx_hash: 'hash 99', signed_tx: null });
    expect(hashesOf(paid)).toEqual(['hash 99', 'hash 10', ...replaced.map((one) => `hash ${one}`)]);
    expect(await listSignedOf(temporary.storage.read, WALLET)).toEqual([]);
  });

  test('is not signed again before it was sent, after it has ended, or from an older state', async () => {
    const first = await submitted();
    const second = await found(await replace(first, 20));
    expect(await replace(first, 30)).toBeNull();
    const paid = await write(({ db }) => transition(db, testSealer, second, 'CONFIRMED', { ...end, executed_at: 1 }));
    if (paid === null) throw new Error('unreachable');
    expect(await replace(paid, 30)).toBeNull();
    const executing = await execute(await createAgent(2, '0xB'), 11);
    const stored = await findTransaction(temporary.storage.read, executing);
    const row = stored === undefined ? null : await authenticTransaction(temporary.storage.read, testSealer, stored);
    if (row === null) throw new Error('unreachable');
    expect(await replace(row, 30)).toBeNull();
  });

  test('forgets no signature: the database refuses another hash without the one before it', async () => {
    const first = await submitted();
    const change = (fields: string) =>
      write(({ db }) =>
        sql`UPDATE transactions SET ${sql.raw(fields)}, state_version = state_version + 1, state_seal = 'x'
          WHERE id = ${first.id}`.execute(db),
      );
    await expect(change(`tx_hash = 'other'`)).rejects.toThrow('signed once');
    await expect(change(`tx_hash = 'other', variants = '[]'`)).rejects.toThrow('signed once');
    await expect(change(`tx_hash = 'other', variants = '[{"txHash":"another"}]'`)).rejects.toThrow('signed once');
    await expect(change(`variants = 'nothing'`)).rejects.toThrow('CHECK');
    await expect(
      write(({ db }) => sql`UPDATE transactions SET variants = '[]' WHERE id = ${first.id}`.execute(db)),
    ).rejects.toThrow('next sealed state');
  });

  test('is not what the daemon wrote when a variant is taken away, changed or added in the file', async () => {
    const second = await found(await replace(await submitted(), 20));
    const third = await found(await replace(second, 30));
    const others = JSON.parse(third.variants ?? '');
    for (const variants of [null, '[]', JSON.stringify(others.slice(1)), JSON.stringify([...others, ...others])]) {
      expect(isStateAuthentic(testSealer, { ...third, variants })).toBe(false);
    }
    expect(isStateAuthentic(testSealer, { ...third, variants: null, recall_id: third.variants })).toBe(false);
    expect(isStateAuthentic(testSealer, third)).toBe(true);
  });
});

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

test('what is watched and never sent again keeps no nonce', async () => {
  const agent = await createAgent(1, WALLET.address);
  const stopped = await execute(agent, 10);
  await write((work) => move(work, stopped, 'SUBMITTED', { submitted_at: 1, metadata: '{"watchedOnly":true}' }));
  expect(await listSignedOf(temporary.storage.read, WALLET)).toEqual([]);
});

test('the same address on another network has nothing to do with it', async () => {
  const agent = await createAgent(1, WALLET.address);
  await execute(agent, 10);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, network: 'mainnet' })).toEqual([]);
  expect(await listSignedOf(temporary.storage.read, { ...WALLET, chain: 'solana' })).toEqual([]);
});
