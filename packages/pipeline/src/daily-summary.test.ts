import { createDailySummary } from '@waiaas/notifications';
import { moveAgent } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* What is told of a day, from payments that the real pipeline has carried out in it. */

const DAY = 86_400_000;
let world: World;
let payer: Payer;

beforeEach(async () => {
  world = await createWorld({
    rules: { instant_max: '100', notify_max: '200', delay_max: '1000', delay_seconds: 600, approval_timeout: 86_400 },
  });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** As a process that remembers nothing. */
const look = () => createDailySummary({ storage: world.storage, clock: world.time }).run();
const told = async (): Promise<unknown[]> => {
  const rows = await world.storage.read.selectFrom('notification_outbox').select(['event', 'payload']).execute();
  return rows.filter(({ event }) => event === 'DAILY_SUMMARY').map(({ payload }) => JSON.parse(payload));
};
async function pay(amount: bigint): Promise<void> {
  let done = false;
  const sending = world.send(payer, amount).finally(() => {
    done = true;
  });
  await world.time.runUntil(() => {
    world.ledger.advance(1);
    return done;
  });
  await sending;
}
const midnight = () => world.time.advance(DAY - (world.time.now() % DAY));
const today = (): string => new Date(world.time.now()).toISOString().slice(0, 10);

test('each day is told of once, after its end, however often the daemon starts anew', async () => {
  await pay(7n);
  await look();
  const first = today();
  await pay(50n);
  await pay(60n);
  await world.send(payer, 5000n);
  await look();
  expect(await told()).toEqual([]);

  await midnight();
  await pay(1n);
  const second = today();
  for (let again = 0; again < 3; again++) await look();
  const asset = { chain: 'solana', network: 'localnet', asset: 'solana:native', unit: { symbol: 'SOL', decimals: 9 } };
  const of = { event: 'DAILY_SUMMARY', failed: 0, morePaid: 0, suspendedAgents: 0, waitingApprovals: 1 };
  expect(await told()).toEqual([{ ...of, day: first, confirmed: 3, paid: [{ ...asset, amount: '117', payments: 3 }] }]);

  await midnight();
  const stop = { id: payer.agentId, from: 'ACTIVE', to: 'SUSPENDED', reason: 'manual' } as const;
  await world.storage.write(({ db }) => moveAgent(db, { ...stop, now: Math.floor(world.time.now() / 1000) }));
  await look();
  expect((await told()).at(-1)).toMatchObject({
    ...{ day: second, confirmed: 1, suspendedAgents: 1, waitingApprovals: 1 },
    paid: [{ amount: '1', payments: 1 }],
  });

  // Asleep for a week: it is yesterday that is told, not seven days one after another.
  await world.time.advance(7 * DAY);
  await look();
  expect(await told()).toHaveLength(3);
  expect((await told()).at(-1)).toMatchObject({ confirmed: 0, paid: [] });
});

test.each(['"yesterday"', '999999999', '{}'])(
  'a stored day of %s, which no daemon has written, tells nothing',
  async (value) => {
    await look();
    await world.storage.write(
      async ({ db }) =>
        void (await sql`UPDATE system_state SET value = ${value} WHERE key = 'daily_summary_day'`.execute(db)),
    );
    await look();
    expect(await told()).toEqual([]);
    await midnight();
    await look();
    expect(await told()).toHaveLength(1);
  },
);

test('a payment whose record somebody has altered is counted, and what it says is not told', async () => {
  await look();
  await pay(50n);
  await world.storage.write(async ({ db }) => {
    for (const { name } of await sql<{ name: string }>`SELECT name FROM sqlite_schema WHERE type = 'trigger'`
      .execute(db)
      .then(({ rows }) => rows)) {
      await sql`DROP TRIGGER ${sql.raw(name)}`.execute(db);
    }
    await sql`UPDATE transactions SET intent = '{}'`.execute(db);
  });
  await midnight();
  await look();
  expect(await told()).toMatchObject([{ confirmed: 1, paid: [] }]);
});
