import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  agentId,
  createIdGenerator,
  type Logger,
  policyId,
  presetRules,
  sessionId,
  type WaiaasError,
} from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore } from '@waiaas/keystore';
import { openStorage, type Storage } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentManagement, createAgentManagement } from './agents.ts';
import { createPolicyManagement, type PolicyManagement } from './policies.ts';
import { seed } from './seed.ts';
import { createSessionManagement, type SessionManagement } from './sessions.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const OPERATOR = { actor: { kind: 'operator' }, ip: '127.0.0.1', confirmCredential: () => undefined } as const;
const SOLANA = { name: 'a', chain: 'solana', network: 'localnet' } as const;

let folder: string;
let time: VirtualTime;
let storage: Storage;
let keystore: Keystore;
let agents: AgentManagement;
let sessions: SessionManagement;
let policies: PolicyManagement;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-management-'));
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
  build();
  await seed({ storage, sealer: keystore.sealer, clock: time, ids: createIdGenerator(time, randomBytes) });
});
afterEach(async () => {
  await storage.close();
  if (keystore.isUnlocked) keystore.lock();
  rmSync(folder, { recursive: true, force: true });
});

function build(over: { storage?: Storage } = {}): void {
  const ids = createIdGenerator(time, randomBytes);
  const shared = { storage: over.storage ?? storage, sealer: keystore.sealer, clock: time, ids };
  agents = createAgentManagement({ ...shared, keystore, isSupported: (chain) => chain === 'solana' });
  policies = createPolicyManagement(shared);
  let tokens = 0;
  sessions = createSessionManagement({
    ...shared,
    tokens: { issue: () => `token ${tokens++}`, hash: (token) => Buffer.from(token).toString('hex').padStart(64, '0') },
    defaultTtl: 86_400,
    maxSessionsPerAgent: 5,
    defaultMaxRenewals: 30,
    absoluteLifetime: 2_592_000,
  });
}

const keyFiles = (): string[] =>
  readdirSync(join(folder, 'keystore')).filter((name) => /^[0-9a-f-]{36}\.json$/.test(name));
const events = async (): Promise<string[]> =>
  (await storage.read.selectFrom('audit_log').select('event_type').orderBy('id').execute()).map(
    (row) => row.event_type,
  );
const refusal = (work: Promise<unknown>): Promise<Pick<WaiaasError, 'code' | 'status'>> =>
  work.then(
    () => {
      throw new Error('was not refused');
    },
    ({ code, status }: WaiaasError) => ({ code, status }),
  );
const newAgent = async () => agentId((await agents.create(SOLANA, OPERATOR)).id);

describe('agents', () => {
  test('created twenty at once have twenty keys, addresses, files and audit rows', async () => {
    const created = await Promise.all(Array.from({ length: 20 }, () => agents.create(SOLANA, OPERATOR)));
    expect(new Set(created.map(({ publicKey }) => publicKey)).size).toBe(20);
    expect(keyFiles()).toHaveLength(20);
    expect((await events()).filter((event) => event === 'AGENT_CREATED')).toHaveLength(20);
  });

  test('whose row cannot be written leave no key in use', async () => {
    build({ storage: { ...storage, write: () => Promise.reject(new Error('disk full')) } });
    await expect(agents.create(SOLANA, OPERATOR)).rejects.toThrow('disk full');
    expect(keyFiles()).toEqual([]);
    expect(keystore.keyCount).toBe(0);
  });

  test('are not created where the daemon cannot pay, or while the keystore is locked', async () => {
    await expect(agents.create({ name: 'a', chain: 'ethereum', network: 'mainnet' }, OPERATOR)).rejects.toMatchObject({
      code: 'CHAIN_NOT_SUPPORTED',
      hint: 'Set rpc.ethereum.mainnet to an RPC endpoint and start the daemon again.',
    });
    await expect(agents.create({ name: 'a', chain: 'solana', network: 'sepolia' }, OPERATOR)).rejects.toMatchObject({
      code: 'CHAIN_NOT_SUPPORTED',
      hint: 'It has mainnet-beta, devnet, testnet, localnet.',
    });
    keystore.lock();
    expect(await refusal(agents.create(SOLANA, OPERATOR))).toMatchObject({ code: 'KEYSTORE_LOCKED' });
    expect(await agents.list()).toEqual([]);
  });

  test('suspended at once by two are suspended once, and resumed once', async () => {
    const id = await newAgent();
    const ends = await Promise.allSettled([agents.suspend(id, OPERATOR), agents.suspend(id, OPERATOR)]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await agents.list())[0]).toMatchObject({ status: 'SUSPENDED', suspensionReason: 'manual' });
    await agents.resume(id, OPERATOR);
    expect(await refusal(agents.resume(id, OPERATOR))).toEqual({ code: 'AGENT_NOT_SUSPENDED', status: 409 });
    expect((await events()).filter((event) => event.startsWith('AGENT_'))).toEqual([
      'AGENT_CREATED',
      'AGENT_SUSPENDED',
      'AGENT_ACTIVATED',
    ]);
  });

  test('stopped by the kill switch are not started again by hand', async () => {
    const id = await newAgent();
    await storage.write(({ db }) =>
      db
        .updateTable('agents')
        .set({ status: 'SUSPENDED', suspended_at: 1, suspension_reason: 'kill_switch' })
        .execute(),
    );
    expect(await refusal(agents.resume(id, OPERATOR))).toMatchObject({ code: 'SYSTEM_LOCKED' });
  });
});

describe('sessions', () => {
  test('twenty asked for at once are as many as an agent may have', async () => {
    const id = await newAgent();
    const ends = await Promise.allSettled(Array.from({ length: 20 }, () => sessions.create({ agentId: id }, OPERATOR)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await refusal(sessions.create({ agentId: id }, OPERATOR))).toEqual({
      code: 'SESSION_LIMIT_EXCEEDED',
      status: 403,
    });
  });

  test('that have expired or been revoked make room', async () => {
    const id = await newAgent();
    const made = await Promise.all(
      Array.from({ length: 5 }, () => sessions.create({ agentId: id, expiresIn: 300 }, OPERATOR)),
    );
    await sessions.revoke(sessionId(made[0]?.sessionId ?? ''), OPERATOR);
    await sessions.create({ agentId: id }, OPERATOR);
    await time.advance(301_000);
    for (let index = 0; index < 4; index++) await sessions.create({ agentId: id }, OPERATOR);
  });

  test('live as long as was said, in one place or the other', async () => {
    const id = await newAgent();
    const life = async (input: object): Promise<number> =>
      Date.parse((await sessions.create({ agentId: id, ...input }, OPERATOR)).expiresAt) - time.now();
    expect(await life({})).toBe(86_400_000);
    expect(await life({ expiresIn: 300 })).toBe(300_000);
    expect(await life({ constraints: { expiresIn: 604_800 } })).toBe(604_800_000);
    expect(
      await refusal(sessions.create({ agentId: id, expiresIn: 300, constraints: { expiresIn: 301 } }, OPERATOR)),
    ).toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  test('keep what they were granted, and no token', async () => {
    const id = await newAgent();
    const constraints = { maxAmountPerTx: '5', allowedDestinations: [] };
    const { token } = await sessions.create({ agentId: id, constraints }, OPERATOR);
    const found = await sessions.findByTokenHash(Buffer.from(token).toString('hex').padStart(64, '0'));
    expect(found).toMatchObject({
      constraintsAuthentic: true,
      constraints: { ...constraints, expiresIn: 86_400 },
      agentStatus: 'ACTIVE',
    });
    const row = await storage.read.selectFrom('sessions').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(token);
  });

  test.each([
    ['usage_stats', '{}'],
    ['usage_stats', '"nonsense"'],
    ['constraints', '{"maxAmountPerTx":5}'],
    ['constraints', '["nonsense"]'],
  ])('whose %s somebody has made %s are shown as ones that may do nothing, beside the others', async (column, text) => {
    const id = await newAgent();
    const spoilt = await sessions.create({ agentId: id, constraints: {} }, OPERATOR);
    const sound = await sessions.create({ agentId: id, constraints: { maxAmountPerTx: '5' } }, OPERATOR);
    const change = column === 'constraints' ? { constraints: text } : { usage_stats: text };
    await storage.write(({ db }) =>
      db.updateTable('sessions').set(change).where('id', '=', spoilt.sessionId).execute(),
    );
    const listed = (await sessions.list({ order: 'asc', limit: 10, status: 'all' })).sessions;
    expect(listed).toMatchObject([
      { id: spoilt.sessionId, constraints: { allowedOperations: [], allowedDestinations: [] } },
      { id: sound.sessionId, constraints: { maxAmountPerTx: '5' } },
    ]);
    const found = await sessions.findByTokenHash(Buffer.from(spoilt.token).toString('hex').padStart(64, '0'));
    expect(found).toMatchObject({ constraintsAuthentic: false });
  });

  test('are not issued to an agent that is suspended or unknown', async () => {
    const id = await newAgent();
    await agents.suspend(id, OPERATOR);
    expect(await refusal(sessions.create({ agentId: id }, OPERATOR))).toMatchObject({ code: 'AGENT_SUSPENDED' });
    expect(await refusal(sessions.create({ agentId: '01a205ca-7607-729f-a8d3-0a119d9107d0' }, OPERATOR))).toMatchObject(
      { code: 'AGENT_NOT_FOUND' },
    );
  });

  test('revoked by two at once are revoked once', async () => {
    const id = await newAgent();
    const session = sessionId((await sessions.create({ agentId: id }, OPERATOR)).sessionId);
    const ends = await Promise.allSettled([sessions.revoke(session, OPERATOR), sessions.revoke(session, OPERATOR)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await refusal(sessions.revoke(session, OPERATOR))).toEqual({ code: 'SESSION_REVOKED', status: 409 });
    expect(await sessions.findByTokenHash(Buffer.from('token 0').toString('hex').padStart(64, '0'))).toMatchObject({
      revokedAt: expect.any(Number),
    });
  });

  test('are cleaned up once each, with one audit row', async () => {
    const id = await newAgent();
    const revoked = sessionId((await sessions.create({ agentId: id, expiresIn: 300 }, OPERATOR)).sessionId);
    await sessions.create({ agentId: id, expiresIn: 300 }, OPERATOR);
    await sessions.revoke(revoked, OPERATOR);
    expect(await sessions.cleanUp()).toBe(0);
    await time.advance(2 * 86_400_000);
    expect(await sessions.cleanUp()).toBe(2);
    expect(await sessions.cleanUp()).toBe(0);
    expect(
      (await events()).filter((event) => event === 'SESSION_EXPIRED' || event === 'SESSION_CLEANUP').sort(),
    ).toEqual(['SESSION_CLEANUP', 'SESSION_EXPIRED']);
  });

  test('are paged through once each while others are made', async () => {
    const id = await newAgent();
    for (let index = 0; index < 5; index++) await sessions.create({ agentId: id }, OPERATOR);
    const first = await sessions.list({ status: 'all', order: 'desc', limit: 3 });
    const rest = await sessions.list({ status: 'all', order: 'desc', limit: 3, cursor: first.nextCursor ?? undefined });
    expect(rest.nextCursor).toBeNull();
    expect(new Set([...first.sessions, ...rest.sessions].map((session) => session.id)).size).toBe(5);
  });
});

describe('policies', () => {
  const rules = { ...presetRules('conservative', 'solana'), daily_max: '5' };

  test('a new database has the conservative limits, and seeding it again changes nothing', async () => {
    const { policies: seeded } = await policies.list();
    expect(seeded).toMatchObject([
      {
        agentId: null,
        type: 'SPENDING_LIMIT',
        enabled: true,
        version: 1,
        rules: { instant_max: '100000000', delay_seconds: 900 },
      },
    ]);
    await seed({ storage, sealer: keystore.sealer, clock: time, ids: createIdGenerator(time, randomBytes) });
    expect((await policies.list()).policies).toEqual(seeded);
  });

  test('a change is a new version whose audit row tells before and after', async () => {
    const [seeded] = (await policies.list()).policies;
    const id = policyId(seeded?.id ?? '');
    const { policy } = await policies.update(id, { rules }, OPERATOR);
    expect(policy).toMatchObject({ version: 2, rules: { daily_max: '5' } });
    const row = await storage.read
      .selectFrom('audit_log')
      .selectAll()
      .where('event_type', '=', 'POLICY_UPDATED')
      .executeTakeFirstOrThrow();
    expect(JSON.parse(row.details)).toMatchObject({
      changes: { before: { version: 1 }, after: { version: 2, rules: { daily_max: '5' } } },
    });
    expect(row).toMatchObject({ actor: 'operator', ip_address: '127.0.0.1' });
  });

  test('taking the last limit off all agents must be meant', async () => {
    const [seeded] = (await policies.list()).policies;
    const id = policyId(seeded?.id ?? '');
    expect(await refusal(policies.update(id, { enabled: false }, OPERATOR))).toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    expect((await policies.update(id, { enabled: false, confirm: true }, OPERATOR)).policy).toMatchObject({
      enabled: false,
    });
    expect((await events()).at(-1)).toBe('POLICY_DISABLED');
  });

  test('limits of one chain are not put on an agent of another, nor on one that is not there', async () => {
    const id = await newAgent();
    const ether = presetRules('conservative', 'ethereum');
    const base = { type: 'SPENDING_LIMIT', priority: 0, enabled: true } as const;
    expect(await refusal(policies.create({ ...base, agentId: id, rules: ether }, OPERATOR))).toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    expect(
      await refusal(policies.create({ ...base, agentId: '01a205ca-7607-729f-a8d3-0a119d9107d0', rules }, OPERATOR)),
    ).toMatchObject({ code: 'AGENT_NOT_FOUND' });
    expect((await policies.create({ ...base, agentId: id, rules }, OPERATOR)).policy).toMatchObject({
      agentId: id,
      version: 1,
    });
  });

  test('two changes at once are two versions', async () => {
    const [seeded] = (await policies.list()).policies;
    const id = policyId(seeded?.id ?? '');
    const ends = await Promise.all([
      policies.update(id, { priority: 1 }, OPERATOR),
      policies.update(id, { priority: 2 }, OPERATOR),
    ]);
    expect(ends.map(({ policy }) => policy.version)).toEqual([2, 3]);
  });
});
