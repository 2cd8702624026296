import { agentId, policyId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { insertAgent } from './agents.ts';
import { loadPolicies, type PolicyFields, sealPolicySet, storePolicy } from './policies.ts';

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
  });

  test('an older version with its genuine seal shows', async () => {
    await temporary.storage.write(({ db }) => storePolicy(db, testSealer, policy(10, { rules: '{"limit":"0"}' }), AT));
    raw.exec(`DROP TRIGGER policies_identity;
      UPDATE policies SET (version, rules, seal) = (SELECT version, rules, seal FROM policy_versions WHERE policy_id = '${testId(10)}' AND version = 1)
      WHERE id = '${testId(10)}'`);
    expect((await load()).complete).toBe(false);
  });
});
