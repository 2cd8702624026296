import {
  type DryRunResponse,
  type PolicyType,
  policyCreateSchema,
  policyId,
  policyUpdateSchema,
  toJson,
  transactionId,
} from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { TransactionRow } from '@waiaas/storage';
import { type Action, attempt, codeOf } from './attempt.ts';
import { HIGHEST_PRICE } from './ledger-kind.ts';
import { begin, bodyOf, type Ending, newPayment, payAtOnce, payingSession, send } from './paying.ts';
import type { WantedPayment } from './payment.ts';
import { recall, registerRecovery, resume } from './recalls.ts';
import { backUp, putBack } from './restores.ts';
import { limitsFor, randomLimits, randomRules } from './rulebook.ts';
import { openSession } from './sessions.ts';
import { engage, recoverFromStop } from './stops.ts';
import { type AskedApproval, by, OPERATOR, type SimulatedWorld, WALLETS, type Wallet } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const governor = ({ owner }: SimulatedWorld): RequestOrigin => (owner === null ? OPERATOR : by(owner));

const waitingRows = ({ daemon }: SimulatedWorld): Promise<TransactionRow[]> =>
  daemon.storage.read.selectFrom('transactions').selectAll().where('status', '=', 'QUEUED').orderBy('id').execute();

const pay: Action = {
  name: 'pay',
  weight: 12,
  async run(world) {
    if (world.asksFirst) await askFirst(world);
    else {
      const payment = newPayment(world);
      if (payment !== null) send(world, payment);
    }
    await world.elapse(world.random.int(0, 3) * 500);
  },
};

const burst: Action = {
  name: 'pay many at once',
  weight: 4,
  async run(world) {
    for (let index = world.random.int(3, 12); index > 0; index -= 1) {
      if (world.asksFirst) {
        await askFirst(world);
        continue;
      }
      const payment = newPayment(world);
      if (payment !== null) send(world, payment);
    }
    await world.elapse(world.random.int(0, 10) * 500);
  },
};

const repeat: Action = {
  name: 'ask again',
  weight: 4,
  async run(world) {
    const payment = world.random.any(world.payments.filter(({ idempotencyKey }) => idempotencyKey !== null));
    if (payment === undefined) return;
    const known = await world.daemon.storage.read
      .selectFrom('transactions')
      .select('id')
      .where('memo', '=', payment.memo)
      .executeTakeFirst();
    if (known === undefined || world.random.chance(800)) {
      send(world, payment);
      return;
    }
    const other = { ...payment, amount: payment.amount + 1n };
    const answer = await attempt(world, `${payment.memo} again with another amount`, () =>
      world.daemon.pipeline.send(payingSession(world, payment), bodyOf(other), {
        waitMs: 1,
        idempotencyKey: payment.idempotencyKey ?? '',
      }),
    );
    if (answer !== null) world.violated(`${payment.memo}: its key was taken for another payment`);
  },
};

/** What is told of a payment when nothing but its outcome is asked for, or the code of what refused to judge it at all. */
async function foretellOf(world: SimulatedWorld, payment: WantedPayment): Promise<DryRunResponse | string | null> {
  const what = `${payment.memo}, dry`;
  try {
    const done = await world.await(world.daemon.pipeline.dryRun(payingSession(world, payment), bodyOf(payment)));
    world.log(`${what}${done === undefined ? ' … the daemon died' : ''}`);
    return done?.value ?? null;
  } catch (error) {
    const code = codeOf(world, what, error);
    world.log(`${what}: ${code}`);
    return code;
  }
}

/** What was decided about a payment, in the words of a dry run. */
async function verdictOn(
  { daemon }: SimulatedWorld,
  row: TransactionRow,
  { error }: Readonly<Ending>,
): Promise<DryRunResponse> {
  const { tier, session, criteria, verdict } = await daemon.pipeline.decisions.get(transactionId(row.id));
  if (tier === undefined) {
    const { transactionId: _id, status: _status, error: reason, ...details } = error?.details ?? {};
    const code = error?.code ?? 'no refusal';
    return { outcome: 'DENY', code, reason: String(reason), details, session, criteria };
  }
  const { delay_seconds: delay, approval_timeout_seconds: timeout } = row;
  return {
    outcome: 'ALLOW',
    tier,
    ...(delay === null ? {} : { delaySeconds: delay }),
    ...(timeout === null ? {} : { approvalTimeoutSeconds: timeout }),
    ...(typeof verdict?.raisedBy === 'string' ? { raisedBy: verdict.raisedBy } : {}),
    session,
    criteria,
  };
}

/** Asks what would be decided about a payment, then asks for it: without letting time pass, nothing may differ (09 no. 7). */
async function askFirst(world: SimulatedWorld): Promise<void> {
  const payment = newPayment(world);
  if (payment === null) return;
  const { daemon } = world;
  // Others of the agent that are on their way may be admitted in between, or end.
  const others = async (): Promise<string> =>
    toJson(
      await daemon.storage.read
        .selectFrom('transactions')
        .select(['id', 'state_version'])
        .where('agent_id', '=', payment.agentId)
        .where('memo', '<>', payment.memo)
        .orderBy('id')
        .execute(),
    );
  const before = await others();
  const foretold = await foretellOf(world, payment);
  if (daemon.isDead) return;
  // What the agent holds is read from the chain, and may be another at each look.
  const share = limitsFor(world.policies, payment.agentId, payment.mint)?.share != null;
  const at = daemon.clock.now();
  const rowOf = (): Promise<TransactionRow | undefined> =>
    daemon.storage.read.selectFrom('transactions').selectAll().where('memo', '=', payment.memo).executeTakeFirst();
  const ending = send(world, payment);
  let row: TransactionRow | undefined;
  for (let turn = 0; turn < 20 && row === undefined && !ending.isOver && !daemon.isDead; turn += 1) {
    await world.time.advance(0);
    if (!daemon.isDead) row = await rowOf();
  }
  if (foretold === null || share || daemon.isDead || daemon.clock.now() !== at) return;
  row ??= await rowOf();
  // A token is read from the chain each time, which fails now and then.
  if (payment.mint !== null && (typeof foretold === 'string' || row === undefined)) return;
  if ((await others()) !== before) return;
  world.counts.foretold += 1;
  const wasTold = typeof foretold === 'string' ? foretold : toJson(foretold);
  const found = row === undefined ? (ending.error?.code ?? 'nothing') : toJson(await verdictOn(world, row, ending));
  if (found !== wasTold) world.violated(`${payment.memo} was foretold ${wasTold}, and came to ${found}`);
}

const foretell: Action = { name: 'ask first, then pay', weight: 4, run: askFirst };

/** Notes that an approval is asked for: it may count as soon as the wallet is the owner's. */
function askApproval(world: SimulatedWorld, row: TransactionRow, wallet: Wallet): AskedApproval {
  const isInTime = row.tier === 'APPROVAL' && Math.floor(world.time.now() / 1000) < (row.approval_expires_at ?? 0);
  const asked: AskedApproval = { transactionId: row.id, wallet, isInTime, isOwners: false };
  world.askedApprovals.add(asked);
  if (world.owner?.address === wallet.address) mayApprove(world, asked);
  return asked;
}

function mayApprove(world: SimulatedWorld, asked: AskedApproval): void {
  asked.isOwners = true;
  if (asked.isInTime) world.approvals.add(asked.transactionId);
}

const decide: Action = {
  name: 'approve or reject',
  weight: 6,
  async run(world) {
    const { random, daemon } = world;
    const row = random.any((await waitingRows(world)).filter(({ tier }) => tier === 'APPROVAL' || random.chance(200)));
    if (row === undefined) return;
    const id = transactionId(row.id);
    const wallet = random.chance(850) && world.owner !== null ? world.owner : random.pick(WALLETS);
    if (random.chance(300)) {
      await attempt(world, `reject ${row.memo}`, () => daemon.pipeline.reject(id, {}, by(wallet)));
      return;
    }
    const times = random.chance(200) ? 3 : 1;
    for (let time = 0; time < times; time += 1) {
      const what = `approve ${row.memo} as ${wallet.chain}`;
      const asked = askApproval(world, row, wallet);
      const forget = (): boolean => world.askedApprovals.delete(asked);
      const approval = daemon.pipeline.approve(id, by(wallet)).finally(forget);
      begin(world, what, approval, () => {
        if (!asked.isOwners) world.violated(`${what}: somebody else could`);
      });
    }
    await world.elapse(random.int(0, 4) * 500);
  },
};

const operate: Action = {
  name: 'suspend, resume, revoke, open',
  weight: 4,
  async run(world) {
    const { random, daemon } = world;
    const agent = random.any(world.agents);
    if (agent === undefined) return;
    const session = random.any(world.sessions.filter(({ revoked }) => !revoked));
    switch (random.pick(['suspend', 'resume', 'resume', 'resume', 'revoke', 'open', 'open', 'open'])) {
      case 'suspend': {
        if (agent.suspended) return;
        const done = await attempt(world, 'suspend', () => daemon.agents.suspend(agent.id, OPERATOR));
        if (done !== null) agent.suspended = true;
        return;
      }
      case 'resume': {
        const stopped = world.agents.find(({ suspended }) => suspended);
        if (stopped === undefined) return;
        await resume(world, stopped);
        return;
      }
      case 'revoke': {
        if (session === undefined) return;
        const done = await attempt(world, 'revoke', () => daemon.sessions.revoke(session.id, OPERATOR));
        if (done !== null) session.revoked = true;
        return;
      }
      default:
        await openSession(world, agent);
    }
  },
};

const govern: Action = {
  name: 'change policies',
  weight: 3,
  changesPolicies: true,
  async run(world) {
    const { random, daemon } = world;
    const type = random.pick([
      'SPENDING_LIMIT',
      'SPENDING_LIMIT',
      'WHITELIST',
      'RATE_LIMIT',
      'TIME_RESTRICTION',
    ] as const);
    const agent = random.chance(400) ? random.any(world.agents) : undefined;
    const present = world.policies.find((policy) => policy.type === type && policy.agentId === (agent?.id ?? null));
    const rules = rulesOf(world, type);
    const origin = random.chance(950) ? governor(world) : by(random.pick(WALLETS));
    const scope = agent === undefined ? 'all' : 'one';
    if (present === undefined) {
      const body = { type, rules, confirm: true, ...(agent === undefined ? {} : { agentId: agent.id }) };
      await attempt(world, `${type} for ${scope}: ${JSON.stringify(rules)}`, () =>
        daemon.policies.create(policyCreateSchema.parse(body), origin),
      );
    } else if (random.chance(type === 'SPENDING_LIMIT' ? 100 : 700)) {
      await attempt(world, `no more ${type} for ${scope}`, () =>
        daemon.policies.remove(policyId(present.id), { confirm: true }, origin),
      );
    } else {
      const change = policyUpdateSchema.parse({ rules, confirm: true, enabled: random.chance(900) });
      await attempt(world, `${type} for ${scope}: ${JSON.stringify(change)}`, () =>
        daemon.policies.update(policyId(present.id), change, origin),
      );
    }
    if (!daemon.isDead) await world.learn();
  },
};

const rulesOf = ({ random }: SimulatedWorld, type: PolicyType): object =>
  type === 'SPENDING_LIMIT' ? randomLimits(random) : randomRules(random, type);

const changeOwner: Action = {
  name: 'change the owner',
  weight: 1,
  async run(world) {
    const { random, daemon, owner } = world;
    const [wallet] = WALLETS.filter(({ address }) => address !== owner?.address);
    if (wallet === undefined) return;
    // What the next owner has asked for already, and nobody has answered, is answered to the owner.
    for (const asked of world.askedApprovals) if (asked.wallet.address === wallet.address) mayApprove(world, asked);
    if (owner === null) await attempt(world, 'connect', () => daemon.owner.connect(wallet, by(wallet)));
    else if (random.chance(500)) await attempt(world, 'hand over', () => daemon.owner.change(wallet, by(owner)));
    else await attempt(world, 'disconnect', () => daemon.owner.disconnect(by(owner)));
    if (!daemon.isDead) await world.learn();
  },
};

const wait: Action = { name: 'wait', weight: 8, run: (world) => world.elapse(world.random.int(1, 90) * 1000) };

const sleep: Action = {
  name: 'sleep',
  weight: 2,
  async run(world) {
    // As after a laptop's sleep: nobody was woken meanwhile, and the chain went on.
    const ms = world.random.pick([10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY]);
    world.log(`${ms / MINUTE} minutes pass`);
    world.ledger.advance(200);
    world.time.jumpTo(world.time.now() + ms);
    await world.elapse(world.random.int(1, 30) * 1000);
  },
};

const nap: Action = {
  name: 'nap',
  weight: 3,
  async run(world) {
    const { random } = world;
    payAtOnce(world, random.int(0, 4));
    await world.elapse(random.int(1, 6) * 250);
    const longest = random.pick([4900, 12_000, 59_999]);
    // Each shorter than the time for a veto, and many of them, up to what waits. Sleep or a step of the clock: who can tell.
    for (let naps = random.int(1, 30); naps > 0 && !world.daemon.isDead; naps -= 1) {
      const ms = random.pick([random.int(100, 4900), random.int(1000, longest), longest]);
      await world.beforeSleep();
      world.log(`${ms} ms are skipped`);
      world.ledger.advance(Math.ceil(ms / 400));
      world.time.jumpTo(world.time.now() + ms);
      await world.elapse(random.pick([1, random.int(100, 3000), random.int(1000, 12_000)]));
    }
  },
};

const setBack: Action = {
  name: 'set the clock back',
  weight: 1,
  async run(world) {
    const ms = world.random.pick([1000, MINUTE, HOUR, DAY]);
    world.log(`the clock is set back by ${ms / 1000} s`);
    world.time.jumpTo(world.time.now() - ms);
    await world.elapse(1000);
  },
};

const weather: Action = {
  name: 'weather',
  weight: 2,
  async run(world) {
    const { random } = world;
    const isDown = random.chance(150);
    world.weather = { faults: random.pick([0, 0, 50, 200, 500]), crashes: random.pick([0, 0, 0, 3, 10, 30]), isDown };
    const { faults, crashes } = world.weather;
    world.log(`${faults} ‰ of the calls fail, ${crashes} ‰ of the steps kill${isDown ? ', the node is down' : ''}`);
    if (world.nonces === null) return;
    world.nonces.price = random.pick([10n, 10n, 10n, 5n, 20n, HIGHEST_PRICE]);
    world.log(`blocks want ${world.nonces.price}`);
  },
};

const reach: Action = {
  name: 'reach the owner, or not',
  weight: 1,
  async run(world) {
    world.channels = world.random.int(0, 3);
    world.log(`${world.channels} channels reach the owner`);
  },
};

const stopAndGo: Action = {
  name: 'stop everything, go on',
  weight: 1,
  async run(world) {
    const { random } = world;
    payAtOnce(world, random.int(0, 4));
    await world.elapse(random.int(0, 6) * 250);
    if (world.daemon.isDead) return;
    await engage(world);
    if (world.daemon.isDead) return;
    payAtOnce(world, random.int(0, 2));
    await world.elapse(random.int(0, 20) * 1000);
    if (!world.daemon.isDead && random.chance(150)) await world.restart();
    if (!world.daemon.isDead && random.chance(750)) await recoverFromStop(world);
  },
};

const kill: Action = {
  name: 'kill',
  weight: 1,
  async run(world) {
    world.daemon.die();
  },
};

const restart: Action = {
  name: 'restart',
  weight: 1,
  async run(world) {
    world.log('the daemon is restarted');
    await world.restart();
  },
};

/** Everything that happens. */
export const ACTIONS: readonly Action[] = [
  pay,
  burst,
  repeat,
  foretell,
  decide,
  operate,
  govern,
  changeOwner,
  wait,
  sleep,
  nap,
  setBack,
  weather,
  reach,
  registerRecovery,
  recall,
  stopAndGo,
  backUp,
  putBack,
  kill,
  restart,
];
