import {
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  isWaiaasError,
  policyId,
  type SessionConstraints,
} from '@waiaas/core';
import { storePolicy } from '@waiaas/storage';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import {
  ALICE,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  RECIPIENT,
  type World,
  type WorldOptions,
} from '../test/world.ts';

let world: World;
const start = async (options: WorldOptions = {}): Promise<Payer> => {
  world = await createWorld(options);
  return world.createPayer();
};
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const body = (amount: bigint, to: string = RECIPIENT) =>
  ({ to, amount: amount.toString(), type: 'TRANSFER', priority: 'medium' }) as const;
const dry = (payer: Payer, amount: bigint, to?: string) => world.pipeline.dryRun(payer, body(amount, to));
const traces = async (): Promise<number> => {
  const [row] = (
    await sql<{ n: number }>`SELECT (SELECT count(*) FROM transactions) + (SELECT count(*) FROM decisions)
      + (SELECT count(*) FROM pending_approvals) + (SELECT count(*) FROM audit_log) AS n`.execute(world.storage.read)
  ).rows;
  return row?.n ?? -1;
};
/** Asks for a payment and answers what became of it, refused or not. */
async function pay(payer: Payer, amount: bigint, to?: string): Promise<{ id: string; outcome: string }> {
  let settled = false;
  const work = world
    .send(payer, amount, to === undefined ? {} : { to })
    .then(
      ({ transactionId, tier }) => ({ id: transactionId, outcome: `ALLOW ${tier}` }),
      (error: unknown) => {
        if (!isWaiaasError(error)) throw error;
        return { id: String(error.details?.transactionId), outcome: `DENY ${error.code}` };
      },
    )
    .finally(() => {
      settled = true;
    });
  await world.time.runUntil(() => settled);
  return work;
}

const EVM = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const TIERS = { instant_max: '100', notify_max: '200', delay_max: '1000', daily_max: '3000' };

describe('a dry run', () => {
  test.each([50n, 100n, 101n, 200n, 201n, 1000n, 1001n, 3000n, 3001n])(
    'of %d says what becomes of it, and leaves no trace',
    async (amount) => {
      const payer = await start({ rules: TIERS });
      const before = await traces();
      const foretold = await dry(payer, amount);
      expect(await traces()).toBe(before);
      const { outcome } = await pay(payer, amount);
      expect(outcome).toBe(foretold.outcome === 'ALLOW' ? `ALLOW ${foretold.tier}` : `DENY ${foretold.code}`);
    },
  );

  test('sees what is under way, of this session and of others', async () => {
    const payer = await start({ rules: { ...TIERS, instant_max: '0', notify_max: '0' } });
    await world.send(payer, 2500n);
    expect(await dry(payer, 500n)).toMatchObject({ outcome: 'ALLOW' });
    expect(await dry(payer, 501n)).toMatchObject({
      outcome: 'DENY',
      code: 'SPENDING_LIMIT_EXCEEDED',
      details: { cap: 'daily_max', remaining: '500' },
    });
  });

  test('tells of the session’s limits', async () => {
    const payer = await start();
    const session = await world.createSession(payer.agentId, { maxAmountPerTx: '10' });
    expect(await dry({ ...payer, sessionId: session }, 11n)).toMatchObject({
      outcome: 'DENY',
      code: 'SESSION_LIMIT_EXCEEDED',
      reason: 'SESSION_LIMIT_PER_TX',
      session: [{ rule: 'maxAmountPerTx', observed: '11', limit: '10', passed: false }],
    });
  });

  test('of a payment nobody could make is refused as the payment is', async () => {
    const payer = await start();
    await expect(dry(payer, 1n, 'nonsense')).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
    await world.suspendAgent(payer.agentId);
    await expect(dry(payer, 1n)).rejects.toMatchObject({ code: 'AGENT_SUSPENDED' });
  });
});

describe('the record of a decision', () => {
  test('tells rule by rule what was seen and held against it, and comes out the same again', async () => {
    const payer = await start({ rules: TIERS });
    const { id } = await pay(payer, 150n);
    const record = await world.pipeline.decisions.get(brandTransactionId(id));
    expect(record).toMatchObject({
      transactionId: id,
      tier: 'NOTIFY',
      verdict: { outcome: 'ALLOW', tier: 'NOTIFY' },
      facts: { spent: { day: '0' }, reserved: '0' },
      replay: 'same',
    });
    expect(record.criteria).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ rule: 'daily_max', observed: '150', limit: '3000', passed: true }),
        expect.objectContaining({ rule: 'instant_max', observed: '150', limit: '100', passed: false }),
        expect.objectContaining({ rule: 'notify_max', observed: '150', limit: '200', passed: true }),
      ]),
    );
  });

  test('stays what it was when the rules change, and after a restart', async () => {
    const payer = await start({ rules: TIERS });
    const { id } = await pay(payer, 150n);
    await world.setRules({ ...TIERS, notify_max: '100', instant_max: '100' });
    const { folder, ledger, time } = world;
    await world.stop();
    world = await createWorld({ folder, ledger, time });
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({
      replay: 'same',
      tier: 'NOTIFY',
    });
  });

  describe('of a refusal by the session', () => {
    const refusals: readonly (readonly [string, SessionConstraints, bigint, string])[] = [
      ['what it may do', { allowedOperations: [] }, 1n, 'DENY CONSTRAINT_VIOLATED'],
      ['whom it may pay', { allowedDestinations: [] }, 1n, 'DENY CONSTRAINT_VIOLATED'],
      ['how much at once', { maxAmountPerTx: '10' }, 11n, 'DENY SESSION_LIMIT_EXCEEDED'],
      ['how much in all', { maxTotalAmount: '60' }, 11n, 'DENY SESSION_LIMIT_EXCEEDED'],
      ['how often', { maxTransactions: 1 }, 1n, 'DENY SESSION_LIMIT_EXCEEDED'],
    ];

    test.each(refusals)(
      'says so, and is made again from what it was: %s',
      async (_what, constraints, amount, outcome) => {
        const payer = await start();
        const sessionId = await world.createSession(payer.agentId, constraints);
        await pay({ ...payer, sessionId }, 50n);
        const refused = await pay({ ...payer, sessionId }, amount);
        expect(refused.outcome).toBe(outcome);
        await world.time.advance(8 * 86_400_000);
        await world.cleanUpSessions();
        expect(await world.storage.read.selectFrom('sessions').selectAll().execute()).toEqual([]);
        const record = await world.pipeline.decisions.get(brandTransactionId(refused.id));
        expect(record).toMatchObject({ verdict: null, replay: 'same' });
        expect(record.session.at(-1)).toMatchObject({ passed: false });
        expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, refusedBySession: 0 });
      },
    );

    test('that was over, or is not what was granted, is made again as well', async () => {
      const payer = await start();
      const over = await world.createSession(payer.agentId);
      await world.revokeSession(over);
      expect((await pay({ ...payer, sessionId: over }, 1n)).outcome).toBe('DENY SESSION_REVOKED');
      const forged = await world.createSession(payer.agentId, { maxTransactions: 1 });
      await alter(world, `UPDATE sessions SET constraints = '{}' WHERE id = '${forged}'`);
      expect((await pay({ ...payer, sessionId: forged }, 1n)).outcome).toBe('DENY INVALID_TOKEN');
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
    });

    test.each([
      ['what it was', 'UPDATE decisions SET standing = replace(standing, \'"underWay":0\', \'"underWay":1\')'],
      ['that it was kept', 'UPDATE decisions SET standing = NULL'],
      ['its limits', "UPDATE granted_constraints SET constraints = '{}'"],
      ['that it had limits', 'DELETE FROM granted_constraints'],
    ])('shows that somebody has changed %s', async (_what, statement) => {
      const payer = await start();
      const sessionId = await world.createSession(payer.agentId, { maxAmountPerTx: '10' });
      await pay({ ...payer, sessionId }, 11n);
      await alter(world, statement);
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 1, faultCount: 1 });
    });
  });

  test.each([
    ['the decision', `UPDATE decisions SET decision = replace(decision, 'NOTIFY', 'INSTANT')`, 'not_authentic'],
    ['the facts', `UPDATE decisions SET facts = replace(facts, '"reserved":"0"', '"reserved":"1"')`, 'not_authentic'],
    ['the policy it was made by', `UPDATE policy_versions SET rules = replace(rules, '"200"', '"1"')`, 'not_authentic'],
  ])('shows that somebody has changed %s', async (_what, statement, replay) => {
    const payer = await start({ rules: TIERS });
    const { id } = await pay(payer, 150n);
    await world.storage.write(async ({ db }) => {
      for (const trigger of ['decisions_no_update', 'policy_versions_no_update'])
        await sql`DROP TRIGGER ${sql.raw(trigger)}`.execute(db);
      await sql.raw(statement).execute(db);
    });
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({ replay });
    expect(await world.pipeline.decisions.replay()).toMatchObject({ faultCount: 1, faults: [{ transactionId: id }] });
  });

  test.each([
    ['the decision', 'DELETE FROM decisions', 'record'],
    ['the record of the claim', 'DELETE FROM claim_decisions', 'record of the claim'],
  ])('shows that somebody has taken away %s', async (_what, statement, what) => {
    const payer = await start({ rules: TIERS });
    const { id } = await pay(payer, 900n);
    await world.time.advance(900_000);
    await world.pipeline.runDelayed();
    await world.time.advance(10_000);
    expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
    await alter(world, statement);
    expect(await world.pipeline.decisions.replay()).toMatchObject({
      faultCount: 1,
      faults: [{ transactionId: id, verdict: 'missing', what }],
    });
  });

  describe('of which every row was taken away but those of the audit log', () => {
    const audited = async (id: string, event: string): Promise<number> =>
      (
        await world.storage.read
          .selectFrom('audit_log')
          .select('id')
          .where('tx_id', '=', id)
          .where('event_type', '=', event)
          .executeTakeFirstOrThrow()
      ).id;
    /** One payment of each kind, to their ends: paid at once, after a while, by approval, refused, refused when it was due. */
    async function ofEachKind() {
      const payer = await start({ rules: TIERS });
      await world.owner.connect(ALICE, OPERATOR);
      const late = await pay(payer, 800n);
      await world.setRules({ ...TIERS, daily_max: '799' });
      await world.time.advance(900_000);
      await world.pipeline.runDelayed();
      await world.setRules(TIERS);
      const slow = await pay(payer, 900n);
      await world.time.advance(900_000);
      await world.pipeline.runDelayed();
      const big = await pay(payer, 1001n);
      await world.pipeline.approve(brandTransactionId(big.id), by(ALICE));
      await world.time.advance(10_000);
      const quick = await pay(payer, 50n);
      const refused = await pay(payer, 5000n);
      expect(refused.outcome).toContain('DENY');
      await world.time.advance(10_000);
      return { late, slow, big, quick, refused };
    }
    const without = (table: string, id: string) =>
      `DELETE FROM ${table} WHERE ${table === 'transactions' ? 'id' : 'tx_id'} = '${id}'`;
    const TABLES = ['spend_ledger', 'claim_decisions', 'decisions', 'pending_approvals', 'transactions'];

    test('each is told, with the audit rows that know of it', async () => {
      const { late, slow, big, quick, refused } = await ofEachKind();
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 8, same: 8, faultCount: 0 });
      const told: (readonly [id: string, event: string])[] = [
        [late.id, 'TX_REQUESTED'],
        [late.id, 'TX_CANCELLED'],
        [slow.id, 'TX_REQUESTED'],
        [slow.id, 'TX_CLAIMED'],
        [big.id, 'TX_REQUESTED'],
        [big.id, 'TX_APPROVED'],
        [quick.id, 'TX_REQUESTED'],
        [refused.id, 'TX_REQUESTED'],
      ];
      const expected = await Promise.all(
        told.map(async ([transactionId, event]) => ({
          transactionId,
          verdict: 'missing',
          what: `transaction, of which audit row ${await audited(transactionId, event)} tells (${event})`,
        })),
      );
      const gone = [late, slow, big, quick, refused].flatMap(({ id }) => TABLES.map((table) => without(table, id)));
      await alter(world, ...gone);
      expect(await world.pipeline.decisions.replay()).toEqual({
        total: 8,
        same: 0,
        refusedBySession: 0,
        faultCount: 8,
        faults: expected,
      });
    });

    test('a claim is told of a payment that seems never to have been claimed, too', async () => {
      const { late, slow, big } = await ofEachKind();
      for (const [{ id }, event] of [
        [late, 'TX_CANCELLED'],
        [slow, 'TX_CLAIMED'],
        [big, 'TX_APPROVED'],
      ] as const) {
        await alter(
          world,
          without('claim_decisions', id),
          `UPDATE transactions SET claimed_at = NULL, tier = 'INSTANT' WHERE id = '${id}'`,
        );
        const { faults } = await world.pipeline.decisions.replay();
        expect(faults.filter(({ transactionId }) => transactionId === id)).toEqual([
          {
            transactionId: id,
            verdict: 'missing',
            what: `record of the claim, of which audit row ${await audited(id, event)} tells (${event})`,
          },
        ]);
      }
    });

    test('is not asked for where an earlier version recorded no claims', async () => {
      const { late, slow, big } = await ofEachKind();
      for (const { id } of [late, slow, big]) {
        await alter(
          world,
          without('claim_decisions', id),
          `UPDATE decisions SET standing = NULL WHERE tx_id = '${id}'`,
        );
      }
      const { faults } = await world.pipeline.decisions.replay();
      // Their records, which the seal holds, are another matter.
      expect(faults.map(({ verdict }) => verdict)).toEqual(Array(3).fill('not_authentic'));
    });
  });

  test.each([
    ['gone', 'DELETE FROM policy_versions'],
    ['another one', `UPDATE policy_versions SET rules = '{}'`],
  ])('of rules that could not be read shows that they are %s', async (_what, statement) => {
    const payer = await start({ rules: TIERS });
    const broken = { id: policyId('00000000-0000-7000-8000-00000000beef'), agentId: payer.agentId };
    await world.storage.write(({ db }) =>
      storePolicy(
        db,
        world.keystoreParts.keystore.sealer,
        { ...broken, type: 'SPENDING_LIMIT', rules: '{"nonsense":1}', priority: 0, enabled: true },
        { now: 1, actor: 'system' },
      ),
    );
    const { id } = await pay(payer, 1n);
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({
      verdict: { outcome: 'DENY', reason: 'POLICY_MALFORMED' },
    });
    expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 1, same: 1 });
    await alter(world, `${statement} WHERE policy_id = '${broken.id}'`);
    expect(await world.pipeline.decisions.replay()).toMatchObject({
      faultCount: 1,
      faults: [{ transactionId: id, verdict: 'not_authentic' }],
    });
  });

  test.each([
    ['no JSON', '{"instant_max":"5"'],
    ['no object', '[]'],
    ['nothing', ''],
  ])('of rules that are %s, under a genuine seal, is kept: they deny, and break nothing', async (_what, rules) => {
    const payer = await start({ rules: TIERS });
    const broken = { id: policyId('00000000-0000-7000-8000-00000000beef'), agentId: payer.agentId };
    await world.storage.write(({ db }) =>
      storePolicy(
        db,
        world.keystoreParts.keystore.sealer,
        { ...broken, type: 'SPENDING_LIMIT', rules, priority: 0, enabled: true },
        { now: 1, actor: 'system' },
      ),
    );
    await expect(dry(payer, 1n)).resolves.toMatchObject({ outcome: 'DENY', code: 'POLICY_DENIED' });
    const { id, outcome } = await pay(payer, 1n);
    expect(outcome).toBe('DENY POLICY_DENIED');
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({
      verdict: { outcome: 'DENY', reason: 'POLICY_MALFORMED', policyId: broken.id },
      replay: 'same',
    });
    expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 1, same: 1, faultCount: 0 });
    expect(world.ledger.accepted.size).toBe(0);
    // Others are not held up by it.
    expect((await pay(await world.createPayer(), 1n)).outcome).toBe('ALLOW INSTANT');
  });

  describe('of a payment that waited', () => {
    const due = async (change: (payer: Payer) => Promise<unknown> = async () => undefined) => {
      const payer = await start({ rules: TIERS });
      const { id } = await pay(payer, 900n);
      expect(await world.pipeline.decisions.get(brandTransactionId(id))).not.toHaveProperty('claim');
      await change(payer);
      await world.time.advance(900_000);
      await world.pipeline.runDelayed();
      await world.time.advance(10_000);
      return world.pipeline.decisions.get(brandTransactionId(id));
    };

    test('tells what was decided when it was carried out', async () => {
      expect(await due()).toMatchObject({
        status: 'CONFIRMED',
        verdict: { outcome: 'ALLOW', tier: 'DELAY' },
        replay: 'same',
        claim: { refusal: null, facts: { spent: { day: '0' } }, replay: 'same' },
      });
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
    });

    test('tells that it was allowed when it was asked for, and why it no longer was', async () => {
      const record = await due(() => world.setRules({ ...TIERS, daily_max: '899' }));
      expect(record).toMatchObject({
        status: 'CANCELLED',
        verdict: { outcome: 'ALLOW' },
        claim: { refusal: 'DAILY_CAP', policies: [{ version: 3 }], replay: 'same' },
      });
      expect(record.claim?.criteria).toContainEqual(
        expect.objectContaining({ rule: 'daily_max', observed: '900', limit: '899', passed: false }),
      );
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
    });

    const obstacles: readonly (readonly [string, (payer: Payer) => Promise<unknown>])[] = [
      ['AGENT_SUSPENDED', ({ agentId }) => world.suspendAgent(agentId)],
      ['SESSION_REVOKED', () => alter(world, 'UPDATE sessions SET revoked_at = 1')],
      ['SESSION_NOT_AUTHENTIC', () => alter(world, `UPDATE sessions SET constraints = '{"maxTransactions":9}'`)],
    ];
    test.each(obstacles)(
      'tells that something else was in its way, and makes that again: %s',
      async (refusal, change) => {
        expect(await due(change)).toMatchObject({
          status: 'CANCELLED',
          claim: { refusal, facts: null, replay: 'same' },
        });
        expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
      },
    );

    test('tells that its policies were tampered with', async () => {
      const record = await due(() =>
        world.storage.write(async ({ db }) => void (await db.deleteFrom('policies').execute())),
      );
      expect(record).toMatchObject({ claim: { refusal: 'POLICY_NOT_AUTHENTIC', replay: 'same' } });
    });

    test('shows that somebody has changed what is told', async () => {
      const record = await due(() => world.setRules({ ...TIERS, daily_max: '899' }));
      await world.storage.write(async ({ db }) => {
        await sql`DROP TRIGGER claim_decisions_no_update`.execute(db);
        await sql`UPDATE claim_decisions SET refusal = NULL, decision = NULL`.execute(db);
      });
      expect(await world.pipeline.decisions.get(brandTransactionId(record.transactionId))).toMatchObject({
        claim: { replay: 'not_authentic' },
      });
      expect(await world.pipeline.decisions.replay()).toMatchObject({ faultCount: 1 });
    });
  });

  test.each([
    ['POLICY_NOT_AUTHENTIC', "UPDATE policies SET rules = '{}'"],
    ['POLICY_NOT_AUTHENTIC', 'DELETE FROM policies'],
    ['COUNTERS_NOT_AUTHENTIC', "UPDATE spend_ledger SET cumulative = '7'"],
  ])('of a denial for %s is made again as well', async (reason, statement) => {
    const payer = await start({ rules: TIERS });
    await pay(payer, 50n);
    await world.time.advance(90_000_000);
    await pay(payer, 50n);
    await alter(world, statement);
    const { id } = await pay(payer, 50n);
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({
      verdict: { outcome: 'DENY', reason },
      replay: 'same',
    });
  });

  test('is there for every payment that was asked for, and all of them come out the same again', async () => {
    const payer = await start({ rules: TIERS });
    const session = await world.createSession(payer.agentId, { maxTotalAmount: '900' });
    const amounts = fc.sample(fc.bigInt({ min: 1n, max: 1500n }), { numRuns: 60, seed: 7 });
    let asked = 0;
    for (const [index, amount] of amounts.entries()) {
      if (index % 9 === 0) await world.setRules({ ...TIERS, daily_max: String(2000 + index * 50) });
      try {
        await pay(index % 3 === 0 ? { ...payer, sessionId: session } : payer, amount);
        asked += 1;
      } catch (error) {
        if (!isWaiaasError(error, 'RATE_LIMIT_EXCEEDED')) throw error;
      }
      if (index % 10 === 0) await world.time.advance(3_600_000);
    }
    const report = await world.pipeline.decisions.replay();
    const [rows] = await world.storage.read
      .selectFrom('transactions')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .execute();
    expect(asked).toBeGreaterThan(0);
    expect(report).toMatchObject({ total: rows?.n, same: rows?.n, faultCount: 0, faults: [] });
  });
});

describe('a budget', () => {
  test('is what admission enforces: its most is taken, one base unit more is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          daily: fc.bigInt({ min: 0n, max: 3000n }),
          extra: fc.bigInt({ min: 0n, max: 2000n }),
          total: fc.option(fc.bigInt({ min: 0n, max: 3000n })),
          perTx: fc.option(fc.bigInt({ min: 0n, max: 3000n })),
          before: fc.array(fc.bigInt({ min: 1n, max: 900n }), { maxLength: 4 }),
        }),
        async ({ daily, extra, total, perTx, before }) => {
          const payer = await start({
            rules: {
              instant_max: '400',
              notify_max: '400',
              delay_max: '600',
              daily_max: daily.toString(),
              weekly_max: (daily + extra).toString(),
            },
          });
          try {
            const constraints = {
              expiresIn: 604_800,
              ...(total === null ? {} : { maxTotalAmount: total.toString() }),
              ...(perTx === null ? {} : { maxAmountPerTx: perTx.toString() }),
            };
            const session = { ...payer, sessionId: await world.createSession(payer.agentId, constraints), constraints };
            for (const amount of before) await pay(session, amount);
            const { maxPayment } = await world.pipeline.budget(session);
            const most = BigInt(maxPayment ?? '-1');
            expect((await dry(session, most + 1n)).outcome).toBe('DENY');
            if (most > 0n) expect((await dry(session, most)).outcome).toBe('ALLOW');
          } finally {
            await world.stop();
            await world.remove();
          }
        },
      ),
      { numRuns: 25 },
    );
    await start();
  });

  test('shows what is used, what is under way and what is left', async () => {
    const payer = await start({ rules: { ...TIERS, weekly_max: '9000' } });
    const constraints = { maxTotalAmount: '2000', maxTransactions: 5, expiresIn: 604_800 };
    const session = { ...payer, sessionId: await world.createSession(payer.agentId, constraints), constraints };
    await pay(session, 100n);
    await pay(session, 900n);
    await pay(payer, 80n);
    expect(await world.pipeline.budget(session)).toMatchObject({
      session: {
        total: { limit: '2000', used: '100', reserved: '900', remaining: '1000' },
        transactions: { limit: 5, used: 1, reserved: 1, remaining: 3 },
        maxAmountPerTx: null,
        renewalsLeft: 30,
      },
      policy: {
        asset: 'solana:native',
        tiers: { instantMax: '100', notifyMax: '200', delayMax: '1000' },
        dailyCap: { limit: '3000', used: '180', reserved: '900', remaining: '1920' },
      },
      maxPayment: '1000',
    });
  });

  test.each([
    ['the rate is used up', { type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 } }, '0'],
    ['the rate is not', { type: 'RATE_LIMIT', rules: { max_tx_per_hour: 2 } }, '2990'],
    ['these are not the hours', { type: 'TIME_RESTRICTION', rules: { allowed_hours: { start: 3, end: 4 } } }, '0'],
    ['these are the hours', { type: 'TIME_RESTRICTION', rules: { allowed_hours: { start: 1, end: 23 } } }, '2990'],
    [
      'nobody on its chain is listed',
      { type: 'WHITELIST', rules: { chain: 'ethereum', allowed_addresses: [EVM] } },
      '0',
    ],
    ['somebody is', { type: 'WHITELIST', rules: { allowed_addresses: [RECIPIENT] } }, '2990'],
  ])('knows whether anything may be paid at all: %s', async (_what, policy, most) => {
    const payer = await start({ rules: TIERS });
    await pay(payer, 10n);
    await world.addPolicy(policy);
    expect(await world.pipeline.budget(payer)).toMatchObject({ maxPayment: most });
    expect((await dry(payer, 1n)).outcome).toBe(most === '0' ? 'DENY' : 'ALLOW');
  });

  test('of an agent whose policies were tampered with is nothing', async () => {
    const payer = await start({ rules: TIERS });
    await world.storage.write(async ({ db }) => void (await db.deleteFrom('policies').execute()));
    expect(await world.pipeline.budget(payer)).toMatchObject({ maxPayment: '0', policy: { tiers: null } });
    expect(await dry(payer, 1n)).toMatchObject({ outcome: 'DENY', reason: 'POLICY_NOT_AUTHENTIC' });
  });

  test('of such an agent is reported once, however often it asks', async () => {
    const payer = await start({ rules: TIERS });
    await world.storage.write(async ({ db }) => void (await db.deleteFrom('policies').execute()));
    for (let count = 0; count < 3; count += 1) expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
    const alarms = await world.storage.read
      .selectFrom('audit_log')
      .select('id')
      .where('event_type', '=', 'SEAL_BROKEN')
      .execute();
    expect(alarms).toHaveLength(1);
  });
});

describe('a rule about a share of the balance', () => {
  test('raises what is above it, and everything while the balance cannot be read', async () => {
    let broken = false;
    const payer = await start({
      rules: { max_balance_share: 100 },
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        getBalance: (address) => (broken ? Promise.reject(new Error('down')) : adapter.getBalance(address)),
      }),
    });
    const balance = world.ledger.balanceOf(payer.address);
    expect(await dry(payer, balance / 10n / 1000n)).toMatchObject({ outcome: 'ALLOW', tier: 'INSTANT' });
    world.ledger.fund(payer.address, -(balance - 1_000_000n));
    expect(await dry(payer, 100_000n)).toMatchObject({ tier: 'INSTANT' });
    expect(await dry(payer, 100_001n)).toMatchObject({ tier: 'APPROVAL', raisedBy: 'BALANCE_SHARE' });
    broken = true;
    expect(await dry(payer, 1n)).toMatchObject({ tier: 'APPROVAL', raisedBy: 'BALANCE_SHARE' });
    const { id } = await pay(payer, 1n);
    expect(await world.pipeline.decisions.get(brandTransactionId(id))).toMatchObject({ replay: 'same' });
  });
});

describe('further kinds of policy, through the pipeline', () => {
  const add = (type: 'WHITELIST' | 'RATE_LIMIT' | 'TIME_RESTRICTION', rules: object, agent?: string) =>
    world.addPolicy({ type, rules, ...(agent === undefined ? {} : { agentId: agent }) });

  test('a list of recipients', async () => {
    const payer = await start();
    await add('WHITELIST', { allowed_addresses: [ALICE.address] });
    expect((await pay(payer, 1n)).outcome).toBe('DENY WHITELIST_DENIED');
    expect((await pay(payer, 1n, ALICE.address)).outcome).toBe('ALLOW INSTANT');
  });

  test('a rate: five an hour are five, denied ones do not count, and an hour later there are five more', async () => {
    const payer = await start({ rules: { daily_max: '1000' } });
    await add('RATE_LIMIT', { max_tx_per_hour: 5 });
    expect((await pay(payer, 1001n)).outcome).toBe('DENY SPENDING_LIMIT_EXCEEDED');
    for (let count = 0; count < 5; count += 1) expect((await pay(payer, 1n)).outcome).toBe('ALLOW INSTANT');
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
    // Dated by whole seconds, a payment counts until the one it was asked for in has surely left the hour.
    await world.time.advance(3_601_000);
    expect((await pay(payer, 1n)).outcome).toBe('ALLOW INSTANT');
  });

  test.each([
    ['an hour', 3600, { max_tx_per_hour: 5 }],
    ['a day', 86_400, { max_tx_per_day: 5 }],
  ] as const)('a rate looks back at %s to the second', async (_what, seconds, rules) => {
    const payer = await start();
    await add('RATE_LIMIT', rules);
    const born = Math.floor(world.time.now() / 1000);
    const five = () => Promise.all(Array.from({ length: 5 }, async () => (await pay(payer, 1n)).outcome));
    const all = Array.from({ length: 5 }, () => 'ALLOW INSTANT');
    expect(await five()).toEqual(all);
    const rows = await world.storage.read.selectFrom('transactions').select('created_at').execute();
    expect(rows.map(({ created_at }) => created_at)).toEqual(Array.from({ length: 5 }, () => born));
    const at = (age: number) => world.time.advance((born + age) * 1000 - world.time.now());
    await at(seconds);
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
    // The second that they are dated by has to be over as well.
    await at(seconds + 1);
    expect(await five()).toEqual(all);
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
  });

  test.each([
    ['made older', 'UPDATE transactions SET created_at = 0'],
    ['made out to have expired', "UPDATE transactions SET status = 'EXPIRED'"],
    ['removed', 'DELETE FROM decisions', 'DELETE FROM spend_ledger', 'DELETE FROM transactions'],
  ])('a rate counts payments that somebody has %s', async (_what, ...statements) => {
    const payer = await start();
    await add('RATE_LIMIT', { max_tx_per_hour: 2, max_tx_per_day: 3 });
    for (let count = 0; count < 2; count += 1) expect((await pay(payer, 1n)).outcome).toBe('ALLOW INSTANT');
    await alter(world, ...statements);
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
    // Dated by whole seconds, a payment counts until the one it was asked for in has surely left the hour.
    await world.time.advance(3_601_000);
    expect((await pay(payer, 1n)).outcome).toBe('ALLOW INSTANT');
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
  });

  test('a rate holds against fifty at once', async () => {
    const payer = await start();
    await add('RATE_LIMIT', { max_tx_per_hour: 7 }, payer.agentId);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => pay(payer, 1n)));
    expect(outcomes.filter(({ outcome }) => outcome === 'ALLOW INSTANT')).toHaveLength(7);
  });

  test('a cap of the calendar: the day ends at midnight UTC, the week on Sunday', async () => {
    const payer = await start({
      rules: { instant_max: '500', notify_max: '500', daily_max: '100', weekly_max: '250', window: 'calendar' },
    });
    const at = async (iso: string, amount: bigint) => {
      await world.time.advance(Date.parse(iso) - world.time.now());
      const session = { ...payer, sessionId: await world.createSession(payer.agentId) };
      return (await pay(session, amount)).outcome;
    };
    // A Saturday, and the Monday after it.
    expect(await at('2026-01-10T23:00:00Z', 100n)).toBe('ALLOW INSTANT');
    expect(await at('2026-01-10T23:59:50Z', 1n)).toBe('DENY SPENDING_LIMIT_EXCEEDED');
    expect(await at('2026-01-11T00:00:01Z', 100n)).toBe('ALLOW INSTANT');
    expect(await at('2026-01-11T23:59:50Z', 51n)).toBe('DENY SPENDING_LIMIT_EXCEEDED');
    expect(await at('2026-01-12T00:00:01Z', 100n)).toBe('ALLOW INSTANT');
    expect(await at('2026-01-13T00:00:01Z', 100n)).toBe('ALLOW INSTANT');
    expect(await at('2026-01-14T00:00:01Z', 51n)).toBe('DENY SPENDING_LIMIT_EXCEEDED');
    expect(await at('2026-01-14T00:00:20Z', 50n)).toBe('ALLOW INSTANT');
  });

  test('hours of the day', async () => {
    const payer = await start();
    const hour = new Date(world.time.now()).getUTCHours();
    await add('TIME_RESTRICTION', { allowed_hours: { start: (hour + 2) % 24, end: (hour + 4) % 24 } });
    expect((await pay(payer, 1n)).outcome).toBe('DENY POLICY_DENIED');
    await world.time.advance(2 * 3_600_000);
    expect((await pay(payer, 1n)).outcome).toBe('ALLOW INSTANT');
  });
});

test('nobody else’s budget is told', async () => {
  const payer = await start();
  await expect(
    world.pipeline.budget({ ...payer, agentId: brandAgentId('01936d3a-7f00-7001-9abc-fedcba987654') }),
  ).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' });
});
