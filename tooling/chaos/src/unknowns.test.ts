import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WAIaaSOwnerClient } from '@waiaas/sdk';
import BetterSqlite3 from 'better-sqlite3';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { appendLinked } from './forged-row.ts';
import {
  createHarness,
  createPayer,
  createSession,
  type DaemonProcess,
  type Harness,
  PASSWORD,
  type Payer,
  setLimits,
} from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

/*
 * Promise 4: what the daemon cannot tell makes it stricter. The table of docs/unknowns.md, row by row.
 */

const TABLE = readFileSync(new URL('../../../docs/unknowns.md', import.meta.url), 'utf8');
const ROWS = [...TABLE.matchAll(/^\| (.+?) \| (.+?) \|$/gm)]
  .map(([, unknown = '', outcome = '']) => ({ unknown, outcome }))
  .filter(({ unknown }) => unknown !== 'unknown' && unknown !== '---');

const LIMITS = { instant_max: '10000000', notify_max: '20000000', delay_max: '30000000', approval_timeout: 300 };
const [INSTANT, NOTIFY, DELAY, ABOVE] = [5_000_000n, 15_000_000n, 25_000_000n, 35_000_000n];

let harness: Harness;
/** Initialised, with limits and a payer, without an owner. */
let template: string;
/** The same with an owner. */
let owned: string;
let payer: Payer;
const owner = privateKeyToAccount(generatePrivateKey());

beforeAll(async () => {
  harness = await createHarness();
  template = await harness.createDataDir();
  const daemon = await harness.start(template);
  await setLimits(daemon, LIMITS);
  payer = await createPayer(harness, daemon);
  await daemon.stop();
  owned = harness.copyDataDir(template);
  const second = await harness.start(owned);
  await new WAIaaSOwnerClient({ baseUrl: second.url, signer: owner }).connect(PASSWORD);
  await second.stop();
});
afterAll(() => harness.close());

/** Runs something with a daemon in a copy of a directory. */
async function withDaemon(
  dataDir: string,
  work: (daemon: DaemonProcess) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const daemon = await harness.start(dataDir, env);
  try {
    await work(daemon);
  } finally {
    await daemon.stop();
  }
}

/** The text that an index was made with. */
function schemaOf(dataDir: string, index: string): string {
  const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'), { readonly: true });
  try {
    return z.string().parse(raw.prepare('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(index));
  } finally {
    raw.close();
  }
}

/** Changes the file of a database behind the daemon's back, past the guards of the schema. */
function edit(dataDir: string, ...statements: readonly string[]): void {
  const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
  try {
    const triggers = z
      .array(z.object({ name: z.string(), sql: z.string() }))
      .parse(raw.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all());
    for (const { name } of triggers) raw.exec(`DROP TRIGGER ${name}`);
    raw.unsafeMode(true);
    for (const statement of statements) raw.exec(statement);
    for (const { sql } of triggers) raw.exec(sql);
  } finally {
    raw.close();
  }
}

const send = (daemon: DaemonProcess, amount: bigint, to = stranger()) =>
  daemon.client(payer.token).sendToken({ to, amount });
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => z.object({ code: z.string() }).parse(error).code,
  );

async function eventsOf(dataDir: string): Promise<readonly string[]> {
  return (await readRemains(dataDir)).audit.map(({ event_type }) => event_type);
}

async function isDenied(dataDir: string): Promise<void> {
  const to = stranger();
  await withDaemon(dataDir, async (daemon) => {
    expect(await code(send(daemon, INSTANT, to))).toBe('POLICY_DENIED');
  });
  expect(await balanceOf(harness.ledger, to)).toBe(0n);
  expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
}

/** An agent that fails three times in a row is suspended, whatever rules are found. */
async function isStoppedAllTheSame(dataDir: string): Promise<void> {
  await withDaemon(
    dataDir,
    async (daemon) => {
      const created = await daemon.operate('POST', '/v1/agents', {
        name: 'penniless',
        chain: 'solana',
        network: 'localnet',
      });
      const { id } = z.object({ id: z.string() }).parse(created.body);
      const { token } = await createSession(daemon, id);
      for (let i = 0; i < 3; i++) {
        const failing = daemon.client(token).sendToken({ to: stranger(), amount: INSTANT });
        expect(await code(failing)).toBe('INSUFFICIENT_BALANCE');
      }
      const balance = () => code(daemon.client(token).getBalance());
      await expect.poll(balance, { timeout: 20_000, interval: 100 }).toBe('SESSION_REVOKED');
    },
    { WAIAAS_SECURITY_AUTO_STOP_ENABLED: 'true' },
  );
  expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
}

/** The sealed set of auto-stop rules, as it is stored. */
function setOf(dataDir: string) {
  const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'), { readonly: true });
  try {
    return z
      .object({ version: z.int(), seal: z.string() })
      .parse(raw.prepare('SELECT version, seal FROM auto_stop_head').get());
  } finally {
    raw.close();
  }
}

const CASES: Readonly<Record<string, () => Promise<void>>> = {
  async 'nobody is the owner'() {
    const dataDir = harness.copyDataDir(template);
    const to = stranger();
    const work = async (daemon: DaemonProcess): Promise<void> => {
      const { transactionId, status, tier } = await send(daemon, ABOVE, to);
      expect([status, tier]).toEqual(['QUEUED', 'APPROVAL']);
      const byOperator = await daemon.operate('POST', `/v1/owner/approve/${transactionId}`);
      expect(byOperator.status).toBe(401);
      const byAnybody = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: owner });
      expect(await code(byAnybody.approveTransaction(transactionId))).toMatch(/^OWNER_/);
      await daemon.advance(301);
      await expect
        .poll(async () => (await daemon.client(payer.token).getTransaction(transactionId)).status, { timeout: 60_000 })
        .toBe('EXPIRED');
    };
    await withDaemon(dataDir, work, { CHAOS_APPROVAL_TIMEOUT_MS: '100' });
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
  },

  async 'the owner on record was changed in the file'() {
    const dataDir = harness.copyDataDir(owned);
    const thief = privateKeyToAccount(generatePrivateKey());
    edit(dataDir, `UPDATE owner_wallets SET address = '${thief.address}'`);
    await withDaemon(dataDir, async (daemon) => {
      const { transactionId } = await send(daemon, ABOVE);
      const asThief = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: thief });
      expect(await code(asThief.approveTransaction(transactionId))).not.toBe('answered');
      const policy = { type: 'WHITELIST', rules: { allowed_addresses: [] } };
      expect((await daemon.operate('POST', '/v1/owner/policies', policy)).status).toBe(403);
      expect((await daemon.client(payer.token).getTransaction(transactionId)).status).toBe('QUEUED');
    });
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'the rules of a policy were changed in the file'() {
    const dataDir = harness.copyDataDir(template);
    edit(dataDir, "UPDATE policies SET rules = replace(rules, '10000000', '99000000')");
    await isDenied(dataDir);
  },

  async 'a policy was taken out of the file'() {
    const dataDir = harness.copyDataDir(template);
    edit(dataDir, 'DELETE FROM policies');
    await isDenied(dataDir);
  },

  async 'the asset has no limits'() {
    await withDaemon(harness.copyDataDir(template), async (daemon) => {
      const list = await daemon.operate('GET', '/v1/owner/policies');
      const { policies } = z.object({ policies: z.array(z.object({ id: z.string() })) }).parse(list.body);
      for (const { id } of policies) {
        expect((await daemon.operate('DELETE', `/v1/owner/policies/${id}?confirm=true`)).status).toBeLessThan(300);
      }
      expect(await send(daemon, 1n)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
    });
  },

  async 'a rule asks for the balance, and the chain does not tell it'() {
    await withDaemon(harness.copyDataDir(template), async (daemon) => {
      await setLimits(daemon, { ...LIMITS, max_balance_share: 900 });
      const silent = harness.ledger.faults.add({ type: 'httpError', status: 503, method: 'getBalance' });
      try {
        expect(await send(daemon, INSTANT)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
      } finally {
        silent();
      }
    });
  },

  async 'too few channels reach the owner'() {
    const tiers = async (daemon: DaemonProcess): Promise<void> => {
      const tierOf = async (amount: bigint) => (await send(daemon, amount)).tier;
      expect(await tierOf(NOTIFY)).toBe('APPROVAL');
      expect(await tierOf(DELAY)).toBe('APPROVAL');
      expect(await tierOf(INSTANT)).toBe('INSTANT');
    };
    await withDaemon(harness.copyDataDir(template), tiers, { WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '1' });
  },

  async 'the bounds of a session were changed in the file'() {
    const dataDir = harness.copyDataDir(template);
    edit(dataDir, "UPDATE sessions SET expires_at = expires_at + 31536000, constraints = '{}'");
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('INVALID_TOKEN');
    });
  },

  async 'a queued payment was changed in the file'() {
    const dataDir = harness.copyDataDir(owned);
    const [to, thief] = [stranger(), stranger()];
    let [above, delayed] = ['', ''];
    await withDaemon(dataDir, async (daemon) => {
      above = (await send(daemon, ABOVE, to)).transactionId;
      delayed = (await send(daemon, DELAY, to)).transactionId;
    });
    harness.leaveOut(dataDir);
    edit(dataDir, `UPDATE transactions SET to_address = '${thief}', intent = replace(intent, '${to}', '${thief}')`);
    await withDaemon(dataDir, async (daemon) => {
      const client = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: owner });
      expect(await code(client.approveTransaction(above))).not.toBe('answered');
      await daemon.advance(901);
      await expect
        .poll(async () => (await eventsOf(dataDir)).filter((event) => event === 'SEAL_BROKEN').length)
        .toBe(2);
      expect(await code(daemon.client(payer.token).getTransaction(delayed))).toBe('POLICY_DENIED');
    });
    expect([await balanceOf(harness.ledger, to), await balanceOf(harness.ledger, thief)]).toEqual([0n, 0n]);
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'what was spent was changed in the file'() {
    const dataDir = harness.copyDataDir(template);
    let token = '';
    await withDaemon(dataDir, async (daemon) => {
      await setLimits(daemon, { ...LIMITS, daily_max: '12000000' });
      ({ token } = await createSession(daemon, payer.agentId, { expiresIn: 604_800 }));
      const agent = daemon.client(token);
      expect((await agent.sendToken({ to: stranger(), amount: INSTANT })).status).toBe('CONFIRMED');
      await daemon.advance(2 * 86_400);
      expect((await agent.sendToken({ to: stranger(), amount: INSTANT })).status).toBe('CONFIRMED');
    });
    edit(dataDir, "UPDATE spend_ledger SET cumulative = '10000000', amount = '10000000' WHERE seq = 1");
    const to = stranger();
    const daemon = await harness.start(dataDir, {}, 2 * 86_400);
    expect(await code(daemon.client(token).sendToken({ to, amount: INSTANT }))).toBe('POLICY_DENIED');
    await daemon.stop();
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'what an agent has spent was put back to an older copy'() {
    const dataDir = harness.copyDataDir(template);
    const TABLES = ['heads', 'spend_ledger', 'sessions', 'session_sets', 'transactions'];
    edit(dataDir, ...TABLES.map((table) => `CREATE TABLE kept_${table} AS SELECT * FROM ${table}`));
    await withDaemon(dataDir, async (daemon) => {
      expect((await send(daemon, INSTANT)).status).toBe('CONFIRMED');
    });
    harness.leaveOut(dataDir);
    edit(
      dataDir,
      'PRAGMA foreign_keys = OFF',
      ...TABLES.map((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`),
    );
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('INVALID_TOKEN');
      const fresh = await createSession(daemon, payer.agentId).catch(String);
      expect(String(fresh)).toContain('Error');
    });
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'a payment under way was taken out of the file'() {
    const dataDir = harness.copyDataDir(owned);
    await withDaemon(dataDir, async (daemon) => {
      const client = new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: owner });
      const [limits] = (await client.listPolicies()).policies;
      await client.updatePolicy(limits?.id ?? '', {
        rules: { chain: 'solana', ...LIMITS, daily_max: '30000000' },
      });
      expect((await send(daemon, DELAY)).status).toBe('QUEUED');
    });
    harness.leaveOut(dataDir);
    edit(dataDir, 'PRAGMA foreign_keys = OFF', 'DELETE FROM transactions');
    const to = stranger();
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT + 1n, to))).toBe('SPENDING_LIMIT_EXCEEDED');
      expect((await send(daemon, INSTANT)).status).toBe('CONFIRMED');
    });
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'a payment that waits was changed in the file, or taken out, when it was rejected, its session revoked, its agent or everything stopped, or the owner another one'() {
    const dataDir = harness.copyDataDir(owned);
    const ownerOf = (daemon: DaemonProcess) => new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: owner });
    let seen: Parameters<WAIaaSOwnerClient['approveTransaction']>[0] = '';
    await withDaemon(dataDir, async (daemon) => {
      const { transactionId } = await send(daemon, ABOVE);
      const { transactions } = await ownerOf(daemon).listPendingApprovals();
      seen = transactions.find(({ txId }) => txId === transactionId) ?? '';
    });
    harness.leaveOut(dataDir);
    edit(dataDir, 'UPDATE transactions SET queued_at = queued_at + 1');
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(ownerOf(daemon).rejectTransaction(seen))).toBe('POLICY_DENIED');
    });
    edit(dataDir, 'UPDATE transactions SET queued_at = queued_at - 1');
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(ownerOf(daemon).approveTransaction(seen))).toBe('POLICY_DENIED');
    });
    expect(await eventsOf(dataDir)).toEqual(expect.arrayContaining(['SEAL_BROKEN', 'TX_CANCELLED']));
  },

  async 'the kill switch cannot be read'() {
    const dataDir = harness.copyDataDir(template);
    edit(dataDir, `UPDATE system_state SET value = '"SOMETHING"' WHERE key = 'kill_switch_status'`);
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('SYSTEM_LOCKED');
    });
  },

  async 'a suspended agent was made active in the file'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect((await daemon.operate('POST', `/v1/agents/${payer.agentId}/suspend`)).status).toBe(200);
    });
    edit(dataDir, `UPDATE agents SET status = 'ACTIVE', suspension_reason = NULL, suspended_at = NULL`);
    await isDenied(dataDir);
  },

  async 'the kill switch was set to normal in the file'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect((await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).status).toBe(200);
    });
    edit(dataDir, `UPDATE system_state SET value = '"NORMAL"' WHERE key = 'kill_switch_status'`);
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('SYSTEM_LOCKED');
    });
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
  },

  async 'the kill switch was set to normal in the file, with a recovery in the audit log to go with it'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect((await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).status).toBe(200);
    });
    edit(
      dataDir,
      `UPDATE system_state SET value = '"NORMAL"' WHERE key = 'kill_switch_status'`,
      `UPDATE agents SET status = 'ACTIVE', suspension_reason = NULL, suspended_at = NULL`,
    );
    appendLinked(dataDir, 'KILL_SWITCH_RECOVERED');
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('SYSTEM_LOCKED');
      expect((await daemon.operate('POST', '/v1/agents', { name: 'a', chain: 'solana' })).status).toBe(401);
    });
    expect(await eventsOf(dataDir)).toEqual(expect.arrayContaining(['SEAL_BROKEN', 'AUDIT_CHAIN_BROKEN']));
  },

  async 'the kill switch was set to normal in the file, and its activation taken out of the audit log'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect((await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).status).toBe(200);
    });
    edit(
      dataDir,
      `UPDATE system_state SET value = '"NORMAL"' WHERE key = 'kill_switch_status'`,
      `UPDATE agents SET status = 'ACTIVE', suspension_reason = NULL, suspended_at = NULL`,
      `UPDATE audit_log SET event_type = 'AUTH_FAILED' WHERE event_type = 'KILL_SWITCH_ACTIVATED'`,
    );
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('SYSTEM_LOCKED');
    });
    expect(await eventsOf(dataDir)).toEqual(expect.arrayContaining(['AUDIT_CHAIN_BROKEN', 'KILL_SWITCH_ACTIVATED']));
  },

  async 'the database was put back to an earlier day'() {
    const dataDir = harness.copyDataDir(template);
    const file = join(dataDir, 'data', 'waiaas.db');
    const earlier = readFileSync(file);
    await withDaemon(dataDir, async (daemon) => {
      expect((await send(daemon, INSTANT)).status).toBe('CONFIRMED');
    });
    harness.leaveOut(dataDir);
    writeFileSync(file, earlier);
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('SYSTEM_LOCKED');
    });
    expect(await eventsOf(dataDir)).toEqual(expect.arrayContaining(['AUDIT_CHAIN_BROKEN', 'KILL_SWITCH_ACTIVATED']));
  },

  async 'the auto-stop rules were changed in the file, or put back to earlier ones'() {
    const edited = harness.copyDataDir(template);
    edit(edited, 'DELETE FROM auto_stop_rules');
    await isStoppedAllTheSame(edited);
    // A day on which there were none, with the seal of that day.
    const putBack = harness.copyDataDir(template);
    await withDaemon(putBack, async (daemon) => {
      const rules = z
        .object({ rules: z.array(z.object({ id: z.string() })) })
        .parse((await daemon.operate('GET', '/v1/owner/auto-stop-rules')).body);
      for (const { id } of rules.rules) {
        expect((await daemon.operate('DELETE', `/v1/owner/auto-stop-rules/${id}`)).status).toBe(200);
      }
    });
    const { version, seal } = setOf(putBack);
    const rule = { type: 'CONSECUTIVE_FAILURES', config: { threshold: 3 } };
    await withDaemon(putBack, async (daemon) => {
      expect((await daemon.operate('POST', '/v1/owner/auto-stop-rules', rule)).status).toBe(201);
    });
    edit(putBack, 'DELETE FROM auto_stop_rules', `UPDATE auto_stop_head SET version = ${version}, seal = '${seal}'`);
    await isStoppedAllTheSame(putBack);
  },

  async 'what was set while the daemon ran was changed in the file, or taken out with what the audit log tells of it'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect((await daemon.operate('PUT', '/v1/owner/settings', { server: { logLevel: 'warn' } })).status).toBe(200);
      expect(await send(daemon, NOTIFY)).toMatchObject({ tier: 'NOTIFY' });
    });
    edit(dataDir, `UPDATE system_state SET value = replace(value, 'warn', 'info') WHERE key = 'settings'`);
    await withDaemon(dataDir, async (daemon) => {
      expect(await send(daemon, NOTIFY)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
      expect(await daemon.operate('GET', '/v1/owner/settings')).toMatchObject({
        body: { autoStop: { enabled: true } },
      });
      expect((await daemon.operate('PUT', '/v1/owner/settings', { notifications: { minChannels: 1 } })).status).toBe(
        200,
      );
    });
    expect(await eventsOf(dataDir)).toContain('SEAL_BROKEN');
    // Taken out, with all that the audit log tells of them: the sealed head knows that there were any.
    edit(
      dataDir,
      "DELETE FROM system_state WHERE key = 'settings'; DELETE FROM audit_log WHERE event_type = 'SETTINGS_UPDATED'",
    );
    await withDaemon(dataDir, async (daemon) => {
      expect(await daemon.operate('GET', '/v1/owner/settings')).toMatchObject({
        body: { autoStop: { enabled: true } },
      });
      expect(await send(daemon, NOTIFY)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
    });
    expect((await eventsOf(dataDir)).filter((event) => event === 'SEAL_BROKEN')).toHaveLength(2);
  },

  async 'the audit log cannot be written'() {
    const dataDir = harness.copyDataDir(template);
    const to = stranger();
    await withDaemon(dataDir, async (daemon) => {
      const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
      raw.exec("CREATE TRIGGER no_audit BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'unwritable'); END");
      raw.close();
      expect(await code(send(daemon, INSTANT, to))).not.toBe('answered');
    });
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
    const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
    raw.exec('DROP TRIGGER no_audit');
    raw.close();
    expect((await readRemains(dataDir)).transactions).toEqual([]);
  },

  async 'payments that count towards a rate were made older in the file'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      const rate = { type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 } };
      expect((await daemon.operate('POST', '/v1/owner/policies', rate)).status).toBe(201);
      expect(await send(daemon, NOTIFY)).toMatchObject({ tier: 'NOTIFY' });
    });
    edit(dataDir, 'UPDATE transactions SET created_at = 0');
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('POLICY_DENIED');
    });
  },

  async 'an index of the audit log was made to keep silent, and what an agent has spent was taken away'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      expect(await send(daemon, NOTIFY)).toMatchObject({ tier: 'NOTIFY' });
    });
    const index = 'idx_audit_log_event_type';
    const text = schemaOf(dataDir, index);
    edit(
      dataDir,
      'PRAGMA foreign_keys = OFF; DELETE FROM heads; DELETE FROM spend_ledger',
      `DROP INDEX ${index}; ${text} AND event_type NOT IN ('ROWS_SEALED', 'LEDGER_SEALED')`,
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '${text.replaceAll("'", "''")}' WHERE name = '${index}'`,
    );
    await withDaemon(dataDir, async (daemon) => {
      expect(await code(send(daemon, INSTANT))).toBe('INVALID_TOKEN');
    });
    const events = await eventsOf(dataDir);
    expect(events).toContain('SEAL_BROKEN');
    expect(events.filter((event) => event === 'LEDGER_SEALED')).toHaveLength(1);
  },

  async 'something was planted in the schema of the database'() {
    const dataDir = harness.copyDataDir(template);
    const to = stranger();
    await withDaemon(dataDir, async (daemon) => {
      const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
      raw.exec(`DROP TRIGGER sessions_stay_revoked;
        CREATE TRIGGER frozen AFTER UPDATE ON sessions BEGIN
          UPDATE sessions SET usage_stats = OLD.usage_stats, revoked_at = OLD.revoked_at, version = OLD.version,
            seal = OLD.seal WHERE id = OLD.id; END`);
      raw.close();
      expect(await code(send(daemon, INSTANT, to))).toBe('STORAGE_UNAVAILABLE');
    });
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
    await expect(harness.start(dataDir)).rejects.toThrow('trigger frozen');
    // What is left is looked at as every other.
    const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
    raw.exec('DROP TRIGGER frozen');
    raw.close();
  },

  async 'the clock was set back while the daemon was down'() {
    const dataDir = harness.copyDataDir(template);
    await (await harness.start(dataDir, {}, 7200)).stop();
    await expect(harness.start(dataDir)).rejects.toThrow('The clock shows');
  },

  async 'the node serves another network'() {
    const dataDir = harness.copyDataDir(template);
    const work = async (daemon: DaemonProcess): Promise<void> => {
      const agent = { name: 'lost', chain: 'solana', network: 'devnet' };
      const { id } = z.object({ id: z.string() }).parse((await daemon.operate('POST', '/v1/agents', agent)).body);
      const { token } = await createSession(daemon, id);
      const payment = daemon.client(token).sendToken({ to: stranger(), amount: INSTANT });
      expect(await code(payment)).toBe('ADAPTER_NOT_AVAILABLE');
    };
    await withDaemon(dataDir, work, { WAIAAS_RPC_SOLANA_DEVNET: harness.ledger.rpcUrl });
    expect((await readRemains(dataDir)).transactions).toEqual([]);
  },

  async 'the node cannot be reached'() {
    const dataDir = harness.copyDataDir(template);
    const dead = harness.ledger.faults.add({ type: 'httpError', status: 503 });
    try {
      await withDaemon(dataDir, async (daemon) => {
        expect(await code(send(daemon, INSTANT))).toBe('ADAPTER_NOT_AVAILABLE');
      });
    } finally {
      dead();
    }
    expect((await readRemains(dataDir)).transactions).toEqual([]);
  },

  async 'nobody can tell whether a payment has landed'() {
    const dataDir = harness.copyDataDir(template);
    const to = stranger();
    await withDaemon(dataDir, async (daemon) => {
      const client = daemon.client(payer.token);
      const lost = harness.ledger.faults.add({ type: 'dropReply', method: 'sendTransaction' });
      const silent = harness.ledger.faults.add({ type: 'httpError', status: 503, method: 'getSignatureStatuses' });
      const payment = client.sendToken({ to, amount: INSTANT });
      const submitted = async () => (await client.listTransactions({ status: 'SUBMITTED' })).transactions.length;
      await expect.poll(submitted, { timeout: 60_000 }).toBe(1);
      await daemon.advance(3600);
      expect(await submitted()).toBe(1);
      const { reserved } = z
        .object({ reserved: z.string() })
        .parse(
          new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'), { readonly: true })
            .prepare('SELECT reserved_amount AS reserved FROM transactions')
            .get(),
        );
      expect(BigInt(reserved)).toBe(INSTANT);
      lost();
      silent();
      expect((await payment).transactionId).toBeTruthy();
      await expect.poll(submitted, { timeout: 60_000 }).toBe(0);
    });
    expect(await balanceOf(harness.ledger, to)).toBe(INSTANT);
  },

  async 'a request has a key that nobody knows'() {
    const dataDir = harness.copyDataDir(template);
    await withDaemon(dataDir, async (daemon) => {
      const answer = await fetch(`${daemon.url}/v1/transactions/send`, {
        method: 'POST',
        headers: { authorization: `Bearer ${payer.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ to: stranger(), amount: '5', maxAmmount: '5' }),
      });
      expect(answer.status).toBe(400);
    });
    expect((await readRemains(dataDir)).transactions).toEqual([]);
  },
};

test('the table and the tests name the same unknowns', () => {
  expect(Object.keys(CASES)).toEqual(ROWS.map(({ unknown }) => unknown));
});

test.each(ROWS)('$unknown: $outcome', async ({ unknown }) => {
  const run = CASES[unknown];
  if (run === undefined) throw new Error('No test of that name');
  await run();
});
