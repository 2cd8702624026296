import { transactionId as brandTransactionId, isWaiaasError, type TransactionId } from '@waiaas/core';
import type { FaultPlan } from '@waiaas/fake-chain';
import { findAgent, findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import { killSwitchOf } from '../test/kill-switch.ts';
import {
  ALICE,
  BOB,
  by,
  createWorld,
  OPERATOR,
  PASSWORD,
  type Payer,
  RECIPIENT,
  type World,
  type WorldOptions,
} from '../test/world.ts';
import { createAuthenticRow } from './authentic-row.ts';

/*
 * Somebody writes the database file and has not the vault (00 §3). Whatever they change about a payment, in whatever state:
 * it is not carried out for it, not settled as something else, it counts as what it was admitted for, it is reported as
 * critical once, and the payments beside it go on.
 */

const TIERS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 3600 };

let world: World;
let payer: Payer;
/** How the network is just now. */
let faults: FaultPlan;

const options: WorldOptions = {
  rules: TIERS,
  settings: { maxPendingTransactions: 100 },
  network: { landsAfter: 3, faults: (call) => faults(call) },
};

async function restart(): Promise<void> {
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ ...options, folder, ledger, time });
  await world.pipeline.recover();
}

beforeEach(async () => {
  faults = () => undefined;
  world = await createWorld(options);
  payer = await world.createPayer();
  await world.owner.connect(ALICE, OPERATOR);
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const rowOf = async (id: string) => {
  const row = await findTransaction(world.storage.read, id);
  if (row === undefined) throw new Error('There is no such transaction');
  return row;
};
const alarmed = async (): Promise<readonly (string | null)[]> =>
  (
    await world.storage.read
      .selectFrom('audit_log')
      .select('tx_id')
      .where('event_type', '=', 'SEAL_BROKEN')
      .where('severity', '=', 'critical')
      .orderBy('tx_id')
      .execute()
  ).map((row) => row.tx_id);
const outcome = async (work: Promise<unknown>): Promise<unknown> => {
  let end: unknown;
  work.then(
    () => {
      end = 'done';
    },
    (error: unknown) => {
      end = isWaiaasError(error) ? error.code : error;
    },
  );
  await world.time.runUntil(() => {
    world.ledger.advance(1);
    return end !== undefined;
  });
  return end;
};
/** Asks for a payment and waits for nothing. */
async function ask(amount: bigint): Promise<TransactionId> {
  let id: string | undefined;
  world.send(payer, amount, { waitMs: 1 }).then(({ transactionId }) => {
    id = transactionId;
  });
  await world.time.runUntil(() => id !== undefined);
  return brandTransactionId(id ?? '');
}
const everyWorker = async (): Promise<void> => {
  for (let round = 0; round < 4; round += 1) {
    await world.pipeline.runDelayed();
    await world.pipeline.expireApprovals();
    await world.pipeline.sweep();
    await world.pipeline.checkLateLandings();
    world.ledger.advance(10);
    await world.time.advance(30_000);
  }
};
const change = (id: string, set: string) => `UPDATE transactions SET ${set} WHERE id = '${id}'`;
const paid = (): bigint[] => [...world.ledger.accepted.values()].map(({ amount }) => amount);

describe('a record of the claim that somebody has written before the claim', () => {
  const planted = (id: string) =>
    `INSERT INTO claim_decisions (tx_id, decided_at, policies, seal) VALUES ('${id}', 1, '[]', 'x')`;

  test('keeps its payment where it is, is reported once, and holds up no other', async () => {
    const [slow, other, big] = [await ask(900n), await ask(901n), await ask(5000n)];
    await alter(world, planted(slow), planted(big));
    for (const _ of ['once', 'and again']) {
      await expect(world.pipeline.approve(big, by(ALICE))).rejects.toMatchObject({
        code: 'POLICY_DENIED',
        details: { reason: 'TRANSACTION_NOT_AUTHENTIC', transactionId: big },
      });
      await everyWorker();
    }
    expect(paid()).toEqual([901n]);
    expect((await rowOf(other)).status).toBe('CONFIRMED');
    expect(await alarmed()).toEqual([slow, big]);
    await restart();
    await everyWorker();
    expect(await alarmed()).toEqual([slow, big]);
    for (const id of [slow, big]) expect(await rowOf(id)).toMatchObject({ status: 'QUEUED' });
    const { faults } = await world.pipeline.decisions.replay();
    expect(faults.map(({ transactionId, what }) => [transactionId, what])).toEqual([
      [slow, 'record of the claim'],
      [big, 'record of the claim'],
    ]);
  });

  test('does not keep the owner from rejecting it', async () => {
    const [slow, big] = [await ask(900n), await ask(5000n)];
    await alter(world, planted(slow), planted(big));
    for (const id of [slow, big]) {
      await world.pipeline.reject(id, {}, by(ALICE));
      expect(await rowOf(id)).toMatchObject({ status: 'CANCELLED', reserved_amount: null });
    }
  });
});

test('is reported by the check of the heads, though it looks ended and its seal is still there', async () => {
  const [slow, big] = [await ask(900n), await ask(5000n)];
  for (const id of [slow, big]) await alter(world, change(id, `status = 'CONFIRMED', to_address = 'Mallory'`));
  await everyWorker();
  await world.pipeline.renewHeads();
  expect(await alarmed()).toEqual([slow, big]);
  await restart();
  await world.pipeline.renewHeads();
  expect(await alarmed()).toEqual([slow, big]);
  expect(paid()).toEqual([]);
});

/** Ways to change a payment that waits, so that it would be paid at once, otherwise, for less, twice, or not be counted. */
const CHANGES = [
  "tier = 'DELAY', execute_after = 0",
  "tier = 'INSTANT'",
  "tier = 'NOTIFY', execute_after = 0, approval_expires_at = NULL",
  'execute_after = 0',
  'execute_after = 9999999999',
  'approval_expires_at = 0',
  'approval_expires_at = 9999999999',
  "status = 'PENDING', tier = NULL",
  "status = 'EXECUTING'",
  "status = 'EXECUTING', tx_hash = id",
  "status = 'SUBMITTED', tx_hash = id, last_valid_block_height = '1'",
  "amount = '1', reserved_amount = '1'",
  "reserved_amount = '1'",
  "to_address = 'Mallory'",
  "memo = 'x'",
  "asset = 'solana:other'",
  "type = 'OTHER'",
  "chain = 'ethereum'",
  "fee_priority = 'high'",
  `intent_hash = '${'0'.repeat(64)}'`,
  'session_id = (SELECT min(id) FROM sessions WHERE id <> session_id)',
  'agent_id = (SELECT max(id) FROM agents)',
  'delay_seconds = 1',
  'approval_timeout_seconds = 1',
  'policy_id = NULL, policy_version = NULL',
  'queued_at = 1',
  'claimed_at = 1',
  'created_at = 5',
  'late_check_at = 1',
  'idempotency_key = id',
  `request_hash = '${'0'.repeat(64)}'`,
  "error = 'x'",
  "metadata = '{}'",
  "metadata = 'no JSON at all'",
  'state_version = state_version + 1',
  'state_version = state_version - 1',
  "state_seal = ''",
  "state_seal = 'x'",
] as const;

/** Changes after which the row of a payment does not tell any more what it was admitted for. */
const UNREADABLE = [
  'intent = replace(intent, \'"amount":"5\', \'"amount":"6\')',
  "intent = 'no JSON at all'",
  "intent_seal = 'x'",
] as const;

describe.each([
  ['a cool-down', 500n],
  ['an approval', 5000n],
])('a payment that waits for %s', (_what, amount) => {
  test('is paid by nobody, however it was changed, before and after a restart; the others are', async () => {
    await world.createSession(payer.agentId);
    await world.createPayer();
    const ids: TransactionId[] = [];
    for (const _ of CHANGES) ids.push(await ask(amount));
    const sound = await ask(amount);
    await alter(world, ...ids.map((id, index) => change(id, CHANGES[index] ?? '')));
    const before = new Map(await Promise.all(ids.map(async (id) => [id, await rowOf(id)] as const)));
    const tryEverything = async (): Promise<void> => {
      await everyWorker();
      for (const id of ids) expect(await outcome(world.pipeline.approve(id, by(ALICE)))).not.toBe('done');
    };
    await tryEverything();
    await restart();
    await tryEverything();
    if (amount === 5000n) await world.pipeline.approve(sound, by(ALICE));
    await everyWorker();
    expect(await rowOf(sound)).toMatchObject({ status: 'CONFIRMED' });
    expect(paid()).toEqual([amount]);
    for (const [index, id] of ids.entries()) expect(await rowOf(id), CHANGES[index]).toEqual(before.get(id));
    expect(await alarmed()).toEqual(ids.toSorted());
  }, 600_000);

  test.each(UNREADABLE)('of which its row no longer tells what it was, by %s, holds it all the same', async (set) => {
    await world.setRules({ ...TIERS, daily_max: (amount * 2n + 10n).toString() });
    const id = await ask(amount);
    const sound = await ask(amount);
    await alter(world, change(id, set));
    const before = await rowOf(id);
    await everyWorker();
    expect(await outcome(world.pipeline.approve(id, by(ALICE)))).not.toBe('done');
    await restart();
    await everyWorker();
    expect(await outcome(world.send(payer, 11n))).toBe('SPENDING_LIMIT_EXCEEDED');
    if (amount === 5000n) expect(await outcome(world.pipeline.approve(sound, by(ALICE)))).toBe('done');
    expect(await outcome(world.send(payer, 10n))).toBe('done');
    await everyWorker();
    expect(paid().toSorted()).toEqual([10n, amount].toSorted());
    expect(await rowOf(id)).toEqual(before);
    expect(await alarmed()).toEqual([id]);
  });

  test('and was changed is not approved, not rejected, not told, and not ended by anything', async () => {
    const id = await ask(amount);
    await alter(world, change(id, "to_address = 'Mallory'"));
    expect(await outcome(world.pipeline.approve(id, by(ALICE)))).toBe('POLICY_DENIED');
    expect(await outcome(world.pipeline.reject(id, {}, OPERATOR))).toBe('POLICY_DENIED');
    expect(await outcome(world.pipeline.admitted(id))).toBe('POLICY_DENIED');
    expect(await outcome(world.pipeline.get(payer, id))).toBe('POLICY_DENIED');
    const { transactions } = await world.pipeline.list(payer.agentId, { order: 'asc', limit: 10 });
    expect(transactions).toMatchObject([{ transactionId: id, error: 'TRANSACTION_NOT_AUTHENTIC' }]);
    await world.owner.change(BOB, by(ALICE));
    await world.revokeSession(payer.sessionId);
    expect(await rowOf(id)).toMatchObject({ status: 'QUEUED', reserved_amount: amount.toString() });
    expect(await alarmed()).toEqual([id]);
  });

  test('counts as what it was admitted for when it says less', async () => {
    await world.setRules({ ...TIERS, daily_max: (amount + 10n).toString() });
    const id = await ask(amount);
    await alter(world, change(id, "amount = '1', reserved_amount = '1'"));
    expect(await outcome(world.send(payer, 11n))).toBe('SPENDING_LIMIT_EXCEEDED');
    expect(await outcome(world.send(payer, 10n))).toBe('done');
  });
});

test('a payment that has moved on since it was read is told as it is by then, and alarms nobody', async () => {
  const sending = world.send(payer, 1n);
  await world.time.runUntil(() => world.ledger.accepted.size === 1);
  const before = await world.storage.read.selectFrom('transactions').selectAll().executeTakeFirstOrThrow();
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await rowOf(before.id)).status === 'CONFIRMED';
  });
  await sending;
  const { storage, time, keystoreParts } = world;
  const clock = { now: () => time.now() };
  const authentic = createAuthenticRow({ storage, sealer: keystoreParts.keystore.sealer, clock });
  expect(before.status).not.toBe('CONFIRMED');
  expect(await authentic(before)).toMatchObject({ status: 'CONFIRMED' });
  expect(await alarmed()).toEqual([]);
});

describe('a payment that was sent', () => {
  const silent: FaultPlan = (call) => (call === 'waitForConfirmation' ? 'lost-answer' : undefined);

  test.each([
    "amount = '1', reserved_amount = '1'",
    "last_valid_block_height = '1'",
    'last_valid_block_height = NULL',
    `tx_hash = '${'ab'.repeat(64)}'`,
    "signed_tx = x'00'",
    "tier = 'APPROVAL'",
    "asset = 'solana:other'",
    'intent = replace(intent, \'"amount":"90"\', \'"amount":"1"\')',
    "status = 'EXECUTING', tx_hash = NULL",
    "status = 'QUEUED', tier = 'DELAY', execute_after = 0, tx_hash = NULL",
  ])('and changed by %s stays, holds what it was admitted for, and nothing more is paid', async (set) => {
    await world.setRules({ ...TIERS, daily_max: '100' });
    faults = silent;
    const id = await ask(90n);
    await world.time.advance(1000);
    expect(await rowOf(id)).toMatchObject({ status: 'SUBMITTED' });
    await alter(world, change(id, set));
    const before = await rowOf(id);
    faults = () => undefined;
    await restart();
    world.ledger.advance(500);
    await everyWorker();
    expect(await rowOf(id)).toEqual(before);
    expect(await outcome(world.send(payer, 11n))).toBe('SPENDING_LIMIT_EXCEEDED');
    expect(await outcome(world.send(payer, 10n))).toBe('done');
    expect(paid()).toEqual([90n, 10n]);
    expect(await alarmed()).toEqual([id]);
  });

  test('is settled by what the daemon knows when the file is changed under it', async () => {
    await world.setRules({ ...TIERS, daily_max: '100' });
    faults = silent;
    const id = await ask(90n);
    await world.time.advance(1000);
    await alter(world, change(id, "amount = '1', reserved_amount = '1', last_valid_block_height = '1'"));
    faults = () => undefined;
    world.ledger.advance(10);
    await world.time.advance(60_000);
    expect(await outcome(world.send(payer, 11n))).toBe('SPENDING_LIMIT_EXCEEDED');
    expect(paid()).toEqual([90n]);
  });

  test.each(["'{}'", "'no JSON'"])('is settled all the same when what its session has used is %s', async (usage) => {
    await world.setRules({ ...TIERS, daily_max: '100' });
    faults = silent;
    const id = await ask(90n);
    await world.time.advance(1000);
    await alter(world, `UPDATE sessions SET usage_stats = ${usage} WHERE id = '${payer.sessionId}'`);
    faults = () => undefined;
    world.ledger.advance(10);
    await world.time.advance(60_000);
    expect(await rowOf(id)).toMatchObject({ status: 'CONFIRMED', reserved_amount: null });
    expect(await alarmed()).toEqual([id]);
    const other = { ...payer, sessionId: await world.createSession(payer.agentId) };
    expect(await outcome(world.send(other, 11n))).not.toBe('done');
    expect(paid()).toEqual([90n]);
  });

  test('is settled all the same when its session is gone', async () => {
    await world.setRules({ ...TIERS, daily_max: '100' });
    const other = { ...payer, sessionId: await world.createSession(payer.agentId) };
    faults = silent;
    const id = await ask(90n);
    await world.time.advance(1000);
    await alter(world, `DELETE FROM sessions WHERE id = '${payer.sessionId}'`);
    expect(await rowOf(id)).toMatchObject({ status: 'SUBMITTED', session_id: null });
    faults = () => undefined;
    await restart();
    world.ledger.advance(500);
    await everyWorker();
    expect(await rowOf(id)).toMatchObject({ status: 'CONFIRMED', reserved_amount: null, error: null });
    expect(await outcome(world.send(other, 11n))).not.toBe('done');
    expect(paid()).toEqual([90n]);
  });
});

describe('a payment that has ended', () => {
  const AGAIN = [
    "status = 'QUEUED', tier = 'DELAY', execute_after = 0, reserved_amount = amount, tx_hash = NULL, executed_at = NULL",
    "status = 'EXECUTING', reserved_amount = amount, tx_hash = NULL",
    "status = 'PENDING', tier = NULL",
    "status = 'FAILED', late_check_at = 1",
    "status = 'SUBMITTED', reserved_amount = amount",
  ] as const;

  test('is paid once, however it is brought back', async () => {
    const ids: TransactionId[] = [];
    for (const _ of AGAIN) ids.push(await ask(50n), await ask(500n));
    await world.time.advance(60_000);
    await everyWorker();
    for (const id of ids) expect(await rowOf(id)).toMatchObject({ status: 'CONFIRMED' });
    await alter(world, ...ids.map((id, index) => change(id, AGAIN[Math.floor(index / 2)] ?? '')));
    const before = await Promise.all(ids.map(rowOf));
    await everyWorker();
    await restart();
    await everyWorker();
    expect(paid()).toHaveLength(ids.length);
    expect(await Promise.all(ids.map(rowOf))).toEqual(before);
    expect(await alarmed()).toEqual(ids.toSorted());
  }, 60_000);

  test('is looked up once more, however many others cannot be', async () => {
    await world.setRules({ ...TIERS, daily_max: '100' });
    faults = (call) => (call === 'submitTransaction' ? 'refused' : undefined);
    expect(await outcome(world.send(payer, 90n))).toBe('CHAIN_ERROR');
    const row = await world.storage.read.selectFrom('transactions').selectAll().executeTakeFirstOrThrow();
    // Rows of nobody, before it in every order.
    const others = Array.from({ length: 201 }, (_, index) => `00000000-0000-7000-8000-${`${index}`.padStart(12, '0')}`);
    await alter(
      world,
      'CREATE TABLE others AS SELECT * FROM transactions',
      ...others.flatMap((id) => [
        `UPDATE others SET id = '${id}', tx_hash = '${id}', idempotency_key = NULL`,
        'INSERT INTO transactions SELECT * FROM others',
      ]),
    );
    world.ledger.accept(
      row.tx_hash ?? '',
      { from: payer.address, to: RECIPIENT, amount: 90n, fee: 5000n, lastValidBlockHeight: 2000n },
      0,
    );
    await world.time.advance(600_000);
    await world.pipeline.checkLateLandings();
    faults = () => undefined;
    expect(await outcome(world.send(payer, 11n))).toBe('SPENDING_LIMIT_EXCEEDED');
    expect(await outcome(world.send(payer, 10n))).toBe('done');
  });

  test('is not taken for another one under its key when what was asked for was changed', async () => {
    expect(await outcome(world.send(payer, 50n, { idempotencyKey: 'k' }))).toBe('done');
    expect(await outcome(world.send(payer, 51n, { idempotencyKey: 'k' }))).toBe('IDEMPOTENCY_CONFLICT');
    await alter(world, `UPDATE transactions SET request_hash = '${'0'.repeat(64)}'`);
    for (const amount of [50n, 51n])
      expect(await outcome(world.send(payer, amount, { idempotencyKey: 'k' }))).not.toBe('done');
    expect(await outcome(world.send(payer, 50n, { idempotencyKey: 'k' }))).toBe('POLICY_DENIED');
    expect(paid()).toEqual([50n]);
  });

  test('has no words in the list of what waits when it was brought back there', async () => {
    const [id, sound] = [await ask(500n), await ask(500n)];
    await world.pipeline.reject(id, {}, by(ALICE));
    await alter(world, change(id, "status = 'QUEUED', reserved_amount = amount, error = NULL"));
    const { transactions } = await world.pipeline.waiting({ order: 'asc', limit: 10 });
    expect(transactions.map(({ txId, inWords }) => [txId, inWords === null])).toEqual([
      [id, true],
      [sound, false],
    ]);
  });

  test('is not told again under its key once it was changed', async () => {
    faults = (call) => (call === 'simulateTransaction' ? 'refused' : undefined);
    expect(await outcome(world.send(payer, 50n, { idempotencyKey: 'k' }))).toBe('SIMULATION_FAILED');
    faults = () => undefined;
    await alter(world, "UPDATE transactions SET status = 'CONFIRMED', error = NULL");
    expect(await outcome(world.send(payer, 50n, { idempotencyKey: 'k' }))).toBe('POLICY_DENIED');
    expect(paid()).toEqual([]);
  });
});

describe('an agent that was stopped, and made out to be active', () => {
  const ACTIVE = "UPDATE agents SET status = 'ACTIVE', suspension_reason = NULL, suspended_at = NULL";
  const agent = async () => {
    const row = await findAgent(world.storage.read, payer.agentId);
    return [row?.status, row?.suspension_reason];
  };

  test('pays nothing, is reported once, and goes on when the operator has stopped and resumed it', async () => {
    const waiting = await ask(500n);
    await world.suspendAgent(payer.agentId);
    await alter(world, ACTIVE);
    for (let time = 0; time < 2; time += 1) expect(await outcome(world.send(payer, 5n))).toBe('POLICY_DENIED');
    await world.time.advance(60_000);
    await everyWorker();
    expect(await rowOf(waiting)).toMatchObject({ status: 'CANCELLED', error: 'AGENT_SUSPENDED' });
    expect(await alarmed()).toHaveLength(1);
    expect(paid()).toEqual([]);
    expect(await world.pipeline.decisions.replay()).toMatchObject({ faultCount: 0 });

    await world.suspendAgent(payer.agentId);
    await world.resumeAgent(payer.agentId);
    expect(await outcome(world.send(payer, 5n))).toBe('done');
  });

  test('pays nothing after a restart either, nor with the head that it had before', async () => {
    const scope = `scope = '${payer.agentId}'`;
    const before = await world.storage.read
      .selectFrom('heads')
      .selectAll()
      .where('scope', '=', payer.agentId)
      .executeTakeFirstOrThrow();
    await world.suspendAgent(payer.agentId);
    await alter(world, ACTIVE);
    await restart();
    expect(await outcome(world.send(payer, 5n))).toBe('POLICY_DENIED');
    const { version, content, audit_id, seal } = before;
    const set = `version = ${version}, content = '${content}', audit_id = ${audit_id}, seal = '${seal}'`;
    await alter(world, `UPDATE heads SET ${set} WHERE ${scope}`);
    await restart();
    expect(await outcome(world.send(payer, 5n))).toBe('POLICY_DENIED');
    expect(paid()).toEqual([]);
  });

  test.each([
    ['active', ACTIVE],
    ['stopped by the kill switch', "UPDATE agents SET suspension_reason = 'kill_switch'"],
  ])('is not started again by the recovery of the kill switch, where it was made out to be %s', async (_what, edit) => {
    await world.suspendAgent(payer.agentId);
    const killSwitch = await killSwitchOf(world);
    await alter(world, edit);
    await killSwitch.activate('drill', by(ALICE));
    const recovered = await killSwitch.recover({
      password: PASSWORD,
      proveOwner: async () => by(ALICE),
      isLocalCommand: () => false,
      origin: OPERATOR,
    });
    expect(recovered).toMatchObject({ agentsReactivated: 0 });
    // For its own reason, so that whoever may start it again can.
    expect(await agent()).toEqual(['SUSPENDED', 'manual']);
    await world.resumeAgent(payer.agentId);
  });

  test('is not brought back from its end', async () => {
    await world.suspendAgent(payer.agentId);
    await world.pipeline.terminations.request(payer.agentId, { waive: [] }, by(ALICE));
    for (const status of ['ACTIVE', 'SUSPENDED']) {
      const reason = status === 'ACTIVE' ? 'NULL' : "'manual'";
      await alter(world, `UPDATE agents SET status = '${status}', suspension_reason = ${reason}`);
      if (status === 'ACTIVE') expect(await outcome(world.send(payer, 5n))).not.toBe('done');
      else await expect(world.resumeAgent(payer.agentId)).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    }
  });
});
