import { type AutoStopRuleInput, autoStopRuleCreateSchema, isWaiaasError, notificationEventSchema } from '@waiaas/core';
import { type AutoStopRuleRow, GLOBAL_SCOPE, headsOf } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, BOB, by, createWorld, OPERATOR, type World } from '../../test/world.ts';
import { sealEarlierAutoStop } from './earlier-rules.ts';
import { type AutoStopRules, createAutoStopRules, seedAutoStopRules } from './manage-rules.ts';

let world: World;
let rules: AutoStopRules;
afterEach(async () => {
  await world.close();
  world.remove();
});

const shared = () => {
  const { storage, ids, time, keystoreParts } = world;
  return { storage, sealer: keystoreParts.keystore.sealer, clock: time, ids };
};

async function start(threshold = 3): Promise<void> {
  world = await createWorld();
  await seedAutoStopRules(shared(), threshold);
  rules = createAutoStopRules(shared());
}

const ruleOf = (body: object): AutoStopRuleInput => autoStopRuleCreateSchema.parse(body);
const HOURLY = { type: 'HOURLY_RATE', config: { maxTxPerHour: 5 } };
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (isWaiaasError(error) ? error.code : String(error)),
  );
interface Day {
  readonly rules: readonly AutoStopRuleRow[];
  readonly set: object;
  readonly head: object;
}

/** What is stored of the rules, with every seal. */
const snapshot = async (): Promise<Day> => ({
  rules: await world.storage.read.selectFrom('auto_stop_rules').selectAll().execute(),
  set: await world.storage.read.selectFrom('auto_stop_head').selectAll().executeTakeFirstOrThrow(),
  head: await world.storage.read
    .selectFrom('heads')
    .selectAll()
    .where('scope', '=', GLOBAL_SCOPE)
    .executeTakeFirstOrThrow(),
});

/** What somebody does who can write the file: triggers are no hindrance. */
const putBack = ({ rules: earlier, set, head }: Day, withHead: boolean) =>
  world.storage.write(async ({ db }) => {
    for (const name of ['auto_stop_head_moves_on', 'heads_move_on']) await sql.raw(`DROP TRIGGER ${name}`).execute(db);
    await db.deleteFrom('auto_stop_rules').execute();
    await db
      .insertInto('auto_stop_rules')
      .values([...earlier])
      .execute();
    await db.updateTable('auto_stop_head').set(set).execute();
    if (withHead) await db.updateTable('heads').set(head).where('scope', '=', GLOBAL_SCOPE).execute();
  });

/** As it is in a database from before rules were pinned. */
const unpin = () => world.storage.write(async ({ db }) => void headsOf(db).edit(GLOBAL_SCOPE).marks.delete('autoStop'));

async function restart(): Promise<void> {
  const { folder, time } = world;
  await world.close();
  world = await createWorld({ folder, time });
  rules = createAutoStopRules(shared());
}

const run = (text: string) => world.storage.write(async ({ db }) => void (await sql.raw(text).execute(db)));

test('a new database begins with three rules, none of which stops everything', async () => {
  await start(7);
  const { rules: found, authentic } = await rules.list();
  expect(authentic).toBe(true);
  expect(
    found.map(({ type, config, action, agentId, enabled }) => ({ type, config, action, agentId, enabled })),
  ).toEqual([
    { type: 'CONSECUTIVE_FAILURES', config: { threshold: 7 }, action: 'SUSPEND_AGENT', agentId: null, enabled: true },
    {
      type: 'DAILY_LIMIT_THRESHOLD',
      config: { warnPercent: 80, stopPercent: 100 },
      action: 'SUSPEND_AGENT',
      agentId: null,
      enabled: true,
    },
    { type: 'HOURLY_RATE', config: { maxTxPerHour: 50 }, action: 'SUSPEND_AGENT', agentId: null, enabled: true },
  ]);
});

test('is seeded once: rules that were removed do not come back with the next start', async () => {
  await start();
  for (const { id } of (await rules.list()).rules) await rules.remove(id, OPERATOR);
  await seedAutoStopRules(shared(), 3);
  expect(await rules.list()).toEqual({ rules: [], authentic: true });
});

describe('rules', () => {
  test('are told of with each change, by whom and for whom; what was refused is not', async () => {
    await start();
    const { id } = await rules.create(ruleOf({ ...HOURLY, action: 'WARN' }), OPERATOR);
    await rules.update(id, { enabled: false }, OPERATOR);
    await rules.remove(id, OPERATOR);
    expect(await refusal(rules.remove(id, OPERATOR))).toBe('AUTO_STOP_RULE_NOT_FOUND');
    const rows = await world.storage.read.selectFrom('notification_outbox').select('payload').orderBy('seq').execute();
    const about = {
      event: 'AUTO_STOP_RULE_CHANGED',
      ruleId: id,
      ruleType: 'HOURLY_RATE',
      agentId: null,
      by: 'operator',
    };
    expect(rows.map(({ payload }) => notificationEventSchema.parse(JSON.parse(payload)))).toEqual([
      { ...about, change: 'created', action: 'WARN', enabled: true },
      { ...about, change: 'updated', action: 'WARN', enabled: false },
      { ...about, change: 'deleted', action: 'WARN', enabled: false },
    ]);
  });

  test('are created, changed and removed, each change on record with who made it', async () => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    const agentId = await world.createAgent();
    const created = await rules.create(ruleOf({ ...HOURLY, agentId }), by(ALICE));
    expect(created).toMatchObject({ version: 1, agentId, action: 'SUSPEND_AGENT', enabled: true });
    expect(created.warning).toBeUndefined();
    const changed = await rules.update(created.id, { action: 'KILL_SWITCH' }, OPERATOR);
    expect(changed).toMatchObject({ version: 2, config: { maxTxPerHour: 5 }, action: 'KILL_SWITCH' });
    expect(changed.warning).toContain('kill switch');
    expect(await rules.update(created.id, { config: { maxTxPerHour: 6 }, enabled: false }, OPERATOR)).toMatchObject({
      version: 3,
      config: { maxTxPerHour: 6 },
      enabled: false,
    });
    await rules.remove(created.id, OPERATOR);
    expect(await refusal(rules.remove(created.id, OPERATOR))).toBe('AUTO_STOP_RULE_NOT_FOUND');
    expect(await refusal(rules.update(created.id, { enabled: true }, OPERATOR))).toBe('AUTO_STOP_RULE_NOT_FOUND');
    expect((await rules.list()).rules).toHaveLength(3);
    const rows = (await world.audit()).filter(({ event_type }) => event_type.startsWith('AUTO_STOP_RULE_'));
    expect(rows.slice(3).map(({ event_type, actor, severity }) => [event_type, actor, severity])).toEqual([
      ['AUTO_STOP_RULE_CREATED', `owner:${ALICE.address}`, 'warning'],
      ['AUTO_STOP_RULE_UPDATED', 'operator', 'warning'],
      ['AUTO_STOP_RULE_UPDATED', 'operator', 'warning'],
      ['AUTO_STOP_RULE_DELETED', 'operator', 'warning'],
    ]);
  });

  test('take no configuration of another type, and no agent that is not there', async () => {
    await start();
    const { id } = await rules.create(ruleOf(HOURLY), OPERATOR);
    expect(await refusal(rules.update(id, { config: { threshold: 3 } }, OPERATOR))).toBe('VALIDATION_ERROR');
    expect(await refusal(rules.update(id, { config: { maxTxPerHour: 5, more: 1 } }, OPERATOR))).toBe(
      'VALIDATION_ERROR',
    );
    expect(await refusal(rules.create(ruleOf({ ...HOURLY, agentId: world.ids.next() }), OPERATOR))).toBe(
      'AGENT_NOT_FOUND',
    );
  });

  test('are changed by nobody who has been replaced meanwhile, and by nobody while everything is stopped', async () => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    expect(await refusal(rules.create(ruleOf(HOURLY), by(BOB)))).toBe('OWNER_MISMATCH');
    const { id } = await rules.create(ruleOf(HOURLY), OPERATOR);
    await world.killSwitch.activate('drill', OPERATOR);
    expect(await refusal(rules.create(ruleOf(HOURLY), OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(rules.update(id, { enabled: false }, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(rules.remove(id, OPERATOR))).toBe('SYSTEM_LOCKED');
  });

  test.each([
    [
      'raised',
      `UPDATE auto_stop_rules SET config = '{"maxTxPerHour":9999}', version = version + 1 WHERE type = 'HOURLY_RATE'`,
    ],
    ['switched off', `UPDATE auto_stop_rules SET enabled = 0, version = version + 1 WHERE type = 'HOURLY_RATE'`],
    ['made to do less', `UPDATE auto_stop_rules SET action = 'WARN', version = version + 1 WHERE type = 'HOURLY_RATE'`],
    ['made unreadable', `UPDATE auto_stop_rules SET config = '[]', version = version + 1 WHERE type = 'HOURLY_RATE'`],
    ['removed', `DELETE FROM auto_stop_rules WHERE type = 'HOURLY_RATE'`],
    [
      'lent to another agent',
      `INSERT INTO auto_stop_rules SELECT '01a205ca-7607-729f-a8d3-0a119d9107d0', agent_id, type, config, action, enabled, created_at, updated_at, version, seal FROM auto_stop_rules LIMIT 1`,
    ],
  ])(
    'that somebody has %s in the file are known not to be the daemon’s, and nothing is sealed over them',
    async (_how, text) => {
      await start();
      await run(text);
      expect((await rules.list()).authentic).toBe(false);
      expect(await refusal(rules.create(ruleOf(HOURLY), OPERATOR))).toBe('POLICY_DENIED');
    },
  );

  test('that were taken back to an earlier version, seal and all, show', async () => {
    await start();
    const [first] = (await rules.list()).rules;
    if (first === undefined) throw new Error('There are seeds');
    const row = await world.storage.read
      .selectFrom('auto_stop_rules')
      .selectAll()
      .where('id', '=', first.id)
      .executeTakeFirstOrThrow();
    await rules.update(first.id, { config: { threshold: 1 } }, OPERATOR);
    await run('DROP TRIGGER auto_stop_rules_identity');
    await run(
      `UPDATE auto_stop_rules SET config = '${row.config}', version = ${row.version}, seal = '${row.seal}' WHERE id = '${row.id}'`,
    );
    expect((await rules.list()).authentic).toBe(false);
  });

  test.each([
    ['alone', false],
    ['with the head that tells which set counts', true],
  ])('that were all put back while the daemon was down, their set too, %s, show', async (_how, withHead) => {
    await start();
    const day = await snapshot();
    for (const { id } of (await rules.list()).rules) await rules.remove(id, OPERATOR);
    await rules.create(ruleOf({ ...HOURLY, action: 'KILL_SWITCH' }), OPERATOR);
    await putBack(day, withHead);
    await restart();
    // Every seal of that day holds in itself.
    expect(await rules.list()).toMatchObject({
      rules: [{ version: 1 }, { version: 1 }, { version: 1 }],
      authentic: false,
    });
    expect(await refusal(rules.create(ruleOf(HOURLY), OPERATOR))).toBe('POLICY_DENIED');
  });

  test('that were put back under the running daemon show as well', async () => {
    await start();
    const day = await snapshot();
    await rules.create(ruleOf({ ...HOURLY, action: 'KILL_SWITCH' }), OPERATOR);
    await putBack(day, false);
    expect((await rules.list()).authentic).toBe(false);
  });

  test('that were taken away, and all that tells of them, are not followed by first ones', async () => {
    await start();
    await run('DROP TRIGGER auto_stop_head_no_delete');
    await run('DELETE FROM auto_stop_head');
    await run('DELETE FROM auto_stop_rules');
    await seedAutoStopRules(shared(), 3);
    expect(await rules.list()).toEqual({ rules: [], authentic: false });
  });

  test('of a database from before they were pinned are pinned once, and those of an earlier day never again', async () => {
    await start();
    const day = await snapshot();
    await rules.create(ruleOf({ ...HOURLY, action: 'KILL_SWITCH' }), OPERATOR);
    await unpin();
    expect((await rules.list()).authentic).toBe(false);
    await sealEarlierAutoStop(shared());
    expect((await rules.list()).authentic).toBe(true);
    await unpin();
    await putBack(day, false);
    await sealEarlierAutoStop(shared());
    expect((await rules.list()).authentic).toBe(false);
    const told = (await world.audit()).filter(({ event_type }) => event_type === 'AUTO_STOP_SEALED');
    expect(told.map(({ details }) => JSON.parse(details))).toEqual([{ pinned: true }]);
  });

  test('that somebody has edited are not pinned', async () => {
    await start();
    await unpin();
    await run(`UPDATE auto_stop_rules SET enabled = 0, version = version + 1 WHERE type = 'HOURLY_RATE'`);
    await sealEarlierAutoStop(shared());
    expect((await rules.list()).authentic).toBe(false);
  });
});
