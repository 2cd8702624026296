import { agentId, policyId, sessionId, WaiaasError } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, BOB, by, createWorld, OPERATOR, refusal, type World } from '../test/world.ts';
import type { RequestOrigin } from './index.ts';

const AGENT = { name: 'a', chain: 'solana', network: 'localnet' } as const;
const POLICY = {
  type: 'RATE_LIMIT',
  rules: { max_tx_per_hour: 5, max_tx_per_day: 0 },
  priority: 0,
  enabled: true,
} as const;

/** Something that somebody who is let in may do, prepared so that it would succeed. */
interface Deed {
  readonly what: string;
  readonly prepare: (world: World) => Promise<(origin: RequestOrigin) => Promise<unknown>>;
  readonly origin?: RequestOrigin;
}

const DEEDS: readonly Deed[] = [
  { what: 'creates an agent', prepare: async (world) => (origin) => world.agents.create(AGENT, origin) },
  {
    what: 'suspends one',
    async prepare({ agents }) {
      const { id } = await agents.create(AGENT, OPERATOR);
      return (origin) => agents.suspend(agentId(id), origin);
    },
  },
  {
    what: 'resumes one',
    async prepare({ agents }) {
      const { id } = await agents.create(AGENT, OPERATOR);
      await agents.suspend(agentId(id), OPERATOR);
      return (origin) => agents.resume(agentId(id), origin);
    },
  },
  {
    what: 'opens a session',
    async prepare({ agents, sessions }) {
      const { id } = await agents.create(AGENT, OPERATOR);
      return (origin) => sessions.create({ agentId: id }, origin);
    },
  },
  {
    what: 'revokes one',
    async prepare({ agents, sessions }) {
      const { id } = await agents.create(AGENT, OPERATOR);
      const session = await sessions.create({ agentId: id }, OPERATOR);
      return (origin) => sessions.revoke(sessionId(session.sessionId), origin);
    },
  },
  { what: 'makes a policy', prepare: async (world) => (origin) => world.policies.create(POLICY, origin) },
  {
    what: 'changes one',
    async prepare({ policies }) {
      const { policy } = await policies.create(POLICY, OPERATOR);
      return (origin) => policies.update(policyId(policy.id), { enabled: false }, origin);
    },
  },
  {
    what: 'removes one',
    async prepare({ policies }) {
      const { policy } = await policies.create(POLICY, OPERATOR);
      return (origin) => policies.remove(policyId(policy.id), { confirm: true }, origin);
    },
  },
  { what: 'connects an owner', prepare: async (world) => (origin) => world.owner.connect(ALICE, origin) },
  {
    what: 'hands over to another owner',
    async prepare({ owner }) {
      await owner.connect(ALICE, OPERATOR);
      return (origin) => owner.change(BOB, origin);
    },
    origin: by(ALICE),
  },
];

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.remove());

test.each(DEEDS)(
  'whoever $what under a credential that has ended meanwhile is refused, and nothing is written',
  async ({ prepare, origin = OPERATOR }) => {
    const deed = await prepare(world);
    const before = await world.audit();
    // The credential ends while the unit of work is already waiting for its turn.
    let ended = false;
    const busy = world.storage.write(async () => {
      ended = true;
    });
    const late = deed({
      ...origin,
      confirmCredential() {
        if (ended) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
      },
    });
    expect(await refusal(late)).toMatchObject({ code: 'INVALID_OPERATOR_TOKEN' });
    await busy;
    expect(await world.audit()).toEqual(before);
    await deed(origin);
    expect((await world.audit()).length).toBeGreaterThan(before.length);
  },
);
