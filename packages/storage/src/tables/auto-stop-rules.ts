import type { AutoStopAction, AutoStopRuleType, RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import { headsOf } from '../heads/head-keeper.ts';
import { GLOBAL_SCOPE } from '../heads/scope.ts';
import type { Db } from '../query-executor.ts';
import type { AutoStopRulesTable } from '../schema.ts';
import { autoStopRuleContent, autoStopSetContent } from '../seals.ts';
import { assertAsWritten, changedSet, type SetMember } from './sealed-set.ts';

/** A row of `auto_stop_rules`. */
export type AutoStopRuleRow = Selectable<AutoStopRulesTable>;

/** The rules as they are stored, and whether all of them are what a daemon with this vault has written. */
export interface LoadedAutoStopRules {
  readonly rules: readonly AutoStopRuleRow[];
  readonly authentic: boolean;
  /** Those whose own seal is good; where the set is not authentic, others may be missing, or these be of an older day. */
  readonly sealed: readonly AutoStopRuleRow[];
}

/** Readings of rules that change while they are read. */
const READINGS = 5;

const head = (db: Db) => db.selectFrom('auto_stop_head').selectAll().executeTakeFirst();
const rows = (db: Db): Promise<AutoStopRuleRow[]> =>
  db.selectFrom('auto_stop_rules').selectAll().orderBy('id').execute();

/** The version that the head of what holds for all says is in force; undefined where it cannot be believed, or says none. */
const pinned = (db: Db): number | undefined => headsOf(db).read(GLOBAL_SCOPE)?.marks.get('autoStop');

/** What says which rules there are. */
const readSet = async (db: Db) => {
  const set = await head(db);
  return { version: set?.version, seal: set?.seal, pinned: pinned(db) };
};

/**
 * Reads all rules and checks every seal: none changed, added, removed or taken from an older copy, alone or all together with
 * their set. Rules and head are two readings: the head is read before and after, so that a change that is committed in between
 * is not taken for a forgery.
 */
export async function loadAutoStopRules(db: Db, sealer: RowSealer): Promise<LoadedAutoStopRules> {
  let present = await readSet(db);
  let rules = await rows(db);
  for (let reading = 1; reading < READINGS; reading += 1) {
    const after = await readSet(db);
    if (after.version === present.version && after.seal === present.seal && after.pinned === present.pinned) break;
    present = after;
    rules = await rows(db);
  }
  const sealed = rules.filter((row) => sealer.verify(autoStopRuleContent(row), row.seal));
  const { version, seal } = present;
  const authentic =
    version !== undefined &&
    seal !== undefined &&
    version === present.pinned &&
    sealed.length === rules.length &&
    sealer.verify(autoStopSetContent(version, rules), seal);
  return { rules, authentic, sealed };
}

/**
 * Lets the head of what holds for all say which rules are in force, in a database from before it did; called once. Answers
 * whether it says so now: not of rules that this daemon has not written, and not where it cannot be believed itself.
 */
export async function pinAutoStopRules(db: Db, sealer: RowSealer): Promise<boolean> {
  if (pinned(db) !== undefined) return true;
  const set = await head(db);
  if (set === undefined || headsOf(db).read(GLOBAL_SCOPE) === null) return false;
  const rules = await rows(db);
  const genuine = rules.every((row) => sealer.verify(autoStopRuleContent(row), row.seal));
  if (!genuine || !sealer.verify(autoStopSetContent(set.version, rules), set.seal)) return false;
  headsOf(db).edit(GLOBAL_SCOPE).marks.set('autoStop', set.version);
  return true;
}

/**
 * Seals the set of rules as it is to be now.
 * @throws NotAsWritten when the database holds anything else
 */
async function moveHead(db: Db, sealer: RowSealer, rules: readonly SetMember[]): Promise<void> {
  assertAsWritten('auto-stop rules', rules, await rows(db));
  // Never a version again that once was sealed, also where somebody has taken the set itself away.
  const version = Math.max((await head(db))?.version ?? 0, pinned(db) ?? 0) + 1;
  const seal = sealer.seal(autoStopSetContent(version, rules));
  await db
    .insertInto('auto_stop_head')
    .values({ id: 1, version, seal })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ version, seal }))
    .execute();
  // A database that is brought up to date gets its first rules before there are heads; they are pinned with these.
  if (headsOf(db).read(GLOBAL_SCOPE) !== null) headsOf(db).edit(GLOBAL_SCOPE).marks.set('autoStop', version);
}

/** Whether there ever were rules: only a database that never had a head may be given its first ones. */
export const hasAutoStopHead = async (db: Db): Promise<boolean> =>
  (await head(db)) !== undefined || pinned(db) !== undefined;

/** What is chosen about a rule. */
export interface AutoStopRuleFields {
  readonly id: string;
  readonly agentId: string | null;
  readonly type: AutoStopRuleType;
  /** JSON text. */
  readonly config: string;
  readonly action: AutoStopAction;
  readonly enabled: boolean;
}

/** Stores a rule as its next version, 1 for a new one, and seals the set with it. */
export async function storeAutoStopRule(
  db: Db,
  sealer: RowSealer,
  rule: AutoStopRuleFields,
  now: number,
): Promise<AutoStopRuleRow> {
  const others = await rows(db);
  const before = others.find(({ id }) => id === rule.id);
  const content = {
    id: rule.id,
    version: (before?.version ?? 0) + 1,
    agent_id: rule.agentId,
    type: rule.type,
    config: rule.config,
    action: rule.action,
    enabled: rule.enabled ? 1 : 0,
  };
  const row: AutoStopRuleRow = {
    ...content,
    created_at: before?.created_at ?? now,
    updated_at: now,
    seal: sealer.seal(autoStopRuleContent(content)),
  };
  const { id: _, ...changes } = row;
  await db
    .insertInto('auto_stop_rules')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
    .execute();
  await moveHead(db, sealer, changedSet(others, { stored: [row] }));
  return row;
}

export const findAutoStopRule = (db: Db, id: string): Promise<AutoStopRuleRow | undefined> =>
  db.selectFrom('auto_stop_rules').selectAll().where('id', '=', id).executeTakeFirst();

/** Removes a rule and seals the set without it. */
export async function deleteAutoStopRule(db: Db, sealer: RowSealer, id: string): Promise<void> {
  const others = await rows(db);
  await db.deleteFrom('auto_stop_rules').where('id', '=', id).execute();
  await moveHead(db, sealer, changedSet(others, { left: [id] }));
}
