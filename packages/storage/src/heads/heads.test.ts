import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentId, agentId, nativeAssetId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { admit, createAgent, pay, settle } from '../../test/payments.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { openStorage, type Storage } from '../open-storage.ts';
import {
  appendAudit,
  findLastAudit,
  hasAuditEvent,
  latestAuditTime,
  listAudit,
  rebuildEvidence,
} from '../tables/audit-log.ts';
import { renewHeads } from '../tables/head-renewal.ts';
import { beginHeads } from '../tables/heads.ts';
import { liveReservations } from '../tables/reservations.ts';
import { recordedSettingsVersion } from '../tables/settings-version.ts';
import { spentSince } from '../tables/spend-ledger.ts';
import { authenticTransaction, transition } from '../tables/transaction-states.ts';
import { findTransaction } from '../tables/transactions.ts';
import { headsOf } from './head-keeper.ts';
import { GLOBAL_SCOPE } from './scope.ts';

const SOL = nativeAssetId('solana');
const START = 1_800_000_000;

let temporary: TemporaryStorage;
let storage: Storage;
let agent: AgentId;

beforeEach(async () => {
  temporary = openTemporaryStorage();
  storage = temporary.storage;
  await storage.write(async ({ db }) => {
    await beginHeads(db);
    // As in every database, the log begins in the process that makes it.
    await appendAudit(db, START, { event: 'POLICY_CREATED', actor: 'system' });
  });
  agent = await createAgent(storage, 1);
});
afterEach(async () => {
  await storage.close();
  await temporary.remove();
});

const payment = (amount: bigint, now = START) => ({ agentId: agent, asset: SOL, amount, now });
const spent = () => spentSince(storage.read, testSealer, agent, SOL, START - 1);
const reserved = () => liveReservations(storage.read, agent)?.map(({ amount }) => amount) ?? null;
const alarms = async () =>
  (await listAudit(storage.read, { event: 'SEAL_BROKEN', order: 'asc', limit: 100 })).map(
    ({ severity, agent_id, tx_id }) => [severity, agent_id, tx_id],
  );

/** Changes the file past its guards, as another process that has not the vault. */
function edit(...statements: readonly string[]): void {
  const db = new BetterSqlite3(temporary.path);
  const triggers = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const name of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.pragma('ignore_check_constraints = ON');
  db.unsafeMode(true);
  for (const statement of statements) db.exec(statement);
  db.close();
}

/** Tables as they are now, to be put back later. */
function keep(...tables: readonly string[]): readonly string[] {
  edit(...tables.map((table) => `CREATE TABLE kept_${table} AS SELECT * FROM ${table}`));
  return tables.map((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`);
}

/** An index that leaves rows out and says that it does not. */
function silenced(index: string, where: string): readonly string[] {
  const db = new BetterSqlite3(temporary.path, { readonly: true });
  const text = String(db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(index));
  db.close();
  return [
    `DROP INDEX ${index}; ${text} ${text.includes('WHERE') ? 'AND' : 'WHERE'} ${where}`,
    `PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = '${text.replaceAll("'", "''")}' WHERE name = '${index}';
     PRAGMA writable_schema = OFF`,
  ];
}

describe('an index of the audit log that leaves rows out', () => {
  test('hides neither the newest row of a kind nor the latest time', async () => {
    await storage.write(({ db }) => appendAudit(db, START + 50, { event: 'KILL_SWITCH_ACTIVATED', actor: 'operator' }));
    await restart(() =>
      edit(
        ...silenced('idx_audit_log_event_type', "event_type <> 'KILL_SWITCH_ACTIVATED'"),
        ...silenced('idx_audit_log_timestamp', `timestamp <= ${START}`),
      ),
    );
    // So it is of use to whoever made it.
    expect(await hasAuditEvent(storage.read, ['KILL_SWITCH_ACTIVATED'])).toBe(false);
    expect((await findLastAudit(storage.read, ['KILL_SWITCH_ACTIVATED']))?.actor).toBe('operator');
    expect(await latestAuditTime(storage.read)).toBe(START + 50);
    await storage.write(({ db }) => rebuildEvidence(db));
    expect(await hasAuditEvent(storage.read, ['KILL_SWITCH_ACTIVATED'])).toBe(true);
  });

  test('the latest time is that since the clock was accepted', async () => {
    await storage.write(async ({ db }) => {
      await appendAudit(db, START + 5000, { event: 'DAEMON_STARTED', actor: 'system' });
      await appendAudit(db, START + 10, { event: 'CLOCK_ACCEPTED', actor: 'cli' });
      await appendAudit(db, START + 20, { event: 'DAEMON_STARTED', actor: 'system' });
    });
    expect(await latestAuditTime(storage.read)).toBe(START + 20);
  });

  test('the latest time is no earlier than that of the seal, however many rows of an earlier one are behind it', async () => {
    temporary.clock.seconds = START + 90;
    await storage.write(({ db }) => appendAudit(db, START + 90, { event: 'DAEMON_STARTED', actor: 'system' }));
    const earlier = (from: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      INSERT INTO audit_log (id, timestamp, event_type, actor, details, severity, hash)
      SELECT ${from} + i, ${START + 7}, 'AUTH_FAILED', 'system', '{}', 'info', '${'0'.repeat(64)}' FROM n`;
    edit(earlier(1000));
    expect(await latestAuditTime(storage.read)).toBe(START + 90);
    // The clock was accepted after that seal.
    edit("UPDATE audit_log SET event_type = 'CLOCK_ACCEPTED' WHERE id = 1001");
    expect(await latestAuditTime(storage.read)).toBe(START + 7);
    edit("UPDATE audit_log SET event_type = 'AUTH_FAILED' WHERE id = 1001", 'DELETE FROM audit_head');
    expect(await latestAuditTime(storage.read)).toBe(START + 90);
  });
});

async function restart(whileDown: () => void = () => undefined): Promise<void> {
  const { path, folder, clock } = temporary;
  await storage.close();
  whileDown();
  storage = openStorage({ path, backupFolder: join(folder, 'backups'), clock, sealer: testSealer });
}

describe('what an agent has spent and reserved', () => {
  test('is known after any number of payments, restarts and units that failed', async () => {
    const step = fc.record({
      what: fc.constantFrom('admit', 'settle', 'fail', 'restart', 'renew'),
      amount: fc.bigInt({ min: 1n, max: 2n ** 80n }),
    });
    let sum = 0n;
    let open: { row: Awaited<ReturnType<typeof admit>>; amount: bigint }[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        for (const { what, amount } of steps) {
          const [first, ...rest] = open;
          if (what === 'admit') open.push({ row: await admit(storage, payment(amount)), amount });
          else if (what === 'restart') await restart();
          else if (what === 'renew') await storage.write(({ db }) => renewHeads(db, testSealer, START));
          else if (first === undefined) continue;
          else if (what === 'settle') {
            await settle(storage, first.row, payment(first.amount));
            [sum, open] = [sum + first.amount, rest];
          } else {
            const failing = storage.write(async ({ db }) => {
              await transition(db, testSealer, first.row, 'CANCELLED', { reserved_amount: null });
              throw new Error('after all');
            });
            const [, failed] = await Promise.allSettled([admit(storage, payment(1n)), failing]);
            expect(failed.status).toBe('rejected');
            const added = liveReservations(storage.read, agent)?.at(-1)?.id ?? '';
            const row = await findTransaction(storage.read, added);
            const found = row === undefined ? null : await authenticTransaction(storage.read, testSealer, row);
            if (found !== null) open.push({ row: found, amount: 1n });
          }
          expect(await spent()).toBe(sum);
          expect(reserved()?.toSorted()).toEqual(open.map(({ amount: each }) => each).toSorted());
        }
      }),
      { numRuns: 15 },
    );
    expect(await alarms()).toEqual([]);
  });

  test('is forgotten by nobody who takes the rows away, and each of them is reported once', async () => {
    await pay(storage, payment(5n));
    const { id } = await admit(storage, payment(70n));
    edit('PRAGMA foreign_keys = OFF', `DELETE FROM transactions WHERE id = '${id}'`, 'DELETE FROM spend_ledger');
    for (const _ of ['under the daemon', 'after a restart']) {
      expect([await spent(), reserved()]).toEqual([5n, [70n]]);
      await storage.write(({ db }) => renewHeads(db, testSealer, START));
      expect(await alarms()).toEqual([['critical', agent, id]]);
      await restart();
    }
  });
});

describe('an open payment that somebody has changed, its seal left as it was', () => {
  test.each([
    ['whom it pays', "to_address = 'Mallory'"],
    ['that it is open', "status = 'CONFIRMED'"],
    ['both', "status = 'CONFIRMED', to_address = 'Mallory'"],
    ['whose it is', `agent_id = '${testId(2)}'`],
    ['a number that no daemon writes', 'created_at = 9e15 + 7e15'],
  ])('is reported once, whatever it is that was changed: %s', async (_what, set) => {
    await createAgent(storage, 2);
    const { id } = await admit(storage, payment(70n));
    await admit(storage, payment(1n));
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    expect(await alarms()).toEqual([]);
    edit(
      'PRAGMA foreign_keys = OFF',
      'PRAGMA ignore_check_constraints = ON',
      `UPDATE transactions SET ${set} WHERE id = '${id}'`,
    );
    for (const _ of ['under the daemon', 'and again', 'after a restart']) {
      await storage.write(({ db }) => renewHeads(db, testSealer, START));
      expect(await alarms()).toEqual([['critical', agent, id]]);
      await restart();
    }
    expect(reserved()).toEqual([70n, 1n]);
  });
});

describe('an older state with all its seals', () => {
  /** An agent that has spent 10, and 500 after that copy was made. */
  async function copyAndSpend(...tables: readonly string[]): Promise<readonly string[]> {
    await pay(storage, payment(10n));
    const back = keep(...tables);
    await pay(storage, payment(500n));
    return back;
  }
  const AGENT = ['heads', 'spend_ledger', 'transactions'] as const;
  const OFF = 'PRAGMA foreign_keys = OFF';

  test('put back under the daemon counts for nothing, now and later', async () => {
    const back = await copyAndSpend(...AGENT);
    edit(OFF, ...back);
    expect([await spent(), reserved()]).toEqual([null, null]);
    await expect(admit(storage, payment(1n))).rejects.toThrow('not what this daemon has sealed');
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    expect(await alarms()).toEqual([['critical', agent, null]]);
    await restart();
    expect(await spent()).toBeNull();
  });

  test.each([
    ['the log knows more', []],
    ['the log was cut', ["DELETE FROM audit_log WHERE event_type = 'TX_CONFIRMED' AND id > 3"]],
    ['the end of the log was cut', ['DELETE FROM audit_log WHERE id > (SELECT min(audit_id) FROM kept_heads) + 2']],
    ['all of the log was cut', ['DELETE FROM audit_log']],
    ['the log and its sealed end were cut', ['DELETE FROM audit_log', 'DELETE FROM audit_head']],
    ['the log was changed', ["UPDATE audit_log SET event_type = 'TX_REQUESTED'"]],
    ['rows of the log were handed to another', [`UPDATE audit_log SET agent_id = '${testId(2)}'`]],
    ['a row of the log holds what no daemon writes', ['UPDATE audit_log SET agent_id = NULL, timestamp = 9e15 + 7e15']],
    [
      'the sealed end of the log was changed',
      [
        'UPDATE audit_head SET audit_id = audit_id - 1, hash = (SELECT hash FROM audit_log WHERE id = audit_head.audit_id - 1)',
      ],
    ],
  ])('put back while it was down counts for nothing: %s', async (_what, more) => {
    const back = await copyAndSpend(...AGENT);
    await restart(() => edit(OFF, ...back, ...more));
    expect([await spent(), reserved()]).toEqual([null, null]);
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    expect(await alarms()).toContainEqual(['critical', agent, null]);
  });

  test('put back with the sealed end of the log counts for nothing while the log knows more', async () => {
    const back = await copyAndSpend(...AGENT, 'audit_head');
    await restart(() => edit(OFF, ...back));
    expect(await spent()).toBeNull();
  });

  test('of one agent does not keep the others from paying', async () => {
    const other = await createAgent(storage, 2);
    keep('heads');
    await pay(storage, payment(1n));
    await pay(storage, { ...payment(33n), agentId: other });
    await restart(() =>
      edit(
        `DELETE FROM heads WHERE scope = '${agent}'`,
        `INSERT INTO heads SELECT * FROM kept_heads WHERE scope = '${agent}'`,
      ),
    );
    expect(await spent()).toBeNull();
    expect(await spentSince(storage.read, testSealer, other, SOL, START - 1)).toBe(33n);
    await pay(storage, { ...payment(1n), agentId: other });
  });
});

describe('the audit log, once it is noted where all heads were sealed anew', () => {
  const note = () => storage.write(({ db }) => renewHeads(db, testSealer, START, true));
  /** Spends on, with the note of before kept, to be put back. */
  async function noteAndSpend(): Promise<string> {
    await note();
    const [older = ''] = keep('heads');
    await pay(storage, payment(10n));
    await note();
    return older;
  }
  const global = () => headsOf(storage.read).read(GLOBAL_SCOPE);
  const putBack = (scope: string): string =>
    `DELETE FROM heads WHERE scope = '${scope}'; INSERT INTO heads SELECT * FROM kept_heads WHERE scope = '${scope}'`;
  /** What nobody who reads it takes for the rows of this daemon. */
  const DAMAGE = `UPDATE audit_log SET actor = 'somebody' WHERE id < `;

  test('is read from there, also while one head that cannot be believed stays where it is', async () => {
    const other = await createAgent(storage, 2);
    keep('heads');
    await pay(storage, { ...payment(33n), agentId: other });
    await restart(() => edit(putBack(other)));
    await note();
    const from = global()?.readFrom?.auditId ?? 0;
    expect(from).toBe(3);
    await pay(storage, payment(10n));
    for (const _ of ['once', 'and again']) {
      await restart(() => edit(DAMAGE + from));
      expect(await spent()).toBe(10n);
      expect(await spentSince(storage.read, testSealer, other, SOL, START - 1)).toBeNull();
      await note();
    }
    // Unread is not unseen: what is noted is the place of a row that is still what it was.
    const last = global()?.readFrom?.auditId ?? 0;
    await restart(() => edit(DAMAGE + (last + 1)));
    expect(await spent()).toBe(10n);
    await restart(() => edit(DAMAGE + (last + 2)));
    expect(await spent()).toBeNull();
  });

  test('is read from the oldest head on where nobody has noted it, or not with the seal of this daemon', async () => {
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    expect(global()?.readFrom).toBeNull();
    await noteAndSpend();
    const content = "UPDATE heads SET content = replace(content, 'readFrom', 'readForm') WHERE scope = 'global'";
    await restart(() => edit(content, DAMAGE + 2));
    expect(global()).toBeNull();
    expect(await spent()).toBe(10n);
  });

  test.each([
    ['what holds for all', GLOBAL_SCOPE],
    ['an agent', testId(1)],
  ])('still contradicts an older head of %s, with the note of its time', async (_whose, scope) => {
    const older = await noteAndSpend();
    await storage.write(({ db }) => appendAudit(db, START, { event: 'POLICY_CREATED', actor: 'system' }));
    await restart(() => edit(scope === GLOBAL_SCOPE ? putBack(scope) : older));
    expect(headsOf(storage.read).read(scope)).toBeNull();
    expect(await spent()).toBe(scope === GLOBAL_SCOPE ? 10n : null);
  });

  test('is read further back where an older note is put in the place of a newer one, and nothing else changes', async () => {
    await noteAndSpend();
    const { readFrom } = global() ?? {};
    await restart(() => edit(putBack(GLOBAL_SCOPE)));
    expect(global()?.readFrom?.auditId).toBeLessThan(readFrom?.auditId ?? 0);
    expect(await spent()).toBe(10n);
    await restart(() => edit(DAMAGE + (readFrom?.auditId ?? 0)));
    expect(await spent()).toBeNull();
  });

  test('is not read from a row that another copy of it had in that place', async () => {
    const backup = storage.snapshot();
    const later = join(temporary.folder, 'later.db');
    await pay(storage, payment(500n));
    await note();
    await restart(() => {
      copyFileSync(temporary.path, later);
      copyFileSync(backup, temporary.path);
    });
    for (let more = 0; more < 20; more++) await pay(storage, payment(1n, START + 5));
    await restart(() =>
      edit(
        `ATTACH '${later}' AS later`,
        `DELETE FROM heads WHERE scope = 'global'; INSERT INTO heads SELECT * FROM later.heads WHERE scope = 'global'`,
      ),
    );
    expect([await spent(), global()]).toEqual([null, null]);
  });

  test('is noted only as far as it is sealed by this daemon', async () => {
    edit('UPDATE audit_head SET sealed_at = 0');
    await note();
    expect(global()?.readFrom).toBeNull();
  });

  test('tells which settings are the last ones until the head does, and then contradicts an older head', async () => {
    const change = (version: number) =>
      storage.write(async ({ db }) => {
        if (version > 1) headsOf(db).edit(GLOBAL_SCOPE).marks.set('settings', version);
        await appendAudit(db, START, { event: 'SETTINGS_UPDATED', actor: 'operator', details: { version } });
      });
    await change(1);
    await note();
    expect([global()?.marks.get('settings'), await recordedSettingsVersion(storage.read)]).toEqual([1, 1]);
    keep('heads');
    await change(2);
    await note();
    expect(global()?.marks.get('settings')).toBe(2);
    await restart();
    expect(global()?.marks.get('settings')).toBe(2);
    await restart(() => edit(putBack(GLOBAL_SCOPE)));
    expect(global()).toBeNull();
    await note();
    expect(await alarms()).toEqual([['critical', null, null]]);
  });

  test('is noted as telling of no settings where it does not', async () => {
    await note();
    expect(global()?.marks.get('settings')).toBe(0);
  });
});

describe('a head', () => {
  test.each([
    ['removed', `DELETE FROM heads`],
    ['of another agent', `UPDATE heads SET content = (SELECT content FROM heads WHERE scope = '${testId(2)}')`],
    [
      'handed to another agent',
      `DELETE FROM heads WHERE scope = '${testId(1)}'; UPDATE heads SET scope = '${testId(1)}' WHERE scope = '${testId(2)}'`,
    ],
    ['changed', `UPDATE heads SET content = '{"open":[],"spent":[],"marks":[]}'`],
    ['with an older version', 'UPDATE heads SET version = version - 1'],
    ['with a later version', 'UPDATE heads SET version = version + 1'],
    ['that claims to know the log', 'UPDATE heads SET audit_id = audit_id + 1000'],
    ['without a seal', "UPDATE heads SET seal = ''"],
  ])('%s is not believed, and none is begun in its place', async (_what, statement) => {
    await createAgent(storage, 2);
    await pay(storage, payment(10n));
    edit(statement);
    // What this process knows by itself it need not read.
    expect([null, 10n]).toContain(await spent());
    await restart();
    await storage.write(({ db }) => beginHeads(db));
    expect(await spent()).toBeNull();
    await expect(pay(storage, payment(1n))).rejects.toThrow('not what this daemon has sealed');
  });

  test('of an older copy is not believed where an index of the log was made to keep silent about what came after', async () => {
    await pay(storage, payment(10n));
    await restart();
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    const [older = ''] = keep('heads');
    await pay(storage, payment(10n));
    await restart(() => edit(older, ...silenced('idx_audit_log_agent', 'id < 0')));
    expect(await spent()).toBeNull();
  });

  test('that is put back under the daemon, older than any there was at its start, is not believed', async () => {
    const other = await createAgent(storage, 2);
    const [older = ''] = keep('heads');
    for (const each of [agent, other])
      await storage.write(({ db }) => appendAudit(db, START, { event: 'TX_FAILED', actor: 'system', agentId: each }));
    await storage.write(({ db }) => renewHeads(db, testSealer, START));
    await restart();
    // The log is read for this one.
    expect(await spent()).toBe(0n);
    edit(older);
    expect(await spentSince(storage.read, testSealer, other, SOL, 0)).toBeNull();
  });

  test('is begun once for each agent', async () => {
    await expect(createAgent(storage, 1)).rejects.toThrow();
    expect(await spent()).toBe(0n);
  });

  test('knows of every audit row that tells of its agent, whoever wrote it', async () => {
    for (const event of ['TX_FAILED', 'SESSION_REVOKED', 'POLICY_UPDATED'] as const) {
      await storage.write(({ db }) => appendAudit(db, START, { event, actor: 'system', agentId: agent }));
      await restart();
      expect(await spent(), event).toBe(0n);
    }
    expect(await findLastAudit(storage.read, ['SEAL_BROKEN'])).toBeUndefined();
  });

  test('of an agent that never was is not asked for when an audit row names it', async () => {
    const nobody = agentId(testId(99));
    await storage.write(({ db }) => appendAudit(db, START, { event: 'TX_FAILED', actor: 'system', agentId: nobody }));
    await createAgent(storage, 99);
    await restart();
    expect(await spentSince(storage.read, testSealer, nobody, SOL, 0)).toBe(0n);
  });
});
