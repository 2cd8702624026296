import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentId,
  agentId,
  createIdGenerator,
  type Logger,
  type NewPolicy,
  type PolicyId,
  type PolicySummary,
  policyCreateSchema,
  policyId,
  presetRules,
  type WaiaasError,
} from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore } from '@waiaas/keystore';
import { findPolicyVersion, insertOwner, loadPolicies, openStorage, type Storage } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAgentManagement } from './agents.ts';
import { createPolicyManagement, type PolicyManagement } from './policies.ts';
import type { RequestOrigin } from './request-origin.ts';
import { seed } from './seed.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const confirmCredential = (): void => undefined;
const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, ip: '127.0.0.1', confirmCredential };
const RECIPIENT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const LIMITS = { ...presetRules('conservative', 'solana'), daily_max: '5' };
const HOURS = { allowed_hours: { start: 9, end: 17 }, timezone: 'Europe/Berlin', allowed_days: [1, 2, 3, 4, 5] };

let folder: string;
let time: VirtualTime;
let storage: Storage;
let keystore: Keystore;
let policies: PolicyManagement;
let agent: AgentId;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-policies-'));
  time = createVirtualTime();
  ({ keystore } = createKeystore({
    directory: join(folder, 'keystore'),
    clock: time,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  }));
  storage = openStorage({
    path: join(folder, 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock: time,
    sealer: keystore.sealer,
  });
  await keystore.initialise('a password for tests');
  await keystore.unlock('a password for tests');
  const ids = createIdGenerator(time, randomBytes);
  const shared = { storage, sealer: keystore.sealer, clock: time, ids };
  policies = createPolicyManagement(shared);
  await seed(shared);
  const agents = createAgentManagement({ ...shared, keystore, isSupported: (chain) => chain === 'solana' });
  agent = agentId((await agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, OPERATOR)).id);
});
afterEach(async () => {
  await storage.close();
  if (keystore.isUnlocked) keystore.lock();
  rmSync(folder, { recursive: true, force: true });
});

const refusal = (work: Promise<unknown>): Promise<{ code: string; paths: unknown }> =>
  work.then(
    () => {
      throw new Error('was not refused');
    },
    (error: WaiaasError) => {
      const issues: unknown = error.details?.issues;
      return { code: error.code, paths: Array.isArray(issues) ? issues.map(({ path }) => path) : [] };
    },
  );
const NOT_CONFIRMED = { code: 'VALIDATION_ERROR', paths: ['confirm'] };

/** A request body as the route hands it over. */
const body = (fields: Record<string, unknown>): NewPolicy => policyCreateSchema.parse(fields);
const create = async (
  fields: Record<string, unknown>,
  origin = OPERATOR,
): Promise<PolicySummary & { ref: PolicyId }> => {
  const { policy } = await policies.create(body(fields), origin);
  return { ...policy, ref: policyId(policy.id) };
};
const seeded = async (): Promise<PolicyId> => policyId((await policies.list()).policies[0]?.id ?? '');
const audits = async (event: string) =>
  (
    await storage.read
      .selectFrom('audit_log')
      .select(['severity', 'details', 'actor'])
      .where('event_type', '=', event)
      .orderBy('id')
      .execute()
  ).map(({ details, ...row }) => ({ ...row, details: JSON.parse(details) }));
const inForce = () => loadPolicies(storage.read, keystore.sealer, agent);

describe('the four types', () => {
  test.each([
    ['SPENDING_LIMIT', LIMITS, { ...LIMITS, max_balance_share: 100 }],
    [
      'WHITELIST',
      { chain: 'solana', allowed_addresses: [RECIPIENT] },
      { chain: 'solana', allowed_addresses: [RECIPIENT, '1'.repeat(32)] },
    ],
    ['TIME_RESTRICTION', HOURS, { ...HOURS, allowed_days: [] }],
    ['RATE_LIMIT', { max_tx_per_hour: 5, max_tx_per_day: 0 }, { max_tx_per_hour: 0, max_tx_per_day: 9 }],
  ])('%s is created and changed, each as a sealed version of its own', async (type, rules, changed) => {
    for (const scope of [{}, { agentId: agent }]) {
      const created = await create({ type, rules, ...scope });
      expect(created).toMatchObject({ type, rules, version: 1, enabled: true, priority: 0 });
      const { policy } = await policies.update(created.ref, { rules: changed }, OPERATOR);
      expect(policy).toMatchObject({ type, rules: changed, version: 2 });
    }
    const loaded = await inForce();
    expect(loaded.complete && loaded.policies.every(({ authentic }) => authentic)).toBe(true);
  });

  test.each([
    [
      'WHITELIST',
      { allowed_addresses: [RECIPIENT] },
      { addresses: [] },
      ['rules.allowed_addresses', 'rules.addresses'],
    ],
    ['WHITELIST', { allowed_addresses: [RECIPIENT] }, { max_tx_per_hour: 1 }, undefined],
    ['RATE_LIMIT', { max_tx_per_hour: 1 }, { allowed_addresses: [] }, ['rules.allowed_addresses']],
    ['RATE_LIMIT', { max_tx_per_hour: 1 }, LIMITS, undefined],
    ['TIME_RESTRICTION', HOURS, {}, ['rules.allowed_hours']],
    ['TIME_RESTRICTION', HOURS, { ...HOURS, timezone: 'Mars/Olympus' }, ['rules.timezone']],
    ['SPENDING_LIMIT', LIMITS, { allowed_addresses: [] }, undefined],
    ['SPENDING_LIMIT', LIMITS, { ...LIMITS, instant_max: '9'.repeat(30) }, ['rules.notify_max']],
  ])('%s takes no rules but those of its own type', async (type, rules, wrong, paths) => {
    const created = await create({ type, rules });
    const refused = await refusal(policies.update(created.ref, { rules: wrong, enabled: false }, OPERATOR));
    expect(refused.code).toBe('VALIDATION_ERROR');
    if (paths !== undefined) expect(refused.paths).toEqual(paths);
    expect((await policies.list()).policies.at(-1)).toMatchObject({ version: 1, enabled: true, rules });
  });

  test('rules are replaced as a whole, defaults and all', async () => {
    const { ref } = await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 5, max_tx_per_day: 50 } });
    const { policy } = await policies.update(ref, { rules: { max_tx_per_hour: 4 } }, OPERATOR);
    expect(policy.rules).toEqual({ max_tx_per_hour: 4, max_tx_per_day: 0 });
  });

  test('a list of recipients is of the chain of its agent', async () => {
    const evm = { chain: 'ethereum', allowed_addresses: ['0xdAC17F958D2ee523a2206206994597C13D831ec7'] };
    expect(await refusal(create({ type: 'WHITELIST', rules: evm, agentId: agent }))).toEqual({
      code: 'VALIDATION_ERROR',
      paths: ['rules.chain'],
    });
    expect((await create({ type: 'WHITELIST', rules: evm })).rules).toEqual(evm);
    const own = await create({ type: 'WHITELIST', rules: { allowed_addresses: [RECIPIENT] }, agentId: agent });
    expect(await refusal(policies.update(own.ref, { rules: evm }, OPERATOR))).toMatchObject({ paths: ['rules.chain'] });
  });

  test('no type is put on an agent that is not there', async () => {
    const nobody = '01a205ca-7607-729f-a8d3-0a119d9107d0';
    expect(await refusal(create({ type: 'RATE_LIMIT', rules: {}, agentId: nobody }))).toMatchObject({
      code: 'AGENT_NOT_FOUND',
    });
  });
});

describe('what somebody else has changed in the database', () => {
  const listed = async () => {
    const { policies: all, notAuthentic } = await policies.list();
    return { notAuthentic, authentic: Object.fromEntries(all.map(({ id, authentic }) => [id, authentic])) };
  };

  test('is listed as that, with all else that does not hold because of it', async () => {
    const global = await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 5 } });
    const own = await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 }, agentId: agent });
    expect((await listed()).notAuthentic).toEqual([]);
    await storage.write(async ({ db }) => {
      const loose = { rules: '{"max_tx_per_hour":500}', version: 2 };
      await db.updateTable('policies').set(loose).where('id', '=', own.ref).execute();
    });
    expect(await listed()).toMatchObject({
      notAuthentic: [agent],
      authentic: { [own.ref]: false, [global.ref]: true },
    });
  });

  test('is listed where nothing is left of it', async () => {
    const own = await create({ type: 'WHITELIST', rules: { allowed_addresses: [RECIPIENT] }, agentId: agent });
    await storage.write(async ({ db }) => {
      await db.deleteFrom('policies').where('id', '=', own.ref).execute();
    });
    expect((await listed()).notAuthentic).toEqual([agent]);
  });
});

describe('a deleted policy', () => {
  test('is gone, its versions and its audit row stay', async () => {
    const { ref } = await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 5 }, agentId: agent, priority: 3 });
    await policies.remove(ref, {}, OPERATOR);
    expect((await policies.list()).policies.map(({ id }) => id)).not.toContain(ref);
    expect(await findPolicyVersion(storage.read, ref, 1)).toMatchObject({ type: 'RATE_LIMIT' });
    expect(await audits('POLICY_DELETED')).toEqual([
      {
        severity: 'warning',
        actor: 'operator',
        details: expect.objectContaining({
          policyId: ref,
          agentId: agent,
          type: 'RATE_LIMIT',
          version: 1,
          priority: 3,
        }),
      },
    ]);
    expect((await inForce()).complete).toBe(true);
  });

  test('is deleted once, by one of two at once', async () => {
    const { ref } = await create({ type: 'RATE_LIMIT', rules: {} });
    const ends = await Promise.allSettled([policies.remove(ref, {}, OPERATOR), policies.remove(ref, {}, OPERATOR)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await refusal(policies.remove(ref, {}, OPERATOR))).toMatchObject({ code: 'POLICY_NOT_FOUND' });
    expect(await refusal(policies.update(ref, { enabled: true }, OPERATOR))).toMatchObject({
      code: 'POLICY_NOT_FOUND',
    });
    expect(await audits('POLICY_DELETED')).toHaveLength(1);
  });
});

test('a version that is no more is not deleted: what was tightened since stays', async () => {
  const { ref } = await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 5 } });
  await policies.update(ref, { rules: { max_tx_per_hour: 1 } }, OPERATOR);
  for (const version of [1, 3]) {
    expect(await refusal(policies.remove(ref, { version, confirm: true }, OPERATOR))).toMatchObject({
      code: 'POLICY_CONFLICT',
    });
  }
  expect((await policies.list()).policies.find(({ id }) => id === ref)).toMatchObject({ version: 2 });
  expect(await audits('POLICY_DELETED')).toEqual([]);
  // Whoever comes first counts, and the other one is told.
  const both = await Promise.allSettled([
    policies.update(ref, { priority: 7 }, OPERATOR),
    policies.remove(ref, { version: 2 }, OPERATOR),
  ]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await policies.remove(ref, { version: 3 }, OPERATOR);
  expect((await policies.list()).policies.map(({ id }) => id)).not.toContain(ref);
});

test('a change to a version that is no more is refused: what was tightened since stays', async () => {
  const { ref } = await create({ type: 'SPENDING_LIMIT', rules: LIMITS });
  const tight = { ...LIMITS, daily_max: '1' };
  await policies.update(ref, { rules: tight, version: 1 }, OPERATOR);
  for (const version of [1, 3]) {
    expect(await refusal(policies.update(ref, { rules: LIMITS, version }, OPERATOR))).toMatchObject({
      code: 'POLICY_CONFLICT',
    });
  }
  const stored = (await policies.list()).policies.find(({ id }) => id === ref);
  expect(stored).toMatchObject({ rules: tight, version: 2 });
  const both = [7, 8].map((priority) => policies.update(ref, { priority, version: 2 }, OPERATOR));
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

describe('taking a limit off agents must be meant (04 §22)', () => {
  test('the last spending limit in force for all agents: deleted or disabled', async () => {
    const id = await seeded();
    expect(await refusal(policies.remove(id, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
    expect(await refusal(policies.remove(id, { confirm: false }, OPERATOR))).toEqual(NOT_CONFIRMED);
    expect(await refusal(policies.update(id, { enabled: false }, OPERATOR))).toEqual(NOT_CONFIRMED);
    await policies.remove(id, { confirm: true }, OPERATOR);
    expect(await audits('POLICY_DELETED')).toMatchObject([{ severity: 'warning', details: { loosened: true } }]);
  });

  test('limits of an agent, disabled ones and other types do not stand in for it', async () => {
    await create({ type: 'SPENDING_LIMIT', rules: LIMITS, agentId: agent });
    await create({ type: 'SPENDING_LIMIT', rules: LIMITS, enabled: false });
    await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 } });
    expect(await refusal(policies.remove(await seeded(), {}, OPERATOR))).toEqual(NOT_CONFIRMED);
  });

  test('one of two needs no confirmation, the second does', async () => {
    const second = await create({ type: 'SPENDING_LIMIT', rules: LIMITS });
    await policies.remove(await seeded(), {}, OPERATOR);
    expect(await refusal(policies.remove(second.ref, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
  });

  test('two taken off at once are not both the second to last', async () => {
    const first = await seeded();
    const { ref } = await create({ type: 'SPENDING_LIMIT', rules: LIMITS });
    const ends = await Promise.allSettled([
      policies.remove(first, {}, OPERATOR),
      policies.update(ref, { enabled: false }, OPERATOR),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('other changes, and limits that are not in force for all, need no confirmation', async () => {
    const own = await create({ type: 'SPENDING_LIMIT', rules: LIMITS, agentId: agent });
    const off = await create({ type: 'SPENDING_LIMIT', rules: LIMITS, enabled: false });
    await policies.update(await seeded(), { priority: 4, rules: LIMITS, enabled: true }, OPERATOR);
    await policies.remove(own.ref, {}, OPERATOR);
    await policies.remove(off.ref, {}, OPERATOR);
  });

  test.each([
    ['of an agent', () => ({ agentId: agent })],
    ['for all agents', () => ({})],
  ])('an empty whitelist %s: new, emptied or enabled', async (_, scope) => {
    const empty = { type: 'WHITELIST', rules: { allowed_addresses: [] }, ...scope() };
    expect(await refusal(create(empty))).toEqual(NOT_CONFIRMED);
    const off = await create({ ...empty, enabled: false });
    expect(await refusal(policies.update(off.ref, { enabled: true }, OPERATOR))).toEqual(NOT_CONFIRMED);
    const full = await create({ ...empty, rules: { allowed_addresses: [RECIPIENT] } });
    const emptied = { rules: { allowed_addresses: [] } };
    expect(await refusal(policies.update(full.ref, emptied, OPERATOR))).toEqual(NOT_CONFIRMED);

    await create({ ...empty, confirm: true });
    await policies.update(full.ref, { ...emptied, confirm: true }, OPERATOR);
    expect((await audits('POLICY_CREATED')).at(-1)).toMatchObject({ severity: 'warning', details: { loosened: true } });
    expect((await audits('POLICY_UPDATED')).at(-1)).toMatchObject({ severity: 'warning', details: { loosened: true } });
    // It is empty already: nothing more is taken off.
    await policies.update(full.ref, { priority: 9 }, OPERATOR);
  });

  test.each([
    ['of an agent', () => ({ agentId: agent })],
    ['for all agents', () => ({})],
  ])('the only whitelist %s: deleted, disabled, or put below an empty one', async (_, scope) => {
    const list = (addresses: readonly string[], fields = {}) =>
      create({ type: 'WHITELIST', rules: { allowed_addresses: addresses }, ...scope(), ...fields });
    const only = await list([RECIPIENT], { priority: 5 });
    await list(['1'.repeat(32)], { enabled: false });
    expect(await refusal(policies.remove(only.ref, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
    expect(await refusal(policies.update(only.ref, { enabled: false }, OPERATOR))).toEqual(NOT_CONFIRMED);
    await list([], { confirm: true, priority: 3 });
    await policies.update(only.ref, { priority: 4 }, OPERATOR);
    expect(await refusal(policies.update(only.ref, { priority: 2 }, OPERATOR))).toEqual(NOT_CONFIRMED);
    // One that takes its place lets it go unasked.
    await list([RECIPIENT], { priority: 9 });
    await policies.update(only.ref, { priority: 2 }, OPERATOR);
    await policies.remove(only.ref, {}, OPERATOR);
    const last = (await policies.list()).policies.find(({ priority }) => priority === 9);
    await policies.remove(policyId(last?.id ?? ''), { confirm: true }, OPERATOR);
    expect((await audits('POLICY_DELETED')).map(({ details }) => details.loosened)).toEqual([undefined, true]);
  });

  test('a whitelist that another one stands in for asks nothing', async () => {
    const rules = { allowed_addresses: [RECIPIENT] };
    const own = await create({ type: 'WHITELIST', rules, agentId: agent });
    const all = await create({ type: 'WHITELIST', rules });
    // Without one of its own, that for all agents holds for this one.
    await policies.update(own.ref, { enabled: false }, OPERATOR);
    expect(await refusal(policies.remove(all.ref, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
    await policies.update(own.ref, { enabled: true }, OPERATOR);
    // One of an agent stands in for none of the others.
    expect(await refusal(policies.remove(all.ref, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
    await policies.remove(all.ref, { confirm: true }, OPERATOR);
    expect(await refusal(policies.remove(own.ref, {}, OPERATOR))).toEqual(NOT_CONFIRMED);
  });

  test('an empty whitelist that is not in force asks nothing', async () => {
    const off = { type: 'WHITELIST', rules: { allowed_addresses: [] }, enabled: false };
    expect(await create(off)).toMatchObject({ version: 1 });
    expect((await audits('POLICY_CREATED')).at(-1)).toMatchObject({ severity: 'info' });
  });

  test('a refused change leaves nothing behind', async () => {
    const before = await policies.list();
    await refusal(policies.remove(await seeded(), {}, OPERATOR));
    await refusal(create({ type: 'WHITELIST', rules: { allowed_addresses: [] }, agentId: agent }));
    expect(await policies.list()).toEqual(before);
    expect((await inForce()).complete).toBe(true);
    expect(await audits('POLICY_DELETED')).toEqual([]);
  });
});

describe('who may change policies (00 §3)', () => {
  const address = RECIPIENT;
  const owner: RequestOrigin = {
    actor: { kind: 'owner', chain: 'solana', address, message: 'm', signature: 's' },
    confirmCredential,
  };
  const stranger: RequestOrigin = {
    actor: { kind: 'owner', chain: 'solana', address: '1'.repeat(32), message: 'm', signature: 's' },
    confirmCredential,
  };
  const changes = async (origin: RequestOrigin) => {
    const id = await seeded();
    return [
      await refusal(create({ type: 'RATE_LIMIT', rules: {} }, origin)),
      await refusal(policies.update(id, { priority: 1 }, origin)),
      await refusal(policies.remove(id, { confirm: true }, origin)),
    ].map(({ code }) => code);
  };
  const connect = () =>
    storage.write(({ db }) =>
      insertOwner(db, keystore.sealer, {
        id: '01a205ca-7607-729f-a8d3-0a119d9107d5',
        chain: 'solana',
        address,
        now: 1,
      }),
    );

  test('nobody but the operator while no owner is connected', async () => {
    const session: RequestOrigin = { actor: { kind: 'agent', agentId: agent, sessionId: 's' }, confirmCredential };
    expect(await changes(session)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED']);
    expect(await changes(owner)).toEqual(['OWNER_NOT_CONNECTED', 'OWNER_NOT_CONNECTED', 'OWNER_NOT_CONNECTED']);
  });

  test('nobody but the owner once one is connected', async () => {
    await connect();
    expect(await changes(OPERATOR)).toEqual(['OWNER_AUTH_REQUIRED', 'OWNER_AUTH_REQUIRED', 'OWNER_AUTH_REQUIRED']);
    expect(await changes(stranger)).toEqual(['OWNER_MISMATCH', 'OWNER_MISMATCH', 'OWNER_MISMATCH']);
    const { ref } = await create({ type: 'RATE_LIMIT', rules: {} }, owner);
    await policies.update(ref, { priority: 1 }, owner);
    await policies.remove(ref, {}, owner);
    expect(await audits('POLICY_DELETED')).toMatchObject([{ actor: `owner:${address}` }]);
  });
});

describe('what somebody else has written is never sealed', () => {
  const tamper = (statement: string) =>
    storage.write(async ({ db }) => {
      if (statement === 'raise') {
        await db.deleteFrom('policies').where('agent_id', 'is', null).execute();
      } else {
        const id = '01a205ca-7607-729f-a8d3-0a119d9107d7';
        const row = { id, version: 1, agent_id: null, type: 'SPENDING_LIMIT', rules: statement, priority: 99 } as const;
        const rest = { enabled: 1, created_at: 1, updated_at: 1, seal: 'x' };
        await db
          .insertInto('policies')
          .values({ ...row, ...rest })
          .execute();
      }
    });

  test.each(['raise', JSON.stringify(LIMITS), 'no JSON'])('%#: no change is made to such a set', async (statement) => {
    const id = await seeded();
    await tamper(statement);
    await policies.list();
    expect(await refusal(create({ type: 'SPENDING_LIMIT', rules: LIMITS }))).toMatchObject({ code: 'POLICY_DENIED' });
    const code = statement === 'raise' ? 'POLICY_NOT_FOUND' : 'POLICY_DENIED';
    expect(await refusal(policies.update(id, { priority: 1 }, OPERATOR))).toMatchObject({ code });
    expect(await refusal(policies.remove(id, { confirm: true }, OPERATOR))).toMatchObject({ code });
    expect((await inForce()).complete).toBe(false);
    // Policies of an agent are a set of their own.
    await create({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 }, agentId: agent });
  });
});
