import { recallId, transactionId } from '@waiaas/core';
import { type Action, attempt } from './attempt.ts';
import { HIGHEST_PRICE } from './ledger-kind.ts';
import { newPayment, payAtOnce, send } from './paying.ts';
import { TOKEN } from './payment.ts';
import type { AskedRecall } from './recall-model.ts';
import { RECIPIENTS } from './rulebook.ts';
import { engage, recoverFromStop } from './stops.ts';
import { by, type KnownAgent, OPERATOR, type SimulatedWorld, WALLETS } from './world.ts';

/** Wallets that an owner registers as recovery addresses. */
const RECOVERY_ADDRESSES = [
  'DRpbCBMxVnDK7maPM5tGv6MvB3v1sRMC86PZ8okm21hy',
  '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU',
] as const;

const HOUR = 3_600_000;
/** How often it is looked whether a recall has ended, every 20 seconds. */
const LOOKS = 15;

const secondsOf = ({ daemon }: SimulatedWorld): number => Math.floor(daemon.clock.now() / 1000);

/** Registers where an agent's funds may go, which counts a day later. */
export const registerRecovery: Action = {
  name: 'register a recovery address',
  weight: 1,
  async run(world) {
    const { random, daemon, owner, recoveries } = world;
    const agent = random.any(world.agents);
    if (owner === null || agent === undefined) return;
    const address = random.pick(RECOVERY_ADDRESSES);
    // At once: the answer may get lost.
    const registered = recoveries.register(agent.id, address, secondsOf(world));
    const done = await attempt(world, `register the recovery address ${address}`, () =>
      daemon.pipeline.recalls.setRecoveryAddress(agent.id, address, by(owner)),
    );
    if (done === null) return;
    registered(secondsOf(world));
    if (random.chance(300)) return;
    world.log('25 hours pass');
    world.ledger.advance(200);
    await world.beforeSleep();
    world.time.jumpTo(world.time.now() + 25 * HOUR);
    await world.elapse(12_000);
  },
};

/** Gives an agent back what a recall has taken. */
async function refill(world: SimulatedWorld, agent: KnownAgent): Promise<void> {
  if (!agent.wasRecalled) return;
  agent.wasRecalled = false;
  await world.beforeDeposit(agent);
  world.ledger.fund(agent.address, 10n ** 12n);
  world.ledger.mint(TOKEN.address, agent.address, 10n ** 12n);
}

/** Lets an agent go on. */
export async function resume(world: SimulatedWorld, agent: KnownAgent): Promise<void> {
  const done = await attempt(world, 'resume', () => world.daemon.agents.resume(agent.id, OPERATOR));
  if (done === null) return;
  agent.suspended = false;
  await refill(world, agent);
}

/** Where somebody wants an agent's funds: mostly where they may go. */
function destinationFor({ random, owner, recoveries }: SimulatedWorld, { id }: KnownAgent): string {
  const likely = [...recoveries.named(id), ...(owner?.chain === 'solana' ? [owner.address] : [])];
  const others = [...RECIPIENTS, ...RECOVERY_ADDRESSES, ...WALLETS.map(({ address }) => address)];
  return (random.chance(930) ? random.any(likely) : undefined) ?? random.pick(others);
}

/** What waits for an owner's word is approved, so that something large is on its way. */
async function approveLargest(world: SimulatedWorld, agent: KnownAgent): Promise<void> {
  const { daemon, owner } = world;
  if (owner === null || daemon.isDead) return;
  const waiting = await daemon.storage.read
    .selectFrom('transactions')
    .select(['id', 'memo', 'amount', 'approval_expires_at'])
    .where('agent_id', '=', agent.id)
    .where('status', '=', 'QUEUED')
    .where('tier', '=', 'APPROVAL')
    .where('approval_expires_at', '>', secondsOf(world))
    .execute();
  const affordable = waiting.filter(({ amount }) => BigInt(amount) < world.ledger.balanceOf(agent.address));
  const [largest] = affordable.toSorted((one, other) => (BigInt(one.amount) < BigInt(other.amount) ? 1 : -1));
  if (largest === undefined) return;
  world.approvals.add(largest.id);
  await attempt(world, `approve ${largest.memo}`, () => daemon.pipeline.approve(transactionId(largest.id), by(owner)));
}

/** What leaves little for others, or next to nothing. */
function largeAmount({ random, ledger }: SimulatedWorld, { address }: KnownAgent): bigint {
  const rest = ledger.balanceOf(address) - random.pick([20_000n, 50_000n]);
  return rest > 0n && random.chance(600) ? rest : 10n ** BigInt(random.int(4, 11));
}

/** Payments of an agent that wait, are on their way, or are stuck, when its funds are taken back. */
async function setTheScene(world: SimulatedWorld, agent: KnownAgent): Promise<void> {
  const { random, nonces } = world;
  payAtOnce(world, random.int(0, 4), agent);
  for (let count = random.int(0, 2); count > 0; count -= 1) {
    const large = newPayment(world, { of: agent, amount: largeAmount(world, agent) });
    if (large !== null) send(world, large);
  }
  const isStuck = nonces !== null && random.chance(600);
  const isDearAtOnce = random.chance(300);
  if (nonces !== null && isStuck && isDearAtOnce) nonces.price = HIGHEST_PRICE;
  await world.elapse(random.int(0, 6) * 250);
  await approveLargest(world, agent);
  await world.elapse(random.int(0, 8) * 250);
  if (nonces !== null && isStuck && !isDearAtOnce) nonces.price = HIGHEST_PRICE;
  if (isStuck) world.log(`blocks want ${HIGHEST_PRICE}`);
  if (world.daemon.isDead || !random.chance(isStuck ? 400 : 150)) return;
  await engage(world);
  if (!world.daemon.isDead) await recoverFromStop(world);
}

/** Asks for an agent's funds. Answers the recall; null when it was refused, or its answer got lost. */
async function ask(world: SimulatedWorld, agent: KnownAgent): Promise<string | null> {
  const { random, daemon, owner } = world;
  const destination = destinationFor(world, agent);
  const input = { destination, includeUnlisted: random.chance(500), keepGas: random.chance(800) };
  const isOwner = owner !== null && random.chance(850);
  const asked: AskedRecall = { agentId: agent.id, ...input, mayBe: null, id: null };
  world.askedRecalls.push(asked);
  const since = secondsOf(world);
  // At once, for what it begins may be seen before its answer is; what is true after a refusal, the daemon knows.
  agent.suspended = true;
  const done = await attempt(world, `recall to ${destination}`, () =>
    daemon.pipeline.recalls.request(agent.id, input, isOwner ? by(owner) : OPERATOR),
  );
  const isOwn = owner?.chain === 'solana' && owner.address === destination;
  const isRegistered = world.recoveries.mayGoTo(agent.id, destination, { since, until: secondsOf(world) });
  asked.mayBe = owner !== null && (isOwn || (isOwner && isRegistered)) && (input.keepGas || isOwner);
  if (done === null) {
    if (daemon.isDead) return null;
    world.askedRecalls.splice(world.askedRecalls.indexOf(asked), 1);
    await world.learn();
    return null;
  }
  asked.id = done.recallId;
  agent.wasRecalled = true;
  return done.recallId;
}

/** Takes an agent's funds back, and lets the agent go on. */
export const recall: Action = {
  name: 'recall',
  weight: 2,
  async run(world) {
    const { random } = world;
    const agent = random.any(world.agents);
    if (agent === undefined) return;
    if (random.chance(700)) await setTheScene(world, agent);
    if (world.daemon.isDead) return;
    const wasStopped = world.isStopped;
    const id = await ask(world, agent);
    if (id !== null && wasStopped) world.violated('funds are taken back after everything had been stopped');
    if (world.daemon.isDead) return;
    payAtOnce(world, random.int(0, 2), agent);
    if (id === null || random.chance(300)) return;
    if (random.chance(120)) await engage(world);
    for (let look = 0; look < LOOKS && !world.daemon.isDead; look += 1) {
      const { status } = await world.daemon.pipeline.recalls.get(recallId(id));
      if (status !== 'PENDING' && status !== 'EXECUTING') break;
      await world.elapse(20_000);
      // What is stuck is waited for until it is an hour old, or two.
      if (!random.chance(150)) continue;
      await world.beforeSleep();
      world.time.jumpTo(world.time.now() + HOUR);
    }
    if (!world.daemon.isDead) await resume(world, agent);
  },
};
