import {
  AGENT_STATUSES,
  AUDIT_SEVERITIES,
  canTransition,
  POLICY_TYPES,
  TIERS,
  TRANSACTION_STATUSES,
  type TransactionStatus,
} from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../test/temporary-storage.ts';

/* The guarantees of the database itself, tried with plain SQL as someone who goes around all our code would. */

let temporary: TemporaryStorage;
let db: BetterSqlite3.Database;

beforeEach(() => {
  temporary = openTemporaryStorage();
  db = new BetterSqlite3(temporary.path);
  db.pragma('foreign_keys = ON');
  db.prepare(
    `INSERT INTO agents (id, name, chain, network, public_key, status, created_at, updated_at)
     VALUES (?, 'a', 'solana', 'localnet', 'key', 'ACTIVE', 1, 1)`,
  ).run(testId(1));
  db.prepare(
    `INSERT INTO sessions (id, agent_id, token_hash, expires_at, constraints, usage_stats, created_at, version, seal)
     VALUES (?, ?, ?, 10, '{}', '{}', 1, 1, 's')`,
  ).run(testId(2), testId(1), '0'.repeat(64));
});

afterEach(async () => {
  db.close();
  await temporary.remove();
});

let next = 100;
const insertTransaction = (): string => {
  const id = testId(next++);
  db.prepare(
    `INSERT INTO transactions (id, agent_id, session_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash,
       intent_seal, request_hash, created_at, state_version, state_seal)
     VALUES (?, ?, ?, 'solana', 'TRANSFER', 'solana:native', '5', 'to', 'medium', '{}', ?, 's', ?, 1, 1, 's')`,
  ).run(id, testId(1), testId(2), '0'.repeat(64), '0'.repeat(64));
  return id;
};
/** What comes with every change of a transaction. */
const SEALED = `state_version = state_version + 1, state_seal = state_seal || '.'`;
/** Moves a transaction with whatever its new state needs. */
const move = (id: string, to: TransactionStatus): void => {
  const live = to === 'QUEUED' || to === 'EXECUTING' || to === 'SUBMITTED';
  db.prepare(
    `UPDATE transactions SET status = ?, tier = 'INSTANT', reserved_amount = ?, tx_hash = coalesce(tx_hash, id), executed_at = 1, ${SEALED}
     WHERE id = ?`,
  ).run(to, live ? '5' : null, id);
};
const PATHS: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  PENDING: [],
  QUEUED: ['QUEUED'],
  EXECUTING: ['QUEUED', 'EXECUTING'],
  SUBMITTED: ['QUEUED', 'EXECUTING', 'SUBMITTED'],
  CONFIRMED: ['QUEUED', 'EXECUTING', 'SUBMITTED', 'CONFIRMED'],
  FAILED: ['FAILED'],
  CANCELLED: ['CANCELLED'],
  EXPIRED: ['QUEUED', 'EXPIRED'],
};
const inState = (status: TransactionStatus): string => {
  const id = insertTransaction();
  for (const step of PATHS[status]) move(id, step);
  return id;
};
const attempt =
  (statement: string, ...values: unknown[]) =>
  () =>
    db.prepare(statement).run(...values);

describe('states', () => {
  test('of all 64 pairs exactly the eleven legal ones can be written', () => {
    const written: string[] = [];
    for (const from of TRANSACTION_STATUSES) {
      for (const to of TRANSACTION_STATUSES) {
        const id = inState(from);
        try {
          move(id, to);
          written.push(`${from} ${to}`);
        } catch (error) {
          expect(String(error)).toContain('illegal state transition');
        }
      }
    }
    const legal = TRANSACTION_STATUSES.flatMap((from) =>
      TRANSACTION_STATUSES.filter((to) => canTransition(from, to)).map((to) => `${from} ${to}`),
    );
    expect(written).toEqual(legal);
    expect(written).toHaveLength(11);
  });

  test('a terminal state holds no reservation and no signed bytes', () => {
    const id = inState('SUBMITTED');
    expect(attempt(`UPDATE transactions SET status = 'FAILED', ${SEALED} WHERE id = ?`, id)).toThrow('CHECK');
    expect(
      attempt(
        `UPDATE transactions SET status = 'FAILED', reserved_amount = NULL, signed_tx = x'00', ${SEALED} WHERE id = ?`,
        id,
      ),
    ).toThrow('CHECK');
  });

  test('a live state holds exactly its amount', () => {
    const id = insertTransaction();
    for (const reserved of [null, '4', '6']) {
      expect(
        attempt(
          `UPDATE transactions SET status = 'QUEUED', tier = 'INSTANT', reserved_amount = ?, ${SEALED} WHERE id = ?`,
          reserved,
          id,
        ),
      ).toThrow('CHECK');
    }
  });

  test('a queued DELAY has its time and a queued APPROVAL its deadline', () => {
    for (const tier of ['DELAY', 'APPROVAL']) {
      const id = insertTransaction();
      expect(
        attempt(
          `UPDATE transactions SET status = 'QUEUED', tier = ?, reserved_amount = '5', ${SEALED} WHERE id = ?`,
          tier,
          id,
        ),
      ).toThrow('CHECK');
    }
  });

  test('nothing starts anywhere but in PENDING, and nothing is deleted', () => {
    const id = insertTransaction();
    expect(
      attempt(
        `INSERT INTO transactions (id, agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash,
           intent_seal, request_hash, created_at, state_version, state_seal, status)
         SELECT '${testId(9)}', agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash, intent_seal,
           request_hash, created_at, 1, 's', 'CANCELLED' FROM transactions WHERE id = ?`,
        id,
      ),
    ).toThrow('PENDING');
    expect(attempt('DELETE FROM transactions WHERE id = ?', id)).toThrow('kept');
  });
});

describe('an admitted intent', () => {
  test.each([
    'amount',
    'to_address',
    'asset',
    'memo',
    'intent',
    'intent_hash',
    'intent_seal',
    'agent_id',
    'request_hash',
    'created_at',
    'chain',
  ])('keeps its %s', (column) => {
    const id = insertTransaction();
    expect(attempt(`UPDATE transactions SET ${column} = ${column} WHERE id = ?`, id)).toThrow('never changes');
  });

  test('is signed once: its hash cannot be replaced', () => {
    const id = inState('SUBMITTED');
    expect(attempt(`UPDATE transactions SET tx_hash = 'other', ${SEALED} WHERE id = ?`, id)).toThrow('signed once');
  });
});

describe('the state of a transaction', () => {
  test('changes with its next version and another seal, and in no other way', () => {
    const id = inState('QUEUED');
    for (const change of [
      'late_check_at = 1',
      'execute_after = 0',
      `late_check_at = 1, state_version = state_version + 1`,
      `late_check_at = 1, state_seal = 'other'`,
      `late_check_at = 1, state_version = state_version + 2, state_seal = 'other'`,
      `state_seal = 'other'`,
      'state_version = state_version + 1',
    ]) {
      expect(attempt(`UPDATE transactions SET ${change} WHERE id = ?`, id), change).toThrow('next sealed state');
    }
    expect(attempt(`UPDATE transactions SET late_check_at = 1, ${SEALED} WHERE id = ?`, id)).not.toThrow();
  });

  test('starts with a seal', () => {
    for (const [version, seal] of [
      [0, 's'],
      [2, 's'],
      [1, ''],
    ]) {
      expect(
        attempt(
          `INSERT INTO transactions (id, agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash,
             intent_seal, request_hash, created_at, state_version, state_seal)
           SELECT '${testId(9)}', agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash, intent_seal,
             request_hash, created_at, ?, ? FROM transactions WHERE id = ?`,
          version,
          seal,
          insertTransaction(),
        ),
      ).toThrow('starts with a sealed state');
    }
  });
});

describe('values that are no values', () => {
  test.each([
    ['agents', 'status', [...AGENT_STATUSES], 'KILL_SWITCH'],
    ['transactions', 'status', [], 'TELEGRAM_PRE_APPROVED'],
    ['transactions', 'tier', [...TIERS], 'instant'],
    ['policies', 'type', [...POLICY_TYPES], 'ALLOWED_ADDRESSES'],
    ['audit_log', 'severity', [...AUDIT_SEVERITIES], 'INFO'],
  ])('%s.%s takes its enumeration and nothing else', (table, column, values, bad) => {
    const { sql } = db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(table) as { sql: string };
    for (const value of values) expect(sql).toContain(`'${value}'`);
    expect(sql).not.toContain(`'${bad}'`);
    expect(sql).toMatch(new RegExp(`${column} TEXT[^\\n]*CHECK \\(${column} (IN|=) `));
  });

  test.each(['-5', '0x10', '1e3', ' 5 ', '', '1.5', '007', '+1'])('the amount %j', (amount) => {
    expect(
      attempt(
        `INSERT INTO transactions (id, agent_id, chain, type, asset, amount, to_address, fee_priority, intent, intent_hash, intent_seal, request_hash, created_at,
           state_version, state_seal)
         VALUES (?, ?, 'solana', 'TRANSFER', 'solana:native', ?, 'to', 'medium', '{}', ?, 's', ?, 1, 1, 's')`,
        testId(50),
        testId(1),
        amount,
        '0'.repeat(64),
        '0'.repeat(64),
      ),
    ).toThrow('CHECK');
  });

  test('a suspended agent without its reason', () => {
    expect(attempt(`UPDATE agents SET status = 'SUSPENDED'`)).toThrow('CHECK');
    expect(attempt(`UPDATE agents SET status = 'SUSPENDED', suspended_at = 1, suspension_reason = 'because'`)).toThrow(
      'CHECK',
    );
  });
});

describe('what belongs together', () => {
  test('an agent with transactions stays; without, its sessions and policies go with it and audit rows stay', () => {
    insertTransaction();
    expect(attempt('DELETE FROM agents')).toThrow('FOREIGN KEY');
    db.prepare(
      `INSERT INTO agents (id, name, chain, network, public_key, status, created_at, updated_at) VALUES (?, 'b', 'solana', 'localnet', 'other', 'ACTIVE', 1, 1)`,
    ).run(testId(3));
    db.prepare(
      `INSERT INTO sessions (id, agent_id, token_hash, expires_at, constraints, usage_stats, created_at, version, seal) VALUES (?, ?, ?, 10, '{}', '{}', 1, 1, 's')`,
    ).run(testId(4), testId(3), '1'.repeat(64));
    db.prepare(
      `INSERT INTO audit_log (timestamp, event_type, actor, agent_id, details) VALUES (1, 'X', 'system', ?, '{}')`,
    ).run(testId(3));
    db.prepare('DELETE FROM agents WHERE id = ?').run(testId(3));
    expect(db.prepare('SELECT count(*) FROM sessions WHERE id = ?').pluck().get(testId(4))).toBe(0);
    expect(db.prepare('SELECT count(*) FROM audit_log WHERE agent_id = ?').pluck().get(testId(3))).toBe(1);
  });

  test('a session that is cleaned up leaves its transactions', () => {
    const id = inState('CONFIRMED');
    db.prepare('DELETE FROM sessions').run();
    expect(db.prepare('SELECT session_id FROM transactions WHERE id = ?').pluck().get(id)).toBeNull();
  });

  test('one idempotency key of an agent is one transaction; two agents may use the same', () => {
    const sql = 'CREATE UNIQUE INDEX idx_transactions_idempotency';
    expect(
      db.prepare(`SELECT sql FROM sqlite_schema WHERE name = 'idx_transactions_idempotency'`).pluck().get(),
    ).toContain(sql);
  });
});

describe('what is only ever appended', () => {
  test.each(['audit_log', 'spend_ledger', 'policy_versions'])('%s', (table) => {
    db.exec(
      table === 'audit_log'
        ? `INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (1, 'X', 'system', '{}')`
        : table === 'policy_versions'
          ? `INSERT INTO policy_versions VALUES ('p', 1, NULL, 'SPENDING_LIMIT', '{}', 0, 1, 1, 'system', 's')`
          : `INSERT INTO spend_ledger (agent_id, asset, settled_at, tx_id, amount, cumulative) VALUES ('${testId(1)}', 'solana:native', 1, '${inState('CONFIRMED')}', '5', '5')`,
    );
    expect(attempt(`DELETE FROM ${table}`)).toThrow('append-only');
    const column = table === 'audit_log' ? 'actor' : table === 'policy_versions' ? 'rules' : 'cumulative';
    expect(attempt(`UPDATE ${table} SET ${column} = ${column}`)).toThrow('append-only');
  });

  test('a revoked session stays revoked', () => {
    db.exec('UPDATE sessions SET revoked_at = 5');
    expect(attempt('UPDATE sessions SET revoked_at = NULL')).toThrow('stays revoked');
  });

  test('a policy changes by its next version only', () => {
    db.exec(`INSERT INTO policies VALUES ('p', 1, NULL, 'SPENDING_LIMIT', '{}', 0, 1, 1, 1, 's')`);
    expect(attempt(`UPDATE policies SET rules = '{"x":1}'`)).toThrow('next version');
    expect(attempt('UPDATE policies SET version = 3')).toThrow('next version');
    expect(attempt(`UPDATE policies SET version = 2, agent_id = '${testId(1)}'`)).toThrow('next version');
  });

  test('there is one owner', () => {
    const insert = `INSERT INTO owner_wallets (id, address, chain, connected_at, version, seal) VALUES (?, ?, 'solana', 'now', 1, 's')`;
    db.prepare(insert).run('o1', 'a1');
    expect(attempt(insert, 'o2', 'a2')).toThrow('one owner');
  });
});
