import { isTerminal, isWaiaasError, WaiaasError } from '@waiaas/core';
import { checkSpendLedger, type Storage } from '@waiaas/storage';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorld, RECIPIENT, type World } from '../test/world.ts';

/* A disk that is full, or a commit whose answer is lost, at each unit of work of a payment. */

let world: World;
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Makes the n-th write fail: before it took effect, or after, when only its answer was lost. */
function failingStorage(failures: { at: number; after: boolean; times: number }): (storage: Storage) => Storage {
  return (storage) => ({
    ...storage,
    async write(unit) {
      failures.at -= 1;
      const fails = failures.at <= 0 && failures.times-- > 0;
      if (!fails) return storage.write(unit);
      if (failures.after) await storage.write(unit);
      throw new WaiaasError('STORAGE_UNAVAILABLE');
    },
  });
}

describe.each([
  { after: false, how: 'a write that fails' },
  { after: true, how: 'a commit whose answer is lost' },
])('$how', ({ after }) => {
  test.each([1, 2, 3, 4])(
    'at unit of work %i: nothing unrecorded is sent, and every row tells the truth in the end',
    async (at) => {
      const failures = { at: Number.POSITIVE_INFINITY, after, times: 3 };
      world = await createWorld({ decorateStorage: failingStorage(failures) });
      const payer = await world.createPayer();
      failures.at = at;
      let answer: unknown;
      world.send(payer, 5n, { idempotencyKey: 'k' }).then(
        (end) => {
          answer = end;
        },
        (error: unknown) => {
          answer = error;
        },
      );
      await world.time
        .runUntil(async () => {
          world.ledger.advance(1);
          const rows = await world.storage.read.selectFrom('transactions').select('status').execute();
          return (
            answer !== undefined &&
            rows.every(({ status }) => isTerminal(status) || status === 'EXECUTING') &&
            failures.times <= 0
          );
        }, 500)
        .catch(() => undefined);
      await world.time.advance(120_000);
      // What was committed without anyone learning of it is found by the sweep.
      await world.time.advance(900_000);
      await world.pipeline.sweep();
      await world.time.advance(60_000);

      const rows = await world.storage.read.selectFrom('transactions').selectAll().execute();
      const paid = world.ledger.balanceOf(RECIPIENT);
      expect(rows.length).toBeLessThanOrEqual(1);
      expect(world.ledger.accepted.size).toBeLessThanOrEqual(1);
      for (const hash of world.ledger.accepted.keys()) expect(rows.map((row) => row.tx_hash)).toContain(hash);
      for (const row of rows) {
        // A row whose admission was answered with an error may wait for the restart, unsent.
        if (row.status === 'EXECUTING') expect([row.tx_hash, paid]).toEqual([null, 0n]);
        else expect(row.status === 'CONFIRMED', `${row.status} ${row.error}`).toBe(paid === 5n);
      }
      if (rows.length === 0) expect(paid).toBe(0n);
      if (isWaiaasError(answer) && rows[0]?.status === 'FAILED') expect(paid).toBe(0n);
      expect(await checkSpendLedger(world.storage.read)).toEqual([]);
    },
  );
});
