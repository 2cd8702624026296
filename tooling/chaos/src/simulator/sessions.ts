import { agentId as brandAgentId, sessionId as brandSessionId } from '@waiaas/core';
import { attempt } from './attempt.ts';
import { RECIPIENTS } from './rulebook.ts';
import { type KnownAgent, type KnownSession, OPERATOR, type SimulatedWorld } from './world.ts';

/** Whether a session can still pay. */
export const isUsable = ({ time }: SimulatedWorld, { revoked, expiresAt }: KnownSession): boolean =>
  !revoked && expiresAt * 1000 > time.now();

/** Opens a session with limits that will be met. */
export async function openSession(world: SimulatedWorld, agent: KnownAgent): Promise<void> {
  const { random, daemon } = world;
  const constraints = {
    ...(random.chance(300) ? { maxAmountPerTx: `${random.int(40, 400)}` } : {}),
    ...(random.chance(300) ? { maxTotalAmount: `${random.int(300, 5000)}` } : {}),
    ...(random.chance(300) ? { maxTransactions: random.int(3, 50) } : {}),
    ...(random.chance(80) ? { allowedDestinations: RECIPIENTS.filter(() => random.chance(800)) } : {}),
    ...(random.chance(50) ? { allowedOperations: [random.pick(['TRANSFER', 'TOKEN_TRANSFER'] as const)] } : {}),
  };
  const opened = await attempt(world, `open a session ${JSON.stringify(constraints)}`, () =>
    daemon.sessions.create({ agentId: agent.id, constraints }, OPERATOR),
  );
  if (opened === null) return;
  world.sessions.push({
    id: brandSessionId(opened.sessionId),
    agentId: brandAgentId(agent.id),
    constraints: opened.constraints,
    expiresAt: Date.parse(opened.expiresAt) / 1000,
    revoked: false,
  });
}

/** Opens sessions for agents that have none left. */
export async function replaceSessions(world: SimulatedWorld): Promise<void> {
  for (const agent of world.agents) {
    const left = world.sessions.some((known) => known.agentId === agent.id && isUsable(world, known));
    if (!left && !agent.suspended) await openSession(world, agent);
  }
}
