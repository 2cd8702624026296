import { type AgentId, nativeAssetId } from '@waiaas/core';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { admit, createAgent } from '../../test/payments.ts';
import { openTemporaryStorage, type TemporaryStorage, testSealer } from '../../test/temporary-storage.ts';
import { hasAuditEvent } from './audit-log.ts';
import { takeOpen, takeWaiting } from './open-transactions.ts';
import { liveReservations } from './reservations.ts';
import { authenticTransaction, forgetUnreadable, transition } from './transaction-states.ts';
import { findTransaction } from './transactions.ts';

const START = 1_800_000_000;
let temporary: TemporaryStorage;
let agent: AgentId;
beforeEach(async () => {
  temporary = openTemporaryStorage();
  agent = await createAgent(temporary.storage, 1);
});
afterEach(async () => {
  await temporary.storage.close();
  await temporary.remove();
});

const payment = () => ({ agentId: agent, asset: nativeAssetId('solana'), amount: 5n, now: START });
const setMetadata = (id: string, metadata: string | null): Promise<void> =>
  temporary.storage.write(async ({ db }) => {
    // Past the guards of the schema, as whoever has the file.
    await sql`DROP TRIGGER IF EXISTS transactions_state_moves_on`.execute(db);
    await db.updateTable('transactions').set({ metadata }).where('id', '=', id).execute();
  });
const take = (work: typeof takeWaiting, which: Parameters<typeof takeWaiting>[3] = {}) =>
  temporary.storage.write(async ({ db }) => (await work(db, testSealer, START, which)).map(({ id }) => id));
const held = () => liveReservations(temporary.storage.read, agent)?.map(({ id }) => id);

test('what waits is taken from the heads, narrowed by agent, session, tier and id', async () => {
  const first = await admit(temporary.storage, payment());
  const other = await createAgent(temporary.storage, 2);
  const second = await admit(temporary.storage, { ...payment(), agentId: other });
  expect(await take(takeWaiting)).toEqual([first.id, second.id]);
  expect(await take(takeWaiting, { agentId: other })).toEqual([second.id]);
  expect(await take(takeWaiting, { id: first.id })).toEqual([first.id]);
  expect(await take(takeWaiting, { tier: 'DELAY' })).toEqual([]);
  expect(await take(takeWaiting, { sessionId: 'another' })).toEqual([]);
});

test('what waits and was changed is over, and reserves nothing, also when it is as before again', async () => {
  const { storage } = temporary;
  const { id } = await admit(storage, payment());
  await setMetadata(id, '{}');
  expect(await take(takeWaiting)).toEqual([]);
  expect(held()).toEqual([]);
  await setMetadata(id, null);
  const row = await findTransaction(storage.read, id);
  expect(row === undefined ? row : await authenticTransaction(storage.read, testSealer, row)).toBeNull();
  expect(await hasAuditEvent(storage.read, ['SEAL_BROKEN'], id)).toBe(true);
  expect(await hasAuditEvent(storage.read, ['TX_CANCELLED'], id)).toBe(true);
});

test('what was begun is never forgotten: it may be on the chain', async () => {
  const { storage } = temporary;
  const queued = await admit(storage, payment());
  await storage.write(({ db }) => transition(db, testSealer, queued, 'EXECUTING').then(() => undefined));
  await setMetadata(queued.id, '{}');
  await expect(storage.write(({ db }) => forgetUnreadable(db, agent, queued.id, START))).rejects.toThrow('waits');
  expect(
    await take((db, sealer, now, which) => takeOpen(db, sealer, now, { ...which, statuses: ['EXECUTING'] })),
  ).toEqual([]);
  expect(held()).toEqual([queued.id]);
  expect(await hasAuditEvent(storage.read, ['SEAL_BROKEN'], queued.id)).toBe(true);
});
