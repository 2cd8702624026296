import {
  isoFromSeconds,
  isWaiaasError,
  type PolicyEvaluationBody,
  type PolicyEvaluationResponse,
  policyEvaluationRequestSchema,
  unixSeconds,
} from '@waiaas/core';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorld, type Payer, RECIPIENT, type World, type WorldOptions } from '../test/world.ts';

let world: World;
const start = async (options: WorldOptions = {}): Promise<Payer> => {
  world = await createWorld(options);
  return world.createPayer();
};
afterEach(async () => {
  await world.stop();
  await world.remove();
});

type History = NonNullable<PolicyEvaluationResponse['history']>;
const evaluate = (input: PolicyEvaluationBody) =>
  world.pipeline.evaluatePolicies(policyEvaluationRequestSchema.parse(input));
/** What a set would have made of the past. */
async function past(
  policies: PolicyEvaluationBody['policies'],
  query: NonNullable<PolicyEvaluationBody['history']> = {},
): Promise<History> {
  const { history } = await evaluate({ policies, history: query });
  if (history === null) throw new Error('Asked for');
  return history;
}

/** Asks for a payment and waits for its end. */
async function pay(payer: Payer, amount: bigint, to: string = RECIPIENT): Promise<void> {
  let settled = false;
  const work = world
    .send(payer, amount, { to })
    .then(
      () => undefined,
      (error: unknown) => {
        if (!isWaiaasError(error)) throw error;
      },
    )
    .finally(() => {
      settled = true;
    });
  await world.time.runUntil(() => settled);
  return work;
}

const limits = (instant: number, more: Readonly<Record<string, string | number>> = {}) =>
  ({
    type: 'SPENDING_LIMIT',
    rules: { chain: 'solana', instant_max: `${instant}`, notify_max: `${instant}`, delay_max: `${instant}`, ...more },
  }) as const;
const TIERS = { instant_max: '100', notify_max: '200', delay_max: '1000', daily_max: '3000' };
/** The set that is in force, as a client would propose it. */
async function inForce(): Promise<PolicyEvaluationBody['policies']> {
  const rows = await sql<{ id: string; agent_id: string | null; type: string; rules: string; priority: number }>`
    SELECT id, agent_id, type, rules, priority FROM policies`.execute(world.storage.read);
  return policyEvaluationRequestSchema.parse({
    history: {},
    policies: rows.rows.map(({ id, agent_id, type, rules, priority }) => ({
      id,
      ...(agent_id === null ? {} : { agentId: agent_id }),
      type,
      rules: JSON.parse(rules),
      priority,
    })),
  }).policies;
}

describe('a payment that is only thought of', () => {
  const judge = async (
    payer: Payer,
    amount: bigint,
    policies: PolicyEvaluationBody['policies'],
    to: string = RECIPIENT,
  ) => {
    const payment = { agentId: payer.agentId, to, amount: `${amount}` };
    const answer = await evaluate({ policies, payment });
    if (answer.payment === null) throw new Error('Asked for');
    return answer.payment;
  };

  test('is judged by the policies in force and by the proposed ones, side by side', async () => {
    const payer = await start({ rules: TIERS });
    const { present, proposed } = await judge(payer, 150n, [limits(500)]);
    expect([present.tier, proposed.tier]).toEqual(['NOTIFY', 'INSTANT']);
    expect(proposed.criteria).toContainEqual(
      expect.objectContaining({ rule: 'instant_max', observed: '150', limit: '500', passed: true }),
    );
    expect((await judge(payer, 150n, [limits(0)])).proposed).toMatchObject({ outcome: 'ALLOW', tier: 'APPROVAL' });
    expect((await judge(payer, 150n, [])).proposed).toMatchObject({ tier: 'APPROVAL', raisedBy: 'NO_LIMITS' });
  });

  test('is judged with what is spent and under way', async () => {
    const payer = await start({ rules: { ...TIERS, instant_max: '1000', notify_max: '1000' } });
    await pay(payer, 900n);
    const capped = [limits(1000, { daily_max: '1000' })];
    expect((await judge(payer, 100n, capped)).proposed.outcome).toBe('ALLOW');
    expect((await judge(payer, 101n, capped)).proposed).toMatchObject({ outcome: 'DENY', reason: 'DAILY_CAP' });
  });

  test('of one agent is judged by that agent’s policies before those for all', async () => {
    const payer = await start({ rules: TIERS });
    const other = await world.createPayer();
    const policies = [limits(1), { ...limits(500), agentId: payer.agentId }];
    expect((await judge(payer, 400n, policies)).proposed.tier).toBe('INSTANT');
    expect((await judge(other, 400n, policies)).proposed.tier).toBe('APPROVAL');
  });

  test('that could be none is refused', async () => {
    const payer = await start();
    await expect(judge(payer, 1n, [], 'nonsense')).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
    const agentId = '0192f3a1-0000-7000-8000-00000000000a';
    await expect(evaluate({ policies: [], payment: { agentId, to: RECIPIENT, amount: '1' } })).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
    });
  });

  test('leaves no trace', async () => {
    const payer = await start({ rules: TIERS });
    await pay(payer, 50n);
    const traces = async () =>
      (
        await sql`SELECT (SELECT count(*) FROM transactions) AS t, (SELECT count(*) FROM decisions) AS d,
          (SELECT count(*) FROM audit_log) AS a, (SELECT count(*) FROM policies) AS p`.execute(world.storage.read)
      ).rows;
    const before = await traces();
    await judge(payer, 500n, [limits(10)]);
    await past([limits(10)]);
    expect(await traces()).toEqual(before);
  });

  test('the balance is read where a share of it is the limit', async () => {
    const payer = await start({ rules: TIERS });
    const policies = [limits(10_000_000_000_000, { max_balance_share: 1 })];
    expect((await judge(payer, 10n ** 12n, policies)).proposed.tier).toBe('INSTANT');
    expect((await judge(payer, 10n ** 12n + 1n, policies)).proposed).toMatchObject({
      tier: 'APPROVAL',
      raisedBy: 'BALANCE_SHARE',
    });
  });
});

describe('the past under other policies', () => {
  test('names what would have been stricter and what looser', async () => {
    const payer = await start({ rules: TIERS });
    for (const amount of [50n, 150n, 500n, 5000n]) await pay(payer, amount);
    const history = await past([limits(120)]);
    expect(history).toMatchObject({ total: 4, same: 1, stricter: 2, looser: 1, undetermined: 0, nextCursor: null });
    expect(
      history.changes.map(({ amount, change, present, proposed }) => [
        amount,
        change,
        present.tier ?? present.reason,
        proposed.tier,
      ]),
    ).toEqual([
      ['150', 'stricter', 'NOTIFY', 'APPROVAL'],
      ['500', 'stricter', 'DELAY', 'APPROVAL'],
      ['5000', 'looser', 'DAILY_CAP', 'APPROVAL'],
    ]);
  });

  test('counts what had been spent by then, in windows that no rule had at the time', async () => {
    const payer = await start({ rules: { instant_max: '1000', notify_max: '1000', delay_max: '1000' } });
    for (const amount of [400n, 400n, 400n]) await pay(payer, amount);
    const history = await past([limits(1000, { daily_max: '1000' })]);
    expect(history).toMatchObject({ total: 3, same: 2, stricter: 1 });
    expect(history.changes[0]).toMatchObject({ proposed: { outcome: 'DENY', reason: 'DAILY_CAP' } });
  });

  test('counts how many there had been', async () => {
    const payer = await start({ rules: TIERS });
    for (const amount of [1n, 2n, 3n]) await pay(payer, amount);
    const rate = { type: 'RATE_LIMIT', rules: { max_tx_per_hour: 2 } } as const;
    const history = await past([...(await inForce()), rate]);
    expect(history).toMatchObject({ same: 2, stricter: 1 });
    expect(history.changes[0]).toMatchObject({ amount: '3', proposed: { reason: 'RATE_LIMIT_HOUR' } });
  });

  test('does not guess where it depends on a balance that nobody read', async () => {
    const payer = await start({ rules: TIERS });
    await pay(payer, 50n);
    await pay(payer, 5000n);
    const history = await past([limits(100, { max_balance_share: 1 })]);
    expect(history).toMatchObject({ total: 2, undetermined: 1, looser: 1 });
  });

  test('leaves out what the session had refused, and what is not what was recorded', async () => {
    const payer = await start({ rules: TIERS });
    const sessionId = await world.createSession(payer.agentId, { maxTransactions: 1 });
    await pay({ ...payer, sessionId }, 50n);
    await pay({ ...payer, sessionId }, 50n);
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER decisions_no_update`.execute(db);
      await sql`UPDATE decisions SET facts = replace(facts, '"reserved":"0"', '"reserved":"1"')`.execute(db);
    });
    expect(await past([limits(1)])).toMatchObject({ total: 2, refusedBySession: 1, notAuthentic: 1, changes: [] });
  });

  test('can be narrowed to an agent and a time, and read page by page', async () => {
    const payer = await start({ rules: TIERS });
    const other = await world.createPayer();
    await pay(other, 150n);
    await world.time.advance(86_400_000);
    const day = unixSeconds(world.time);
    for (const amount of [10n, 20n, 30n, 40n, 50n]) await pay(payer, amount);
    const set = [limits(1000)];
    expect((await past(set)).total).toBe(6);
    expect((await past(set, { agentId: other.agentId })).total).toBe(1);
    expect((await past(set, { from: isoFromSeconds(day) })).total).toBe(5);
    expect((await past(set, { to: isoFromSeconds(day - 1) })).total).toBe(1);
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page: History = await past(set, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(page.total);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([2, 2, 2]);
  });

  test('is as it was under the policies that were in force, whatever happened', async () => {
    const rules = fc.record({
      instant_max: fc.constantFrom('0', '100', '400'),
      notify_max: fc.constantFrom('400', '500'),
      delay_max: fc.constantFrom('500', '900'),
      daily_max: fc.constantFrom('1000', '2500'),
      weekly_max: fc.constantFrom('2500', '4000'),
      window: fc.constantFrom('rolling' as const, 'calendar' as const),
    });
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ pay: fc.bigInt({ min: 1n, max: 1000n }) }) },
        { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 100_000 }) }) },
      ),
      { minLength: 2, maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(rules, steps, async (spending, history) => {
        const payer = await start({ rules: spending });
        try {
          await world.addPolicy({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 4 } });
          for (const step of history) {
            if ('pay' in step) await pay(payer, step.pay);
            else await world.time.advance(step.wait * 1000);
          }
          const { total, same, changes } = await past(await inForce());
          expect([same, changes]).toEqual([total, []]);
        } finally {
          await world.stop();
          await world.remove();
        }
      }),
      { numRuns: 40 },
    );
    await start();
  });
});

describe('what is asked', () => {
  test.each([
    ['nothing at all', { policies: [] }],
    [
      'a policy with a misspelt rule',
      { policies: [{ type: 'RATE_LIMIT', rules: { max_tx_per_hours: 1 } }], history: {} },
    ],
    ['a policy of another type', { policies: [{ type: 'ALLOW_ALL', rules: {} }], history: {} }],
    ['a policy that is confirmed', { policies: [{ ...limits(1), confirm: true }], history: {} }],
    ['a day that is none', { policies: [], history: { from: '2026-13-01T00:00:00.000Z' } }],
    ['too much at once', { policies: [], history: { limit: 5001 } }],
    ['an unknown field', { policies: [], history: {}, apply: true }],
  ])('%s is refused', (_what, input) => {
    expect(policyEvaluationRequestSchema.safeParse(input).success).toBe(false);
  });
});
