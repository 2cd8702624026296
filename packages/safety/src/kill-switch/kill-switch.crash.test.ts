import type { Storage } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, type World } from '../../test/world.ts';

/* Killed before or after any commit, the kill switch is as it was or as it was to become, and nothing in between. */

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened) await world.close();
  for (const world of opened.splice(0)) world.remove();
});

/** A process that is dead from its n-th boundary on: what it still has in memory reaches no disk. */
function createDeath() {
  let at = Number.POSITIVE_INFINITY;
  let passed = 0;
  const died = Promise.withResolvers<void>();
  const boundary = async (): Promise<void> => {
    passed += 1;
    if (passed < at) return;
    died.resolve();
    await new Promise(() => undefined);
  };
  return {
    arm(boundaryNumber: number) {
      at = boundaryNumber;
      passed = 0;
    },
    get passed() {
      return passed;
    },
    died: died.promise,
    decorateStorage: (storage: Storage): Storage => ({
      ...storage,
      async write(unit) {
        await boundary();
        const result = await storage.write(unit);
        await boundary();
        return result;
      },
    }),
  };
}

async function prepare(death: ReturnType<typeof createDeath>): Promise<World> {
  const world = await createWorld({ decorateStorage: death.decorateStorage });
  opened.push(world);
  await world.owner.connect(ALICE, OPERATOR);
  await world.createSession(await world.createAgent());
  return world;
}

async function restart(dead: World): Promise<World> {
  const { folder, time } = dead;
  await dead.close();
  const world = await createWorld({ folder, time, locked: true });
  opened.push(world);
  return world;
}

/** What is stopped: the agent, its session, and whether the log says so. */
async function stoppedParts(world: World): Promise<readonly boolean[]> {
  const { read } = world.storage;
  const agents = await read.selectFrom('agents').select('status').execute();
  const sessions = await read.selectFrom('sessions').select('revoked_at').execute();
  const events = (await world.audit()).map(({ event_type }) => event_type);
  return [
    agents.every(({ status }) => status === 'SUSPENDED'),
    sessions.every(({ revoked_at }) => revoked_at !== null),
    events.filter((event) => event === 'KILL_SWITCH_ACTIVATED').length === 1,
  ];
}

const recovery = {
  password: PASSWORD,
  proveOwner: async () => by(ALICE),
  isLocalCommand: () => false,
  origin: OPERATOR,
};

test('engaged', async () => {
  const seen = new Set<string>();
  for (let at = 1; ; at++) {
    const death = createDeath();
    const world = await prepare(death);
    death.arm(at);
    const ended = await Promise.race([
      world.killSwitch.activate('drill', OPERATOR).then(() => 'answered'),
      death.died.then(() => 'dead'),
    ]);
    if (ended === 'answered') break;
    const next = await restart(world);
    const engaged = next.killSwitch.status() === 'ACTIVATED';
    expect(await stoppedParts(next), `boundary ${at}`).toEqual([engaged, engaged, engaged]);
    seen.add(next.killSwitch.status());
  }
  expect(seen).toEqual(new Set(['NORMAL', 'ACTIVATED']));
});

test('recovered', async () => {
  const seen = new Set<string>();
  for (let at = 1; ; at++) {
    const death = createDeath();
    const world = await prepare(death);
    await world.killSwitch.activate('drill', OPERATOR);
    death.arm(at);
    const ended = await Promise.race([
      world.killSwitch.recover(recovery).then(() => 'answered'),
      death.died.then(() => 'dead'),
    ]);
    if (ended === 'answered') break;
    const next = await restart(world);
    seen.add(next.killSwitch.status());
    if (next.killSwitch.status() === 'ACTIVATED') {
      expect(await stoppedParts(next), `boundary ${at}`).toEqual([true, true, true]);
      expect(await next.killSwitch.recover(recovery)).toMatchObject({ agentsReactivated: 1 });
    }
    expect(await stoppedParts(next), `boundary ${at}`).toEqual([false, true, true]);
    const events = (await next.audit()).map(({ event_type }) => event_type);
    expect(events.filter((event) => event === 'KILL_SWITCH_RECOVERED')).toHaveLength(1);
  }
  expect(seen).toEqual(new Set(['NORMAL', 'ACTIVATED']));
});
