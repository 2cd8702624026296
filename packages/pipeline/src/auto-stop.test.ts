import { randomBytes } from 'node:crypto';
import {
  type AutoStopRuleCreate,
  autoStopRuleCreateSchema,
  ChainError,
  createIdGenerator,
  isWaiaasError,
  transactionId,
  unixSeconds,
} from '@waiaas/core';
import {
  type AutoStop,
  type AutoStopRules,
  createAutoStop,
  createAutoStopRules,
  type KillSwitch,
  seedAutoStopRules,
} from '@waiaas/safety';
import { appendAudit, loadAutoStopRules, shareHeads } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killSwitchOf } from '../test/kill-switch.ts';
import { ALICE, by, createWorld, OPERATOR, type Payer, RECIPIENT, silent, type World } from '../test/world.ts';

/* Auto-stop over the real pipeline: whatever way a payment went, what it did is seen, and what a rule asks for is done. */

let world: World;
let killSwitch: KillSwitch;
let autoStop: AutoStop;
let rules: AutoStopRules;
/** What the node makes of the payments of an agent, by its address. */
let trouble: Map<string, 'simulation' | 'node'>;
/** What the next payment waits for before it is built, if for anything. */
let pause: Promise<void> | null;
/** An agent of which it cannot be told what it has spent. */
let unknown: string | null;

const SOMEBODY = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';
const STOPPED = 'SUSPENDED auto_stop';

beforeEach(async () => {
  trouble = new Map();
  pause = null;
  unknown = null;
  const payers = new WeakMap<object, string>();
  world = await createWorld({
    rules: { instant_max: '10', notify_max: '20', delay_max: '30', delay_seconds: 60, approval_timeout: 600 },
    settings: { maxPendingTransactions: 1000 },
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async buildTransaction(request) {
        const before = pause;
        pause = null;
        await before;
        const built = await adapter.buildTransaction(request);
        payers.set(built, request.from);
        return built;
      },
      async simulateTransaction(transaction) {
        const kind = trouble.get(payers.get(transaction) ?? '');
        if (kind === 'node') throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'The node is ill' });
        if (kind === 'simulation') return { success: false, error: 'custom program error', logs: [] };
        return adapter.simulateTransaction(transaction);
      },
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  restart();
  // Each test has the rules it names and no others.
  await seedAutoStopRules({ ...shared(), ids: idsOf(world) }, 3);
  for (const { id } of (await rules.list()).rules) await rules.remove(id, OPERATOR);
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const shared = () => ({
  storage: world.storage,
  sealer: world.keystoreParts.keystore.sealer,
  clock: world.time,
});
const idsOf = ({ time }: World) => createIdGenerator(time, randomBytes);

/** A process that has just started: it remembers nothing. */
function restart(): void {
  const { pipeline } = world;
  rules = createAutoStopRules({ ...shared(), ids: idsOf(world) });
  autoStop = createAutoStop({
    ...shared(),
    logger: silent,
    killSwitch,
    dailyUse: (agentId) => (agentId === unknown ? Promise.reject(new Error('unreadable')) : pipeline.dailyUse(agentId)),
  });
}

const addRule = async (rule: AutoStopRuleCreate): Promise<string> =>
  (await rules.create(autoStopRuleCreateSchema.parse(rule), OPERATOR)).id;
const FUSE = { type: 'CONSECUTIVE_FAILURES', config: { threshold: 3 } } as const;

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
const pay = (payer: Payer, amount = 1n, to = RECIPIENT) => settle(world.send(payer, amount, { to }));
const stateOf = async ({ agentId }: Payer): Promise<string> => {
  const { status, suspension_reason } = await world.storage.read
    .selectFrom('agents')
    .select(['status', 'suspension_reason'])
    .where('id', '=', agentId)
    .executeTakeFirstOrThrow();
  return suspension_reason === null ? status : `${status} ${suspension_reason}`;
};
const eventsOf = async (event: string): Promise<number> =>
  (await world.storage.read.selectFrom('audit_log').select('id').where('event_type', '=', event).execute()).length;

describe('the fuse of an agent', () => {
  beforeEach(async () => void (await addRule(FUSE)));

  test('three failures of its own in a row suspend it, end its sessions and what it has waiting; others go on', async () => {
    const bad = await world.createPayer();
    const good = await world.createPayer();
    await pay(bad, 25n);
    await pay(good, 25n);
    trouble.set(bad.address, 'simulation');
    for (let i = 0; i < 2; i++) expect(await pay(bad)).toBe('SIMULATION_FAILED');
    await autoStop.look();
    expect(await stateOf(bad)).toBe('ACTIVE');
    await pay(bad);
    await autoStop.look();
    expect([await stateOf(bad), await stateOf(good)]).toEqual([STOPPED, 'ACTIVE']);
    trouble.clear();
    expect(await pay(bad)).toBe('AGENT_SUSPENDED');

    // What it had waiting has ended with it, and does not run when its time has come.
    await world.time.advance(61_000);
    await world.pipeline.runDelayed();
    await world.time.advance(10_000);
    const rows = await world.storage.read
      .selectFrom('transactions')
      .select(['agent_id', 'status', 'error', 'reserved_amount'])
      .where('tier', '=', 'DELAY')
      .orderBy('id')
      .execute();
    expect(rows).toEqual([
      { agent_id: bad.agentId, status: 'CANCELLED', error: 'AUTO_STOP', reserved_amount: null },
      { agent_id: good.agentId, status: 'CONFIRMED', error: null, reserved_amount: null },
    ]);
    expect(await eventsOf('AUTO_STOP_SUSPEND')).toBe(1);
    const outbox = await world.storage.read.selectFrom('notification_outbox').select('payload').execute();
    const told = outbox
      .map(({ payload }) => JSON.parse(payload))
      .filter(({ event }) => event === 'AUTO_STOP_TRIGGERED');
    expect(told).toEqual([
      expect.objectContaining({ agentId: bad.agentId, action: 'SUSPEND_AGENT', reason: expect.stringContaining('3 ') }),
    ]);
  });

  test('what it has begun and not signed when it is suspended ends with it, and is never sent', async () => {
    const payer = await world.createPayer();
    trouble.set(payer.address, 'simulation');
    for (let i = 0; i < 3; i++) await pay(payer);
    trouble.clear();
    const { promise, resolve } = Promise.withResolvers<void>();
    pause = promise;
    const begun = world.send(payer, 7n).catch((error: unknown) => (isWaiaasError(error) ? error.code : String(error)));
    await expect.poll(() => pause === null, { interval: 1 }).toBe(true);
    await autoStop.look();
    const row = () =>
      world.storage.read
        .selectFrom('transactions')
        .select(['status', 'error', 'reserved_amount', 'tx_hash'])
        .where('amount', '=', '7')
        .executeTakeFirstOrThrow();
    const over = { status: 'FAILED', error: 'AUTO_STOP', reserved_amount: null, tx_hash: null };
    expect([await stateOf(payer), await row()]).toEqual([STOPPED, over]);
    const accepted = world.ledger.accepted.size;
    resolve();
    await settle(begun);
    expect([await row(), world.ledger.accepted.size]).toEqual([over, accepted]);
  });

  test('an agent that cannot be looked at keeps no other one from it, and is looked at again, also after a restart', async () => {
    const [one, other] = [await world.createPayer(), await world.createPayer()];
    for (const { address } of [one, other]) trouble.set(address, 'simulation');
    for (let i = 0; i < 3; i++) {
      await pay(one);
      await pay(other);
    }
    unknown = one.agentId;
    for (let i = 0; i < 2; i++) await expect(autoStop.look()).rejects.toThrow('unreadable');
    expect([await stateOf(one), await stateOf(other)]).toEqual(['ACTIVE', STOPPED]);
    restart();
    await expect(autoStop.look()).rejects.toThrow('unreadable');
    unknown = null;
    await autoStop.look();
    expect(await stateOf(one)).toBe(STOPPED);
  });

  test('what happens while auto-stop is off is held against nobody once it is on, not even by a later start', async () => {
    const payer = await world.createPayer();
    trouble.set(payer.address, 'simulation');
    for (let i = 0; i < 3; i++) await pay(payer);
    await autoStop.passOver();
    await autoStop.look();
    restart();
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
    await pay(payer);
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
  });

  test('a success in between starts the count again; refused payments neither count nor do they', async () => {
    const payer = await world.createPayer();
    trouble.set(payer.address, 'simulation');
    await pay(payer);
    await pay(payer);
    trouble.clear();
    await pay(payer);
    trouble.set(payer.address, 'simulation');
    await pay(payer);
    expect(await pay(payer, 1n, 'no address')).toBe('INVALID_ADDRESS');
    await pay(payer);
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
    await pay(payer);
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
  });

  test('what the node does wrong is not held against it', async () => {
    const payer = await world.createPayer();
    trouble.set(payer.address, 'node');
    for (let i = 0; i < 4; i++) await pay(payer);
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
  });

  test('one that was resumed begins anew', async () => {
    const payer = await world.createPayer();
    trouble.set(payer.address, 'simulation');
    for (let i = 0; i < 3; i++) await pay(payer);
    await autoStop.look();
    await world.resumeAgent(payer.agentId);
    const again = { ...payer, sessionId: await world.createSession(payer.agentId) };
    await autoStop.look();
    await pay(again);
    await pay(again);
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
    await pay(again);
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
  });

  test('delayed and approved payments that fail count like any other', async () => {
    const payer = await world.createPayer();
    await pay(payer, 25n);
    const approval = await world.send(payer, 40n, { waitMs: 0 });
    trouble.set(payer.address, 'simulation');
    await pay(payer);
    await world.pipeline.approve(transactionId(approval.transactionId), by(ALICE));
    await world.time.advance(61_000);
    await world.pipeline.runDelayed();
    await world.time.advance(10_000);
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
  });

  test('what was not looked at before a crash is looked at after it', async () => {
    const payer = await world.createPayer();
    await autoStop.look();
    trouble.set(payer.address, 'simulation');
    for (let i = 0; i < 3; i++) await pay(payer);
    restart();
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
    restart();
    await autoStop.look();
    expect(await eventsOf('AUTO_STOP_SUSPEND')).toBe(1);
  });

  test('a place in the log that somebody else has set does not make it blind', async () => {
    const payer = await world.createPayer();
    await autoStop.look();
    trouble.set(payer.address, 'simulation');
    for (let i = 0; i < 3; i++) await pay(payer);
    await world.storage.write(
      async ({ db }) =>
        void (await sql`UPDATE system_state SET value = '999999' WHERE key = 'auto_stop_cursor'`.execute(db)),
    );
    restart();
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
  });
});

test('rules that somebody has taken out of the file are replaced by those of a new daemon, and that is on record', async () => {
  await addRule({ ...FUSE, config: { threshold: 1 } });
  await world.storage.write(async ({ db }) => void (await sql`DELETE FROM auto_stop_rules`.execute(db)));
  const payer = await world.createPayer();
  trouble.set(payer.address, 'simulation');
  for (let i = 0; i < 3; i++) await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
  expect(await eventsOf('SEAL_BROKEN')).toBe(1);
});

test('a rule that somebody has edited takes no stricter one with it', async () => {
  await addRule({ ...FUSE, config: { threshold: 1 } });
  const other = await addRule({ type: 'HOURLY_RATE', config: { maxTxPerHour: 500 } });
  await world.storage.write(
    async ({ db }) =>
      void (await sql`UPDATE auto_stop_rules SET config = '{}', version = version + 1 WHERE id = ${other}`.execute(db)),
  );
  const payer = await world.createPayer();
  trouble.set(payer.address, 'simulation');
  await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
  expect(await eventsOf('SEAL_BROKEN')).toBe(1);
});

test('a change of the rules that is committed while they are read is no forgery', async () => {
  const id = await addRule({ ...FUSE, config: { threshold: 5 } });
  const { sealer } = world.keystoreParts.keystore;
  let changes = 0;
  const plugged = world.storage.read.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (changes < 3) {
        changes += 1;
        await rules.update(id, { config: { threshold: 5 + changes } }, OPERATOR);
      }
      return result;
    },
  });
  const torn = shareHeads(world.storage.read, plugged);
  expect(await loadAutoStopRules(torn, sealer)).toMatchObject({ authentic: true });
  expect(changes).toBe(3);
});

test('what is dated ahead of a clock that was put right hides no failure, and stops nobody either', async () => {
  await addRule(FUSE);
  await addRule({ type: 'HOURLY_RATE', config: { maxTxPerHour: 4 } });
  const payer = await world.createPayer();
  for (let i = 0; i < 3; i++) await pay(payer);
  await autoStop.look();
  await world.storage.write(async ({ db }) => {
    // As they would be, had the clock been a year ahead until somebody vouched for it.
    await sql`DROP TRIGGER audit_log_no_update`.execute(db);
    await sql`UPDATE audit_log SET timestamp = timestamp + 31536000`.execute(db);
    await appendAudit(db, unixSeconds(world.time), { event: 'CLOCK_ACCEPTED', actor: 'system' });
  });
  trouble.set(payer.address, 'simulation');
  for (let i = 0; i < 2; i++) await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe('ACTIVE');
  await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
});

test('an agent’s own rule takes the place of the one for all; one that is disabled does not', async () => {
  await addRule({ ...FUSE, config: { threshold: 2 } });
  const lenient = await world.createPayer();
  const strict = await world.createPayer();
  await addRule({ ...FUSE, config: { threshold: 5 }, agentId: lenient.agentId });
  await addRule({ ...FUSE, config: { threshold: 5 }, agentId: strict.agentId, enabled: false });
  for (const payer of [lenient, strict]) {
    trouble.set(payer.address, 'simulation');
    await pay(payer);
    await pay(payer);
  }
  await autoStop.look();
  expect([await stateOf(lenient), await stateOf(strict)]).toEqual(['ACTIVE', STOPPED]);
});

describe('spending', () => {
  test('a warning comes once a day, the stop at the whole of the agent’s own cap', async () => {
    await addRule({ type: 'DAILY_LIMIT_THRESHOLD', config: { warnPercent: 80, stopPercent: 100 } });
    await world.setRules({ instant_max: '100', notify_max: '200', delay_max: '300', daily_max: '100' });
    const payer = await world.createPayer();
    await pay(payer, 79n);
    await autoStop.look();
    expect(await eventsOf('AUTO_STOP_WARN')).toBe(0);
    await pay(payer, 1n);
    await autoStop.look();
    await pay(payer, 5n);
    await autoStop.look();
    restart();
    await pay(payer, 5n);
    await autoStop.look();
    expect([await eventsOf('AUTO_STOP_WARN'), await stateOf(payer)]).toEqual([1, 'ACTIVE']);
    await pay(payer, 10n);
    await autoStop.look();
    expect(await stateOf(payer)).toBe(STOPPED);
    // Resumed, it is stopped again only for what it spends from then on.
    await world.resumeAgent(payer.agentId);
    const again = { ...payer, sessionId: await world.createSession(payer.agentId) };
    expect(await pay(again, 1n)).toBe('SPENDING_LIMIT_EXCEEDED');
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
  });

  test('without a cap of its own nothing is measured', async () => {
    await addRule({ type: 'DAILY_LIMIT_THRESHOLD', config: { warnPercent: 1, stopPercent: 1 } });
    const payer = await world.createPayer();
    await pay(payer, 10n);
    await autoStop.look();
    expect(await stateOf(payer)).toBe('ACTIVE');
  });
});

test('more payments in an hour than allowed, whatever became of them, stop an agent; an hour later it may go on', async () => {
  await addRule({ type: 'HOURLY_RATE', config: { maxTxPerHour: 3 } });
  const payer = await world.createPayer();
  for (let i = 0; i < 2; i++) await pay(payer);
  await pay(payer, 25n);
  await autoStop.look();
  expect(await stateOf(payer)).toBe('ACTIVE');
  await world.time.advance(3_600_000);
  await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe('ACTIVE');
  for (let i = 0; i < 3; i++) await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
});

test('many payments to one recipient warn, more stop; to many recipients they do not', async () => {
  await addRule({ type: 'ANOMALY_PATTERN', config: { sameAddressWarn: 2, sameAddressStop: 3 } });
  const payer = await world.createPayer();
  await pay(payer);
  await pay(payer, 1n, SOMEBODY);
  await autoStop.look();
  expect(await eventsOf('AUTO_STOP_WARN')).toBe(0);
  await pay(payer);
  await autoStop.look();
  expect([await eventsOf('AUTO_STOP_WARN'), await stateOf(payer)]).toEqual([1, 'ACTIVE']);
  await pay(payer);
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
});

test('payments outside of the hours that are allowed are met', async () => {
  const hour = new Date(world.time.now()).getUTCHours();
  await addRule({
    type: 'TIME_RESTRICTION',
    config: { allowedHours: { start: (hour + 2) % 24, end: (hour + 3) % 24 } },
    action: 'WARN',
  });
  const payer = await world.createPayer();
  await pay(payer);
  await autoStop.look();
  expect([await eventsOf('AUTO_STOP_WARN'), await stateOf(payer)]).toEqual([1, 'ACTIVE']);
});

test('a rule that engages the kill switch does; after the recovery what was is not held against anybody again', async () => {
  await addRule({ ...FUSE, action: 'KILL_SWITCH' });
  const bad = await world.createPayer();
  const good = await world.createPayer();
  trouble.set(bad.address, 'simulation');
  for (let i = 0; i < 3; i++) await pay(bad);
  await pay(good);
  await autoStop.look();
  expect(killSwitch.status()).toBe('ACTIVATED');
  expect(killSwitch.details()).toMatchObject({
    actor: 'auto_stop',
    reason: 'auto_stop: CONSECUTIVE_FAILURES - 3 payments failed in a row (limit: 3)',
  });
  expect([await stateOf(bad), await stateOf(good)]).toEqual(['SUSPENDED kill_switch', 'SUSPENDED kill_switch']);
  await autoStop.look();
  expect(await eventsOf('AUTO_STOP_KILL_SWITCH')).toBe(1);
  await killSwitch.recover({
    password: 'a password for tests',
    proveOwner: async () => by(ALICE),
    isLocalCommand: () => false,
    origin: OPERATOR,
  });
  restart();
  await autoStop.look();
  expect([killSwitch.status(), await stateOf(bad), await stateOf(good)]).toEqual(['NORMAL', 'ACTIVE', 'ACTIVE']);
});

test('a rule that fails breaks no payment, and is looked at again', async () => {
  await addRule(FUSE);
  const payer = await world.createPayer();
  trouble.set(payer.address, 'simulation');
  for (let i = 0; i < 3; i++) await pay(payer);
  await world.storage.write(
    async ({ db }) =>
      void (await sql
        .raw(
          `CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.audit_log WHEN NEW.event_type = 'AUTO_STOP_SUSPEND' BEGIN SELECT RAISE(ABORT, 'full'); END`,
        )
        .execute(db)),
  );
  await expect(autoStop.look()).rejects.toThrow('full');
  trouble.clear();
  expect(await pay(payer)).toMatchObject({ status: 'CONFIRMED' });
  trouble.set(payer.address, 'simulation');
  for (let i = 0; i < 3; i++) await pay(payer);
  await world.storage.write(async ({ db }) => void (await sql`DROP TRIGGER refuse`.execute(db)));
  await autoStop.look();
  expect(await stateOf(payer)).toBe(STOPPED);
});
