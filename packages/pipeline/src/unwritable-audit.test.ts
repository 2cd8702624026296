import { transactionId as brandTransactionId, isWaiaasError } from '@waiaas/core';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, RECIPIENT, type World } from '../test/world.ts';

/* 09 no. 5: no signature without a committed audit row. The table refuses rows of one kind while everything else about the
   disk is fine: whatever that row belongs to must not happen either. */

let world: World;
let signatures: number;
afterEach(async () => {
  await world.stop();
  await world.remove();
});

async function start(): Promise<World> {
  signatures = 0;
  world = await createWorld({
    rules: { instant_max: '10', notify_max: '20', delay_max: '30', delay_seconds: 60, approval_timeout: 600 },
    settings: { delaySeconds: 60 },
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      signTransaction: (transaction, sign) =>
        adapter.signTransaction(transaction, (message) => {
          signatures += 1;
          return sign(message);
        }),
    }),
  });
  return world;
}

/** From now on no row of this name can be written, by this connection: a trigger in the file would stop everything. */
async function refuseRows(event: string): Promise<() => Promise<void>> {
  const run = (text: string): Promise<void> =>
    world.storage.write(async ({ db }) => void (await sql.raw(text).execute(db)));
  await run(`CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.audit_log WHEN NEW.event_type = '${event}'
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
  return () => run('DROP TRIGGER refuse');
}

async function settle<T>(promise: Promise<T>): Promise<T | string> {
  let done = false;
  const watched = promise
    .catch((error: unknown) => (isWaiaasError(error) ? error.code : String(error)))
    .finally(() => {
      done = true;
    });
  await world.time.runUntil(() => done);
  return watched;
}

const statuses = async () =>
  (await world.storage.read.selectFrom('transactions').select('status').execute()).map(({ status }) => status);

describe('a payment at once', () => {
  test.each(['TX_REQUESTED', 'TX_SESSION_CHECK', 'TX_QUEUED'])(
    'is not admitted, and so not signed, without its row %s',
    async (event) => {
      await start();
      const payer = await world.createPayer();
      const allow = await refuseRows(event);
      expect(await settle(world.send(payer, 5n))).toContain('the disk is full');
      expect([signatures, await statuses(), world.ledger.accepted.size]).toEqual([0, [], 0]);
      await allow();
      expect(await settle(world.send(payer, 5n))).toMatchObject({ status: 'CONFIRMED' });
    },
  );

  test('that is signed and cannot record it is never sent', async () => {
    await start();
    const payer = await world.createPayer();
    const allow = await refuseRows('TX_SIGNED');
    await settle(world.send(payer, 5n));
    await world.time.advance(60_000);
    expect(world.ledger.accepted.size).toBe(0);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(0n);
    await allow();
    await world.time.advance(60_000);
    expect(await statuses()).toEqual(['FAILED']);
    expect(world.ledger.accepted.size).toBe(0);
  });
});

test('a delayed payment is not claimed without its row', async () => {
  await start();
  const payer = await world.createPayer();
  await settle(world.send(payer, 25n));
  await world.time.advance(61_000);
  const allow = await refuseRows('TX_CLAIMED');
  await world.pipeline.runDelayed();
  expect([signatures, await statuses()]).toEqual([0, ['QUEUED']]);
  await allow();
  await world.pipeline.runDelayed();
  await world.time.advance(10_000);
  expect([signatures, await statuses()]).toEqual([1, ['CONFIRMED']]);
});

test('an approval does not count without its row, and can be given again', async () => {
  await start();
  const payer = await world.createPayer();
  await world.owner.connect(ALICE, OPERATOR);
  const sent = await settle(world.send(payer, 35n));
  if (typeof sent === 'string') throw new Error(sent);
  const allow = await refuseRows('TX_APPROVED');
  const { transactionId } = sent;
  const approve = () => settle(world.pipeline.approve(brandTransactionId(transactionId), by(ALICE)));
  expect(await approve()).toContain('the disk is full');
  expect([signatures, await statuses()]).toEqual([0, ['QUEUED']]);
  await allow();
  expect(await approve()).toMatchObject({ status: 'EXECUTING' });
  await world.time.advance(10_000);
  expect([signatures, world.ledger.accepted.size]).toEqual([1, 1]);
});
