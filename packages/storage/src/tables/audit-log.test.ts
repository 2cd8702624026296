import { agentId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plansOf } from '../../test/plans.ts';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import type { Db } from '../query-executor.ts';
import { countRequestedSince } from './agent-activity.ts';
import { appendAudit, hasAuditEvent, listAudit } from './audit-log.ts';

let temporary: TemporaryStorage;
let raw: BetterSqlite3.Database;
beforeEach(() => {
  temporary = openTemporaryStorage();
  raw = new BetterSqlite3(temporary.path, { readonly: true });
});
afterEach(async () => {
  raw.close();
  await temporary.remove();
});

const page = { order: 'desc', limit: 10 } as const;
const questions: readonly (readonly [string, (db: Db) => Promise<unknown>])[] = [
  ['listAudit', (db) => listAudit(db, { ...page, event: 'SEAL_BROKEN' })],
  ['hasAuditEvent', (db) => hasAuditEvent(db, ['SEAL_BROKEN', 'LEDGER_SEALED'])],
  ['when the clock was accepted', (db) => countRequestedSince(db, agentId(testId(1)), { time: 5, row: 4 })],
];

test.each(questions)('%s finds rows of a kind that is rare by their kind', async (_name, ask) => {
  const plans = await plansOf(raw, ask);
  expect(plans.join('\n')).toMatch(/INDEX idx_audit_log_event_type \(event_type=\?\)/);
});

test('rows are listed by their kind, of which there is one in every payment and one in a thousand', async () => {
  const { storage } = temporary;
  const kinds = ['TX_REQUESTED', 'TX_FAILED', 'TX_SIGNED', 'TX_REQUESTED', 'SEAL_BROKEN'] as const;
  await storage.write(async ({ db }) => {
    for (const event of kinds) await appendAudit(db, 1_800_000_000, { event, actor: 'system' });
  });
  const all = await listAudit(storage.read, { order: 'asc', limit: 100 });
  for (const event of new Set(all.map(({ event_type }) => event_type))) {
    const found = await listAudit(storage.read, { order: 'asc', limit: 100, event });
    expect(found).toEqual(all.filter(({ event_type }) => event_type === event));
  }
  expect(await hasAuditEvent(storage.read, ['TX_SUBMITTED'])).toBe(false);
  expect(await hasAuditEvent(storage.read, ['TX_SUBMITTED', 'SEAL_BROKEN'])).toBe(true);
});

test('rows of an agent are the same whether it has few or many, and those of one with many are not all sorted', async () => {
  const { storage } = temporary;
  const [busy, quiet] = [testId(1), testId(2)];
  const fill = (of: string, count: number) =>
    storage.write(({ db }) =>
      sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO audit_log (timestamp, event_type, actor, agent_id, details, hash)
        SELECT 1800000000, 'TX_FAILED', 'system', ${of}, '{}', '' FROM n`.execute(db),
    );
  await fill(busy, 1500);
  await fill(quiet, 5);
  const plans = (of: string) => plansOf(raw, (db) => listAudit(db, { ...page, agentId: of }));
  expect((await plans(busy)).join('\n')).toContain('USE TEMP B-TREE');
  await fill(busy, 1500);
  expect((await plans(busy)).join('\n')).not.toContain('USE TEMP B-TREE');
  expect((await plans(quiet)).join('\n')).toContain('USE TEMP B-TREE');
  for (const of of [busy, quiet]) {
    for (const order of ['asc', 'desc'] as const) {
      const all = (await listAudit(storage.read, { order, limit: 10_000 })).filter(({ agent_id }) => agent_id === of);
      expect(await listAudit(storage.read, { order, limit: 10_000, agentId: of })).toEqual(all);
    }
  }
});
