import { transactionId as brandTransactionId, isWaiaasError, type TransactionId } from '@waiaas/core';
import { findTransaction, liveReservations } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import { killSwitchOf } from '../test/kill-switch.ts';
import { ALICE, BOB, by, createWorld, OPERATOR, PASSWORD, type Payer, type World } from '../test/world.ts';

/*
 * Somebody writes the database file and has not the vault (00 §3). They hide a payment that waits while the session is
 * revoked, the kill switch engaged, the owner changed or the payment rejected, and put everything back after that: it is not
 * paid all the same, nor does it hold anything any more.
 */

const options = {
  rules: { instant_max: '100', notify_max: '200', delay_max: '1000', delay_seconds: 600, approval_timeout: 3600 },
};

let world: World;
let payer: Payer;
beforeEach(async () => {
  world = await createWorld(options);
  payer = await world.createPayer();
  await world.owner.connect(ALICE, OPERATOR);
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

async function restart(): Promise<void> {
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ ...options, folder, ledger, time });
  await world.pipeline.recover();
}
const ask = async (amount: bigint): Promise<TransactionId> =>
  brandTransactionId((await world.send(payer, amount)).transactionId);
const rowOf = (id: string) => findTransaction(world.storage.read, id);
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (isWaiaasError(error) ? error.code : error),
  );
const alarmed = async (): Promise<readonly (string | null)[]> =>
  (
    await world.storage.read
      .selectFrom('audit_log')
      .select('tx_id')
      .where('event_type', '=', 'SEAL_BROKEN')
      .where('severity', '=', 'critical')
      .execute()
  ).map(({ tx_id }) => tx_id);
const removeSession = (): Promise<void> => alter(world, `DELETE FROM sessions WHERE id = '${payer.sessionId}'`);
/** Lets every worker and whoever is the owner try what is left. */
async function tryToPay(...ids: readonly TransactionId[]): Promise<void> {
  await world.time.advance(600_000);
  for (const owner of [ALICE, BOB]) for (const id of ids) await codeOf(world.pipeline.approve(id, by(owner)));
  for (let round = 0; round < 3; round += 1) {
    await world.pipeline.renewHeads();
    await world.pipeline.runDelayed();
    await world.pipeline.sweep();
    await world.time.advance(61_000);
  }
}

/** Statements that hide payments, and those that put them back; null where the payments stay hidden. */
type Hiding = readonly [
  what: string,
  hide: (ids: readonly string[]) => readonly string[],
  back: ((ids: readonly string[]) => readonly string[]) | null,
];
const set = (fields: string) => (ids: readonly string[]) =>
  ids.map((id) => `UPDATE transactions SET ${fields} WHERE id = '${id}'`);
/** Tables of which the rows go with a payment's. */
const BESIDE = ['pending_approvals', 'decisions'] as const;
const HIDINGS: readonly Hiding[] = [
  ['of no session', set('session_id = NULL'), null],
  ['at its end', set("status = 'CONFIRMED'"), set("status = 'QUEUED'")],
  ['begun', set("status = 'EXECUTING'"), set("status = 'QUEUED'")],
  ['of another tier', set("metadata = tier, tier = 'NOTIFY'"), set('tier = metadata, metadata = NULL')],
  ['for another amount', set('amount = amount + 1'), set('amount = amount - 1')],
  [
    'of another agent',
    set('memo = agent_id, agent_id = (SELECT max(id) FROM agents)'),
    set('agent_id = memo, memo = NULL'),
  ],
  [
    'nowhere',
    () => [
      ...BESIDE.flatMap((table) => [`CREATE TABLE of_${table} AS SELECT * FROM ${table}`, `DELETE FROM ${table}`]),
      'CREATE TABLE of_transactions AS SELECT * FROM transactions',
      'UPDATE of_transactions SET session_id = NULL',
      'DELETE FROM transactions',
    ],
    () => ['transactions', ...BESIDE].map((table) => `INSERT INTO ${table} SELECT * FROM of_${table}`),
  ],
];

describe.each(HIDINGS)('payments that are made out to be %s', (_what, hide, back) => {
  let ids: readonly TransactionId[];
  beforeEach(async () => {
    ids = [await ask(900n), await ask(5000n)];
    await world.createPayer();
    await alter(world, ...hide(ids));
  });

  async function expectOver(): Promise<void> {
    await alter(world, ...(back?.(ids) ?? []));
    expect(liveReservations(world.storage.read, payer.agentId)).toEqual([]);
    await restart();
    await tryToPay(...ids);
    expect(world.ledger.accepted.size).toBe(0);
    for (const id of ids) expect((await rowOf(id))?.status).not.toBe('CONFIRMED');
    expect((await alarmed()).toSorted()).toEqual(back === null ? [] : ids.toSorted());
  }

  test('do not outlive their session', async () => {
    await world.revokeSession(payer.sessionId);
    await removeSession();
    await expectOver();
  });

  test('do not outlive the kill switch', async () => {
    const killSwitch = await killSwitchOf(world);
    await killSwitch.activate('drill', OPERATOR);
    await killSwitch.recover({
      password: PASSWORD,
      proveOwner: async () => by(ALICE),
      isLocalCommand: () => false,
      origin: OPERATOR,
    });
    await removeSession();
    await expectOver();
  });

  test('do not outlive their rejection', async () => {
    for (const id of ids) await codeOf(world.pipeline.reject(id, {}, by(ALICE)));
    await expectOver();
  });

  test('are not for the next owner to approve', async () => {
    await world.owner.change(BOB, by(ALICE));
    await alter(world, ...(back?.(ids) ?? []));
    expect(await codeOf(world.pipeline.approve(ids[1] ?? brandTransactionId(''), by(BOB)))).not.toBe('done');
    await world.time.advance(10_000);
    expect(world.ledger.accepted.size).toBe(0);
  });
});

test('the audit log tells of what was forgotten, so that no head from before is believed', async () => {
  const id = await ask(5000n);
  const scope = `scope = '${payer.agentId}'`;
  await alter(world, `CREATE TABLE head AS SELECT * FROM heads WHERE ${scope}`);
  await alter(world, ...set("tier = 'NOTIFY'")([id]));
  await world.owner.change(BOB, by(ALICE));
  const { folder, ledger, time } = world;
  await alter(
    world,
    ...set("tier = 'APPROVAL'")([id]),
    `DELETE FROM heads WHERE ${scope}`,
    'INSERT INTO heads SELECT * FROM head',
    'DROP TABLE head',
  );
  await world.stop();
  world = await createWorld({ ...options, folder, ledger, time });
  await world.pipeline.recover();
  expect(await codeOf(world.pipeline.approve(id, by(BOB)))).toBe('POLICY_DENIED');
  expect(world.ledger.accepted.size).toBe(0);
});

describe('what is put back with everything that says that it counts', () => {
  const TABLES = ['heads', 'session_sets', 'sessions'] as const;
  const keep = () => alter(world, ...TABLES.map((table) => `CREATE TABLE kept_${table} AS SELECT * FROM ${table}`));
  const putAllBack = (...tables: readonly string[]) =>
    alter(
      world,
      ...tables.flatMap((table) => [
        `INSERT OR REPLACE INTO ${table} SELECT * FROM kept_${table} WHERE true`,
        `DROP TABLE kept_${table}`,
      ]),
    );

  test('after a revocation that found no head to believe pays nothing, before and after a restart', async () => {
    const id = await ask(900n);
    await keep();
    await alter(world, `UPDATE heads SET seal = 'x' WHERE scope = '${payer.agentId}'`);
    await world.revokeSession(payer.sessionId);
    await putAllBack(...TABLES);
    expect(await codeOf(world.send(payer, 5n))).not.toBe('done');
    await tryToPay(id);
    await restart();
    await tryToPay(id);
    expect(await codeOf(world.send(payer, 5n))).not.toBe('done');
    expect(world.ledger.accepted.size).toBe(0);
  });

  test.each([
    ['taken out', 'DELETE FROM sessions'],
    ['made out to be revoked', 'UPDATE sessions SET revoked_at = 1'],
    ['of a set of another version', 'UPDATE session_sets SET version = 9007199254740991'],
  ])('a session that was %s while the kill switch was engaged counts no more', async (_what, hide) => {
    await keep();
    await alter(world, hide);
    const killSwitch = await killSwitchOf(world);
    await killSwitch.activate('drill', OPERATOR);
    await killSwitch.recover({
      password: PASSWORD,
      proveOwner: async () => by(ALICE),
      isLocalCommand: () => false,
      origin: OPERATOR,
    });
    await putAllBack('session_sets', 'sessions');
    expect(await codeOf(world.send(payer, 5n))).not.toBe('done');
    expect(world.ledger.accepted.size).toBe(0);
    await alter(world, 'DELETE FROM sessions');
    const next = { ...payer, sessionId: await world.createSession(payer.agentId) };
    expect(await codeOf(world.send(next, 5n))).toBe('done');
  });
});
