import { createHash } from 'node:crypto';
import { agentId as brandAgentId } from '@waiaas/core';
import type { Fault } from '@waiaas/fake-chain';
import { ACTIONS } from './actions.ts';
import { type Action, attempt } from './attempt.ts';
import { watch } from './invariants.ts';
import type { LedgerKind } from './ledger-kind.ts';
import { TOKEN } from './payment.ts';
import { rest } from './rest.ts';
import { openSession, replaceSessions } from './sessions.ts';
import { recoverFromStop } from './stops.ts';
import { by, createSimulatedWorld, type Mutant, OPERATOR, type SimulatedWorld, WALLETS } from './world.ts';

/** What is simulated. */
export interface SimulationOptions {
  readonly seed: number;
  /** Default 120. */
  readonly steps?: number;
  /** Hours that pass between two steps, about; none by default. A year is 365 × 24 of them in all. */
  readonly hoursBetween?: number;
  readonly asksFirst?: boolean;
  /** Default: what the seed has. */
  readonly kind?: LedgerKind;
  readonly mutant?: Mutant;
}

/** What came of it. */
export interface SimulationReport {
  readonly seed: number;
  readonly steps: number;
  readonly payments: number;
  readonly landed: number;
  /** Decisions that came out as a dry run had foretold a moment before. */
  readonly foretold: number;
  readonly crashes: number;
  readonly restarts: number;
  /** How often the kill switch was engaged. */
  readonly stops: number;
  /** Backups that were put back. */
  readonly restores: number;
  /** Recalls that have moved something. */
  readonly recalls: number;
  /** Payments that were signed more than once. */
  readonly replaced: number;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  /** Transactions that landed late, and those that a node had taken and that never landed. */
  readonly late: number;
  readonly lost: number;
  /** Days by the daemon's clock. */
  readonly days: number;
  /** Promises that were broken; the run ends with the first. */
  readonly violations: readonly string[];
  readonly events: readonly string[];
  /** Over all events: equal for equal runs. */
  readonly hash: string;
}

const TOTAL = ACTIONS.reduce((sum, { weight }) => sum + weight, 0);

function nextAction({ random }: SimulatedWorld): Action {
  let draw = random.int(1, TOTAL);
  for (const action of ACTIONS) {
    draw -= action.weight;
    if (draw <= 0) return action;
  }
  throw new Error('The weights do not add up');
}

async function furnish(world: SimulatedWorld): Promise<void> {
  const { random, daemon } = world;
  world.ledger.setToken(TOKEN);
  for (let count = random.int(1, 3); count > 0; count -= 1) {
    const agent = await daemon.agents.create({ name: 'agent', chain: 'solana', network: 'localnet' }, OPERATOR);
    // Some are poor: their payments fail on the chain.
    world.ledger.fund(agent.publicKey, random.chance(200) ? 60_000n : 10n ** 12n);
    world.ledger.mint(TOKEN.address, agent.publicKey, random.chance(200) ? 600n : 10n ** 12n);
    world.agents.push({ id: brandAgentId(agent.id), address: agent.publicKey, suspended: false, wasRecalled: false });
  }
  for (const agent of world.agents) {
    await openSession(world, agent);
    await openSession(world, agent);
  }
  if (!random.chance(600)) return;
  const wallet = random.pick(WALLETS);
  await attempt(world, 'connect', () => daemon.owner.connect(wallet, by(wallet)));
  await world.learn();
}

/** Runs a simulation to its end, or to the first promise that is broken. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, steps = 120, hoursBetween = 0, asksFirst = false, kind, mutant } = options;
  const world = await createSimulatedWorld({ seed, kind, mutant, asksFirst });
  const begun = world.time.now();
  let step = 0;
  try {
    const watcher = watch(world);
    await furnish(world);
    world.weather = {
      faults: world.random.pick([0, 50, 200, 400]),
      crashes: world.random.pick([0, 3, 10]),
      isDown: false,
    };
    for (; step < steps && world.violations.length === 0; step += 1) {
      const action = nextAction(world);
      if (world.isStopped && world.random.chance(400)) await recoverFromStop(world);
      else await action.run(world);
      await world.reviveIfDead();
      await watcher.check(action.changesPolicies === true);
      if (hoursBetween > 0) {
        world.ledger.advance(200);
        world.time.jumpTo(world.time.now() + world.random.int(0, Math.round(hoursBetween * 2 * 60)) * 60_000);
        await world.elapse(12_000);
        await replaceSessions(world);
        await world.reviveIfDead();
        await watcher.check(false);
      }
    }
    if (world.violations.length === 0) {
      await rest(world);
      await watcher.check(false);
      await watcher.checkEnd();
    }
  } finally {
    await world.close();
  }
  const landed = [...world.ledger.accepted.keys()].filter((hash) => world.ledger.landing(hash)?.error === null).length;
  const fated = (fate: 'late' | 'dropped', hasLanded: boolean): number =>
    [...world.fates].filter(([hash, its]) => its === fate && (world.ledger.landing(hash) !== undefined) === hasLanded)
      .length;
  return {
    seed,
    late: fated('late', true),
    lost: fated('dropped', false),
    steps: step,
    payments: world.counts.payments,
    landed,
    foretold: world.counts.foretold,
    crashes: world.counts.crashes,
    restarts: world.counts.restarts,
    stops: world.counts.stops,
    restores: world.counts.restores,
    recalls: world.counts.recalls,
    replaced: world.counts.replaced,
    faults: Object.fromEntries(world.counts.faults),
    days: (Math.max(world.latest * 1000, world.time.now()) - begun) / 86_400_000,
    violations: world.violations,
    events: world.events,
    hash: createHash('sha256').update(world.events.join('\n')).digest('hex'),
  };
}
