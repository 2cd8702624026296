import {
  agentId as brandAgentId,
  sessionId as brandSessionId,
  type DryRunResponse,
  type PolicyType,
  policyCreateSchema,
  policyId,
  policyUpdateSchema,
  toJson,
  transactionId,
  transferRequestSchema,
  WaiaasError,
} from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { TransactionRow } from '@waiaas/storage';
import { PASSWORD } from './incarnation.ts';
import { memoOf, TOKEN, type WantedPayment } from './payment.ts';
import { limitsFor, RECIPIENTS, randomLimits, randomRules } from './rulebook.ts';
import { by, type KnownAgent, type KnownSession, OPERATOR, type SimulatedWorld, WALLETS } from './world.ts';

/** Something that somebody does. */
export interface Action {
  readonly name: string;
  /** How often it happens, beside the others. */
  readonly weight: number;
  readonly changesPolicies?: boolean;
  run(world: SimulatedWorld): Promise<void>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What an answer that is an error may be: one of the daemon's own. Anything else is a fault of the program. */
function codeOf(world: SimulatedWorld, what: string, error: unknown): string {
  if (error instanceof WaiaasError) {
    if (error.code === 'INTERNAL_ERROR') world.violated(`${what}: ${error.message}`);
    return error.code;
  }
  world.violated(`${what} ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 'UNKNOWN';
}

/** Does something at once and notes how it ended. Answers null when it was refused, or the daemon died. */
async function attempt<T>(world: SimulatedWorld, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    const done = await world.await(work());
    world.log(`${what}${done === undefined ? ' … the daemon died' : ''}`);
    return done?.value ?? null;
  } catch (error) {
    world.log(`${what}: ${codeOf(world, what, error)}`);
    return null;
  }
}

/** What has come of something that was begun. */
interface Ending {
  isOver: boolean;
  error: WaiaasError | null;
}

/** Begins something whose end nobody waits for. */
function begin<T extends { readonly status: string }>(
  world: SimulatedWorld,
  what: string,
  work: Promise<T>,
  onAnswer: (answer: T) => void = () => undefined,
): Readonly<Ending> {
  const ending: Ending = { isOver: false, error: null };
  work
    .then(
      (answer) => {
        world.log(`${what}: ${answer.status}`);
        onAnswer(answer);
      },
      (error: unknown) => {
        world.log(`${what}: ${codeOf(world, what, error)}`);
        if (error instanceof WaiaasError) ending.error = error;
      },
    )
    .finally(() => {
      ending.isOver = true;
    });
  return ending;
}

const governor = ({ owner }: SimulatedWorld): RequestOrigin => (owner === null ? OPERATOR : by(owner));

/** Amounts at which something changes, and others. */
function randomAmount({ random, policies }: SimulatedWorld, { id }: KnownAgent, mint: string | null): bigint {
  const limits = limitsFor(policies, id, mint);
  const edges =
    limits === null ? [] : [limits.instantMax, limits.notifyMax, limits.delayMax, limits.dailyMax, limits.weeklyMax];
  const edge = random.any(edges.filter((bound) => bound !== null));
  const amount = random.chance(50)
    ? 10n ** BigInt(random.int(10, 24))
    : edge !== undefined && random.chance(300)
      ? edge + BigInt(random.int(-1, 1))
      : BigInt(random.int(1, 100));
  return amount < 1n ? 1n : amount;
}

/** Whether a session can still pay. */
const isUsable = ({ time }: SimulatedWorld, { revoked, expiresAt }: KnownSession): boolean =>
  !revoked && expiresAt * 1000 > time.now();

/** Opens sessions for agents that have none left. */
export async function replaceSessions(world: SimulatedWorld): Promise<void> {
  for (const agent of world.agents) {
    const left = world.sessions.some((known) => known.agentId === agent.id && isUsable(world, known));
    if (!left && !agent.suspended) await openSession(world, agent);
  }
}

function newPayment(world: SimulatedWorld): WantedPayment | null {
  const { random } = world;
  const usable = world.sessions.filter((known) => isUsable(world, known) || random.chance(30));
  const session = random.any(usable);
  const agent = world.agents.find(({ id }) => id === session?.agentId);
  if (session === undefined || agent === undefined) return null;
  const number = world.payments.length + 1;
  const mint = random.chance(300) ? TOKEN.address : null;
  const payment: WantedPayment = {
    number,
    agentId: agent.id,
    sessionId: session.id,
    to: random.pick(RECIPIENTS),
    amount: randomAmount(world, agent, mint),
    mint,
    memo: memoOf(number),
    idempotencyKey: random.chance(700) ? `key ${number}` : null,
  };
  world.payments.push(payment);
  return payment;
}

const sessionOf = (world: SimulatedWorld, { sessionId }: WantedPayment): KnownSession | undefined =>
  world.sessions.find(({ id }) => id === sessionId);

const bodyOf = ({ to, amount, memo, mint }: WantedPayment) =>
  transferRequestSchema.parse({
    to,
    amount: amount.toString(),
    memo,
    ...(mint === null ? {} : { type: 'TOKEN_TRANSFER', tokenMint: mint }),
  });

const payingSession = (world: SimulatedWorld, payment: WantedPayment) => ({
  agentId: payment.agentId,
  sessionId: payment.sessionId,
  constraints: sessionOf(world, payment)?.constraints ?? {},
});

function send(world: SimulatedWorld, payment: WantedPayment): Readonly<Ending> {
  const { memo, amount, idempotencyKey } = payment;
  const options = { waitMs: world.random.int(1, 40_000), ...(idempotencyKey === null ? {} : { idempotencyKey }) };
  return begin(
    world,
    `${memo} of ${amount}`,
    world.daemon.pipeline.send(payingSession(world, payment), bodyOf(payment), options),
    ({ transactionId }) => {
      if (idempotencyKey === null) return;
      const before = world.answered.get(idempotencyKey) ?? transactionId;
      world.answered.set(idempotencyKey, before);
      if (before !== transactionId) world.violated(`${memo}: one key was answered with two transactions`);
    },
  );
}

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
  // Others of the agent that are on their way may be admitted in between.
  const others = (): Promise<readonly object[]> =>
    daemon.storage.read
      .selectFrom('transactions')
      .select('id')
      .where('agent_id', '=', payment.agentId)
      .where('memo', '<>', payment.memo)
      .execute();
  const before = (await others()).length;
  const foretold = await foretellOf(world, payment);
  if (daemon.isDead) return;
  // What the agent holds is read from the chain, and may be another at each look.
  const share = limitsFor(world.policies, payment.agentId, payment.mint)?.readsBalance === true;
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
  if ((await others()).length !== before) return;
  world.counts.foretold += 1;
  const wasTold = typeof foretold === 'string' ? foretold : toJson(foretold);
  const found = row === undefined ? (ending.error?.code ?? 'nothing') : toJson(await verdictOn(world, row, ending));
  if (found !== wasTold) world.violated(`${payment.memo} was foretold ${wasTold}, and came to ${found}`);
}

const foretell: Action = { name: 'ask first, then pay', weight: 4, run: askFirst };

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
    const mayApprove = world.owner !== null && wallet.address === world.owner.address;
    const inTime = Math.floor(world.time.now() / 1000) < (row.approval_expires_at ?? 0);
    if (mayApprove && inTime && row.tier === 'APPROVAL') world.approvals.add(row.id);
    const times = random.chance(200) ? 3 : 1;
    for (let time = 0; time < times; time += 1) {
      const what = `approve ${row.memo} as ${wallet.chain}`;
      const approval = daemon.pipeline.approve(id, by(wallet));
      if (!mayApprove) {
        approval.then(
          () => world.violated(`${what}: somebody else could`),
          () => undefined,
        );
      }
      begin(world, what, approval);
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
        const done = await attempt(world, 'resume', () => daemon.agents.resume(stopped.id, OPERATOR));
        if (done !== null) stopped.suspended = false;
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
    world.nonces.price = random.pick([10n, 10n, 10n, 5n, 20n, 60n]);
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

/** Engages the kill switch, as whoever may. */
async function engage(world: SimulatedWorld): Promise<void> {
  const { random, daemon, owner } = world;
  const origin = random.pick([OPERATOR, ...(owner === null ? [] : [by(owner)]), { by: 'auto_stop' } as const]);
  await attempt(world, 'stop everything', async () => {
    const engaged = await daemon.killSwitch.activate('a drill', origin);
    world.stopped();
    return engaged;
  });
  if (!daemon.isDead) await world.learn();
}

/** Recovers from the kill switch; before that, somebody else may try. */
export async function recoverFromStop(world: SimulatedWorld): Promise<void> {
  const { random, daemon, owner } = world;
  const wallet = random.chance(850) ? owner : (WALLETS.find(({ address }) => address !== owner?.address) ?? null);
  // Without an owner it is the command on the machine that counts, whatever is signed.
  const mayRecover = owner === null || wallet?.address === owner.address;
  const done = await attempt(world, `recover as ${wallet?.chain ?? 'nobody but the operator'}`, () =>
    daemon.killSwitch.recover({
      password: PASSWORD,
      proveOwner: wallet === null ? null : async () => by(wallet),
      isLocalCommand: () => true,
      origin: OPERATOR,
    }),
  );
  if (done !== null && !mayRecover) world.violated('somebody else could recover');
  if (daemon.isDead) return;
  await world.learn();
  if (done !== null) await replaceSessions(world);
}

const stopAndGo: Action = {
  name: 'stop everything, go on',
  weight: 1,
  async run(world) {
    const { random } = world;
    const payMore = (most: number): void => {
      for (let index = random.int(0, most); index > 0; index -= 1) {
        const payment = newPayment(world);
        if (payment !== null) send(world, payment);
      }
    };
    payMore(4);
    await world.elapse(random.int(0, 6) * 250);
    if (world.daemon.isDead) return;
    await engage(world);
    if (world.daemon.isDead) return;
    payMore(2);
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
  setBack,
  weather,
  reach,
  stopAndGo,
  kill,
  restart,
];
