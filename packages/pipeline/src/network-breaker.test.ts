import { isWaiaasError } from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorld, silent, type World } from '../test/world.ts';
import { createNetworkBreakers, type NetworkBreakers, type Passage } from './network-breaker.ts';

let world: World;
let time: VirtualTime;
let breakers: NetworkBreakers;
const HERE = { chain: 'solana', network: 'localnet' } as const;
const THERE = { chain: 'solana', network: 'devnet' } as const;
const settings = { failures: 5, withinSeconds: 300, openSeconds: 600, trials: 3 };

beforeEach(async () => {
  time = createVirtualTime();
  world = await createWorld({ time });
  restart();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});
function restart(): void {
  breakers = createNetworkBreakers({ storage: world.storage, clock: time, logger: silent, settings });
}

const enter = (of: typeof HERE | typeof THERE = HERE): Promise<Passage> => breakers.enter(of);
const fail = async (times = 1): Promise<void> => {
  for (let i = 0; i < times; i++) (await enter()).failed();
};
const refusal = async (): Promise<unknown> => {
  try {
    (await enter()).release();
    return 'let in';
  } catch (error) {
    return isWaiaasError(error, 'CIRCUIT_OPEN') ? error.details?.retryAfter : error;
  }
};
const events = async (): Promise<string[]> => {
  await world.storage.write(async () => undefined);
  const rows = await world.storage.read
    .selectFrom('audit_log')
    .select('event_type')
    .where('event_type', 'like', 'CIRCUIT_%')
    .orderBy('id')
    .execute();
  return rows.map(({ event_type }) => event_type);
};

describe('closed', () => {
  test('five failures in a row open it, for ten minutes, and for that network alone', async () => {
    await fail(4);
    expect(await refusal()).toBe('let in');
    await fail();
    expect(await refusal()).toBe(600);
    (await enter(THERE)).release();
    await time.advance(599_000);
    expect(await refusal()).toBe(1);
    expect(await events()).toEqual(['CIRCUIT_OPENED']);
  });

  test('a success in between starts the count again; what ended for a reason of its own does not', async () => {
    await fail(4);
    (await enter()).succeeded();
    await fail(4);
    (await enter()).release();
    expect(await refusal()).toBe('let in');
    await fail();
    expect(await refusal()).toBe(600);
  });

  test('failures further apart than five minutes are not in a row', async () => {
    await fail();
    await time.advance(300_000);
    await fail(4);
    expect(await refusal()).toBe('let in');
    await fail();
    expect(await refusal()).toBe(600);
  });

  test('payments that were let in before it opened neither close it nor keep it open', async () => {
    const early = [await enter(), await enter()] as const;
    await fail(5);
    await time.advance(300_000);
    early[0].failed();
    expect(await refusal()).toBe(300);
    await time.advance(300_000);
    early[1].succeeded();
    expect(breakers.states()).toEqual([{ ...HERE, state: 'HALF_OPEN' }]);
  });

  test('a payment says once what became of it', async () => {
    const passage = await enter();
    for (let i = 0; i < 5; i++) passage.failed();
    passage.succeeded();
    await fail(3);
    expect(await refusal()).toBe('let in');
  });
});

describe('open', () => {
  beforeEach(() => fail(5));

  test('it is after a restart, too', async () => {
    await events();
    restart();
    await time.advance(100_000);
    expect(await refusal()).toBe(500);
  });

  test('after ten minutes three payments try the network, at once or one after another, and close it', async () => {
    await time.advance(600_000);
    const trials = [await enter(), await enter(), await enter()];
    expect(breakers.states()).toEqual([{ ...HERE, state: 'HALF_OPEN' }]);
    expect(await refusal()).toBe(10);
    trials[0]?.release();
    trials.push(await enter());
    expect(await refusal()).toBe(10);
    for (const trial of trials.slice(1)) trial.succeeded();
    expect(await refusal()).toBe('let in');
    expect(await events()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED']);
    await fail(4);
    expect(await refusal()).toBe('let in');
  });

  test('one failure among them opens it for another ten minutes, and the others say nothing any more', async () => {
    await time.advance(600_000);
    const [good, bad, late] = [await enter(), await enter(), await enter()];
    good.succeeded();
    bad.failed();
    late.succeeded();
    expect(await refusal()).toBe(600);
    expect(await events()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_OPENED']);
    // The owner is told of the outage once, not every ten minutes; of the next one again.
    const told = async () => {
      const rows = await world.storage.read.selectFrom('notification_outbox').select(['event', 'payload']).execute();
      return rows.filter(({ event }) => event === 'NETWORK_PAUSED').map(({ payload }) => JSON.parse(payload));
    };
    expect(await told()).toMatchObject([{ ...HERE, until: expect.stringMatching(/Z$/) }]);
    await time.advance(600_000);
    for (const trial of [await enter(), await enter(), await enter()]) trial.succeeded();
    await fail(5);
    await events();
    expect(await told()).toHaveLength(2);
  });

  test.each(['"soon"', '{}', '1.5'])('a stored state that is %s counts as open from now on', async (value) => {
    await world.storage.write(
      async ({ db }) =>
        void (await sql`UPDATE system_state SET value = ${value} WHERE key = 'circuit:solana:localnet'`.execute(db)),
    );
    await time.advance(3_600_000);
    restart();
    expect(await refusal()).toBe(600);
  });
});
