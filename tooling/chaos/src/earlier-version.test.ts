import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { AUDIT_CHAIN_START, type AuditRow, auditLink, type DecisionRow } from '@waiaas/storage';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, type Harness, PASSWORD, type Payer, setLimits } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';

/*
 * A data directory of the version before there were heads: it goes on with the limits it had, and only once. Whoever puts
 * such a copy back later gains nothing by it.
 */

const LIMITS = { instant_max: '10000000', notify_max: '10000000', delay_max: '30000000', daily_max: '60000000' };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let harness: Harness;
/** As that version left it: 20 of the 60 spent, 25 waiting. */
let earlier: string;
let payer: Payer;
let delayed: string;

const open = (dataDir: string) => new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
const send = (client: { sendToken: (input: { to: string; amount: bigint }) => Promise<unknown> }, amount: bigint) =>
  client.sendToken({ to: stranger(), amount });
const anchors = (dataDir: string): string => join(dataDir, 'audit-heads.log');

/** Takes away what has come since schema 11, with the vault at hand, as if that version had written the directory. */
async function makeEarlier(dataDir: string): Promise<void> {
  const { keystore } = createKeystore({
    directory: join(dataDir, 'keystore'),
    clock: systemClock,
    logger: silent,
    argon2: { memoryCost: 32_768, timeCost: 1, parallelism: 1 },
  });
  await keystore.unlock(PASSWORD);
  const db = open(dataDir);
  for (const name of ['spend_ledger_no_update', 'audit_log_no_update', 'audit_log_no_delete', 'audit_head_moves_on']) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  const decisions = db.prepare<[], DecisionRow>('SELECT * FROM decisions').all();
  db.exec(`DROP TRIGGER decisions_no_update; ALTER TABLE decisions DROP COLUMN standing; DROP TABLE granted_constraints;
    DROP TRIGGER transactions_variants_move_on; DROP TRIGGER transactions_hash_fixed;
    ALTER TABLE transactions DROP COLUMN variants;
    DROP TABLE dead_letters; DROP TRIGGER notification_outbox_sealed_once; ALTER TABLE notification_outbox DROP COLUMN seal;
    DROP TABLE balance_samples; DROP TABLE claim_decisions; DROP TABLE heads; DROP TABLE auto_stop_head; DROP TRIGGER auto_stop_rules_identity;
    DELETE FROM auto_stop_rules; ALTER TABLE spend_ledger DROP COLUMN previous; ALTER TABLE spend_ledger DROP COLUMN seal;
    ALTER TABLE spend_ledger DROP COLUMN run;
    DELETE FROM audit_log WHERE event_type IN ('LEDGER_SEALED', 'AGENTS_SEALED', 'AUTO_STOP_SEALED', 'EVENTS_SEALED');
    DELETE FROM system_state WHERE key = 'kill_switch_normal_mark'`);
  let link = AUDIT_CHAIN_START;
  let end = 0;
  for (const row of db.prepare<[], AuditRow>('SELECT * FROM audit_log ORDER BY id').all()) {
    link = auditLink(link, row);
    end = row.id;
    db.prepare('UPDATE audit_log SET hash = ? WHERE id = ?').run(link, end);
  }
  const payload = canonicalJson([end, link, 1]);
  const seal = keystore.sealer.seal({ kind: 'audit_head', id: 'audit_log', version: 1, payload });
  db.prepare('UPDATE audit_head SET version = 1, audit_id = ?, hash = ?, sealed_at = 1, seal = ?').run(end, link, seal);
  for (const { tx_id: id, decided_at, session_criteria, decision, facts, policies } of decisions) {
    const content = canonicalJson([decided_at, session_criteria, decision, facts, policies]);
    db.prepare('UPDATE decisions SET seal = ? WHERE tx_id = ?').run(
      keystore.sealer.seal({ kind: 'decision', id, version: 1, payload: content }),
      id,
    );
  }
  db.exec(`CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
    CREATE TRIGGER transactions_hash_fixed BEFORE UPDATE OF tx_hash ON transactions
    WHEN OLD.tx_hash IS NOT NULL AND NEW.tx_hash IS NOT OLD.tx_hash
    BEGIN SELECT RAISE(ABORT, 'a transaction is signed once'); END;
    CREATE TRIGGER spend_ledger_no_update BEFORE UPDATE ON spend_ledger
    BEGIN SELECT RAISE(ABORT, 'spend_ledger is append-only'); END;
    CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
    CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
    CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
    WHEN NEW.version <> OLD.version + 1 OR NEW.audit_id <= OLD.audit_id
    BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END;`);
  db.pragma('user_version = 11');
  db.close();
  keystore.lock();
  rmSync(anchors(dataDir));
}

beforeAll(async () => {
  harness = await createHarness();
  earlier = await harness.createDataDir();
  const daemon = await harness.start(earlier);
  await setLimits(daemon, LIMITS);
  payer = await createPayer(harness, daemon);
  const client = daemon.client(payer.token);
  for (const amount of [10_000_000n, 10_000_000n]) await client.sendToken({ to: stranger(), amount });
  delayed = (await client.sendToken({ to: stranger(), amount: 25_000_000n })).transactionId;
  await daemon.stop();
  await makeEarlier(earlier);
});
afterAll(() => {
  harness.leaveOut(earlier);
  return harness.close();
});

test('goes on with what was spent, reserved and allowed, and says once that it was sealed', async () => {
  const dataDir = harness.copyDataDir(earlier);
  for (const _ of ['the first start', 'the second']) {
    const daemon = await harness.start(dataDir);
    const client = daemon.client(payer.token);
    await expect(send(client, 15_000_001n)).rejects.toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
    expect((await client.getTransaction(delayed)).status).toBe('QUEUED');
    await daemon.stop();
  }
  const daemon = await harness.start(dataDir);
  const client = daemon.client(payer.token);
  await daemon.advance(901);
  await expect.poll(async () => (await client.getTransaction(delayed)).status, { timeout: 60_000 }).toBe('CONFIRMED');
  await expect(send(client, 15_000_001n)).rejects.toMatchObject({ code: 'SPENDING_LIMIT_EXCEEDED' });
  expect(await send(client, 10_000_000n)).toMatchObject({ status: 'CONFIRMED' });
  await daemon.stop();
  const { audit, ledgerFaults } = await readRemains(dataDir);
  const events = audit.map(({ event_type }) => event_type);
  for (const once of ['LEDGER_SEALED', 'AGENTS_SEALED', 'AUTO_STOP_SEALED', 'EVENTS_SEALED'])
    expect(events.filter((event) => event === once)).toHaveLength(1);
  expect(events).not.toContain('SEAL_BROKEN');
  expect(ledgerFaults).toBe(0);
});

test('put back after the start of a later version, it pays nothing', async () => {
  const dataDir = harness.copyDataDir(earlier);
  await (await harness.start(dataDir)).stop();
  expect(readFileSync(anchors(dataDir), 'utf8')).not.toBe('');
  const old = harness.copyDataDir(earlier);
  harness.leaveOut(old);
  rmSync(join(dataDir, 'data', 'waiaas.db'));
  const db = open(old);
  db.exec('DROP TRIGGER spend_ledger_no_delete; PRAGMA foreign_keys = OFF; DELETE FROM spend_ledger');
  db.prepare('VACUUM INTO ?').run(join(dataDir, 'data', 'waiaas.db'));
  db.close();
  const daemon = await harness.start(dataDir);
  await expect(send(daemon.client(payer.token), 1n)).rejects.toMatchObject({ code: 'SYSTEM_LOCKED' });
  await daemon.stop();
  const events = (await readRemains(dataDir)).audit.map(({ event_type }) => event_type);
  expect(events).toEqual(expect.arrayContaining(['AUDIT_CHAIN_BROKEN', 'KILL_SWITCH_ACTIVATED']));
});

/** What of the schema gave events their seals, taken away. */
function unseal(dataDir: string, text = ''): void {
  const db = open(dataDir);
  db.exec(`DROP TABLE dead_letters; DROP TRIGGER notification_outbox_sealed_once;
    ALTER TABLE notification_outbox DROP COLUMN seal; ${text}`);
  db.pragma('user_version = 18');
  db.close();
}
const WAITING = `INSERT INTO notification_outbox (id, event, urgency, payload, created_at, next_attempt_at)
  VALUES ('01940000-0000-7000-8000-000000000001', 'SESSION_REVOKED', 1, '${JSON.stringify({
    event: 'SESSION_REVOKED',
    sessionId: '01940000-0000-7000-8000-000000000002',
    agentId: '01940000-0000-7000-8000-000000000003',
    by: 'owner',
    transactionsCancelled: 0,
  })}', 1, 1);`;
/** Starts, and stops once what waited was told or dropped. */
async function tellAll(dataDir: string): Promise<void> {
  const daemon = await harness.start(dataDir);
  const db = open(dataDir);
  const waiting = db.prepare("SELECT count(*) FROM notification_outbox WHERE event = 'SESSION_REVOKED'").pluck();
  await expect.poll(() => waiting.get(), { timeout: 20_000 }).toBe(0);
  db.close();
  await daemon.stop();
}
const eventsOf = async (dataDir: string): Promise<readonly string[]> =>
  (await readRemains(dataDir)).audit.map(({ event_type }) => event_type);

test('what somebody plants to be told, with an earlier schema to go with it, is not signed in the name of the daemon', async () => {
  const dataDir = await harness.createDataDir();
  await (await harness.start(dataDir)).stop();
  expect(await eventsOf(dataDir)).toContain('EVENTS_SEALED');
  unseal(dataDir, WAITING);
  await tellAll(dataDir);
  const events = await eventsOf(dataDir);
  expect(events.filter((event) => event === 'EVENTS_SEALED')).toHaveLength(1);
  expect(events).toContain('SEAL_BROKEN');
}, 60_000);

test('what waited to be told as the version changed is believed, also where the first start ended before the vault was open', async () => {
  const dataDir = harness.copyDataDir(earlier);
  const db = open(dataDir);
  db.exec(WAITING);
  db.close();
  writeFileSync(harness.passwordFile, 'another password\n');
  await expect(harness.start(dataDir)).rejects.toThrow('password');
  writeFileSync(harness.passwordFile, `${PASSWORD}\n`);
  await tellAll(dataDir);
  const events = await eventsOf(dataDir);
  expect(events).toContain('EVENTS_SEALED');
  expect(events).not.toContain('SEAL_BROKEN');
}, 60_000);
