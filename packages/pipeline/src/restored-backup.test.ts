import { unixSeconds } from '@waiaas/core';
import { appendAudit, findTransaction } from '@waiaas/storage';
import { expect, test } from 'vitest';
import { createWorld, type Payer, type World } from '../test/world.ts';

/* A backup is an earlier state: what waits in it may have been paid since, and must not be paid again. */

const RULES = { instant_max: '10', notify_max: '10', delay_max: '100', delay_seconds: 60, approval_timeout: 3600 };

async function queue(world: World, payer: Payer, amount: bigint): Promise<string> {
  const { transactionId } = await world.send(payer, amount, { waitMs: 0 });
  return transactionId;
}
const stateOf = async (world: World, id: string) => {
  const row = await findTransaction(world.storage.read, id);
  return [row?.status, row?.error, row?.reserved_amount];
};

test('what waits in a backup that was put back is cancelled, and what is asked for afterwards waits on', async () => {
  const before = await createWorld({ rules: RULES });
  const payer = await before.createPayer();
  const waiting = [await queue(before, payer, 50n), await queue(before, payer, 500n)];
  const { folder, ledger, time } = before;
  await before.stop();

  const world = await createWorld({ folder, ledger, time });
  await world.storage.write(({ db }) =>
    appendAudit(db, unixSeconds(time), { event: 'BACKUP_RESTORED', actor: 'cli', details: {} }),
  );
  const { cancelled, postponed } = await world.pipeline.recover();
  expect({ cancelled, postponed }).toEqual({ cancelled: 2, postponed: 0 });
  for (const id of waiting) expect(await stateOf(world, id)).toEqual(['CANCELLED', 'BACKUP_RESTORED', null]);
  const later = await queue(world, payer, 50n);
  await world.stop();

  // It is of this state, and waits through a restart.
  const again = await createWorld({ folder, ledger, time });
  await again.pipeline.recover();
  expect((await stateOf(again, later))[0]).toBe('QUEUED');
  expect(ledger.accepted.size).toBe(0);
  await again.stop();
  await again.remove();
});
