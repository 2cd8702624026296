import { transactionId as brandTransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, bodyOf, by, createWorld, OPERATOR, type Payer, type World, type WorldOptions } from '../test/world.ts';
import { freeBalance } from './balance.ts';

/* The share of the balance that is paid without a signature (04 §10), whatever happens at the same time. */

let world: World;
let payer: Payer;
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const HELD = 10n ** 15n;
const BOUND = `${10n ** 24n}`;
const AT_ONCE = { instant_max: BOUND, notify_max: BOUND, delay_max: BOUND };
const DELAYED = { instant_max: '0', notify_max: '0', delay_max: BOUND, delay_seconds: 60 };

async function start(options: WorldOptions): Promise<void> {
  world = await createWorld(options);
  payer = await world.createPayer();
}

/** What becomes of it as soon as it is admitted. */
const ask = (amount: bigint, tokenMint?: string) =>
  world.send(payer, amount, { waitMs: 1, ...(tokenMint === undefined ? {} : { tokenMint }) });

/** Lets time pass until something is done. */
async function done<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const watched = work.finally(() => {
    isDone = true;
  });
  watched.catch(() => undefined);
  await world.time.runUntil(() => isDone);
  return watched;
}

const askAll = (amounts: readonly bigint[], tokenMint?: string) =>
  done(Promise.all(amounts.map((amount) => ask(amount, tokenMint))));

async function settled(): Promise<void> {
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    const open = await world.storage.read
      .selectFrom('transactions')
      .select('id')
      .where('status', 'in', ['EXECUTING', 'SUBMITTED'])
      .execute();
    return open.length === 0;
  });
}

const tiersOf = (answers: readonly { readonly tier?: string | undefined }[]) => answers.map(({ tier }) => tier).sort();
const dry = (amount: bigint) => done(world.pipeline.dryRun(payer, bodyOf({ amount })));

/** A chain of which the n-th look at a balance answers what it saw only when it is let go. */
function holdingLook(n: number): {
  decorate: NonNullable<WorldOptions['decorateAdapter']>;
  go(): void;
  isHeld(): boolean;
} {
  let looks = 0;
  let release: (() => void) | undefined;
  return {
    isHeld: () => release !== undefined,
    go: () => release?.(),
    decorate: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async getBalance(address) {
        const seen = await adapter.getBalance(address);
        looks += 1;
        if (looks === n) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        return seen;
      },
    }),
  };
}

describe('a share of the balance', () => {
  test.each([
    ['at once', AT_ONCE, 'INSTANT'],
    ['after a delay', DELAYED, 'DELAY'],
  ])('is one of what is promised to nobody: of nine payments %s together, one', async (_what, rules, tier) => {
    await start({ rules: { ...rules, max_balance_share: 100 }, network: { landsAfter: 1000 } });
    const answers = await askAll(Array.from({ length: 9 }, () => HELD / 10n));
    expect(tiersOf(answers)).toEqual([...Array.from({ length: 8 }, () => 'APPROVAL'), tier]);
    expect(await world.pipeline.decisions.replay()).toMatchObject({ faultCount: 0 });
  });

  test('shrinks with each payment that waits, and is whole again when one is rejected', async () => {
    await start({ rules: { ...DELAYED, max_balance_share: 500 } });
    expect((await done(ask(HELD / 2n))).tier).toBe('DELAY');
    const second = await done(ask(HELD / 4n));
    expect(second.tier).toBe('DELAY');
    expect((await dry(HELD / 8n)).tier).toBe('DELAY');
    expect(await dry(HELD / 8n + 1n)).toMatchObject({ tier: 'APPROVAL', raisedBy: 'BALANCE_SHARE' });
    await world.pipeline.reject(brandTransactionId(second.transactionId), {}, OPERATOR);
    expect((await dry(HELD / 4n)).tier).toBe('DELAY');
    expect((await dry(HELD / 4n + 1n)).tier).toBe('APPROVAL');
  });

  test('counts what waits for an approval as promised', async () => {
    await start({ rules: { ...AT_ONCE, max_balance_share: 500 } });
    expect((await done(ask(HELD - 1000n))).tier).toBe('APPROVAL');
    expect((await done(ask(500n))).tier).toBe('INSTANT');
    expect((await done(ask(251n))).tier).toBe('APPROVAL');
  });

  test('is one of what is left when others have settled', async () => {
    await start({ rules: { ...AT_ONCE, max_balance_share: 100 } });
    for (let count = 0; count < 3; count += 1) {
      const share = world.ledger.balanceOf(payer.address) / 10n;
      expect((await done(ask(share))).tier).toBe('INSTANT');
      await settled();
    }
    expect((await done(ask(world.ledger.balanceOf(payer.address) / 10n + 1n))).tier).toBe('APPROVAL');
  });

  test.each([0, 1])(
    'is one of what is left when another settles while the balance is read, after %i others',
    async (before) => {
      const look = holdingLook(before + 1);
      await start({ rules: { ...AT_ONCE, max_balance_share: 500 }, decorateAdapter: look.decorate });
      for (let count = 0; count < before; count += 1) {
        await done(ask(1000n));
        await settled();
      }
      const first = ask(HELD / 2n - 10_000_000n);
      await world.time.runUntil(look.isHeld);
      expect((await done(ask((HELD * 4n) / 10n))).tier).toBe('INSTANT');
      await settled();
      look.go();
      const { transactionId, tier } = await done(first);
      expect(tier).toBe('APPROVAL');
      expect(await world.pipeline.decisions.get(brandTransactionId(transactionId))).toMatchObject({
        replay: 'same',
        verdict: { raisedBy: 'BALANCE_SHARE' },
      });
    },
  );

  test('forbids nothing to a payment for others that settle while the balance is read and leave enough', async () => {
    const look = holdingLook(1);
    await start({ rules: { ...AT_ONCE, max_balance_share: 500 }, decorateAdapter: look.decorate });
    const first = ask(HELD / 4n);
    await world.time.runUntil(look.isHeld);
    await done(ask((HELD * 4n) / 10n));
    await settled();
    look.go();
    expect((await done(first)).tier).toBe('INSTANT');
  });

  test('is of one asset: what is promised of another does not count', async () => {
    await start({});
    const mint = world.createToken({}, payer);
    const { delay_seconds: _, ...ofToken } = DELAYED;
    await world.setRules({ ...DELAYED, max_balance_share: 100, token_limits: { [mint]: ofToken } });
    expect((await done(ask(HELD / 10n))).tier).toBe('DELAY');
    expect(tiersOf(await askAll([10n ** 8n, 10n ** 8n], mint))).toEqual(['APPROVAL', 'DELAY']);
  });

  test('is of one agent: what another has promised does not count', async () => {
    await start({ rules: { ...DELAYED, max_balance_share: 100 } });
    const other = await world.createPayer();
    expect((await done(ask(HELD / 10n))).tier).toBe('DELAY');
    expect((await done(world.send(other, HELD / 10n, { waitMs: 1 }))).tier).toBe('DELAY');
  });

  test('is not asked for again at the claim: no payment is in its own way', async () => {
    await start({ rules: { ...DELAYED, max_balance_share: 1000 } });
    await world.owner.connect(ALICE, OPERATOR);
    const half = await done(ask(HELD / 2n));
    const large = await done(ask(HELD / 2n + 1n - 1_000_000n));
    expect([half.tier, large.tier]).toEqual(['DELAY', 'DELAY']);
    const approved = await done(ask(HELD / 10n));
    expect(approved.tier).toBe('APPROVAL');
    await world.pipeline.reject(brandTransactionId(large.transactionId), {}, by(ALICE));
    await world.time.advance(60_000);
    await world.pipeline.runDelayed();
    await done(world.pipeline.approve(brandTransactionId(approved.transactionId), by(ALICE)));
    await settled();
    for (const { transactionId } of [half, approved]) {
      expect((await findTransaction(world.storage.read, transactionId))?.status).toBe('CONFIRMED');
    }
  });

  test('is the same in a dry run and in an evaluation as for the payment itself', async () => {
    await start({ rules: { ...DELAYED, max_balance_share: 500 } });
    await done(ask(HELD / 2n));
    const { agentId } = payer;
    for (const [amount, tier] of [
      [HELD / 4n + 1n, 'APPROVAL'],
      [HELD / 4n, 'DELAY'],
    ] as const) {
      const payment = { ...bodyOf({ amount }), agentId };
      const judged = await done(world.pipeline.evaluatePolicies({ policies: [], payment }));
      expect(judged.payment?.present.tier).toBe(tier);
      const { policyId, ...verdict } = judged.payment?.present ?? {};
      const foretold = await dry(amount);
      expect(foretold).toMatchObject({ ...verdict, criteria: judged.payment?.present.criteria });
      expect((await done(ask(amount))).tier).toBe(tier);
      if (tier === 'APPROVAL') {
        const [row] = await world.storage.read
          .selectFrom('transactions')
          .select('id')
          .where('tier', '=', 'APPROVAL')
          .execute();
        await world.pipeline.reject(brandTransactionId(row?.id ?? ''), {}, OPERATOR);
      }
    }
  });
});

test('what is free is nothing rather than less, and unknown as soon as a part of it is', () => {
  const nothing = { reserved: 0n, settled: 0n };
  expect(freeBalance(10n, nothing)).toBe(10n);
  expect(freeBalance(10n, { reserved: 1n, settled: 2n })).toBe(7n);
  expect(freeBalance(10n, { ...nothing, reserved: 11n })).toBe(0n);
  expect(freeBalance(null, nothing)).toBeNull();
  for (const part of ['reserved', 'settled']) expect(freeBalance(10n, { ...nothing, [part]: null })).toBeNull();
});

describe('in any order', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pay' as const), perMille: fc.integer({ min: 1, max: 1000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 3000 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('blocks' as const), blocks: fc.integer({ min: 1, max: 40 }) }),
    },
  );

  /** What was admitted without a signature, in the order of its admission, with what had been promised before. */
  async function admitted(): Promise<readonly { amount: bigint; before: bigint; tier: string | null }[]> {
    const rows = await world.storage.read
      .selectFrom('audit_log')
      .innerJoin('transactions', 'transactions.id', 'audit_log.tx_id')
      .select(['transactions.amount as amount', 'transactions.tier as tier'])
      .where('audit_log.event_type', '=', 'TX_QUEUED')
      .orderBy('audit_log.id')
      .execute();
    let before = 0n;
    return rows.map(({ amount, tier }) => {
      const row = { amount: BigInt(amount), before, tier };
      before += row.amount;
      return row;
    });
  }

  test.each(['without a block', 'while others settle'] as const)(
    'shares are shares of what the ones before have left, %s',
    async (how) => {
      let decided = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 3, maxLength: 25 }),
          fc.array(fc.integer({ min: 0, max: 2500 }), { minLength: 5, maxLength: 20 }),
          fc.integer({ min: 50, max: 1000 }),
          async (steps, looks, share) => {
            let look = 0;
            await start({
              rules: { ...AT_ONCE, max_balance_share: share },
              decorateAdapter: (adapter) => ({
                ...adapter,
                isConnected: () => adapter.isConnected(),
                async getBalance(address) {
                  look += 1;
                  const away = looks[look % looks.length] ?? 0;
                  await world.time.sleep(away);
                  const seen = await adapter.getBalance(address);
                  await world.time.sleep(away);
                  return seen;
                },
              }),
            });
            const asked: Promise<unknown>[] = [];
            for (const action of steps) {
              if (action.kind === 'pay') asked.push(ask((HELD * BigInt(action.perMille)) / 3000n));
              else if (action.kind === 'time') await world.time.advance(action.ms);
              else if (how === 'while others settle') world.ledger.advance(action.blocks);
            }
            await done(Promise.allSettled(asked));
            const all = await admitted();
            let left = HELD;
            for (const { amount, before, tier } of all) {
              if (tier === 'APPROVAL') continue;
              decided += 1;
              expect(amount * 1000n).toBeLessThanOrEqual((HELD - before) * BigInt(share));
              left = (left * BigInt(1000 - share)) / 1000n;
            }
            const sum = all.filter(({ tier }) => tier !== 'APPROVAL').reduce((total, { amount }) => total + amount, 0n);
            expect(HELD - sum).toBeGreaterThanOrEqual(left);
            await settled();
            await world.stop();
            await world.remove();
          },
        ),
        { numRuns: 40 },
      );
      expect(decided).toBeGreaterThan(40);
      await start({});
    },
    240_000,
  );
});
