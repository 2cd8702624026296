import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import { createHeadTeller, parseAnchors, verifyAuditLog } from './index.ts';

/* The end of the audit log, told where the daemon's own disk is not: enough to show what was cut off afterwards. */

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.remove();
});

/** As a process that remembers nothing. */
const look = () => createHeadTeller({ storage: world.storage, clock: world.time, interval: 3600 }).run();
const lines = async (): Promise<string[]> => {
  const rows = await world.storage.read.selectFrom('notification_outbox').select(['event', 'payload']).execute();
  return rows.filter(({ event }) => event === 'AUDIT_HEAD').map(({ payload }) => JSON.parse(payload).line);
};
const verify = async () =>
  verifyAuditLog({
    read: world.storage.read,
    sealer: world.keystoreParts.keystore.sealer,
    anchors: parseAnchors(`${(await lines()).join('\n')}\n`, 'messages'),
  });

test('it is told once in its time, across restarts, also when somebody else has moved the time away', async () => {
  await look();
  await look();
  expect(await lines()).toHaveLength(1);
  await world.time.advance(3_600_000);
  await world.createAgent();
  await look();
  expect(await lines()).toHaveLength(2);
  await world.storage.write(
    async ({ db }) =>
      void (await sql`UPDATE system_state SET value = '99999999999' WHERE key = 'audit_head_told_at'`.execute(db)),
  );
  await look();
  expect(await lines()).toHaveLength(3);
});

test('the messages alone show that the log was cut, head and all', async () => {
  const before = await world.storage.read.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
  await world.createAgent();
  await look();
  expect(await verify()).toMatchObject({ intact: true, anchors: 1 });
  await world.storage.write(async ({ db }) => {
    for (const { name } of await sql<{ name: string }>`SELECT name FROM sqlite_schema WHERE type = 'trigger'`
      .execute(db)
      .then(({ rows }) => rows)) {
      await sql`DROP TRIGGER ${sql.raw(name)}`.execute(db);
    }
    await sql`DELETE FROM audit_log WHERE id > ${before.audit_id}`.execute(db);
    const { version, audit_id, hash, sealed_at, seal } = before;
    await sql`UPDATE audit_head SET version = ${version}, audit_id = ${audit_id}, hash = ${hash}, sealed_at = ${sealed_at}, seal = ${seal}`.execute(
      db,
    );
  });
  const { intact, findings } = await verify();
  expect(intact).toBe(false);
  expect(findings.map(({ fault }) => fault)).toContain('TRUNCATED');
});
