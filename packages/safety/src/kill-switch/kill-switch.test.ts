import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { WaiaasError as Failure, isWaiaasError, policyCreateSchema, policyId, transactionId } from '@waiaas/core';
import { insertPending, insertPendingApproval, moveAgent, readState, type Storage, transition } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, BOB, by, createWorld, OPERATOR, PASSWORD, type World, type WorldOptions } from '../../test/world.ts';
import type { RecoveryRequest } from './kill-switch.ts';

let world: World;
const opened: World[] = [];
const start = async (options?: WorldOptions): Promise<World> => {
  world = await createWorld(options);
  opened.push(world);
  return world;
};
afterEach(async () => {
  for (const one of opened) await one.close();
  for (const one of opened.splice(0)) one.remove();
});

const LIMIT = policyCreateSchema.parse({
  type: 'SPENDING_LIMIT',
  rules: { chain: 'solana', instant_max: '1', notify_max: '2', delay_max: '3' },
});
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (isWaiaasError(error) ? error.code : String(error)),
  );
const stored = () => readState(world.storage.read, 'kill_switch_status');
const events = async () => (await world.audit()).map(({ event_type }) => event_type);
const statuses = async () =>
  (await world.storage.read.selectFrom('agents').select(['status', 'suspension_reason']).orderBy('id').execute()).map(
    ({ status, suspension_reason }) => (suspension_reason === null ? status : `${status} ${suspension_reason}`),
  );
const liveSessions = async (): Promise<number> =>
  (await world.storage.read.selectFrom('sessions').select('id').where('revoked_at', 'is', null).execute()).length;

/** A recovery that the owner has signed for. */
const signed = (over: Partial<RecoveryRequest> = {}): RecoveryRequest => ({
  password: PASSWORD,
  proveOwner: async () => by(ALICE),
  isLocalCommand: () => false,
  origin: OPERATOR,
  ...over,
});
/** One by the command line of the machine. */
const local = (over: Partial<RecoveryRequest> = {}): RecoveryRequest =>
  signed({ proveOwner: null, isLocalCommand: () => true, ...over });

/** A payment that waits, written as the pipeline does. */
async function queuePayment(agentId: string, sessionId: string, tier: 'DELAY' | 'APPROVAL'): Promise<string> {
  const { sealer } = world.keystoreParts.keystore;
  const id = world.ids.next();
  await world.storage.write(async ({ db }) => {
    const pending = await insertPending(db, sealer, {
      id,
      agent_id: agentId,
      session_id: sessionId,
      chain: 'solana',
      type: 'TRANSFER',
      asset: 'solana:native',
      amount: '5',
      to_address: 'to',
      memo: null,
      fee_priority: 'medium',
      intent: '{}',
      intent_hash: '0'.repeat(64),
      intent_seal: 's',
      idempotency_key: null,
      request_hash: '0'.repeat(64),
      created_at: 1,
    });
    const times = tier === 'DELAY' ? { execute_after: 9 } : { approval_expires_at: 9 };
    await transition(db, sealer, pending, 'QUEUED', { tier, reserved_amount: '5', queued_at: 1, ...times });
    if (tier === 'APPROVAL')
      await insertPendingApproval(db, { id: world.ids.next(), txId: transactionId(id), expiresAt: 9, now: 1 });
  });
  return id;
}

describe('engaged', () => {
  test('it ends every session, cancels what waits, suspends every agent, locks the keys, ends operators’ tokens', async () => {
    await start();
    const agents = [await world.createAgent(), await world.createAgent(), await world.createAgent()] as const;
    const sessions = await Promise.all(agents.map((agent) => world.createSession(agent)));
    await world.agents.suspend(agents[2], OPERATOR);
    await queuePayment(String(agents[0]), String(sessions[0]), 'DELAY');
    await queuePayment(String(agents[1]), String(sessions[1]), 'APPROVAL');

    const told = world.notified.wakes;
    const answer = await world.killSwitch.activate('drill', OPERATOR);
    expect(answer).toMatchObject({
      activated: true,
      sessionsRevoked: 3,
      transactionsCancelled: 2,
      agentsSuspended: 2,
    });
    expect(world.killSwitch.status()).toBe('ACTIVATED');
    expect(world.killSwitch.details()).toEqual({ activatedAt: answer.timestamp, reason: 'drill', actor: 'admin' });
    expect(await stored()).toBe('ACTIVATED');
    expect([await liveSessions(), await statuses()]).toEqual([
      0,
      ['SUSPENDED kill_switch', 'SUSPENDED kill_switch', 'SUSPENDED manual'],
    ]);
    const payments = await world.storage.read
      .selectFrom('transactions')
      .select(['status', 'error', 'reserved_amount'])
      .execute();
    expect(payments).toEqual([
      { status: 'CANCELLED', error: 'KILL_SWITCH', reserved_amount: null },
      { status: 'CANCELLED', error: 'KILL_SWITCH', reserved_amount: null },
    ]);
    const approvals = await world.storage.read.selectFrom('pending_approvals').select('rejected_at').execute();
    expect(approvals.filter(({ rejected_at }) => rejected_at !== null)).toHaveLength(1);
    expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([false, false]);
    expect(world.operatorTokensEnded()).toBe(1);
    expect(world.notified.wakes).toBe(told + 1);
    const outbox = await world.storage.read
      .selectFrom('notification_outbox')
      .select(['event', 'payload'])
      .where('event', '=', 'KILL_SWITCH_ACTIVATED')
      .execute();
    expect(outbox.map(({ event, payload }) => [event, JSON.parse(payload)])).toEqual([
      ['KILL_SWITCH_ACTIVATED', expect.objectContaining({ reason: 'drill', sessionsRevoked: 3, by: 'operator' })],
    ]);
    const rows = await world.audit();
    const count = (event: string): number => rows.filter(({ event_type }) => event_type === event).length;
    expect(
      ['SESSION_REVOKED', 'TX_CANCELLED', 'AGENT_SUSPENDED', 'KILL_SWITCH_ACTIVATED', 'KEYSTORE_LOCKED'].map(count),
    ).toEqual([3, 2, 3, 1, 1]);
  });

  test.each([
    ['the owner', () => by(ALICE), 'owner', `owner:${ALICE.address}`],
    ['an operator', () => OPERATOR, 'admin', 'operator'],
    ['auto-stop', () => ({ by: 'auto_stop' }) as const, 'auto_stop', 'auto_stop'],
    ['the daemon itself', () => ({ by: 'system' }) as const, 'system', 'system'],
  ])('by %s it says so', async (_who, origin, actor, name) => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    await world.killSwitch.activate('why', origin());
    expect(world.killSwitch.details().actor).toBe(actor);
    const row = (await world.audit()).find(({ event_type }) => event_type === 'KILL_SWITCH_ACTIVATED');
    expect([row?.actor, row?.severity]).toEqual([name, 'critical']);
  });

  test('by an owner who has been replaced meanwhile it is not, and payments go on', async () => {
    await start();
    await world.owner.connect(BOB, OPERATOR);
    expect(await refusal(world.killSwitch.activate('why', by(ALICE)))).toBe('OWNER_MISMATCH');
    expect([world.killSwitch.status(), await stored(), world.keystoreParts.gate.isOpen]).toEqual([
      'NORMAL',
      'NORMAL',
      true,
    ]);
  });

  test('twenty times at once it runs one cascade, and the others learn that it is engaged', async () => {
    await start();
    const agent = await world.createAgent();
    await world.createSession(agent);
    const told = world.notified.wakes;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refusal(world.killSwitch.activate('drill', OPERATOR))),
    );
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'KILL_SWITCH_ACTIVE')).toHaveLength(19);
    expect((await events()).filter((event) => event === 'KILL_SWITCH_ACTIVATED')).toHaveLength(1);
    expect(world.notified.wakes).toBe(told + 1);
  });

  test.each(['SESSION_REVOKED', 'TX_CANCELLED', 'AGENT_SUSPENDED', 'KILL_SWITCH_ACTIVATED'])(
    'with a disk that fails at its row %s it changes nothing at all',
    async (event) => {
      await start();
      const agent = await world.createAgent();
      const session = await world.createSession(agent);
      await queuePayment(agent, session, 'DELAY');
      await world.storage.write(async ({ db }) => {
        await sql
          .raw(
            `CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.audit_log WHEN NEW.event_type = '${event}' BEGIN SELECT RAISE(ABORT, 'full'); END`,
          )
          .execute(db);
      });
      expect(await refusal(world.killSwitch.activate('drill', OPERATOR))).toContain('full');
      expect([world.killSwitch.status(), await stored(), await liveSessions(), await statuses()]).toEqual([
        'NORMAL',
        'NORMAL',
        1,
        ['ACTIVE'],
      ]);
      expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([true, true]);
      await world.storage.write(async ({ db }) => void (await sql`DROP TRIGGER refuse`.execute(db)));
      expect(await refusal(world.killSwitch.activate('drill', OPERATOR))).toBe('done');
    },
  );

  test('by a commit whose answer was lost it counts as engaged, with the keys gone', async () => {
    let lose = false;
    await start({
      decorateStorage: (storage: Storage): Storage => ({
        ...storage,
        async write(unit) {
          const result = await storage.write(unit);
          if (!lose) return result;
          lose = false;
          throw new Failure('STORAGE_UNAVAILABLE');
        },
      }),
    });
    lose = true;
    expect(await refusal(world.killSwitch.activate('drill', OPERATOR))).toBe('STORAGE_UNAVAILABLE');
    expect([world.killSwitch.status(), await stored()]).toEqual(['ACTIVATED', 'ACTIVATED']);
    expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([false, false]);
    expect(world.operatorTokensEnded()).toBe(1);
  });

  test('with a vault that does not let itself be locked it is engaged all the same, and that is on record', async () => {
    let wipes = false;
    await start({
      decorateVault: (vault) => ({
        get isUnlocked() {
          return vault.isUnlocked;
        },
        unlock: (password) => vault.unlock(password),
        publicKey: (id) => vault.publicKey(id),
        lock() {
          if (!wipes) throw new Error('the memory cannot be wiped');
          vault.lock();
        },
      }),
    });
    expect(await refusal(world.killSwitch.activate('drill', OPERATOR))).toBe('done');
    expect([world.killSwitch.status(), await stored(), world.keystoreParts.gate.isOpen]).toEqual([
      'ACTIVATED',
      'ACTIVATED',
      false,
    ]);
    expect([world.operatorTokensEnded(), world.notified.wakes]).toEqual([1, 1]);
    expect((await world.audit()).at(-1)).toMatchObject({ event_type: 'KILL_SWITCH_LOCK_FAILED', severity: 'critical' });
    // A recovery begins with what was left undone, and goes nowhere as long as it fails.
    for (let i = 0; i < 2; i++) {
      expect(await refusal(world.killSwitch.recover(local()))).toBe('Error: the memory cannot be wiped');
      expect([world.killSwitch.status(), world.keystoreParts.gate.isOpen]).toEqual(['ACTIVATED', false]);
    }
    wipes = true;
    expect(await refusal(world.killSwitch.recover(local()))).toBe('done');
    expect([world.killSwitch.status(), world.keystoreParts.gate.isOpen]).toEqual(['NORMAL', true]);
  });

  test('with a disk that fails after the cascade it is engaged all the same, with the keys gone', async () => {
    await start();
    await world.storage.write(async ({ db }) => {
      await sql
        .raw(
          `CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.audit_log WHEN NEW.event_type = 'KEYSTORE_LOCKED' BEGIN SELECT RAISE(ABORT, 'full'); END`,
        )
        .execute(db);
    });
    expect(await refusal(world.killSwitch.activate('drill', OPERATOR))).toBe('done');
    expect([await stored(), world.keystoreParts.keystore.isUnlocked]).toEqual(['ACTIVATED', false]);
  });

  test('nothing can be created, resumed or connected', async () => {
    await start();
    const agent = await world.createAgent();
    const { policy } = await world.policies.create(LIMIT, OPERATOR);
    const id = policyId(policy.id);
    await world.killSwitch.activate('drill', OPERATOR);
    expect(await refusal(world.policies.update(id, { enabled: false }, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(world.policies.remove(id, {}, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(world.agents.resume(agent, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(world.policies.create(LIMIT, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(world.sessions.create({ agentId: agent }, OPERATOR))).toBe('SYSTEM_LOCKED');
    expect(await refusal(world.createAgent())).toBe('KEYSTORE_LOCKED');
    expect(await refusal(world.owner.connect(ALICE, OPERATOR))).toBe('SYSTEM_LOCKED');
  });

  test('a hundred agents with a thousand sessions take one unit of work', async () => {
    await start();
    const agents = await Promise.all(Array.from({ length: 20 }, () => world.createAgent()));
    await Promise.all(agents.flatMap((agent) => Array.from({ length: 50 }, () => world.createSession(agent))));
    const before = world.storage.revision();
    const answer = await world.killSwitch.activate('drill', OPERATOR);
    expect(answer).toMatchObject({ sessionsRevoked: 1000, agentsSuspended: 20 });
    // The cascade, and the row of the locked keystore.
    expect(world.storage.revision() - before).toBe(2);
  });
});

describe('recovered', () => {
  const engage = async (options?: WorldOptions): Promise<void> => {
    await start(options);
    await world.owner.connect(ALICE, OPERATOR);
    const agents = [await world.createAgent(), await world.createAgent(), await world.createAgent()] as const;
    await world.createSession(agents[0]);
    await world.agents.suspend(agents[1], OPERATOR);
    const stop = { id: agents[2], from: 'ACTIVE', to: 'SUSPENDED', reason: 'auto_stop' } as const;
    await world.storage.write(async ({ db }) => void (await moveAgent(db, { ...stop, now: 1 })));
    await world.killSwitch.activate('drill', OPERATOR);
  };
  const expectLocked = async (): Promise<void> => {
    expect([world.killSwitch.status(), await stored()]).toEqual(['ACTIVATED', 'ACTIVATED']);
    expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([false, false]);
    expect(await statuses()).toEqual(['SUSPENDED kill_switch', 'SUSPENDED manual', 'SUSPENDED auto_stop']);
  };

  test('agents that it stopped can pay again, others stay suspended, sessions stay ended', async () => {
    await engage();
    expect(await world.killSwitch.recover(signed())).toMatchObject({ recovered: true, agentsReactivated: 1 });
    expect([world.killSwitch.status(), await stored(), await statuses(), await liveSessions()]).toEqual([
      'NORMAL',
      'NORMAL',
      ['ACTIVE', 'SUSPENDED manual', 'SUSPENDED auto_stop'],
      0,
    ]);
    expect(world.killSwitch.details()).toEqual({ activatedAt: null, reason: null, actor: null });
    expect([world.keystoreParts.keystore.isUnlocked, world.keystoreParts.gate.isOpen]).toEqual([true, true]);
    const row = (await world.audit()).find(({ event_type }) => event_type === 'KILL_SWITCH_RECOVERED');
    expect([row?.actor, row?.severity]).toEqual([`owner:${ALICE.address}`, 'critical']);
    expect(JSON.parse(row?.details ?? '{}')).toMatchObject({ signed: { signature: 'the signature' } });
    expect(await refusal(world.killSwitch.activate('again', OPERATOR))).toBe('done');
  });

  test.each<[string, Partial<RecoveryRequest>, string]>([
    ['a password that has changed meanwhile', { password: 'another password' }, 'INVALID_MASTER_PASSWORD'],
    ['no signature', { proveOwner: null }, 'OWNER_AUTH_REQUIRED'],
    [
      'no signature, from the command line of the machine',
      { proveOwner: null, isLocalCommand: () => true },
      'OWNER_AUTH_REQUIRED',
    ],
    [
      'a signature that does not hold',
      { proveOwner: () => Promise.reject(new Failure('INVALID_NONCE')) },
      'INVALID_NONCE',
    ],
    ['a signature of somebody else', { proveOwner: async () => by(BOB) }, 'OWNER_MISMATCH'],
    ['an owner who signs nothing', { proveOwner: () => Promise.reject(new Error('odd')) }, 'Error: odd'],
  ])('with %s it is not: back to engaged, and the keys are gone', async (_what, over, code) => {
    await engage();
    expect(await refusal(world.killSwitch.recover(signed(over)))).toBe(code);
    await expectLocked();
    const rows = await world.audit();
    expect(rows.slice(-2).map(({ event_type, severity }) => `${event_type} ${severity}`)).toEqual([
      'KILL_SWITCH_RECOVERY_STARTED critical',
      'KILL_SWITCH_RECOVERY_FAILED critical',
    ]);
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('done');
  });

  test('an agent whose key is gone stays suspended, and can be resumed once it is back', async () => {
    await start();
    const [one, other] = [await world.createAgent(), await world.createAgent()];
    await world.killSwitch.activate('the keystore has changed', { by: 'system' });
    const file = join(world.folder, 'keystore', `${one}.json`);
    renameSync(file, `${file}.away`);
    expect(await world.killSwitch.recover(local())).toMatchObject({ agentsReactivated: 1 });
    expect(await statuses()).toEqual(['SUSPENDED manual', 'ACTIVE']);
    const rows = (await world.audit()).filter(({ event_type }) => event_type.startsWith('AGENT_')).slice(-2);
    expect(rows.map(({ event_type, details }) => `${event_type} ${JSON.parse(details).why ?? ''}`)).toEqual([
      'AGENT_SUSPENDED its key is not there',
      'AGENT_ACTIVATED ',
    ]);
    expect([one < other, await refusal(world.agents.resume(one, OPERATOR))]).toEqual([true, 'done']);
    expect(await statuses()).toEqual(['ACTIVE', 'ACTIVE']);
  });

  test('two at once are one recovery; the kill switch cannot be engaged while it runs', async () => {
    await engage();
    const first = world.killSwitch.recover(signed());
    expect(world.killSwitch.status()).toBe('RECOVERING');
    const others = [world.killSwitch.recover(signed()), world.killSwitch.activate('now', OPERATOR)];
    expect(await Promise.all(others.map(refusal))).toEqual(['KILL_SWITCH_ACTIVE', 'KILL_SWITCH_ACTIVE']);
    expect(await refusal(first)).toBe('done');
    expect((await events()).filter((event) => event === 'KILL_SWITCH_RECOVERED')).toHaveLength(1);
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('KILL_SWITCH_NOT_ACTIVE');
  });

  test('one that takes longer than a minute is given up, whatever comes of it later', async () => {
    let prove: (origin: ReturnType<typeof by>) => void = () => undefined;
    await engage();
    const late = refusal(
      world.killSwitch.recover(
        signed({
          proveOwner: () =>
            new Promise((resolve) => {
              prove = resolve;
            }),
        }),
      ),
    );
    await expect.poll(() => world.keystoreParts.keystore.isUnlocked).toBe(true);
    expect(world.keystoreParts.gate.isOpen).toBe(false);
    await world.time.advance(60_000);
    expect(await late).toBe('KEYSTORE_LOCKED');
    prove(by(ALICE));
    await world.time.advance(1000);
    await expectLocked();
  });

  test.each(['KILL_SWITCH_RECOVERY_STARTED', 'AGENT_ACTIVATED', 'KILL_SWITCH_RECOVERED'])(
    'with a disk that fails at its row %s it is not',
    async (event) => {
      await engage();
      const run = (text: string) => world.storage.write(async ({ db }) => void (await sql.raw(text).execute(db)));
      await run(
        `CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.audit_log WHEN NEW.event_type = '${event}' BEGIN SELECT RAISE(ABORT, 'full'); END`,
      );
      expect(await refusal(world.killSwitch.recover(signed()))).toContain('full');
      await expectLocked();
      await run('DROP TRIGGER refuse');
      expect(await refusal(world.killSwitch.recover(signed()))).toBe('done');
    },
  );

  test('without an owner the command line of the machine is enough, and nothing else is', async () => {
    await start();
    await world.createAgent();
    await world.killSwitch.activate('drill', OPERATOR);
    expect(await refusal(world.killSwitch.recover(local({ isLocalCommand: () => false })))).toBe('OWNER_NOT_CONNECTED');
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('OWNER_NOT_CONNECTED');
    expect(world.keystoreParts.keystore.isUnlocked).toBe(false);
    expect(await refusal(world.killSwitch.recover(local()))).toBe('done');
  });

  test('an owner who was put into the database by somebody else recovers nothing, nor does their removal', async () => {
    await engage();
    await world.storage.write(async ({ db }) => void (await sql`DELETE FROM owner_wallets`.execute(db)));
    expect(await refusal(world.killSwitch.recover(local()))).toBe('OWNER_AUTH_REQUIRED');
    expect(await refusal(world.killSwitch.recover(signed({ proveOwner: async () => by(BOB) })))).toBe('OWNER_MISMATCH');
    await expectLocked();
  });
});

describe('after a restart', () => {
  const restart = async (): Promise<void> => {
    const { folder, time } = world;
    await world.close();
    await start({ folder, time, locked: true });
  };

  test('it is as it was, and recovers', async () => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    await world.createAgent();
    await world.killSwitch.activate('drill', OPERATOR);
    const details = world.killSwitch.details();
    await restart();
    expect([world.killSwitch.status(), world.killSwitch.details()]).toEqual(['ACTIVATED', details]);
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('done');
    expect(await statuses()).toEqual(['ACTIVE']);
  });

  test.each([undefined, 'RECOVERING', 'SOMETHING', 5, null])('a stored %j counts as engaged', async (value) => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    await world.storage.write(async ({ db }) => {
      await sql`DELETE FROM system_state WHERE key = 'kill_switch_status'`.execute(db);
      if (value !== undefined)
        await sql`INSERT INTO system_state VALUES ('kill_switch_status', ${JSON.stringify(value)}, 1)`.execute(db);
    });
    await restart();
    expect(world.killSwitch.status()).toBe('ACTIVATED');
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('done');
  });

  test('a state that somebody set to normal counts as engaged, and that is on record', async () => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    await world.killSwitch.activate('drill', OPERATOR);
    await world.storage.write(
      async ({ db }) =>
        void (await sql`UPDATE system_state SET value = '"NORMAL"' WHERE key = 'kill_switch_status'`.execute(db)),
    );
    await restart();
    expect([world.killSwitch.status(), await stored()]).toEqual(['ACTIVATED', 'ACTIVATED']);
    expect((await events()).at(-1)).toBe('SEAL_BROKEN');
    expect(await refusal(world.killSwitch.recover(signed()))).toBe('done');
    await restart();
    expect(world.killSwitch.status()).toBe('NORMAL');
  });
});
