import { isTerminal, isWaiaasError } from '@waiaas/core';
import {
  createFakeLedger,
  createVirtualTime,
  FAULTS,
  type FakeLedger,
  type Fault,
  type FaultPlan,
  type VirtualTime,
} from '@waiaas/fake-chain';
import { checkSpendLedger } from '@waiaas/storage';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWorld, MINTS, type Payer, type World } from '../test/world.ts';

/*
 * Promises 1 and 3: under any interleaving, with every fault, caps are exact and no verdict is false. The truth is the
 * ledger's; what was allowed when is worked out anew from it after every step.
 */

const DAY = 86_400;
/** The token that is paid beside the native asset. */
const [MINT = ''] = MINTS;

interface Model {
  /** What each payment did on the ledger, and when the daemon said that it had settled. */
  readonly settled: { readonly purse: string; readonly amount: bigint; readonly at: number }[];
}

/** Caps of one asset, base units. */
interface Caps {
  readonly day: bigint;
  readonly week: bigint;
}
const CAPS: Caps = { day: 100n, week: 250n };
/** Those of the token: others, so that whoever takes one for the other is found out. */
const TOKEN_CAPS: Caps = { day: 70n, week: 300n };

/**
 * Spent in the last 24 hours or 7 days plus what is under way, of each asset: never above its cap. Reads rows, not counters.
 *
 * @param now the latest time there has been, Unix seconds: a clock that is set back must not be held against payments that
 *   were right when it was ahead
 */
async function checkCaps(world: World, now: number): Promise<void> {
  const rows = await world.storage.read.selectFrom('transactions').selectAll().execute();
  const model: Model = { settled: [] };
  const purseOf = ({ agent_id, asset }: (typeof rows)[number]): string => `${agent_id} ${asset}`;
  for (const row of rows) {
    if (row.status === 'CONFIRMED')
      model.settled.push({ purse: purseOf(row), amount: BigInt(row.amount), at: row.executed_at ?? 0 });
  }
  for (const purse of new Set(rows.map(purseOf))) {
    const live = rows
      .filter((row) => purseOf(row) === purse && row.reserved_amount !== null)
      .reduce((sum, row) => sum + BigInt(row.amount), 0n);
    const spent = (window: number): bigint =>
      model.settled
        .filter((row) => row.purse === purse && row.at > now - window)
        .reduce((sum, row) => sum + row.amount, 0n);
    const caps = purse.endsWith(':native') ? CAPS : TOKEN_CAPS;
    expect(spent(DAY) + live).toBeLessThanOrEqual(caps.day);
    expect(spent(7 * DAY) + live).toBeLessThanOrEqual(caps.week);
  }
}

/** No verdict without its proof on the ledger. */
async function checkVerdicts(world: World): Promise<void> {
  const { ledger, storage } = world;
  for (const row of await storage.read.selectFrom('transactions').selectAll().execute()) {
    const landing = row.tx_hash === null ? undefined : ledger.landing(row.tx_hash);
    const paid = landing !== undefined && landing.error === null;
    if (row.status === 'CONFIRMED') expect(paid, 'CONFIRMED but not on the ledger').toBe(true);
    if (row.status === 'FAILED' || row.status === 'EXPIRED' || row.status === 'CANCELLED') {
      expect(paid, `${row.status} (${row.error}) but paid on the ledger`).toBe(false);
    }
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      payer: fc.nat(3),
      token: fc.boolean(),
      amount: fc.bigInt({ min: 1n, max: 60n }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.integer({ min: 1, max: 2 * DAY }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('back' as const), seconds: fc.integer({ min: 1, max: DAY }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('blocks' as const), blocks: fc.integer({ min: 1, max: 80 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

/** Stops while time passes, since what is under way may be waiting for it. */
async function stop(world: World): Promise<void> {
  let done = false;
  const stopped = world.stop().finally(() => {
    done = true;
  });
  await world.time.runUntil(() => done);
  await stopped;
}

/** Faults that a plan draws from, one number for each call to the chain. */
const faultPlan = (draws: readonly number[], active: () => boolean): FaultPlan => {
  let calls = 0;
  return () => {
    const draw = draws[calls++ % draws.length] ?? 0;
    const fault: Fault | undefined = FAULTS[draw];
    return active() ? fault : undefined;
  };
};

test('caps hold to the base unit and verdicts are true, whatever happens in whatever order', async () => {
  let verdicts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      // About one call in three goes wrong, in one of the ways there are.
      fc.array(fc.integer({ min: 0, max: 3 * FAULTS.length }), { minLength: 20, maxLength: 60 }),
      async (steps, draws) => {
        const max = 10n ** 12n;
        const amounts = { instant_max: `${max}`, notify_max: `${max}`, delay_max: `${max}` };
        const ofToken = { ...amounts, daily_max: `${TOKEN_CAPS.day}`, weekly_max: `${TOKEN_CAPS.week}` };
        const rules = {
          ...{ daily_max: `${CAPS.day}`, weekly_max: `${CAPS.week}` },
          token_limits: { [MINT]: ofToken },
        };
        const ledger: FakeLedger = createFakeLedger();
        const time: VirtualTime = createVirtualTime();
        let latest = 0;
        const capsHold = (): Promise<void> => {
          latest = Math.max(latest, Math.floor(time.now() / 1000));
          return checkCaps(world, latest);
        };
        let faulty = true;
        const options = {
          ledger,
          time,
          network: { landsAfter: 2, lifetime: 40, faults: faultPlan(draws, () => faulty) },
        };
        let world = await createWorld({ rules, ...options });
        try {
          faulty = false;
          const first = await world.createPayer();
          const second = await world.createPayer();
          expect(world.createToken({}, first, second)).toBe(MINT);
          const payers: readonly Payer[] = [
            first,
            { ...first, sessionId: await world.createSession(first.agentId) },
            second,
            { ...second, sessionId: await world.createSession(second.agentId) },
          ];
          faulty = true;
          for (const action of steps) {
            switch (action.kind) {
              case 'pay': {
                const payer = payers[action.payer] ?? first;
                const options = { waitMs: 1, ...(action.token ? { tokenMint: MINT } : {}) };
                world.send(payer, action.amount, options).catch((error: unknown) => {
                  if (!isWaiaasError(error)) throw error;
                });
                break;
              }
              case 'time':
                // A jump, as after a laptop's sleep; who waits goes on waiting for what was left.
                time.jumpTo(time.now() + action.seconds * 1000);
                await time.advance(1000);
                break;
              case 'back':
                time.jumpTo(time.now() - action.seconds * 1000);
                break;
              case 'blocks':
                ledger.advance(action.blocks);
                await time.advance(1000);
                break;
              case 'restart': {
                await stop(world);
                world = await createWorld({ folder: world.folder, ...options });
                await world.pipeline.recover();
              }
            }
            await time.advance(0);
            await capsHold();
            await checkVerdicts(world);
          }
          // Once nothing goes wrong any more, everything comes to its end.
          faulty = false;
          await time.runUntil(async () => {
            ledger.advance(3);
            const open = await world.storage.read.selectFrom('transactions').select('status').execute();
            return open.every(({ status }) => isTerminal(status));
          });
          await capsHold();
          await checkVerdicts(world);
          expect(await checkSpendLedger(world.storage.read)).toEqual([]);
          const { n } = await world.storage.read
            .selectFrom('transactions')
            .select((eb) => eb.fn.countAll<number>().as('n'))
            .executeTakeFirstOrThrow();
          verdicts += n;
        } finally {
          await stop(world);
          await world.remove();
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(verdicts).toBeGreaterThan(200);
}, 600_000);
