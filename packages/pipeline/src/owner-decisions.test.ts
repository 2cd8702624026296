import { transactionId as brandTransactionId, isWaiaasError, type TransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import {
  ALICE,
  BOB,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  RECIPIENT,
  type World,
  type WorldOptions,
} from '../test/world.ts';

const TIERS = { instant_max: '100', notify_max: '200', delay_max: '1000', delay_seconds: 600, approval_timeout: 3600 };
/** Above delay_max: needs the owner. */
const BIG = 5000n;
/** Above notify_max: waits for time. */
const SLOW = 900n;

let world: World;
let payer: Payer;

const start = async (options: WorldOptions = {}): Promise<void> => {
  world = await createWorld({ ...options, rules: { ...TIERS, ...options.rules } });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
};
beforeEach(() => start());
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const ask = async (amount: bigint): Promise<TransactionId> =>
  brandTransactionId((await world.send(payer, amount)).transactionId);
const row = async (id: TransactionId) => {
  const found = await findTransaction(world.storage.read, id);
  if (found === undefined) throw new Error('The row is gone');
  return found;
};
const status = async (id: TransactionId) => (await row(id)).status;
const approve = (id: TransactionId, wallet: typeof ALICE | typeof BOB = ALICE) =>
  world.pipeline.approve(id, by(wallet));
const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'not refused';
};
const seconds = (count: number) => world.time.advance(count * 1000);
const untilConfirmed = (id: TransactionId) =>
  world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await status(id)) === 'CONFIRMED';
  });
const sent = () => [...world.ledger.accepted.values()];
const spent = () => sent().reduce((sum, { amount }) => sum + amount, 0n);
const approval = (id: TransactionId) =>
  world.storage.read.selectFrom('pending_approvals').selectAll().where('tx_id', '=', id).executeTakeFirstOrThrow();

describe('an approval', () => {
  test('carries out what was admitted, keeps its evidence, and is done only when it is final', async () => {
    const id = await ask(BIG);
    expect(await approve(id)).toMatchObject({ transactionId: id, status: 'EXECUTING' });
    await untilConfirmed(id);
    expect(sent()).toMatchObject([{ from: payer.address, to: RECIPIENT, amount: BIG }]);
    expect(await approval(id)).toMatchObject({
      message: 'the message',
      owner_signature: 'the signature',
      rejected_at: null,
    });
    const [audit] = await world.storage.read
      .selectFrom('audit_log')
      .select(['actor', 'details'])
      .where('event_type', '=', 'TX_APPROVED')
      .execute();
    expect(audit?.actor).toBe(`owner:${ALICE.address}`);
    expect(JSON.parse(audit?.details ?? '')).toMatchObject({ signed: { signature: 'the signature' }, amount: '5000' });
  });

  test('of twenty at once one begins the payment', async () => {
    const id = await ask(BIG);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(approve(id))));
    expect(outcomes.filter((outcome) => outcome === 'not refused')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'TX_ALREADY_PROCESSED 409')).toHaveLength(19);
    await untilConfirmed(id);
    expect(spent()).toBe(BIG);
  });

  test('one second before the deadline counts, at the deadline it is too late and the row says so', async () => {
    const [early, late] = [await ask(BIG), await ask(BIG)];
    await seconds(3599);
    await approve(early);
    await seconds(1);
    expect(await refusal(approve(late))).toBe('TX_EXPIRED 410');
    expect(await row(late)).toMatchObject({ status: 'EXPIRED', reserved_amount: null, error: 'APPROVAL_TIMEOUT' });
    expect(await refusal(approve(late))).toBe('TX_EXPIRED 410');
  });

  test('does not cut a cool-down short', async () => {
    const id = await ask(SLOW);
    expect(await refusal(approve(id))).toBe('TX_ALREADY_PROCESSED 409');
    expect(await status(id)).toBe('QUEUED');
  });

  test('of a payment that nobody asked for', async () => {
    expect(await refusal(approve(brandTransactionId('01936d3a-7f00-7abc-8def-0123456789ab')))).toBe('TX_NOT_FOUND 404');
  });

  test('by another wallet, by the operator, or by an owner who was replaced meanwhile counts for nothing', async () => {
    const id = await ask(BIG);
    expect(await refusal(approve(id, BOB))).toBe('OWNER_MISMATCH 403');
    expect(await refusal(world.pipeline.approve(id, OPERATOR))).toBe('OWNER_AUTH_REQUIRED 403');
    expect(await status(id)).toBe('QUEUED');
    await world.owner.change(BOB, by(ALICE));
    expect(await refusal(approve(id))).toBe('OWNER_MISMATCH 403');
    // Nobody is asked about what was asked of the owner before.
    expect(await refusal(approve(id, BOB))).toBe('TX_EXPIRED 410');
    expect(await row(id)).toMatchObject({ status: 'EXPIRED', error: 'OWNER_CHANGED', reserved_amount: null });
  });

  test('after the rules became tighter: the owner must loosen them, and can', async () => {
    const id = await ask(BIG);
    await world.setRules({ ...TIERS, daily_max: '4999' });
    expect(await refusal(approve(id))).toBe('SPENDING_LIMIT_EXCEEDED 403');
    expect(await status(id)).toBe('QUEUED');
    await world.setRules({ ...TIERS, daily_max: '5000' });
    await approve(id);
    await untilConfirmed(id);
  });

  describe('that is refused is kept in the audit log, with what was signed and why nothing came of it', () => {
    const refused = async () =>
      (
        await world.storage.read
          .selectFrom('audit_log')
          .selectAll()
          .where('event_type', '=', 'POLICY_VIOLATION')
          .orderBy('id')
          .execute()
      ).map(({ details, ...entry }) => ({ ...entry, details: JSON.parse(details) }));
    const signed = { message: 'the message', signature: 'the signature' };
    const asked = 'approval';

    test('for a cap, each time', async () => {
      const id = await ask(BIG);
      await world.setRules({ ...TIERS, daily_max: '4999' });
      for (const times of [1, 2]) {
        expect(await refusal(approve(id))).toBe('SPENDING_LIMIT_EXCEEDED 403');
        const rows = await refused();
        expect(rows).toHaveLength(times);
        expect(rows.at(-1)).toMatchObject({
          actor: `owner:${ALICE.address}`,
          severity: 'warning',
          agent_id: payer.agentId,
          session_id: payer.sessionId,
          tx_id: id,
          details: {
            asked,
            code: 'SPENDING_LIMIT_EXCEEDED',
            reason: 'DAILY_CAP',
            cap: 'daily_max',
            limit: '4999',
            requested: '5000',
            signed,
          },
        });
      }
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 1, same: 1, faultCount: 0 });
      await world.setRules(TIERS);
      await approve(id);
      await untilConfirmed(id);
      expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 2, same: 2, faultCount: 0 });
    });

    test.each([
      ['AGENT_SUSPENDED', 'AGENT_SUSPENDED 409', () => world.suspendAgent(payer.agentId)],
      ['SESSION_REVOKED', 'TX_ALREADY_PROCESSED 409', () => alter(world, 'UPDATE sessions SET revoked_at = 1')],
      ['APPROVAL_TIMEOUT', 'TX_EXPIRED 410', () => seconds(3600)],
      [
        'TRANSACTION_NOT_AUTHENTIC',
        'POLICY_DENIED 403',
        () => alter(world, `UPDATE transactions SET amount = '1' WHERE status = 'QUEUED'`),
      ],
    ] as const)('for %s', async (reason, answer, change) => {
      const id = await ask(BIG);
      await change();
      expect(await refusal(approve(id))).toBe(answer);
      expect(await refused()).toMatchObject([{ tx_id: id, details: { asked, reason, signed } }]);
    });
  });

  test('counts its own reservation once', async () => {
    await world.setRules({ ...TIERS, daily_max: '10000' });
    const [one, other] = [await ask(BIG), await ask(BIG)];
    await approve(one);
    await approve(other);
    await untilConfirmed(one);
    await untilConfirmed(other);
    expect(spent()).toBe(10_000n);
  });

  test('of a suspended agent waits until it is resumed', async () => {
    const id = await ask(BIG);
    await world.suspendAgent(payer.agentId);
    expect(await refusal(approve(id))).toBe('AGENT_SUSPENDED 409');
    expect(await status(id)).toBe('QUEUED');
    await world.resumeAgent(payer.agentId);
    expect(await approve(id)).toMatchObject({ status: 'EXECUTING' });
  });

  test('survives the end of the session that asked, but not its revocation', async () => {
    const session = await world.createSession(payer.agentId, { expiresIn: 300 });
    const short = { ...payer, sessionId: session };
    const lasting = brandTransactionId((await world.send(short, BIG)).transactionId);
    await seconds(400);
    expect(await approve(lasting)).toMatchObject({ status: 'EXECUTING' });
    await untilConfirmed(lasting);
    const revoked = await ask(BIG);
    await world.revokeSession(payer.sessionId);
    expect(await refusal(approve(revoked))).toBe('TX_ALREADY_PROCESSED 409');
    expect(await status(revoked)).toBe('CANCELLED');
  });

  test('while the gate is closed is carried out by nobody', async () => {
    const id = await ask(BIG);
    await world.storage.write(
      async ({ db }) =>
        void (await db
          .updateTable('system_state')
          .set({ value: '"ACTIVATED"' })
          .where('key', '=', 'kill_switch_status')
          .execute()),
    );
    expect(await refusal(approve(id))).toBe('SYSTEM_LOCKED 401');
    expect(await status(id)).toBe('QUEUED');
  });
});

describe('a rejection', () => {
  test.each([
    ['an approval', BIG],
    ['a cool-down', SLOW],
  ])('ends %s, releases what it held and tells why', async (_what, amount) => {
    const id = await ask(amount);
    await world.pipeline.reject(id, { reason: 'not this week' }, by(ALICE));
    expect(await row(id)).toMatchObject({
      status: 'CANCELLED',
      reserved_amount: null,
      error: 'OWNER_REJECTED: not this week',
    });
    expect(await refusal(approve(id))).toBe('TX_ALREADY_PROCESSED 409');
    expect(await refusal(world.pipeline.reject(id, {}, by(ALICE)))).toBe('TX_ALREADY_PROCESSED 409');
    await seconds(700);
    await world.pipeline.runDelayed();
    expect(sent()).toEqual([]);
  });

  test('is open to the operator, and to nobody who was the owner', async () => {
    const id = await ask(SLOW);
    expect(await refusal(world.pipeline.reject(id, {}, by(BOB)))).toBe('OWNER_MISMATCH 403');
    await world.pipeline.reject(id, {}, OPERATOR);
    expect(await status(id)).toBe('CANCELLED');
  });

  test('races an approval: exactly one of them counts', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await ask(BIG);
      const work = [() => approve(id), () => world.pipeline.reject(id, {}, by(ALICE))];
      if (round % 2 === 1) work.reverse();
      const outcomes = await Promise.all(work.map((begin) => refusal(begin())));
      expect(outcomes.toSorted()).toEqual(['TX_ALREADY_PROCESSED 409', 'not refused']);
    }
  });
});

describe('a delayed payment', () => {
  test('runs when its time has come, not a second before, and once', async () => {
    const id = await ask(SLOW);
    await seconds(599);
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await seconds(1);
    await Promise.all(Array.from({ length: 10 }, () => world.pipeline.runDelayed()));
    await untilConfirmed(id);
    expect(sent()).toMatchObject([{ from: payer.address, to: RECIPIENT, amount: SLOW }]);
  });

  test.each([
    ['a suspended agent', () => world.suspendAgent(payer.agentId), 'AGENT_SUSPENDED'],
    ['a tighter cap', () => world.setRules({ ...TIERS, daily_max: '899' }), 'DAILY_CAP'],
  ])('is cancelled and released at its time because of %s', async (_what, change, error) => {
    const id = await ask(SLOW);
    await change();
    await seconds(600);
    await world.pipeline.runDelayed();
    expect(await row(id)).toMatchObject({ status: 'CANCELLED', error, reserved_amount: null });
  });

  test('keeps its time when the rule changes, and its tier', async () => {
    const id = await ask(SLOW);
    await world.setRules({ ...TIERS, delay_max: '500', delay_seconds: 3000 });
    await seconds(600);
    await world.pipeline.runDelayed();
    await untilConfirmed(id);
  });

  test('waits for a chain that cannot be reached, and is tried after ten minutes all the same', async () => {
    const id = await ask(SLOW);
    await seconds(600);
    await world.adapter.disconnect();
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await seconds(600);
    await world.pipeline.runDelayed();
    await world.time.runUntil(async () => (await status(id)) === 'FAILED');
    expect((await row(id)).reserved_amount).toBeNull();
  });

  test('one that cannot be read does not keep the others waiting', async () => {
    const [broken, sound] = [await ask(SLOW), await ask(SLOW)];
    await alter(world, `UPDATE transactions SET metadata = 'nonsense' WHERE id = '${broken}'`);
    await seconds(600);
    await world.pipeline.runDelayed();
    await untilConfirmed(sound);
    expect(await status(broken)).toBe('QUEUED');
  });
});

describe('after a downtime', () => {
  const restart = async (downtime: number): Promise<void> => {
    const { folder, ledger, time } = world;
    await world.stop();
    await time.advance(downtime * 1000);
    world = await createWorld({ folder, ledger, time });
    await world.pipeline.recover();
  };

  test('what came due meanwhile can still be stopped for a minute', async () => {
    const id = await ask(SLOW);
    await restart(3600);
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await seconds(59);
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await seconds(1);
    await world.pipeline.runDelayed();
    await untilConfirmed(id);
  });

  test('what is a day late is never carried out', async () => {
    const id = await ask(SLOW);
    await restart(600 + 86_401);
    expect(await row(id)).toMatchObject({ status: 'EXPIRED', error: 'QUEUE_TIMEOUT', reserved_amount: null });
  });

  test('an approval that is still open can be given', async () => {
    const id = await ask(BIG);
    await restart(3000);
    await approve(id);
    await untilConfirmed(id);
  });
});

describe('while the machine slept, or its clock was set', () => {
  /** The lid is closed: the clock goes on, and nothing else does. */
  const sleep = (ms: number): void => world.time.jumpTo(world.time.now() + ms);

  test.each([
    ['came due', 3_600_000],
    ['is due a second later', 599_000],
  ])('what %s can still be stopped for a minute', async (_what, asleep) => {
    const id = await ask(SLOW);
    sleep(asleep);
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await seconds(59);
    await world.pipeline.runDelayed();
    expect(await status(id)).toBe('QUEUED');
    await world.pipeline.reject(id, {}, by(ALICE));
    expect(await status(id)).toBe('CANCELLED');
  });

  test('and is carried out after that minute', async () => {
    const id = await ask(SLOW);
    sleep(3_600_000);
    await world.pipeline.runDelayed();
    await seconds(60);
    await world.pipeline.runDelayed();
    await untilConfirmed(id);
  });

  test('what was asked for since then waits no longer than it was told', async () => {
    sleep(3_600_000);
    const id = await ask(SLOW);
    await world.pipeline.runDelayed();
    await seconds(600);
    await world.pipeline.runDelayed();
    await untilConfirmed(id);
  });

  test('what is a day late is never carried out', async () => {
    const id = await ask(SLOW);
    sleep((600 + 86_401) * 1000);
    await world.pipeline.runDelayed();
    expect(await row(id)).toMatchObject({ status: 'EXPIRED', error: 'QUEUE_TIMEOUT', reserved_amount: null });
  });

  test('a clock that is set back brings nothing forward and nothing back to life', async () => {
    const [slow, big] = [await ask(SLOW), await ask(BIG)];
    await seconds(3600);
    sleep(-7 * 86_400_000);
    await expect(approve(big)).rejects.toMatchObject({ code: 'TX_EXPIRED' });
    expect(await status(big)).toBe('EXPIRED');
    await world.pipeline.runDelayed();
    await untilConfirmed(slow);
    const [later] = [await ask(SLOW)];
    await seconds(599);
    await world.pipeline.runDelayed();
    expect(await status(later)).toBe('QUEUED');
    await seconds(1);
    await world.pipeline.runDelayed();
    await untilConfirmed(later);
  });
});

test('the owner sees what waits in the words that are signed', async () => {
  const [slow, big] = [await ask(SLOW), await ask(BIG)];
  const { transactions, nextCursor } = await world.pipeline.waiting({ order: 'asc', limit: 20 });
  expect(nextCursor).toBeNull();
  expect(transactions).toMatchObject([
    { txId: slow, tier: 'DELAY', inWords: `pay 0.0000009 SOL to ${RECIPIENT} on solana localnet` },
    { txId: big, tier: 'APPROVAL', inWords: `pay 0.000005 SOL to ${RECIPIENT} on solana localnet`, agentName: 'payer' },
  ]);
});
