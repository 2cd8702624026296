import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { agentId, policyId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { openStorage } from '../open-storage.ts';
import { insertAgent } from './agents.ts';
import { appendAudit } from './audit-log.ts';
import { beginHeads } from './heads.ts';
import {
  deletePolicy,
  findPolicyVersion,
  hasPolicyHistory,
  isPolicyVersionAuthentic,
  loadAllPolicies,
  loadPolicies,
  type PolicyFields,
  sealPolicySet,
  storePolicy,
} from './policies.ts';

let temporary: TemporaryStorage;
let raw: BetterSqlite3.Database;
const AGENT = agentId(testId(1));
const policy = (number: number, fields: Partial<PolicyFields> = {}): PolicyFields => ({
  id: policyId(testId(number)),
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: '{"limit":"1"}',
  priority: 0,
  enabled: true,
  ...fields,
});
const AT = { now: 1, actor: 'operator' };

beforeEach(async () => {
  temporary = openTemporaryStorage();
  await temporary.storage.write(async ({ db }) => {
    await insertAgent(db, {
      id: AGENT,
      name: 'a',
      chain: 'solana',
      network: 'localnet',
      public_key: 'key',
      status: 'ACTIVE',
      owner_address: null,
      created_at: 1,
      updated_at: 1,
      suspended_at: null,
      suspension_reason: null,
    });
    await beginHeads(db);
    await storePolicy(db, testSealer, policy(10), AT);
    await sealPolicySet(db, testSealer, AGENT);
    await storePolicy(db, testSealer, policy(11, { agentId: AGENT, rules: '{"limit":"2"}' }), AT);
  });
  raw = new BetterSqlite3(temporary.path);
});
afterEach(async () => {
  raw.close();
  await temporary.remove();
});

const load = () => loadPolicies(temporary.storage.read, testSealer, AGENT);
/** Whose policies are shown as not those that were stored. */
const notAuthentic = async () => (await loadAllPolicies(temporary.storage.read, testSealer)).notAuthentic;

test('what was stored is loaded, authentic and complete', async () => {
  const { policies, complete } = await load();
  expect(complete).toBe(true);
  expect(policies.map(({ id, authentic }) => [id, authentic])).toEqual([
    [testId(10), true],
    [testId(11), true],
  ]);
});

test('each change is a version of its own, and the ones before stay readable', async () => {
  await temporary.storage.write(({ db }) =>
    storePolicy(db, testSealer, policy(10, { rules: '{"limit":"3"}', enabled: false }), AT),
  );
  const versions = await temporary.storage.read
    .selectFrom('policy_versions')
    .select(['version', 'rules', 'enabled'])
    .where('policy_id', '=', testId(10))
    .orderBy('version')
    .execute();
  expect(versions).toEqual([
    { version: 1, rules: '{"limit":"1"}', enabled: 1 },
    { version: 2, rules: '{"limit":"3"}', enabled: 0 },
  ]);
  expect((await load()).complete).toBe(true);
});

describe('a deleted policy', () => {
  const remove = (number: number) =>
    temporary.storage.write(({ db }) => deletePolicy(db, testSealer, policyId(testId(number))));

  test.each([10, 11])('%i is gone, and its set is complete without it', async (number) => {
    expect(await remove(number)).toMatchObject({ id: testId(number), version: 1 });
    const { policies, complete } = await load();
    expect(complete).toBe(true);
    expect(policies.map(({ id }) => id)).toEqual([testId(number === 10 ? 11 : 10)]);
  });

  test('is deleted once, and one that never was is not', async () => {
    expect(await remove(10)).toBeDefined();
    expect(await remove(10)).toBeUndefined();
    expect(await remove(99)).toBeUndefined();
    expect((await load()).complete).toBe(true);
  });

  test('stays readable in every version it had, each with a seal that holds', async () => {
    await temporary.storage.write(({ db }) => storePolicy(db, testSealer, policy(10, { rules: '{"limit":"3"}' }), AT));
    await remove(10);
    for (const [version, rules] of [
      [1, '{"limit":"1"}'],
      [2, '{"limit":"3"}'],
    ] as const) {
      const row = await findPolicyVersion(temporary.storage.read, testId(10), version);
      expect(row).toMatchObject({ rules });
      expect(row !== undefined && isPolicyVersionAuthentic(testSealer, row)).toBe(true);
      expect(row !== undefined && isPolicyVersionAuthentic(testSealer, { ...row, rules: '{}' })).toBe(false);
    }
    expect(await findPolicyVersion(temporary.storage.read, testId(10), 3)).toBeUndefined();
  });

  test('never comes back under its id', async () => {
    await remove(10);
    await expect(
      temporary.storage.write(({ db }) => storePolicy(db, testSealer, policy(10, { rules: '{"limit":"9"}' }), AT)),
    ).rejects.toThrow();
    expect((await load()).policies.map(({ id }) => id)).toEqual([testId(11)]);
    expect((await load()).complete).toBe(true);
  });

  test('put back behind the daemon’s back shows', async () => {
    raw.exec('CREATE TABLE kept AS SELECT * FROM policies WHERE agent_id IS NULL');
    await remove(10);
    raw.exec('INSERT INTO policies SELECT * FROM kept; DROP TABLE kept');
    expect((await load()).complete).toBe(false);
  });

  test('leaves a history by which its database is known not to be new', async () => {
    await remove(10);
    await remove(11);
    expect(await hasPolicyHistory(temporary.storage.read)).toBe(true);
    const fresh = openTemporaryStorage();
    expect(await hasPolicyHistory(fresh.storage.read)).toBe(false);
    await fresh.remove();
  });
});

describe('behind the daemon’s back', () => {
  test.each([
    ['rules', `UPDATE policies SET rules = '{"limit":"9"}' WHERE agent_id IS NULL`],
    ['priority', 'UPDATE policies SET priority = 5 WHERE agent_id IS NULL'],
    ['enabled', 'UPDATE policies SET enabled = 0 WHERE agent_id IS NULL'],
    ['version', 'UPDATE policies SET version = 2 WHERE agent_id IS NULL'],
    ['the agent a policy is for', `UPDATE policies SET agent_id = '${AGENT}' WHERE agent_id IS NULL`],
    ['the seal', `UPDATE policies SET seal = 'x' WHERE agent_id IS NULL`],
  ])('a changed %s shows', async (_name, statement) => {
    raw.exec(`DROP TRIGGER policies_identity; ${statement}`);
    const { policies, complete } = await load();
    expect(complete && policies.every(({ authentic }) => authentic)).toBe(false);
    expect(await notAuthentic()).toContain(null);
  });

  test.each([
    ['a removed policy', 'DELETE FROM policies WHERE agent_id IS NULL'],
    ['a removed policy of the agent', 'DELETE FROM policies WHERE agent_id IS NOT NULL'],
    [
      'a copied policy',
      `INSERT INTO policies SELECT '${testId(12)}', version, agent_id, type, rules, 99, enabled, 1, 1, seal FROM policies LIMIT 1`,
    ],
    ['a removed set', 'DELETE FROM policy_sets'],
    ['an exchanged set', `UPDATE policy_sets SET seal = (SELECT seal FROM policy_sets WHERE scope = 'global')`],
    ['everything removed', 'DELETE FROM policies; DELETE FROM policy_sets'],
  ])('%s shows', async (_name, statement) => {
    raw.exec(statement);
    expect((await load()).complete).toBe(false);
    expect(await notAuthentic()).not.toEqual([]);
  });

  test.each([
    ['of all agents', `UPDATE policies SET rules = '{}' WHERE agent_id IS NULL`, [null]],
    ['of an agent', 'UPDATE policies SET enabled = 0 WHERE agent_id IS NOT NULL', [AGENT]],
    ['that is gone', 'DELETE FROM policies WHERE agent_id IS NOT NULL', [AGENT]],
    ['moved from all agents to one', `UPDATE policies SET agent_id = '${AGENT}' WHERE agent_id IS NULL`, [null, AGENT]],
  ])('a policy %s is shown as whose it is', async (_name, statement, expected) => {
    expect(await notAuthentic()).toEqual([]);
    raw.exec(`DROP TRIGGER policies_identity; ${statement}`);
    expect(await notAuthentic()).toEqual(expected);
  });

  test('nothing is shown as changed by somebody else while the daemon itself changes it all the time', async () => {
    let isDone = false;
    const changing = (async () => {
      for (let at = 0; at < 40; at += 1) {
        const fields = policy(at % 2 === 0 ? 10 : 11, { agentId: at % 2 === 0 ? null : AGENT, priority: at });
        await temporary.storage.write(({ db }) => storePolicy(db, testSealer, fields, AT));
      }
      isDone = true;
    })();
    let looks = 0;
    for (; !isDone; looks += 1) {
      expect(await notAuthentic()).toEqual([]);
      // What is read is read at once: the daemon comes to its turn in between.
      await setImmediate();
    }
    await changing;
    expect(looks).toBeGreaterThan(1);
  });

  test('an older version with its genuine seal shows', async () => {
    await temporary.storage.write(({ db }) => storePolicy(db, testSealer, policy(10, { rules: '{"limit":"0"}' }), AT));
    raw.exec(`DROP TRIGGER policies_identity;
      UPDATE policies SET (version, rules, seal) = (SELECT version, rules, seal FROM policy_versions WHERE policy_id = '${testId(10)}' AND version = 1)
      WHERE id = '${testId(10)}'`);
    expect((await load()).complete).toBe(false);
  });

  describe.each([
    ['looser', () => storePolicyAs('{"limit":"0"}')],
    ['gone', () => temporary.storage.write(({ db }) => deletePolicy(db, testSealer, policyId(testId(10))))],
  ])('a policy that was replaced by one that is %s', (_what, replace) => {
    /** Everything about policies as an older copy of the file has it, each row and each set with its genuine seal. */
    const takeBack = (db: BetterSqlite3.Database, tables: readonly string[]): void => {
      db.exec('DROP TRIGGER IF EXISTS policies_identity; DROP TRIGGER IF EXISTS heads_move_on');
      db.exec('DROP TRIGGER IF EXISTS heads_no_delete; DROP TRIGGER IF EXISTS policy_versions_no_delete');
      for (const table of tables) db.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM old_${table}`);
    };
    const TABLES = ['policies', 'policy_sets'] as const;
    const ALL = [...TABLES, 'policy_versions', 'heads'] as const;
    const asIs = async () => (await load()).complete;
    async function afterRestart(): Promise<boolean> {
      const { path, folder, clock } = temporary;
      await temporary.storage.close();
      const again = openStorage({ path, backupFolder: join(folder, 'backups'), clock, sealer: testSealer });
      const { complete } = await loadPolicies(again.read, testSealer, AGENT);
      await again.close();
      return complete;
    }

    beforeEach(async () => {
      for (const table of ALL) raw.exec(`CREATE TABLE old_${table} AS SELECT * FROM ${table}`);
      await temporary.storage.write(({ db }) =>
        appendAudit(db, temporary.clock.seconds, { event: 'POLICY_UPDATED', actor: 'cli' }),
      );
      await replace();
    });

    test('does not come back with its set', async () => {
      takeBack(raw, TABLES);
      expect(await asIs()).toBe(false);
      expect(await notAuthentic()).toEqual([null]);
      expect(await afterRestart()).toBe(false);
    });

    test('does not come back with its set, its versions and its head under the daemon', async () => {
      expect(await asIs()).toBe(true);
      takeBack(raw, ALL);
      expect(await asIs()).toBe(false);
    });

    test('nor while it is down: the audit log tells of a change that the head does not know', async () => {
      takeBack(raw, ALL);
      expect(await afterRestart()).toBe(false);
    });
  });
});

const storePolicyAs = (rules: string) =>
  temporary.storage.write(({ db }) => storePolicy(db, testSealer, policy(10, { rules }), AT));
