import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, createSession, type DaemonProcess, type Harness, setLimits } from './harness.ts';
import { balanceOf, stranger } from './ledger-truth.ts';
import { ask } from './owned-daemon.ts';

/* What a session may do at most, over HTTP: to the base unit, to the request, under any number of requests at once. */

const UNIT = 2_000_000n;
let harness: Harness;
let daemon: DaemonProcess;
let agentId: string;
beforeAll(async () => {
  // Slower slots than usual: many payments at once on a slow machine must not outlive their blockhash.
  harness = await createHarness(60);
  daemon = await harness.start(await harness.createDataDir());
  await setLimits(daemon, {});
  agentId = (await createPayer(harness, daemon)).agentId;
}, 60_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
});

/** Sessions are opened five a minute. */
async function open(constraints: object) {
  await daemon.advance(60);
  return createSession(daemon, agentId, constraints);
}
interface Refusal {
  readonly code: string;
  readonly detail: unknown;
}
const refusal = (error: unknown): Refusal =>
  error instanceof Error && 'code' in error && 'details' in error
    ? {
        code: String(error.code),
        detail:
          typeof error.details === 'object' && error.details !== null && 'code' in error.details
            ? error.details.code
            : undefined,
      }
    : { code: String(error), detail: undefined };
/** Pays, and answers how it ended: on a slow machine later than the daemon waits. */
async function pay(token: string, amount: bigint, to = stranger()): Promise<string | Refusal> {
  const client = daemon.client(token);
  try {
    const sent = await client.sendToken({ to, amount });
    return sent.status === 'SUBMITTED' ? (await client.waitForTransaction(sent.transactionId)).status : sent.status;
  } catch (error) {
    return refusal(error);
  }
}
const exceeded = (detail: string): Refusal => ({ code: 'SESSION_LIMIT_EXCEEDED', detail });
const usageOf = async (sessionId: string) => {
  const { body } = await daemon.operate('GET', `/v1/sessions?agentId=${agentId}&limit=100`);
  const sessions = (body as { sessions: { id: string; usageStats: unknown }[] }).sessions;
  return sessions.find(({ id }) => id === sessionId)?.usageStats;
};

test('twenty payments at once against ten units and seven payments: exactly seven', async () => {
  const session = await open({ maxTotalAmount: (10n * UNIT).toString(), maxTransactions: 7 });
  const to = stranger();
  const ends = await Promise.all(Array.from({ length: 20 }, () => pay(session.token, UNIT, to)));
  expect(ends.filter((end) => end === 'CONFIRMED')).toHaveLength(7);
  expect(ends.filter((end) => typeof end === 'object')).toEqual(
    Array.from({ length: 13 }, () => exceeded('SESSION_LIMIT_TX_COUNT')),
  );
  expect(await balanceOf(harness.ledger, to)).toBe(7n * UNIT);
  expect(await usageOf(session.sessionId)).toMatchObject({ totalTx: 7, totalAmount: (7n * UNIT).toString() });
}, 60_000);

test('twenty payments at once against a total pay the total, to the base unit', async () => {
  const session = await open({ maxTotalAmount: (5n * UNIT).toString() });
  const to = stranger();
  const ends = await Promise.all(Array.from({ length: 20 }, () => pay(session.token, UNIT, to)));
  expect(ends.filter((end) => end === 'CONFIRMED')).toHaveLength(5);
  expect(ends.filter((end) => typeof end === 'object')).toEqual(
    Array.from({ length: 15 }, () => exceeded('SESSION_LIMIT_TOTAL')),
  );
  expect(await balanceOf(harness.ledger, to)).toBe(5n * UNIT);
}, 60_000);

test('a limit is reached, and never passed by a single base unit', async () => {
  const limits = {
    maxAmountPerTx: (2n * UNIT).toString(),
    maxTotalAmount: (3n * UNIT).toString(),
    maxTransactions: 2,
  };
  const { token } = await open(limits);
  expect(await pay(token, 2n * UNIT + 1n)).toEqual(exceeded('SESSION_LIMIT_PER_TX'));
  expect(await pay(token, 2n * UNIT)).toBe('CONFIRMED');
  expect(await pay(token, UNIT + 1n)).toEqual(exceeded('SESSION_LIMIT_TOTAL'));
  expect(await pay(token, UNIT)).toBe('CONFIRMED');
  const counted = await open({ maxTransactions: 1 });
  expect(await pay(counted.token, UNIT)).toBe('CONFIRMED');
  expect(await pay(counted.token, UNIT)).toEqual(exceeded('SESSION_LIMIT_TX_COUNT'));
});

test('a payment that fails gives back its place and its amount', async () => {
  const { token, sessionId } = await open({ maxTotalAmount: UNIT.toString(), maxTransactions: 1 });
  const dead = harness.ledger.faults.add({ type: 'httpError', status: 503, method: 'getLatestBlockhash' });
  expect(await pay(token, UNIT)).toMatchObject({ code: 'CHAIN_ERROR' });
  dead();
  expect(await usageOf(sessionId)).toMatchObject({ totalTx: 0, totalAmount: '0' });
  await expect.poll(() => pay(token, UNIT), { timeout: 40_000, interval: 500 }).toBe('CONFIRMED');
  expect(await usageOf(sessionId)).toMatchObject({ totalTx: 1, totalAmount: UNIT.toString() });
}, 60_000);

describe('what a session is for', () => {
  /** An address that differs from another in the case of one letter, and is one all the same. */
  function twins(): readonly [string, string] {
    for (;;) {
      const one = stranger();
      for (let index = 1; index < one.length; index += 1) {
        const letter = one.charAt(index);
        const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
        const twin = one.slice(0, index) + other + one.slice(index + 1);
        if (twin !== one && !/[IOl0]/.test(other) && one.length === 44 && one.charAt(0) < '5') return [one, twin];
      }
    }
  }

  test('pays the listed recipients only; on Solana case is part of the address', async () => {
    const [listed, twin] = twins();
    const { token } = await open({ allowedDestinations: [listed] });
    const denied = { code: 'CONSTRAINT_VIOLATED', detail: 'SESSION_DESTINATION_DENIED' };
    expect(await pay(token, UNIT, stranger())).toEqual(denied);
    expect(await pay(token, UNIT, twin)).toEqual(denied);
    expect(await pay(token, UNIT, listed)).toBe('CONFIRMED');
  });

  test('reads the wallet only where that is among its operations', async () => {
    const reads = ['/v1/wallet/balance', '/v1/wallet/address', '/v1/wallet/budget'];
    const statuses = (token: string) =>
      Promise.all(
        reads.map(async (path) => {
          const { status, body } = await ask(daemon, { method: 'GET', path }, { authorization: `Bearer ${token}` });
          return status === 200 ? 200 : [status, body.code, body.details];
        }),
      );
    const denied = [403, 'CONSTRAINT_VIOLATED', { code: 'SESSION_OPERATION_DENIED' }];
    const paying = await open({ allowedOperations: ['TRANSFER'] });
    expect(await statuses(paying.token)).toEqual([denied, denied, denied]);
    expect(await pay(paying.token, UNIT)).toBe('CONFIRMED');
    const reading = await open({ allowedOperations: ['BALANCE_CHECK'] });
    expect(await statuses(reading.token)).toEqual([200, 200, 200]);
    const operation = { code: 'CONSTRAINT_VIOLATED', detail: 'SESSION_OPERATION_DENIED' };
    expect(await pay(reading.token, UNIT)).toEqual(operation);
    // An empty list permits nothing; it is not the absence of one.
    const nothing = await open({ allowedOperations: [] });
    expect(await statuses(nothing.token)).toEqual([denied, denied, denied]);
    expect(await pay(nothing.token, UNIT)).toEqual(operation);
    const nobody = await open({ allowedDestinations: [] });
    expect(await pay(nobody.token, UNIT)).toMatchObject({ detail: 'SESSION_DESTINATION_DENIED' });
  });
});

describe('opening a session', () => {
  const create = async (body: object): Promise<number> => {
    await daemon.advance(60);
    return (await daemon.operate('POST', '/v1/sessions', { agentId, ...body })).status;
  };

  test.each([
    ['an unknown limit', { constraints: { maxAmount: '5' } }],
    ['an unknown key beside them', { limits: {} }],
    ['no payments at all', { constraints: { maxTransactions: 0 } }],
    ['a negative amount', { constraints: { maxTotalAmount: '-1' } }],
    ['an amount that is no text', { constraints: { maxTotalAmount: 5 } }],
    ['a limit that is null', { constraints: { maxTransactions: null } }],
    ['a life of 299 s', { expiresIn: 299 }],
    ['a life of 604801 s', { expiresIn: 604_801 }],
    ['a life of 299 s among the limits', { constraints: { expiresIn: 299 } }],
    ['two lives', { expiresIn: 300, constraints: { expiresIn: 301 } }],
    ['more than a hundred renewals', { constraints: { maxRenewals: 101 } }],
  ])('%s is a 400, and opens none', async (_what, body) => {
    expect(await create(body)).toBe(400);
  });

  test('lives from 300 to 604800 seconds', async () => {
    expect([await create({ expiresIn: 300 }), await create({ expiresIn: 604_800 })]).toEqual([201, 201]);
  });
});
