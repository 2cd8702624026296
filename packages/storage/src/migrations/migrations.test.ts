import { createHash } from 'node:crypto';
import {
  AGENT_STATUSES,
  AUDIT_SEVERITIES,
  AUTO_STOP_ACTIONS,
  AUTO_STOP_RULE_TYPES,
  CHAINS,
  FEE_PRIORITIES,
  NETWORKS,
  NOTIFICATION_CHANNEL_TYPES,
  NOTIFICATION_LEVELS,
  NOTIFICATION_STATUSES,
  OWNER_CHAINS,
  POLICY_TYPES,
  RECALL_KINDS,
  RECALL_STATUSES,
  SUSPENSION_REASONS,
  TIERS,
  TRANSACTION_STATUSES,
  TRANSACTION_TYPES,
} from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testId } from '../../test/temporary-storage.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './index.ts';

/* What was created somewhere stays as it was created; what is created now must not differ from what is brought up to it. */

/** SHA-256 of every step that has been released or built upon. A new step is added here; none ever changes. */
const STEPS: readonly (readonly [version: number, sha256: string])[] = [
  [1, 'aac3b3d00f71d64c252d327ec81e52db07bf5e38cccba88a303493dd47b3d702'],
  [2, '3c0c4bdee99abfb417fcbe856fa88bc14cd81d7eb17833538a235fdb4b8aa942'],
  [3, '0de0ebc8f7b24409191e9e237d7ce5d887d7c6e0b9bacd42a297c47435227fcd'],
  [4, '2f06a7153eafec246826f1578261fccdf2a256b7a851c828ce4db909183fc9a2'],
  [5, '5739050ce010178b70f0ae511c56ddb28aa4429707ce37650f46ddec23fac808'],
  [6, 'e549d82f98e0ef74483bc4b6a4a2b3e6e9980f64374c9f732a64c7513d50c35a'],
  [7, '0ccccaf2706c9f7e7e44ef9b010f98a5e48ce1faed731f438fe0beffbcdf2677'],
  [8, 'd0cb41f2d1514b4d95423d61b1908731231fba81e39f85fa6b78f26c394900db'],
  [9, '9f7f80223c3034f448916859f6c2b202624159a1121df670e93f37d85454f217'],
  [10, '0039d836b469c28b15efac6c64bd1d7a93c20bfd2ec05c7728804ccfaf8887e3'],
  [11, '48053536ab449d430cf632ac9cc99ad1b832da6b366f9883952f710ea8933516'],
  [12, 'a84bb28020469906735215baae816d4aa7b336709eb15633b7831a94ddd76d33'],
  [13, '11781ee960c40bdb6d248ae43b6761c7c6e19448218995451775307b333bab6e'],
  [14, 'f3d085ed32ff647b12417058cd19f5dfd72fec528b8e0cbe5e1250b24784217b'],
  [15, 'aec4b29103a578146d191936ccedeed04d188cf991f57e3d306e597853f17381'],
  [16, '2e3053294fdeea9c4ae128b03c74b36675ae95a4bc6f06e02eb8068cdcaf1301'],
  [17, '1f3769679001194ea018a403dd4fa82bbd765865ff0c442bfe1d39664e3c16a0'],
  [18, '7b6202a273e769e212dee6d9b3b8aee782913116cd2cbf89f4c2b189248f0338'],
  [19, '339283734b9f822988784a362064c64ef480eae2825e27575e5a8d654ecf54ac'],
  [20, '80c7728bd3a3605ec519eaedd600aa92bfcf91efa24e9ea6937ae1ff8d309bdb'],
];

const digest = (sql: string): string => createHash('sha256').update(sql).digest('hex');

test('no step of the schema has changed since it was made', () => {
  expect(MIGRATIONS.map(({ version, sql }) => [version, digest(sql)])).toEqual(STEPS);
});

let opened: BetterSqlite3.Database[];
beforeEach(() => {
  opened = [];
});
afterEach(() => {
  for (const db of opened) db.close();
});

function openAt(version: number): BetterSqlite3.Database {
  const db = new BetterSqlite3(':memory:');
  opened.push(db);
  db.pragma('foreign_keys = ON');
  migrate(db, MIGRATIONS.slice(0, version), () => 'none');
  return db;
}

const hash = (digit: string): string => digit.repeat(64);
const transaction = (number: number, key: string): string =>
  `INSERT INTO transactions (id, agent_id, session_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash,
     intent_seal, idempotency_key, request_hash, created_at)
   VALUES ('${testId(number)}', '${testId(1)}', '${testId(2)}', 'solana', 'TRANSFER', 'solana:native', '5', 'to', 'medium', '{}',
     '${hash('a')}', 's', '${key}', '${hash('b')}', 1);
   UPDATE transactions SET status = 'QUEUED', tier = 'INSTANT', reserved_amount = '5' WHERE id = '${testId(number)}';`;

/** A row, at least, for every table there has ever been, written as the version that brought the table wrote it. */
const CONTENT: readonly (readonly [since: number, sql: string])[] = [
  [
    1,
    `INSERT INTO agents (id, name, chain, network, public_key, status, created_at, updated_at)
       VALUES ('${testId(1)}', 'a', 'solana', 'localnet', 'key', 'ACTIVE', 1, 1);
     INSERT INTO sessions (id, agent_id, token_hash, expires_at, constraints, usage_stats, created_at, version, seal)
       VALUES ('${testId(2)}', '${testId(1)}', '${hash('0')}', 10, '{}', '{}', 1, 1, 's');
     INSERT INTO policies VALUES ('${testId(3)}', 1, '${testId(1)}', 'WHITELIST', '{}', 0, 1, 1, 1, 's');
     INSERT INTO policy_versions VALUES ('${testId(3)}', 1, '${testId(1)}', 'WHITELIST', '{}', 0, 1, 1, 'system', 's');
     INSERT INTO policy_sets VALUES ('global', 1, 's');
     ${transaction(10, 'settled')}
     UPDATE transactions SET status = 'EXECUTING' WHERE id = '${testId(10)}';
     UPDATE transactions SET status = 'SUBMITTED', tx_hash = 'h10', signed_tx = x'00ff' WHERE id = '${testId(10)}';
     UPDATE transactions SET status = 'CONFIRMED', reserved_amount = NULL, signed_tx = NULL, executed_at = 5
       WHERE id = '${testId(10)}';
     ${transaction(11, 'under way')}
     UPDATE transactions SET status = 'EXECUTING' WHERE id = '${testId(11)}';
     UPDATE transactions SET tx_hash = 'h11', signed_tx = x'00ff', last_valid_block_height = '18446744073709551616'
       WHERE id = '${testId(11)}';
     ${transaction(12, 'waiting')}
     INSERT INTO spend_ledger VALUES (7, '${testId(1)}', 'solana:native', 5, '${testId(10)}', '5', '5');
     INSERT INTO pending_approvals VALUES ('${testId(4)}', '${testId(12)}', 9, 9, NULL, NULL, NULL, NULL, 1);
     INSERT INTO audit_log VALUES (3, 1, 'TX_QUEUED', 'system', '${testId(1)}', NULL, '${testId(12)}', '{}', 'info', NULL);
     INSERT INTO notification_channels VALUES ('${testId(5)}', 'NTFY', 'n', '{}', 0, 1, NULL, NULL, 1, 1);
     INSERT INTO notification_log VALUES ('${testId(6)}', '${testId(5)}', 'e', 'INFO', NULL, 'DELIVERED', NULL, 0, 1);
     INSERT INTO owner_wallets VALUES ('${testId(7)}', 'addr', 'solana', NULL, NULL, 'now', NULL, NULL, 1, 's');
     INSERT INTO system_state VALUES ('kill_switch_status', '"NORMAL"', 1);
     INSERT INTO auto_stop_rules VALUES ('${testId(8)}', '${testId(1)}', 'CONSECUTIVE_FAILURES', '{}', 'WARN', 1, 1, 1, 1, 's');`,
  ],
  [2, `INSERT INTO owner_head VALUES (1, 1, '${testId(7)}', 's');`],
  [3, `INSERT INTO decisions VALUES ('${testId(10)}', 1, '[]', NULL, NULL, '[]', 's');`],
  [
    4,
    `INSERT INTO notification_outbox (id, event, urgency, payload, created_at, next_attempt_at)
       VALUES ('${testId(9)}', 'e', 1, '{}', 1, 1);`,
  ],
  [6, `INSERT INTO audit_head VALUES (1, 1, 3, '${hash('c')}', 1, 's');`],
  [7, `INSERT INTO session_sets VALUES ('${testId(1)}', 1, 's');`],
  [
    10,
    `INSERT INTO recalls VALUES ('${testId(14)}', '${testId(1)}', 'MANUAL', 'to', 0, 1, 'operator', 1, 'PENDING', NULL, NULL, NULL, NULL,
       1, 's');
     INSERT INTO recovery_addresses VALUES ('${testId(1)}', 1, 'to', '${testId(7)}', 5, 1, 'owner', 's');
     INSERT INTO terminations VALUES ('${testId(1)}', 'operator', 1, '[]', 1, 's', NULL, NULL, NULL);`,
  ],
  [12, `INSERT INTO heads VALUES ('global', 1, '{}', 3, 's');`],
  [13, `INSERT INTO claim_decisions VALUES ('${testId(10)}', 1, NULL, NULL, NULL, '[]', 's');`],
  [14, `INSERT INTO auto_stop_head VALUES (1, 1, 's');`],
  [15, `INSERT INTO granted_constraints VALUES ('${hash('d')}', '{}');`],
  [17, `INSERT INTO balance_samples VALUES ('${testId(1)}', 'solana:native', 3600, 3601, '5', 9, 'SOL');`],
  [19, `INSERT INTO dead_letters VALUES ('${testId(5)}', '${testId(9)}', 1, '{}', 1, 2, 'refused', NULL);`],
];

const tablesOf = (db: BetterSqlite3.Database): string[] =>
  db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all();
const schemaOf = (db: BetterSqlite3.Database): unknown[] =>
  db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
const rowsOf = (db: BetterSqlite3.Database): Record<string, object[]> =>
  Object.fromEntries(
    tablesOf(db).map((table) => [table, db.prepare<[], object>(`SELECT * FROM ${table} ORDER BY 1, 2`).all()]),
  );

describe.each(MIGRATIONS.slice(0, -1).map(({ version }) => version))('a database of schema %d with content', (from) => {
  const upgraded = (): { db: BetterSqlite3.Database; before: Record<string, object[]> } => {
    const db = openAt(1);
    for (let version = 1; version <= from; version++) {
      migrate(db, MIGRATIONS.slice(0, version), () => 'taken');
      for (const [since, sql] of CONTENT) if (since === version) db.exec(sql);
    }
    const before = rowsOf(db);
    migrate(db, MIGRATIONS, () => 'taken');
    return { db, before };
  };

  test('has content in every table it had', () => {
    for (const [table, rows] of Object.entries(upgraded().before)) expect(rows.length, table).toBeGreaterThan(0);
  });

  test('becomes what a fresh one is', () => {
    const { db } = upgraded();
    expect(schemaOf(db)).toEqual(schemaOf(openAt(MIGRATIONS.length)));
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
  });

  test('keeps every row, and the order they are counted in', () => {
    const { db, before } = upgraded();
    const after = rowsOf(db);
    for (const [table, rows] of Object.entries(before)) {
      expect(after[table], table).toHaveLength(rows.length);
      expect(after[table], table).toMatchObject(rows);
    }
    db.exec(`INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (2, 'X', 'system', '{}')`);
    expect(db.prepare('SELECT max(id) FROM audit_log').pluck().get()).toBe(4);
  });

  test('still guards what it guarded', () => {
    const { db } = upgraded();
    const run = (sql: string) => () => db.exec(sql);
    expect(run(`DELETE FROM transactions`)).toThrow('kept');
    expect(run(`UPDATE transactions SET amount = '6'`)).toThrow('never changes');
    const sealed = `state_version = state_version + 1, state_seal = 'sealed'`;
    const change = (fields: string, where: string) =>
      run(`UPDATE transactions SET ${fields}, ${sealed} WHERE ${where}`);
    expect(change(`tx_hash = 'other'`, 'tx_hash IS NOT NULL')).toThrow('signed once');
    expect(change(`status = 'PENDING'`, `id = '${testId(12)}'`)).toThrow('illegal state');
    expect(change('reserved_amount = NULL', `id = '${testId(12)}'`)).toThrow('CHECK');
    expect(run(`UPDATE transactions SET execute_after = 0`)).toThrow('next sealed state');
    expect(run(transaction(13, 'waiting'))).toThrow('sealed state');
    const columns =
      'agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash, intent_seal, request_hash';
    const copy = (columns: string, values: string) =>
      run(`INSERT INTO transactions (id, created_at, state_version, state_seal, ${columns})
           SELECT '${testId(13)}', 1, 1, 's', ${values} FROM transactions WHERE id = '${testId(12)}'`);
    expect(copy(`idempotency_key, ${columns}`, `idempotency_key, ${columns}`)).toThrow('UNIQUE');
    expect(run(`DELETE FROM agents`)).toThrow('FOREIGN KEY');
    expect(
      run(
        `INSERT INTO spend_ledger VALUES (8, '${testId(1)}', 'solana:native', 5, '${testId(99)}', '5', '5', '', '', '')`,
      ),
    ).toThrow('FOREIGN KEY');
    expect(run(`UPDATE spend_ledger SET amount = '6'`)).toThrow('append-only');
    expect(run(`UPDATE spend_ledger SET amount = '6', seal = 's'`)).toThrow('append-only');
    db.exec(`UPDATE spend_ledger SET seal = 's'`);
    expect(run(`UPDATE spend_ledger SET seal = 't'`)).toThrow('append-only');
    db.exec(`DELETE FROM sessions`);
    expect(db.prepare('SELECT count(*) FROM transactions WHERE session_id IS NULL').pluck().get()).toBe(3);
  });
});

/** Words of a CHECK in the schema that is made today. */
const CHECKED: readonly (readonly [table: string, column: string, words: readonly string[]])[] = [
  ['agents', 'chain', CHAINS],
  ['agents', 'network', NETWORKS],
  ['agents', 'status', AGENT_STATUSES],
  ['agents', 'suspension_reason', SUSPENSION_REASONS],
  ['policies', 'type', POLICY_TYPES],
  ['policy_versions', 'type', POLICY_TYPES],
  ['transactions', 'chain', CHAINS],
  ['transactions', 'type', TRANSACTION_TYPES],
  ['transactions', 'fee_priority', FEE_PRIORITIES],
  ['transactions', 'status', TRANSACTION_STATUSES],
  ['transactions', 'tier', TIERS],
  ['audit_log', 'severity', AUDIT_SEVERITIES],
  ['notification_channels', 'type', NOTIFICATION_CHANNEL_TYPES],
  ['notification_log', 'level', NOTIFICATION_LEVELS],
  ['notification_log', 'status', NOTIFICATION_STATUSES],
  ['owner_wallets', 'chain', OWNER_CHAINS],
  ['auto_stop_rules', 'type', AUTO_STOP_RULE_TYPES],
  ['auto_stop_rules', 'action', AUTO_STOP_ACTIONS],
  ['recalls', 'kind', RECALL_KINDS],
  ['recalls', 'status', RECALL_STATUSES],
];

test.each(CHECKED)('%s.%s takes the words of its enumeration and no others', (table, column, words) => {
  const db = openAt(MIGRATIONS.length);
  const sql = String(db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(table));
  const [, check = ''] = new RegExp(`\\n\\s*${column} TEXT[^\\n]*CHECK \\(${column} (.*)\\),\\n`).exec(sql) ?? [];
  // Either as a list, or compared one by one.
  const [, list] = /^IN \(([^)]*)\)$/.exec(check) ?? [];
  const compared = () => `${column} ${check}`.split(' OR ').map((one) => one.replace(`${column} = `, ''));
  expect((list?.split(', ') ?? compared()).sort()).toEqual(words.map((word) => `'${word}'`).sort());
});
