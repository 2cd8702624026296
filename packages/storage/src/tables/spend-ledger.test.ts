import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentId, type AssetId, assetId, nativeAssetId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAgent as createTestAgent, pay } from '../../test/payments.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { headsOf } from '../heads/head-keeper.ts';
import { openStorage } from '../open-storage.ts';
import { createSpendSealing } from './head-adoption.ts';
import { checkSpendLedger } from './ledger-check.ts';
import { ledgerMark, settledSinceMark, spentSince } from './spend-ledger.ts';

let temporary: TemporaryStorage;
const SOL = nativeAssetId('solana');
const TOKEN = assetId('solana:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');

beforeEach(() => {
  temporary = openTemporaryStorage();
});
afterEach(() => temporary.remove());

const createAgent = (number: number) => createTestAgent(temporary.storage, number);
const settle = (agent: AgentId, asset: AssetId, amount: bigint, now: number) =>
  pay(temporary.storage, { agentId: agent, asset, amount, now });

test('any window equals the plain sum of what settled in it, for every agent and asset, at any size', async () => {
  const agents = [await createAgent(1), await createAgent(2)] as const;
  const spend = fc.record({
    agent: fc.constantFrom(0 as const, 1 as const),
    asset: fc.constantFrom(SOL, TOKEN),
    amount: fc.bigInt({ min: 1n, max: 2n ** 70n }),
    step: fc.integer({ min: -50, max: 200 }),
  });
  const settled: { agent: 0 | 1; asset: AssetId; amount: bigint; at: number }[] = [];
  let now = 1_800_000_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(spend, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 2000 })),
      async (spends, windows) => {
        for (const { agent, asset, amount, step } of spends) {
          now += step;
          await settle(agents[agent], asset, amount, now);
          // A clock that was set back moves no spend before the one that came before it.
          const last = settled.filter((row) => row.agent === agent && row.asset === asset).at(-1)?.at ?? 0;
          settled.push({ agent, asset, amount, at: Math.max(now, last) });
        }
        for (const back of [0, 1, ...windows]) {
          for (const agent of [0, 1] as const) {
            for (const asset of [SOL, TOKEN]) {
              const expected = settled
                .filter((row) => row.agent === agent && row.asset === asset && row.at > now - back)
                .reduce((sum, row) => sum + row.amount, 0n);
              expect(await spentSince(temporary.storage.read, testSealer, agents[agent], asset, now - back)).toBe(
                expected,
              );
            }
          }
        }
      },
    ),
    { numRuns: 40 },
  );
  expect(await checkSpendLedger(temporary.storage.read, testSealer)).toEqual([]);
});

describe('somebody who writes the file', () => {
  const START = 1_800_000_000;
  const DAY = 86_400;
  let agent: AgentId;
  let other: AgentId;
  beforeEach(async () => {
    [agent, other] = [await createAgent(1), await createAgent(2)];
    for (let day = 0; day < 4; day++) await settle(agent, SOL, 10n, START + day * DAY);
    await settle(agent, TOKEN, 1000n, START + 4 * DAY);
    await settle(other, SOL, 7n, START);
  });

  /** Changes the file past its guards, as another process. */
  const edit = (...statements: readonly string[]): void => {
    const db = new BetterSqlite3(temporary.path);
    for (const guard of ['update', 'delete']) db.exec(`DROP TRIGGER IF EXISTS spend_ledger_no_${guard}`);
    for (const statement of statements) db.exec(statement);
    db.close();
  };
  /** What was spent in the last days, as the daemon sees it after a restart. */
  async function spentAfterRestart(days: number): Promise<bigint | null> {
    const { path, folder, clock } = temporary;
    await temporary.storage.close();
    const again = openStorage({ path, backupFolder: join(folder, 'backups'), clock, sealer: testSealer });
    try {
      expect(await checkSpendLedger(again.read, testSealer)).not.toEqual([]);
      return await spentSince(again.read, testSealer, agent, SOL, START + 3 * DAY - days * DAY);
    } finally {
      await again.close();
    }
  }

  test.each([
    ['an edited amount', `UPDATE spend_ledger SET amount = '1' WHERE seq = 4`],
    ['an edited total', `UPDATE spend_ledger SET cumulative = '0' WHERE seq = 4`],
    ['a total of before that was edited', `UPDATE spend_ledger SET cumulative = '30' WHERE seq = 2`],
    ['a time that was moved', 'UPDATE spend_ledger SET settled_at = settled_at - 864000 WHERE seq = 4'],
    ['a time of before that was moved', `UPDATE spend_ledger SET settled_at = settled_at - ${2 * DAY} WHERE seq = 3`],
    ['the newest row taken away', 'DELETE FROM spend_ledger WHERE seq = 4'],
    ['a row in the middle taken away', 'DELETE FROM spend_ledger WHERE seq = 2'],
    ['all rows taken away', 'DELETE FROM spend_ledger'],
    ['all rows but the first taken away', 'DELETE FROM spend_ledger WHERE seq > 1'],
    ['a row handed to another asset', `UPDATE spend_ledger SET asset = '${TOKEN}' WHERE seq = 4`],
    ['a row handed to another agent', `UPDATE spend_ledger SET agent_id = '${testId(2)}' WHERE seq = 4`],
    ['a row of another agent', `UPDATE spend_ledger SET agent_id = '${testId(1)}', settled_at = 1 WHERE seq = 6`],
    [
      'a seal that is copied',
      'UPDATE spend_ledger SET cumulative = 40, seal = (SELECT seal FROM spend_ledger WHERE seq = 4) WHERE seq = 2',
    ],
    ['seals that are gone', `UPDATE spend_ledger SET seal = '', previous = ''`],
  ])('makes nothing of it spent less: %s', async (_what, statement) => {
    expect(await checkSpendLedger(temporary.storage.read, testSealer)).toEqual([]);
    edit(statement);
    for (const days of [0, 1, 2, 3, 10]) {
      const spent = await spentSince(temporary.storage.read, testSealer, agent, SOL, START + 3 * DAY - days * DAY);
      expect(spent ?? 10n ** 9n, `${days} days`).toBeGreaterThanOrEqual(10n * BigInt(Math.min(days, 4)));
    }
    expect((await spentAfterRestart(2)) ?? 10n ** 9n).toBeGreaterThanOrEqual(20n);
  });

  /** Ends the daemon, changes its file, and starts it again. */
  async function restart(whileDown: () => void = () => undefined): Promise<void> {
    const { path, folder, clock, remove } = temporary;
    await temporary.storage.close();
    whileDown();
    const storage = openStorage({ path, backupFolder: join(folder, 'backups'), clock, sealer: testSealer });
    temporary = {
      ...temporary,
      storage,
      async remove() {
        await storage.close();
        await remove();
      },
    };
  }
  const columns = 'agent_id, asset, settled_at, tx_id, amount, cumulative, previous, seal, run';

  test.each([
    ['in the run in which the backup was made', false],
    ['in a run after it', true],
  ])('gains nothing by rows of the time after a backup that was put back, appended %s', async (_when, isRestarted) => {
    const { path, folder } = temporary;
    await settle(agent, SOL, 1n, START + 4 * DAY);
    const backup = temporary.storage.snapshot();
    if (isRestarted) await restart();
    await settle(agent, SOL, 500n, START + 4 * DAY + 10);
    // What was paid then is not on record any more, and what is paid now is.
    const later = join(folder, 'later.db');
    await restart(() => {
      copyFileSync(path, later);
      copyFileSync(backup, path);
    });
    await settle(agent, SOL, 700n, START + 4 * DAY + 20);
    const since = START + 4 * DAY + 15;
    expect(await spentSince(temporary.storage.read, testSealer, agent, SOL, since)).toBe(700n);
    expect(await checkSpendLedger(temporary.storage.read, testSealer)).toEqual([]);
    const plant = (): void =>
      edit(
        'PRAGMA foreign_keys = OFF',
        `ATTACH '${later}' AS later`,
        `INSERT INTO spend_ledger (${columns}) SELECT ${columns} FROM later.spend_ledger WHERE amount = '500'`,
      );
    plant();
    expect(await spentSince(temporary.storage.read, testSealer, agent, SOL, since)).toBeNull();
    await restart();
    expect(await spentSince(temporary.storage.read, testSealer, agent, SOL, since)).toBeNull();
  });

  test.each([
    ['some of an asset', 'amount = 500'],
    ['all of an asset', '1'],
  ])(
    'gains nothing by taking rows away, %s that was not paid with for long, and giving them back once it was',
    async (_what, taken) => {
      const { storage } = temporary;
      const coin = (letter: string): AssetId => assetId(`solana:${'1'.repeat(31)}${letter}`);
      const rare = coin('z');
      await settle(agent, rare, 1n, START + 4 * DAY);
      await settle(agent, rare, 500n, START + 4 * DAY + 1);
      // So many others that the head lets go of it.
      for (const letter of 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijk')
        await settle(agent, coin(letter), 1n, START + 13 * DAY);
      expect(headsOf(storage.read).read(agent)?.spent.has(rare)).toBe(false);
      const where = `asset = '${rare}' AND ${taken}`;
      edit(
        `CREATE TABLE taken AS SELECT * FROM spend_ledger WHERE ${where}`,
        `DELETE FROM spend_ledger WHERE ${where}`,
      );
      await settle(agent, rare, 700n, START + 14 * DAY);
      await settle(agent, rare, 50n, START + 14 * DAY + 1);
      const since = START + 14 * DAY - 10;
      expect(await spentSince(storage.read, testSealer, agent, rare, since)).toBe(750n);
      edit('INSERT INTO spend_ledger SELECT * FROM taken');
      expect((await spentSince(storage.read, testSealer, agent, rare, since)) ?? 750n).toBeGreaterThanOrEqual(750n);
    },
  );

  test('gains nothing by naming another run in a row', async () => {
    edit("UPDATE spend_ledger SET run = '' WHERE seq <= 3");
    expect(await spentSince(temporary.storage.read, testSealer, agent, SOL, START + 2 * DAY)).toBeNull();
  });
});

test('a ledger of an earlier version is sealed in any number of steps, as one chain for each agent and asset', async () => {
  const agents = [await createAgent(1), await createAgent(2)];
  for (let number = 0; number < 30; number++) {
    const [agent = agents[0]] = number % 3 === 0 ? agents : agents.slice(1);
    if (agent !== undefined)
      await settle(agent, number % 2 === 0 ? SOL : TOKEN, BigInt(number + 1), 1_800_000_000 + number);
  }
  const db = new BetterSqlite3(temporary.path);
  const guard = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'spend_ledger_no_update'").pluck().get();
  db.exec(
    "DROP TRIGGER spend_ledger_no_update; UPDATE spend_ledger SET previous = '', seal = '', run = '' WHERE seq > 4",
  );
  db.exec(String(guard));
  db.close();
  for (const limit of [5, 1]) {
    // Each time another pass: what has been sealed by the one before is gone on with.
    const sealNext = createSpendSealing(testSealer);
    expect(await temporary.storage.write((unit) => sealNext(unit.db, limit))).toBe(limit);
    expect(await temporary.storage.write((unit) => sealNext(unit.db, limit))).toBe(limit);
  }
  const sealNext = createSpendSealing(testSealer);
  expect(await temporary.storage.write((unit) => sealNext(unit.db, 20))).toBe(14);
  expect(await temporary.storage.write((unit) => sealNext(unit.db, 20))).toBe(0);
  const faults = await checkSpendLedger(temporary.storage.read, testSealer);
  // The heads know the ends under their former seals.
  expect(faults.filter(({ seq }) => seq > 0)).toEqual([]);
});

describe('what has settled since a mark', () => {
  const read = () => temporary.storage.read;
  const since =
    (agent: AgentId, asset: AssetId, mark = ledgerMark(read(), agent, asset)) =>
    () =>
      mark === null ? null : settledSinceMark(read(), agent, asset, mark);

  test('is what was appended after it, of that agent and asset', async () => {
    const [agent, other] = [await createAgent(1), await createAgent(2)];
    const never = since(agent, SOL);
    expect(never()).toBe(0n);
    await settle(agent, SOL, 5n, 1000);
    const once = since(agent, SOL);
    await settle(agent, TOKEN, 7n, 1000);
    await settle(other, SOL, 9n, 1000);
    expect([never(), once()]).toEqual([5n, 0n]);
    await settle(agent, SOL, 11n, 900);
    expect([never(), once()]).toEqual([16n, 11n]);
  });

  test('is told where the head had forgotten the asset, too', async () => {
    const agent = await createAgent(1);
    await settle(agent, SOL, 100n, 1000);
    await temporary.storage.write(async ({ db }) => void headsOf(db).edit(agent).spent.delete(SOL));
    const forgotten = since(agent, SOL);
    await settle(agent, SOL, 5n, 30 * 86_400);
    await settle(agent, SOL, 6n, 30 * 86_400);
    expect(forgotten()).toBe(11n);
  });

  test('is unknown when the head is not one that came after the mark', async () => {
    const agent = await createAgent(1);
    await settle(agent, SOL, 100n, 1000);
    const before = since(agent, SOL);
    await temporary.storage.write(async ({ db }) => {
      const { spent } = headsOf(db).edit(agent);
      const last = spent.get(SOL);
      if (last !== undefined) spent.set(SOL, { ...last, cumulative: 99n });
    });
    expect(before()).toBeNull();
    await temporary.storage.write(async ({ db }) => void headsOf(db).edit(agent).spent.delete(SOL));
    expect(before()).toBeNull();
  });

  test('is unknown, and so is the mark, without a head that can be believed', async () => {
    const agent = await createAgent(1);
    const mark = since(agent, SOL);
    await temporary.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER heads_no_delete`.execute(db);
      await db.deleteFrom('heads').execute();
    });
    expect(mark()).toBeNull();
    expect(ledgerMark(read(), agent, SOL)).toBeNull();
  });
});
