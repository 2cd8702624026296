import { setImmediate as nextTurn } from 'node:timers/promises';
import { transactionId as brandTransactionId, isWaiaasError, WaiaasError } from '@waiaas/core';
import { checkSpendLedger, findSession, findTransaction } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorld, type Payer, RECIPIENT, type World, type WorldOptions } from '../test/world.ts';

let world: World;
const start = async (options?: WorldOptions): Promise<World> => {
  world = await createWorld(options);
  return world;
};
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Runs a promise while virtual time passes, and answers how it ended. */
async function outcome<T>(promise: Promise<T>): Promise<T | WaiaasError> {
  let done = false;
  const watched = promise
    .catch((error: unknown) => {
      if (isWaiaasError(error)) return error;
      throw error;
    })
    .finally(() => {
      done = true;
    });
  watched.catch(() => undefined);
  await world.time.runUntil(() => done);
  return watched;
}

async function finish<T>(promise: Promise<T>): Promise<T> {
  const ended = await outcome(promise);
  if (ended instanceof WaiaasError) throw ended;
  return ended;
}

const rows = () => world.storage.read.selectFrom('transactions').selectAll().orderBy('id').execute();
const audit = async () =>
  (await world.storage.read.selectFrom('audit_log').select('event_type').orderBy('id').execute()).map(
    (row) => row.event_type,
  );
const usage = async (payer: Payer) =>
  JSON.parse(
    (
      await world.storage.read
        .selectFrom('sessions')
        .selectAll()
        .where('id', '=', payer.sessionId)
        .executeTakeFirstOrThrow()
    ).usage_stats,
  );

describe('an INSTANT payment', () => {
  test('is confirmed, moves exactly its amount and leaves no reservation', async () => {
    await start();
    const payer = await world.createPayer();
    const paid = await finish(world.send(payer, 50_000_000n));
    expect(paid).toMatchObject({ status: 'CONFIRMED', tier: 'INSTANT', amount: '50000000', fee: '5000' });
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(50_000_000n);
    expect(await rows()).toMatchObject([
      { status: 'CONFIRMED', reserved_amount: null, signed_tx: null, tx_hash: paid.txHash },
    ]);
    expect(await usage(payer)).toMatchObject({ totalTx: 1, totalAmount: '50000000' });
    expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  });

  test('leaves an audit row for each step, in order', async () => {
    await start();
    const payer = await world.createPayer();
    await finish(world.send(payer, 1n));
    expect((await audit()).slice(-6)).toEqual([
      'TX_REQUESTED',
      'TX_SESSION_CHECK',
      'TX_QUEUED',
      'TX_SIGNED',
      'TX_SUBMITTED',
      'TX_CONFIRMED',
    ]);
  });

  test('of NOTIFY size is paid as well', async () => {
    await start({ rules: { instant_max: '10' } });
    const payer = await world.createPayer();
    expect(await finish(world.send(payer, 11n))).toMatchObject({ status: 'CONFIRMED', tier: 'NOTIFY' });
  });
});

describe('DELAY and APPROVAL', () => {
  const rules = { instant_max: '10', notify_max: '20', delay_max: '30', delay_seconds: 600, approval_timeout: 3600 };

  test('are queued with their deadlines and nothing is built, signed or sent', async () => {
    const calls: string[] = [];
    await start({ rules, network: { onCall: (call) => void calls.push(call) } });
    const payer = await world.createPayer();
    const delayed = await finish(world.send(payer, 30n));
    const approval = await finish(world.send(payer, 31n));
    expect(delayed).toMatchObject({ status: 'QUEUED', tier: 'DELAY' });
    expect(approval).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
    expect(Date.parse(delayed.expiresAt ?? '') - Date.parse(delayed.queuedAt ?? '')).toBe(600_000);
    expect(Date.parse(approval.expiresAt ?? '') - Date.parse(approval.queuedAt ?? '')).toBe(3_600_000);
    await world.time.advance(86_400_000);
    expect(calls).toEqual([]);
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('hold their reservations against the caps', async () => {
    await start({ rules: { ...rules, daily_max: '70' } });
    const payer = await world.createPayer();
    await finish(world.send(payer, 31n));
    await finish(world.send(payer, 30n));
    expect(await outcome(world.send(payer, 10n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    expect(await finish(world.send(payer, 9n))).toMatchObject({ status: 'CONFIRMED' });
  });

  test('an approval expires at its deadline, not a second before, and releases', async () => {
    await start({ rules });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 31n));
    await world.time.advance(3_599_000);
    await world.pipeline.expireApprovals();
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({ status: 'QUEUED' });
    await world.time.advance(1000);
    await world.pipeline.expireApprovals();
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({
      status: 'EXPIRED',
      error: 'APPROVAL_TIMEOUT',
      reserved_amount: null,
    });
  });

  test('without enough ways to reach the owner, NOTIFY and DELAY wait for an approval', async () => {
    await start({ rules, settings: { minChannels: 2 }, reachableChannels: 1 });
    const payer = await world.createPayer();
    expect(await finish(world.send(payer, 10n))).toMatchObject({ tier: 'INSTANT', status: 'CONFIRMED' });
    expect(await finish(world.send(payer, 20n))).toMatchObject({ tier: 'APPROVAL', status: 'QUEUED' });
    expect(await finish(world.send(payer, 30n))).toMatchObject({ tier: 'APPROVAL', status: 'QUEUED' });
  });

  test('at most max_pending_tx wait; one more keeps nothing and leaves its key free', async () => {
    await start({ rules, settings: { maxPendingTransactions: 2 } });
    const payer = await world.createPayer();
    await finish(world.send(payer, 31n));
    await finish(world.send(payer, 25n));
    expect(await outcome(world.send(payer, 31n, { idempotencyKey: 'k' }))).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      retryable: true,
    });
    expect(await rows()).toHaveLength(2);
    await world.time.advance(3_600_000);
    await world.pipeline.expireApprovals();
    expect(await finish(world.send(payer, 31n, { idempotencyKey: 'k' }))).toMatchObject({ status: 'QUEUED' });
  });
});

describe('caps under concurrency', () => {
  test('50 parallel requests against a cap that fits 7 pay exactly 7', async () => {
    await start({ rules: { daily_max: '70' } });
    const payer = await world.createPayer();
    const ended = await finish(
      Promise.all(Array.from({ length: 50 }, () => world.send(payer, 10n).catch((error: unknown) => error))),
    );
    const paid = ended.filter(
      (end) => typeof end === 'object' && end !== null && 'status' in end && end.status === 'CONFIRMED',
    );
    expect(paid).toHaveLength(7);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(70n);
    expect((await rows()).filter((row) => row.reserved_amount !== null)).toEqual([]);
  });

  test('50 parallel requests pay exactly 7 however long everything takes that is waited for', async () => {
    let calls = 0;
    /** Lets others go on for a while before it does its work. */
    const later =
      <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        calls += 1;
        for (let turns = (calls * 7) % 11; turns > 0; turns -= 1) await nextTurn();
        return work(...args);
      };
    await start({
      rules: { daily_max: '70', max_balance_share: 1000 },
      decorateStorage: (storage) => ({ ...storage, read: storage.read, write: later(storage.write) }),
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        getBalance: later(adapter.getBalance),
        buildTransaction: later(adapter.buildTransaction),
        simulateTransaction: later(adapter.simulateTransaction),
        signTransaction: later(adapter.signTransaction),
        submitTransaction: later(adapter.submitTransaction),
        waitForConfirmation: later(adapter.waitForConfirmation),
      }),
    });
    const payer = await world.createPayer();
    const sending = Promise.all(
      Array.from({ length: 50 }, () => world.send(payer, 10n).catch((error: unknown) => error)),
    );
    // The clock stands still meanwhile.
    for (let turn = 0; turn < 5000; turn += 1) await nextTurn();
    const ended = await finish(sending);
    expect(ended.filter((end) => isWaiaasError(end, 'SPENDING_LIMIT_EXCEEDED'))).toHaveLength(43);
    await world.time.runUntil(async () => (await rows()).every((row) => row.reserved_amount === null));
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(70n);
  });

  test('amounts beyond 2^63 are counted to the base unit', async () => {
    const big = 2n ** 63n;
    await start({
      rules: {
        instant_max: (2n ** 64n).toString(),
        notify_max: (2n ** 64n).toString(),
        delay_max: (2n ** 64n).toString(),
        daily_max: (big + 1n).toString(),
      },
    });
    const payer = await world.createPayer();
    world.ledger.fund(payer.address, 2n ** 66n);
    expect(await finish(world.send(payer, big))).toMatchObject({ status: 'CONFIRMED' });
    expect(await outcome(world.send(payer, 2n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    expect(await finish(world.send(payer, 1n))).toMatchObject({ status: 'CONFIRMED' });
  });

  test('sessions of one agent share its cap', async () => {
    await start({ rules: { daily_max: '100' } });
    const payer = await world.createPayer();
    const payers = [payer];
    for (let index = 0; index < 4; index++)
      payers.push({ ...payer, sessionId: await world.createSession(payer.agentId) });
    const ended = await finish(
      Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          world.send(payers[index % 5] ?? payer, 10n).catch((error: unknown) => error),
        ),
      ),
    );
    expect(ended.filter((end) => isWaiaasError(end))).toHaveLength(40);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(100n);
  });

  test('20 parallel requests against a session total of 10 and a count of 7 pay exactly 7', async () => {
    await start();
    const payer = await world.createPayer({ maxTotalAmount: '10', maxTransactions: 7 });
    const ended = await finish(
      Promise.all(Array.from({ length: 20 }, () => world.send(payer, 1n).catch((error: unknown) => error))),
    );
    expect(ended.filter((end) => isWaiaasError(end))).toHaveLength(13);
    expect(await usage(payer)).toMatchObject({ totalTx: 7, totalAmount: '7' });
  });

  test('a rolling day forgets a spend exactly 24 hours later, and a clock set back forgets nothing', async () => {
    await start({ rules: { daily_max: '10' } });
    const payer = await world.createPayer();
    await finish(world.send(payer, 10n));
    const paidAt = world.time.now();
    world.time.jumpTo(paidAt - 3 * 86_400_000);
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    world.time.jumpTo(paidAt + 86_399_000);
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    world.time.jumpTo(paidAt + 86_401_000);
    expect(await finish(world.send(payer, 10n))).toMatchObject({ status: 'CONFIRMED' });
  });
});

describe('idempotency', () => {
  test('10 parallel requests with one key make one transaction and get one answer', async () => {
    await start();
    const payer = await world.createPayer();
    const ended = await finish(
      Promise.all(Array.from({ length: 10 }, () => world.send(payer, 5n, { idempotencyKey: 'same' }))),
    );
    expect(new Set(ended.map((end) => end.txHash)).size).toBe(1);
    expect(new Set(ended.map((end) => end.status))).toEqual(new Set(['CONFIRMED']));
    expect(ended.filter(({ replayed }) => replayed !== true)).toHaveLength(1);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(5n);
  });

  test('a key used for another request is a conflict, whatever differs', async () => {
    await start();
    const payer = await world.createPayer();
    await finish(world.send(payer, 5n, { idempotencyKey: 'k', memo: 'a' }));
    expect(await outcome(world.send(payer, 6n, { idempotencyKey: 'k', memo: 'a' }))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(await outcome(world.send(payer, 5n, { idempotencyKey: 'k', memo: 'b' }))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(await outcome(world.send(payer, 5n, { idempotencyKey: 'k', memo: 'a', to: payer.address }))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(5n);
  });

  test('a refusal is answered the same again, not retryable under its key, even when the limit was raised', async () => {
    await start({ rules: { daily_max: '1' } });
    const payer = await world.createPayer();
    const first = await outcome(world.send(payer, 5n, { idempotencyKey: 'k' }));
    await world.setRules({});
    const second = await outcome(world.send(payer, 5n, { idempotencyKey: 'k' }));
    expect(first).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED', retryable: false });
    expect(first).not.toHaveProperty('details.replayed');
    expect(second).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED', retryable: false, details: { replayed: true } });
  });

  test('keys of different agents do not meet', async () => {
    await start();
    const [one, two] = [await world.createPayer(), await world.createPayer()];
    await finish(world.send(one, 5n, { idempotencyKey: 'k' }));
    await finish(world.send(two, 6n, { idempotencyKey: 'k' }));
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(11n);
  });

  test('a repetition is answered after a restart, also while the chain is down', async () => {
    await start();
    const payer = await world.createPayer();
    const first = await finish(world.send(payer, 5n, { idempotencyKey: 'k' }));
    const { folder, ledger, time } = world;
    await world.stop();
    await start({ folder, ledger, time });
    await world.adapter.disconnect();
    expect(await finish(world.send(payer, 5n, { idempotencyKey: 'k' }))).toEqual({ ...first, replayed: true });
  });
});

describe('verdicts', () => {
  test('a send whose answer was lost ends CONFIRMED, with one hash', async () => {
    let sends = 0;
    await start({
      network: { faults: (call) => (call === 'submitTransaction' && ++sends <= 2 ? 'lost-answer' : undefined) },
    });
    const payer = await world.createPayer();
    expect(await finish(world.send(payer, 5n))).toMatchObject({ status: 'CONFIRMED' });
    expect(world.ledger.accepted.size).toBe(1);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(5n);
  });

  test('a send that never arrived is sent again until it lands, with the same hash', async () => {
    let sends = 0;
    await start({
      network: { faults: (call) => (call === 'submitTransaction' && ++sends <= 4 ? 'lost-request' : undefined) },
    });
    const payer = await world.createPayer();
    expect(await finish(world.send(payer, 5n))).toMatchObject({ status: 'CONFIRMED' });
    expect(world.ledger.accepted.size).toBe(1);
  });

  test('a slow chain is answered SUBMITTED when the wait is over; the row is confirmed later, reserved throughout', async () => {
    await start({ network: { landsAfter: 100 } });
    const payer = await world.createPayer();
    const early = await finish(world.send(payer, 5n));
    expect(early).toMatchObject({ status: 'SUBMITTED' });
    expect(await findTransaction(world.storage.read, early.transactionId)).toMatchObject({ reserved_amount: '5' });
    world.ledger.advance(100);
    await world.time.runUntil(
      async () => (await findTransaction(world.storage.read, early.transactionId))?.status === 'CONFIRMED',
    );
  });

  test('an outage proves nothing: the row stays SUBMITTED for as long as it lasts', async () => {
    let down = false;
    await start({ network: { landsAfter: 3, faults: () => (down ? 'lost-request' : undefined) } });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 5n, { waitMs: 100 }));
    down = true;
    world.ledger.advance(400);
    await world.time.advance(3_600_000);
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({
      status: 'SUBMITTED',
      reserved_amount: '5',
    });
    down = false;
    await world.time.runUntil(
      async () => (await findTransaction(world.storage.read, transactionId))?.status === 'CONFIRMED',
    );
  });

  test('what can no longer land is EXPIRED, with proof, and released once', async () => {
    await start({ network: { faults: (call) => (call === 'submitTransaction' ? 'dropped' : undefined) } });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 5n));
    world.ledger.advance(151);
    await world.time.advance(60_000);
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({ status: 'SUBMITTED' });
    world.ledger.advance(32);
    await world.time.runUntil(
      async () => (await findTransaction(world.storage.read, transactionId))?.status === 'EXPIRED',
    );
    const row = await findTransaction(world.storage.read, transactionId);
    expect(row).toMatchObject({ error: 'BLOCKHASH_EXPIRED', reserved_amount: null });
    expect(JSON.parse(row?.metadata ?? '')).toMatchObject({
      proof: { finalizedBlockHeight: '1151', lastValidBlockHeight: '1150' },
    });
    expect((await audit()).filter((event) => event === 'TX_FAILED')).toHaveLength(1);
  });

  test('a transaction that turns up after its end counts towards the caps and is reported', async () => {
    await start({
      rules: { daily_max: '5' },
      network: { faults: (call) => (call === 'submitTransaction' ? 'refused' : undefined) },
    });
    const payer = await world.createPayer();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'CHAIN_ERROR' });
    const [row] = await rows();
    // A node that lied: it refused the bytes and passed them on.
    world.ledger.accept(
      row?.tx_hash ?? '',
      { from: payer.address, to: RECIPIENT, amount: 5n, fee: 5000n, lastValidBlockHeight: 2000n },
      0,
    );
    await world.time.advance(600_000);
    await world.pipeline.checkLateLandings();
    expect(await audit()).toContain('TX_LATE_LANDING');
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    await world.pipeline.checkLateLandings();
    expect((await audit()).filter((event) => event === 'TX_LATE_LANDING')).toHaveLength(1);
  });

  test('what has failed in a block is reserved until that block is final', async () => {
    await start({ rules: { daily_max: '5' }, network: { landsAfter: 2 } });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 5n, { waitMs: 100 }));
    // Its money goes another way before it lands.
    world.ledger.fund(payer.address, -world.ledger.balanceOf(payer.address));
    world.ledger.advance(20);
    await world.time.advance(120_000);
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({
      ...{ status: 'SUBMITTED', reserved_amount: '5' },
    });
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    world.ledger.advance(20);
    await world.time.runUntil(
      async () => (await findTransaction(world.storage.read, transactionId))?.status === 'FAILED',
    );
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({ reserved_amount: null });
    await world.time.advance(600_000);
    await world.pipeline.checkLateLandings();
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({ late_check_at: null });
    expect(await audit()).not.toContain('TX_LATE_LANDING');
  });

  test('one that an endpoint has kept to itself and called failed counts once it is paid after all', async () => {
    let lies = true;
    await start({
      rules: { daily_max: '5' },
      network: { faults: (call) => (call === 'submitTransaction' ? 'dropped' : undefined) },
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        waitForConfirmation: async (...asked) =>
          lies ? { verdict: 'failed', error: 'made up', blockNumber: 9n } : adapter.waitForConfirmation(...asked),
      }),
    });
    const payer = await world.createPayer();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'CHAIN_ERROR' });
    const [row] = await rows();
    expect(row).toMatchObject({ status: 'FAILED', reserved_amount: null });
    lies = false;
    const bound = BigInt(row?.last_valid_block_height ?? '0');
    const transfer = { from: payer.address, to: RECIPIENT, amount: 5n, fee: 5000n, lastValidBlockHeight: bound };
    world.ledger.accept(row?.tx_hash ?? '', transfer, 0);
    await world.time.advance(600_000);
    await world.pipeline.checkLateLandings();
    expect((await audit()).filter((event) => event === 'TX_LATE_LANDING')).toHaveLength(1);
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  });

  test('one that a node has refused is looked up until its last block is past, however late that node passes it on', async () => {
    await start({
      rules: { daily_max: '5' },
      network: { faults: (call) => (call === 'submitTransaction' ? 'refused' : undefined) },
    });
    const payer = await world.createPayer();
    for (const _ of ['passed on', 'forgotten'])
      expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'CHAIN_ERROR' });
    const [row, other] = await rows();
    for (const seconds of [600, 1200, 2400]) {
      await world.pipeline.checkLateLandings();
      expect((await rows()).map(({ late_check_at }) => late_check_at)).not.toContain(null);
      await world.time.advance(seconds * 1000);
    }
    const bound = BigInt(row?.last_valid_block_height ?? '0');
    const transfer = { from: payer.address, to: RECIPIENT, amount: 5n, fee: 5000n, lastValidBlockHeight: bound };
    world.ledger.accept(row?.tx_hash ?? '', transfer, 0);
    await world.pipeline.checkLateLandings();
    expect((await audit()).filter((event) => event === 'TX_LATE_LANDING')).toHaveLength(1);
    expect(await outcome(world.send(payer, 1n))).toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    world.ledger.advance(1000);
    await world.time.advance(86_400_000);
    await world.pipeline.checkLateLandings();
    expect((await rows()).find(({ id }) => id === other?.id)).toMatchObject({ status: 'FAILED', late_check_at: null });
  });

  test('a failed simulation is never signed or sent', async () => {
    await start({ network: { faults: (call) => (call === 'simulateTransaction' ? 'refused' : undefined) } });
    const payer = await world.createPayer();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'SIMULATION_FAILED' });
    expect(await rows()).toMatchObject([{ status: 'FAILED', tx_hash: null, reserved_amount: null }]);
  });

  test('without money the answer is INSUFFICIENT_BALANCE', async () => {
    const most = (10n ** 15n).toString();
    await start({ rules: { instant_max: most, notify_max: most, delay_max: most } });
    const payer = await world.createPayer();
    expect(await outcome(world.send(payer, 10n ** 15n))).toMatchObject({ code: 'INSUFFICIENT_BALANCE', status: 400 });
  });

  test('a chain that is down leaves no row', async () => {
    await start();
    const payer = await world.createPayer();
    await world.adapter.disconnect();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({
      code: 'ADAPTER_NOT_AVAILABLE',
      status: 503,
      retryable: true,
    });
    expect(await rows()).toEqual([]);
  });
});

describe('who may not pay', () => {
  test('a revoked session, an expired one, a suspended agent', async () => {
    await start();
    const payer = await world.createPayer();
    const other = { ...payer, sessionId: await world.createSession(payer.agentId) };
    await world.revokeSession(other.sessionId);
    expect(await outcome(world.send(other, 5n))).toMatchObject({ code: 'SESSION_REVOKED' });
    await world.suspendAgent(payer.agentId);
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'AGENT_SUSPENDED' });
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('revoking a session cancels what it had waiting', async () => {
    await start({ rules: { instant_max: '1', notify_max: '2', delay_max: '3' } });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 3n));
    await world.revokeSession(payer.sessionId);
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({
      status: 'CANCELLED',
      reserved_amount: null,
    });
  });

  test('after the gate closes nothing is signed, and what was admitted is released', async () => {
    let reached = 0;
    await start({
      network: {
        onCall: (call) => {
          if (call === 'simulateTransaction' && ++reached === 1) world.keystoreParts.gate.close();
        },
      },
    });
    const payer = await world.createPayer();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'SYSTEM_LOCKED' });
    expect(await rows()).toMatchObject([
      { status: 'FAILED', error: 'KILL_SWITCH', reserved_amount: null, tx_hash: null },
    ]);
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('a locked keystore leaves no row', async () => {
    await start();
    const payer = await world.createPayer();
    world.keystoreParts.keystore.lock();
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'KEYSTORE_LOCKED' });
    expect(await rows()).toEqual([]);
  });
});

describe('what was stored behind the daemon’s back', () => {
  // Someone who can write the file has no triggers to fear.
  const tamper = (statement: string) =>
    world.storage.write(async ({ db }) => {
      for (const part of statement.split(';;')) await sql.raw(part).execute(db);
    });

  test('a raised limit, a removed policy and an added one all deny', async () => {
    for (const statement of [
      `DROP TRIGGER policies_identity;; UPDATE policies SET rules = replace(rules, '"daily_max":"1"', '"daily_max":"9"')`,
      'DELETE FROM policies',
      'UPDATE policy_sets SET version = version + 1',
      'DELETE FROM policy_sets',
      `INSERT INTO policies SELECT '0190d3a0-0000-7000-8000-000000000000', version, agent_id, type, rules, 999, enabled, created_at, updated_at, seal FROM policies`,
    ]) {
      await start({ rules: { daily_max: '1' } });
      const payer = await world.createPayer();
      await tamper(statement);
      expect(await outcome(world.send(payer, 5n)), statement).toMatchObject({ code: 'POLICY_DENIED' });
      expect(await audit()).toContain('SEAL_BROKEN');
      await world.stop();
      await world.remove();
    }
    await start();
  });

  test('an older version of a policy cannot come back', async () => {
    await start({ rules: {} });
    const payer = await world.createPayer();
    await world.setRules({ daily_max: '1' });
    await tamper(
      `DROP TRIGGER policies_identity;; UPDATE policies SET (version, rules, seal) = (SELECT version, rules, seal FROM policy_versions WHERE policy_id = policies.id AND version = 2)`,
    );
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'POLICY_DENIED' });
  });

  test('a revoked session that was brought back denies, and so does one whose use was taken back', async () => {
    await start();
    const revoked = await world.createPayer();
    await world.revokeSession(revoked.sessionId);
    await tamper('DROP TRIGGER sessions_stay_revoked;; UPDATE sessions SET revoked_at = NULL');
    expect(await outcome(world.send(revoked, 5n))).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(await audit()).toContain('SEAL_BROKEN');

    const used = await world.createPayer({ maxTotalAmount: '10' });
    const fresh = await findSession(world.storage.read, used.sessionId);
    if (fresh === undefined) throw new Error('The session is gone');
    await finish(world.send(used, 7n));
    expect(await outcome(world.send(used, 7n))).toMatchObject({ code: 'SESSION_LIMIT_EXCEEDED' });
    // As it was before, with the seal that the daemon gave it then.
    await world.storage.write(({ db }) =>
      db
        .updateTable('sessions')
        .set({ usage_stats: fresh.usage_stats, version: fresh.version, seal: fresh.seal })
        .where('id', '=', used.sessionId)
        .execute(),
    );
    expect(await outcome(world.send(used, 7n))).toMatchObject({ code: 'INVALID_TOKEN' });
  });

  test('a delayed payment of a session that was tampered with is not carried out', async () => {
    await start({ rules: { instant_max: '0', notify_max: '0', delay_max: '100', delay_seconds: 60 } });
    const payer = await world.createPayer();
    const { transactionId } = await finish(world.send(payer, 5n));
    await tamper('UPDATE sessions SET version = version + 1');
    await world.time.advance(61_000);
    await world.pipeline.runDelayed();
    expect(await world.pipeline.get(payer, brandTransactionId(transactionId))).toMatchObject({ status: 'CANCELLED' });
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('widened session constraints deny', async () => {
    await start();
    const payer = await world.createPayer({ maxAmountPerTx: '1' });
    await tamper(`UPDATE sessions SET constraints = '{"expiresIn":604800}'`);
    expect(await outcome(world.send(payer, 5n))).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(await audit()).toContain('SEAL_BROKEN');
  });
});

describe('reading', () => {
  test('shows an agent its own transactions only', async () => {
    await start();
    const [one, two] = [await world.createPayer(), await world.createPayer()];
    const { transactionId } = await finish(world.send(one, 5n));
    const id = brandTransactionId(transactionId);
    expect(await world.pipeline.get(one, id)).toMatchObject({ transactionId });
    expect(await audit()).not.toContain('AUTH_FAILED');
    await expect(world.pipeline.get(two, id)).rejects.toMatchObject({ code: 'TX_NOT_FOUND' });
    // Told as if there were none, and recorded with who asked for what.
    const [row] = await world.storage.read
      .selectFrom('audit_log')
      .selectAll()
      .where('event_type', '=', 'AUTH_FAILED')
      .execute();
    expect(row).toMatchObject({
      actor: `agent:${two.agentId}`,
      agent_id: two.agentId,
      session_id: two.sessionId,
      tx_id: id,
      severity: 'warning',
    });
    expect(await world.pipeline.list(two.agentId, { order: 'desc', limit: 10 })).toEqual({
      transactions: [],
      nextCursor: null,
    });
  });

  test('pages through all of them once, in both orders', async () => {
    await start({
      rules: { instant_max: '0', notify_max: '0', delay_max: '100' },
      settings: { maxPendingTransactions: 100 },
    });
    const payer = await world.createPayer();
    for (let amount = 1n; amount <= 25n; amount++) await finish(world.send(payer, amount));
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.pipeline.list(payer.agentId, { order, limit: 10, cursor });
        seen.push(...page.transactions.map((transaction) => transaction.amount));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      const amounts = Array.from({ length: 25 }, (_, index) => String(index + 1));
      expect(seen).toEqual(order === 'asc' ? amounts : amounts.reverse());
    }
    expect((await world.pipeline.pending(payer.agentId)).transactions).toHaveLength(25);
  });

  test('250 of them a hundred at a time, while more are asked for between the pages', async () => {
    await start({
      rules: { instant_max: '0', notify_max: '0', delay_max: '1000' },
      settings: { maxPendingTransactions: 1000 },
    });
    const payer = await world.createPayer();
    for (let amount = 1n; amount <= 250n; amount++) await finish(world.send(payer, amount));
    let made = 250n;
    for (const lister of ['agent', 'owner'] as const) {
      for (const order of ['desc', 'asc'] as const) {
        const before = Number(made);
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page: {
            readonly transactions: readonly { readonly amount: string }[];
            readonly nextCursor: string | null;
          } =
            lister === 'agent'
              ? await world.pipeline.list(payer.agentId, { order, limit: 100, cursor })
              : await world.pipeline.payments({ agentId: payer.agentId, order, limit: 100, cursor });
          expect(page.transactions.length).toBeLessThanOrEqual(100);
          seen.push(...page.transactions.map((transaction) => Number(transaction.amount)));
          cursor = page.nextCursor ?? undefined;
          if (seen.length < before) for (let more = 0; more < 3; more++) await finish(world.send(payer, ++made));
        } while (cursor !== undefined);
        // What is there at the beginning comes once, in order; what is added shows at the end that grows, if there is one ahead.
        const expected = Array.from({ length: order === 'desc' ? before : Number(made) }, (_, index) => index + 1);
        expect(seen).toEqual(order === 'asc' ? expected : expected.reverse());
      }
    }
  });
});
