import { transferRequestSchema, WaiaasError } from '@waiaas/core';
import { codeOf } from './attempt.ts';
import { memoOf, TOKEN, type WantedPayment } from './payment.ts';
import { limitsFor, RECIPIENTS } from './rulebook.ts';
import { isUsable } from './sessions.ts';
import type { KnownAgent, KnownSession, SimulatedWorld } from './world.ts';

/** What has come of something that was begun. */
export interface Ending {
  isOver: boolean;
  error: WaiaasError | null;
}

/** Begins something whose end nobody waits for. */
export function begin<T extends { readonly status: string }>(
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

/** What is known of a payment before it is thought of. */
interface Wish {
  readonly of?: KnownAgent | undefined;
  readonly amount?: bigint;
}

/** Thinks of a payment; null where nobody can pay. */
export function newPayment(world: SimulatedWorld, { of, amount }: Wish = {}): WantedPayment | null {
  const { random } = world;
  const usable = world.sessions.filter(
    (known) => (of === undefined || known.agentId === of.id) && (isUsable(world, known) || random.chance(30)),
  );
  const session = random.any(usable);
  const agent = world.agents.find(({ id }) => id === session?.agentId);
  if (session === undefined || agent === undefined) return null;
  world.counts.payments += 1;
  const number = world.counts.payments;
  const mint = random.chance(300) ? TOKEN.address : null;
  const payment: WantedPayment = {
    number,
    agentId: agent.id,
    sessionId: session.id,
    to: random.pick(RECIPIENTS),
    amount: amount ?? randomAmount(world, agent, mint),
    mint,
    memo: memoOf(number),
    idempotencyKey: random.chance(700) ? `key ${number}` : null,
  };
  world.payments.push(payment);
  return payment;
}

const sessionOf = (world: SimulatedWorld, { sessionId }: WantedPayment): KnownSession | undefined =>
  world.sessions.find(({ id }) => id === sessionId);

/** What is asked for. */
export const bodyOf = ({ to, amount, memo, mint }: WantedPayment) =>
  transferRequestSchema.parse({
    to,
    amount: amount.toString(),
    memo,
    ...(mint === null ? {} : { type: 'TOKEN_TRANSFER', tokenMint: mint }),
  });

/** Who asks for it. */
export const payingSession = (world: SimulatedWorld, payment: WantedPayment) => ({
  agentId: payment.agentId,
  sessionId: payment.sessionId,
  constraints: sessionOf(world, payment)?.constraints ?? {},
});

/** Asks for a payment, and does not wait. */
export function send(world: SimulatedWorld, payment: WantedPayment): Readonly<Ending> {
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

/** Asks for so many payments at once, of one agent or of any. */
export function payAtOnce(world: SimulatedWorld, count: number, of?: KnownAgent): void {
  for (let index = 0; index < count; index += 1) {
    const payment = newPayment(world, { of });
    if (payment !== null) send(world, payment);
  }
}
