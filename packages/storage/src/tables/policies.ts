import type { AgentId, PolicyId, PolicyType, RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import { headsOf } from '../heads/head-keeper.ts';
import { GLOBAL_SCOPE } from '../heads/scope.ts';
import type { Db } from '../query-executor.ts';
import type { PoliciesTable, PolicySetsTable, PolicyVersionsTable } from '../schema.ts';
import { policyContent, policySetContent } from '../seals.ts';
import { firstOf, rowsOf } from '../statement.ts';
import { assertAsWritten, changedSet, type SetMember } from './sealed-set.ts';

/** A row of `policies`: the present version of a policy. */
export type PolicyRow = Selectable<PoliciesTable>;
/** A row of `policy_versions`: a version a policy has or once had. */
export type PolicyVersionRow = Selectable<PolicyVersionsTable>;

/** A policy as it is loaded for a decision. */
export type LoadedPolicy = PolicyRow & {
  /** Whether its own seal holds. */
  readonly authentic: boolean;
};

/** Policies that may apply to an agent, and whether the sets they come from are complete. */
export interface LoadedPolicies {
  readonly policies: readonly LoadedPolicy[];
  /** False when a set was tampered with or is missing: nothing may be allowed then. */
  readonly complete: boolean;
}

/** All policies, as they are shown. */
export interface ShownPolicies {
  /** Oldest first. */
  readonly policies: readonly PolicyRow[];
  /** The agents whose own policies are not as the daemon stored them; null stands for those of all agents. */
  readonly notAuthentic: readonly (string | null)[];
}

/** Readings of policies that change while they are read. */
const READINGS = 5;

const scopeOf = (agentId: string | null): string => agentId ?? GLOBAL_SCOPE;

const inScope = (db: Db, scope: string): Promise<PolicyRow[]> =>
  scope === GLOBAL_SCOPE
    ? rowsOf(db, 'SELECT * FROM policies WHERE agent_id IS NULL')
    : rowsOf(db, 'SELECT * FROM policies WHERE agent_id = ?', [scope]);

const headOf = (db: Db, scope: string) =>
  firstOf<PolicySetsTable>(db, 'SELECT * FROM policy_sets WHERE scope = ?', [scope]);

/**
 * Seals the set of a new scope, once, so that an agent without policies of its own is known to have none.
 * @throws NotAsWritten when it has some all the same
 */
export const sealPolicySet = (db: Db, sealer: RowSealer, agentId: AgentId | null): Promise<void> =>
  sealSet(db, sealer, scopeOf(agentId), []);

/** @param policies what is to be in the set, in the unit of work of every change */
async function sealSet(db: Db, sealer: RowSealer, scope: string, policies: readonly SetMember[]): Promise<void> {
  assertAsWritten('policies', policies, await inScope(db, scope));
  const set = await headOf(db, scope);
  // Never a version again that once was sealed, also where somebody has taken the set itself away.
  const version = Math.max(set?.version ?? 0, headsOf(db).edit(scope).marks.get('policies') ?? 0) + 1;
  const seal = sealer.seal(policySetContent(scope, version, policies));
  await db
    .insertInto('policy_sets')
    .values({ scope, version, seal })
    .onConflict((conflict) => conflict.column('scope').doUpdateSet({ version, seal }))
    .execute();
  headsOf(db).edit(scope).marks.set('policies', version);
}

/** The version of the sealed set of a scope, whatever the head says of it; null when its seal does not hold. */
export async function sealedSetVersion(db: Db, sealer: RowSealer, scope: string): Promise<number | null> {
  const head = await headOf(db, scope);
  if (head === undefined) return null;
  return sealer.verify(policySetContent(scope, head.version, await inScope(db, scope)), head.seal)
    ? head.version
    : null;
}

/** The version of a set that the head of its scope says is in force. */
const pinned = (db: Db, scope: string): number | undefined => headsOf(db).read(scope)?.marks.get('policies');

const judged = (sealer: RowSealer, rows: readonly PolicyRow[]): readonly LoadedPolicy[] =>
  rows.map((row) => ({ ...row, authentic: sealer.verify(policyContent(row), row.seal) }));

/** @param pinnedVersion a set that was in force once, from an older copy of the file, is genuine in itself */
const isComplete = (
  sealer: RowSealer,
  rows: readonly PolicyRow[],
  set: Selectable<PolicySetsTable> | undefined,
  pinnedVersion: number | undefined,
): boolean =>
  set !== undefined &&
  set.version === pinnedVersion &&
  sealer.verify(policySetContent(set.scope, set.version, rows), set.seal);

async function loadScope(db: Db, sealer: RowSealer, scope: string): Promise<LoadedPolicies> {
  const rows = await inScope(db, scope);
  const set = await headOf(db, scope);
  return { policies: judged(sealer, rows), complete: isComplete(sealer, rows, set, pinned(db, scope)) };
}

/** Loads what may apply to an agent: its own policies and the global ones, seals checked. Never cached (04 §10). */
export async function loadPolicies(db: Db, sealer: RowSealer, agentId: AgentId): Promise<LoadedPolicies> {
  const global = await loadScope(db, sealer, GLOBAL_SCOPE);
  const own = await loadScope(db, sealer, agentId);
  return { policies: [...global.policies, ...own.policies], complete: global.complete && own.complete };
}

/**
 * Whether the policies of a scope, null for the global ones, are as the daemon stored them: none changed, added, removed
 * or rolled back. Asked before a change, because the change seals the set anew as it then is.
 */
export async function arePoliciesAuthentic(db: Db, sealer: RowSealer, agentId: AgentId | null): Promise<boolean> {
  const { policies, complete } = await loadScope(db, sealer, scopeOf(agentId));
  return complete && policies.every(({ authentic }) => authentic);
}

export const findPolicy = (db: Db, id: string): Promise<PolicyRow | undefined> =>
  db.selectFrom('policies').selectAll().where('id', '=', id).executeTakeFirst();

/** All policies, oldest first. */
export const listPolicies = (db: Db): Promise<PolicyRow[]> =>
  db.selectFrom('policies').selectAll().orderBy('id').execute();

/** The sets of all scopes there are, and what their heads say of them. */
async function readSets(db: Db) {
  const sets = await db.selectFrom('policy_sets').selectAll().execute();
  const agents = await db.selectFrom('agents').select('id').orderBy('id').execute();
  const ofScope = new Map(sets.map((set) => [set.scope, set]));
  return [GLOBAL_SCOPE, ...agents.map(({ id }) => id)].map((scope) => ({
    scope,
    set: ofScope.get(scope),
    pinned: pinned(db, scope),
  }));
}

const sameSets = (one: Awaited<ReturnType<typeof readSets>>, other: typeof one): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/**
 * Loads all policies and checks every seal, to show them: what is not as the daemon stored it must never look as if it were in
 * force. Policies and their sets are two readings: the sets are read before and after, so that a change that is committed in
 * between is not taken for a forgery. Decisions are made by `loadPolicies`, within a unit of work.
 */
export async function loadAllPolicies(db: Db, sealer: RowSealer): Promise<ShownPolicies> {
  let sets = await readSets(db);
  let rows = await listPolicies(db);
  for (let reading = 1; reading < READINGS; reading += 1) {
    const after = await readSets(db);
    if (sameSets(sets, after)) break;
    sets = after;
    rows = await listPolicies(db);
  }
  const ofScope = Map.groupBy(judged(sealer, rows), ({ agent_id }) => scopeOf(agent_id));
  const broken = sets.filter(({ scope, set, pinned: version }) => {
    const own = ofScope.get(scope) ?? [];
    return !own.every(({ authentic }) => authentic) || !isComplete(sealer, own, set, version);
  });
  return { policies: rows, notAuthentic: broken.map(({ scope }) => (scope === GLOBAL_SCOPE ? null : scope)) };
}

/** What is chosen about a policy. */
export interface PolicyFields {
  readonly id: PolicyId;
  readonly agentId: AgentId | null;
  readonly type: PolicyType;
  /** JSON text. */
  readonly rules: string;
  readonly priority: number;
  readonly enabled: boolean;
}

/**
 * Stores a policy as its next version, 1 for a new one, with its seal, its entry in the history, and the new seal of its
 * set. A policy is never changed in place: the version a decision used can always be read again.
 */
export async function storePolicy(
  db: Db,
  sealer: RowSealer,
  policy: PolicyFields,
  at: { readonly now: number; readonly actor: string },
): Promise<PolicyRow> {
  const scope = scopeOf(policy.agentId);
  const others = await inScope(db, scope);
  const before = await findPolicy(db, policy.id);
  const content = {
    id: policy.id,
    version: (before?.version ?? 0) + 1,
    agent_id: policy.agentId,
    type: policy.type,
    rules: policy.rules,
    priority: policy.priority,
    enabled: policy.enabled ? 1 : 0,
  };
  const seal = sealer.seal(policyContent(content));
  const row: PolicyRow = { ...content, created_at: before?.created_at ?? at.now, updated_at: at.now, seal };
  const { id, ...changes } = row;
  await db
    .insertInto('policies')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
    .execute();
  const { id: policy_id, ...version } = content;
  await db
    .insertInto('policy_versions')
    .values({ policy_id, ...version, created_at: at.now, actor: at.actor, seal })
    .execute();
  await sealSet(db, sealer, scope, changedSet(others, { stored: [row] }));
  return row;
}

/**
 * Removes a policy and seals its set without it. Its versions stay, so that every decision made under it can still be
 * replayed; its id stays taken by them and can never name another policy.
 *
 * @returns the version that was in force, or undefined where there is no such policy
 */
export async function deletePolicy(db: Db, sealer: RowSealer, id: PolicyId): Promise<PolicyRow | undefined> {
  const row = await findPolicy(db, id);
  if (row === undefined) return undefined;
  const scope = scopeOf(row.agent_id);
  const others = await inScope(db, scope);
  await db.deleteFrom('policies').where('id', '=', id).execute();
  await sealSet(db, sealer, scope, changedSet(others, { left: [id] }));
  return row;
}

/**
 * Whether a policy was ever stored. Tells a new database, which is given its first policy, from one whose policies have
 * all been deleted, which must be left as its owner wants it.
 */
export const hasPolicyHistory = async (db: Db): Promise<boolean> =>
  (await db.selectFrom('policy_versions').select('policy_id').limit(1).executeTakeFirst()) !== undefined;

/** One version of a policy, present or past, or undefined: what a replay reads. */
export const findPolicyVersion = (db: Db, id: string, version: number): Promise<PolicyVersionRow | undefined> =>
  db
    .selectFrom('policy_versions')
    .selectAll()
    .where('policy_id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();

/** Whether a version is as the daemon stored it. */
export const isPolicyVersionAuthentic = (sealer: RowSealer, row: PolicyVersionRow): boolean =>
  sealer.verify(policyContent({ ...row, id: row.policy_id }), row.seal);
