import { createSpendSealing, headsOf, lastSpends } from '@waiaas/storage';
import { sql } from 'kysely';
import type { BenchWorld } from './bench-world.ts';

/** Days over which the history is spread. */
const DAYS = 30;
const BATCH = 20_000;

/**
 * Gives the agent a long history: confirmed payments of one base unit, spread over a month, with their ledger rows. The
 * rows are written in bulk around the triggers, which are put back as they were.
 */
export async function writeHistory(world: BenchWorld, rows: number): Promise<void> {
  const { storage, sealer, agentId, sessionId } = world;
  const now = Math.floor(Date.now() / 1000);
  const first = now - DAYS * 86_400;
  await storage.write(async ({ db }) => {
    const { rows: triggers } = await sql<{ name: string; sql: string }>`
      SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('transactions', 'spend_ledger')`.execute(
      db,
    );
    for (const { name } of triggers) await sql.raw(`DROP TRIGGER ${name}`).execute(db);
    for (let from = 0; from < rows; from += BATCH) {
      const to = Math.min(rows, from + BATCH);
      await sql`
        WITH RECURSIVE n(i) AS (SELECT CAST(${from} AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})
        INSERT INTO transactions (id, agent_id, session_id, chain, type, asset, amount, to_address, fee_priority, status, tier,
          intent, intent_hash, intent_seal, request_hash, idempotency_key, created_at, queued_at, submitted_at, executed_at, tx_hash, metadata)
        SELECT printf('00000000-0000-7000-8000-%012x', i), ${agentId}, ${sessionId}, 'solana', 'TRANSFER', 'solana:native', '1',
          'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS', 'medium', 'CONFIRMED', 'INSTANT', '{}', printf('%064x', i), 'x',
          printf('%064x', i), printf('history-%d', i), CAST(${first} + i * ${DAYS * 86_400} / ${rows} AS INTEGER), 0, 0,
          CAST(${first} + i * ${DAYS * 86_400} / ${rows} AS INTEGER), printf('%0128x', i), '{"fee":"5000"}' FROM n`.execute(
        db,
      );
      await sql`
        WITH RECURSIVE n(i) AS (SELECT CAST(${from} AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})
        INSERT INTO spend_ledger (agent_id, asset, settled_at, tx_id, amount, cumulative)
        SELECT ${agentId}, 'solana:native', CAST(${first} + i * ${DAYS * 86_400} / ${rows} AS INTEGER),
          printf('00000000-0000-7000-8000-%012x', i), '1', CAST(i + 1 AS TEXT) FROM n`.execute(db);
    }
    for (const { sql: text } of triggers) await sql.raw(text).execute(db);
  });
  // Pages are looked for in the write-ahead log first: one as long as all of the history would make every step slow.
  storage.checkpoint();
  const sealNext = createSpendSealing(sealer);
  for (let sealed = BATCH; sealed === BATCH; ) sealed = await storage.write(({ db }) => sealNext(db, BATCH));
  await storage.write(async ({ db }) => {
    const { spent } = headsOf(db).edit(agentId);
    for (const [asset, spend] of await lastSpends(db, agentId)) spent.set(asset, spend);
  });
  storage.checkpoint();
}
