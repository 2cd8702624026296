import { nativeAssetId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { admit, createAgent } from '../../test/payments.ts';
import { plansOf } from '../../test/plans.ts';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import { appendAudit } from './audit-log.ts';
import { type AuditWitness, listWitnesses, REFUSED_AT_CLAIM } from './audit-witnesses.ts';

let temporary: TemporaryStorage;
beforeEach(() => {
  temporary = openTemporaryStorage();
});
afterEach(() => temporary.remove());

const NOW = 1_800_000_000;

test('the audit log is gone through by its primary key, and nothing else is scanned or sorted', async () => {
  const raw = new BetterSqlite3(temporary.path, { readonly: true });
  try {
    const plan = (await plansOf(raw, (db) => listWitnesses(db, 5, 10))).join('\n');
    expect(plan).toContain('SEARCH audit_log USING INTEGER PRIMARY KEY (rowid>?)');
    expect(plan).toMatch(/SEARCH transactions USING .*\(id=\?\)/);
    expect(plan).toMatch(/SEARCH decisions USING .*\(tx_id=\?\)/);
    expect(plan).toMatch(/SEARCH claim_decisions USING .*\(tx_id=\?\)/);
    expect(plan).not.toMatch(/TEMP B-TREE|AUTOMATIC|SCAN (?!CONSTANT)/);
  } finally {
    raw.close();
  }
});

test('a row that tells of a payment or of a claim lacks what was written with it, page by page', async () => {
  const { storage } = temporary;
  const agentId = await createAgent(storage, 1);
  const payment = { agentId, asset: nativeAssetId('solana'), amount: 1n, now: NOW } as const;
  const there = (await admit(storage, payment)).id;
  const decided = (await admit(storage, payment)).id;
  const gone = testId(7);
  await storage.write(async ({ db }) => {
    await sql`INSERT INTO decisions (tx_id, decided_at, session_criteria, policies, standing, seal)
      VALUES (${decided}, 1, '[]', '[]', '{}', '')`.execute(db);
    const told = [
      ['TX_REQUESTED', there],
      ['TX_REQUESTED', gone],
      // Of a version that recorded no claims, or no decisions.
      ['TX_CLAIMED', there],
      ['TX_APPROVED', decided],
      ['TX_CLAIMED', gone],
      ['TX_SIGNED', gone],
      ['TX_CANCELLED', gone],
    ] as const;
    for (const [event, txId] of told) await appendAudit(db, NOW, { event, actor: 'system', txId });
    const cancelled = { event: 'TX_CANCELLED', actor: 'system', txId: decided } as const;
    await appendAudit(db, NOW, { ...cancelled, details: { text: 'said "atClaim":true' } });
    await appendAudit(db, NOW, { ...cancelled, details: { reason: 'DAILY_CAP', ...REFUSED_AT_CLAIM } });
    await appendAudit(db, NOW, { event: 'TX_REQUESTED', actor: 'system' });
  });
  const rows: AuditWitness[] = [];
  for (let after = 0; ; ) {
    const page = await listWitnesses(storage.read, after, 3);
    rows.push(...page);
    after = page.at(-1)?.auditId ?? after;
    if (page.length < 3) break;
  }
  expect(rows).toEqual(await listWitnesses(storage.read, 0, 1000));
  expect(
    rows.filter(({ lacks }) => lacks !== null).map(({ event, transactionId, lacks }) => [event, transactionId, lacks]),
  ).toEqual([
    ['TX_REQUESTED', gone, 'transaction'],
    ['TX_APPROVED', decided, 'claim'],
    ['TX_CLAIMED', gone, 'transaction'],
    ['TX_CANCELLED', decided, 'claim'],
  ]);
});
