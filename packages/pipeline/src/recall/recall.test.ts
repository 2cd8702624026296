import {
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  ChainError,
  type ChainErrorCode,
  isWaiaasError,
  type RecallRequest,
  type RecallResponse,
  recallId,
} from '@waiaas/core';
import { findAgent, findSession, findTransaction } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ALICE,
  BOB,
  bodyOf,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  RECIPIENT,
  type TokenAdapter,
  type World,
  type WorldOptions,
} from '../../test/world.ts';

/* Taking funds back to the owner (08 §2.5), over a ledger without token accounts; those are attacked on a real one. */

const FEE = 5000n;
const HOME = ALICE.address;
const ALL: RecallRequest = { destination: HOME, includeUnlisted: false, keepGas: true };
const UNLIMITED = { instant_max: '1000', notify_max: '1000', delay_max: '5000' };

let world: World;
let payer: Payer;
let mint: string;

async function start(options: WorldOptions = {}): Promise<void> {
  world = await createWorld(options);
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
  mint = world.createToken({}, payer);
  await world.setRules({ token_limits: { [mint]: UNLIMITED } });
}
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'not refused';
};
const recall = (change: Partial<RecallRequest> = {}, origin = by(ALICE), agent: string = payer.agentId) =>
  world.pipeline.recalls.request(brandAgentId(agent), { ...ALL, ...change }, origin);
/** What keeps honest hands from changing a transaction. */
const FIXED = ['transactions_intent_fixed', 'transactions_state_moves_on'];
const see = (id: string) => world.pipeline.recalls.get(recallId(id));

/** The recall as it ended, letting time and blocks pass. */
async function ended({ recallId: id }: RecallResponse): Promise<RecallResponse> {
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    const { status } = await see(id);
    return status !== 'PENDING' && status !== 'EXECUTING';
  });
  return see(id);
}
const sweep = async (...args: Parameters<typeof recall>) => ended(await recall(...args));
const held = (address: string) => [world.ledger.balanceOf(address), world.ledger.tokenBalanceOf(mint, address)];
const agent = async () => {
  const found = await findAgent(world.storage.read, payer.agentId);
  if (found === undefined) throw new Error('The agent is gone');
  return found;
};
const sent = () => [...world.ledger.accepted.values()];
const audit = async () =>
  (await world.storage.read.selectFrom('audit_log').select('event_type').orderBy('id').execute()).map(
    ({ event_type }) => event_type,
  );

/** Transactions that were reported to be no longer what the daemon wrote. */
const broken = async () =>
  (
    await world.storage.read
      .selectFrom('audit_log')
      .select(['tx_id', 'details'])
      .where('event_type', '=', 'SEAL_BROKEN')
      .execute()
  ).map(({ tx_id, details }) => tx_id ?? details);

test.each(['buildReplacement', 'buildDisplacing'])(
  'through an adapter that has %s and not what belongs to it is as through one that has neither',
  async (method) => {
    await start({
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        [method]: async () => {
          throw new Error('Nobody has a right to ask for this');
        },
      }),
    });
    expect(await sweep()).toMatchObject({ status: 'COMPLETED' });
    expect(held(payer.address)).toEqual([0n, 0n]);
  },
);

describe('a recall', () => {
  test('takes the tokens first and the native asset last, to the last base unit', async () => {
    await start();
    const [lamports = 0n, tokens = 0n] = held(payer.address);
    const done = await sweep();
    expect(done).toMatchObject({ status: 'COMPLETED', kind: 'MANUAL', destination: HOME, left: [] });
    expect(done.transactions.map(({ asset, amount, status }) => [asset, amount, status])).toEqual([
      [`solana:${mint}`, `${tokens}`, 'CONFIRMED'],
      ['solana:native', `${lamports - 2n * FEE}`, 'CONFIRMED'],
    ]);
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(held(HOME)).toEqual([lamports - 2n * FEE, tokens]);
  });

  test('answers at once, stops the agent in the same step, and is on record from request to end', async () => {
    await start();
    const begun = await recall();
    expect(begun).toMatchObject({ status: 'PENDING', requestedBy: `owner:${HOME}`, transactions: [] });
    expect(await agent()).toMatchObject({ status: 'SUSPENDED', suspension_reason: 'manual' });
    expect(await refusal(world.send(payer, 1n))).toBe('AGENT_SUSPENDED 409');
    await ended(begun);
    // It stays stopped: only people let an agent go on.
    expect((await agent()).status).toBe('SUSPENDED');
    expect((await audit()).filter((event) => event.startsWith('RECALL') || event === 'AGENT_SUSPENDED')).toEqual([
      'AGENT_SUSPENDED',
      'RECALL_REQUESTED',
      'RECALL_STARTED',
      'RECALL_ENDED',
    ]);
    expect(await world.pipeline.recalls.list(payer.agentId)).toMatchObject([{ recallId: begun.recallId }]);
  });

  test('of an empty wallet does nothing, successfully', async () => {
    await start();
    await sweep();
    const before = world.ledger.accepted.size;
    expect(await sweep()).toMatchObject({ status: 'COMPLETED', transactions: [], left: [] });
    expect(world.ledger.accepted.size).toBe(before);
  });

  test('leaves what is frozen, names only that, keeps gas for it, and takes it once it can be moved', async () => {
    await start();
    const other = world.createToken({}, payer);
    await world.setRules({ token_limits: { [mint]: UNLIMITED, [other]: UNLIMITED } });
    world.ledger.freeze(mint, payer.address, true);
    const first = await sweep();
    expect(first).toMatchObject({
      status: 'PARTIAL',
      left: [
        { asset: `solana:${mint}`, tokenMint: mint, balance: `${10n ** 9n}`, reason: 'FROZEN' },
        { asset: 'solana:native', balance: `${FEE}`, reason: 'KEPT_FOR_GAS' },
      ],
    });
    expect(held(payer.address)).toEqual([FEE, 10n ** 9n]);
    expect(world.ledger.tokenBalanceOf(other, HOME)).toBe(10n ** 9n);
    expect(await sweep()).toMatchObject({ status: 'FAILED', transactions: [] });
    world.ledger.freeze(mint, payer.address, false);
    expect(await sweep()).toMatchObject({ status: 'COMPLETED', left: [] });
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(await sweep()).toMatchObject({ status: 'COMPLETED', transactions: [] });
  });

  test('takes the gas as well where the owner, and only the owner, gives up the rest', async () => {
    await start();
    world.ledger.freeze(mint, payer.address, true);
    expect(await refusal(recall({ keepGas: false }, OPERATOR))).toBe('OWNER_AUTH_REQUIRED 403');
    expect(await sweep({ keepGas: false })).toMatchObject({ status: 'PARTIAL', left: [{ reason: 'FROZEN' }] });
    expect(held(payer.address)).toEqual([0n, 10n ** 9n]);
  });

  test.each([
    [FEE - 1n, 'FAILED'],
    [FEE, 'COMPLETED'],
  ])('with %d lamports for one token ends %s and says what is missing', async (lamports, status) => {
    await start();
    world.ledger.fund(payer.address, lamports - world.ledger.balanceOf(payer.address));
    const done = await sweep();
    expect(done.status).toBe(status);
    if (status === 'FAILED') {
      expect(done.left).toMatchObject([
        { asset: `solana:${mint}`, reason: 'NEEDS_GAS', detail: '0.000000001 SOL more' },
        { asset: 'solana:native', reason: 'KEPT_FOR_GAS' },
      ]);
    }
  });

  test('leaves tokens that strangers sent, unless they are asked for', async () => {
    await start();
    const spam = world.createToken({ symbol: 'SPAM' }, payer);
    expect(await sweep()).toMatchObject({ status: 'COMPLETED', left: [{ tokenMint: spam, reason: 'UNLISTED' }] });
    world.ledger.fund(payer.address, 3n * FEE);
    expect(await sweep({ includeUnlisted: true })).toMatchObject({ status: 'COMPLETED', left: [] });
    expect(world.ledger.tokenBalanceOf(spam, HOME)).toBe(10n ** 9n);
  });

  test.each(['2Biz..9TEL', 'a b\n', 'SOL'])('takes a token called %j along, by another name', async (symbol) => {
    await start();
    const odd = world.createToken({ symbol }, payer);
    expect(await sweep({ includeUnlisted: true })).toMatchObject({ status: 'COMPLETED', left: [] });
    expect(world.ledger.tokenBalanceOf(odd, HOME)).toBe(10n ** 9n);
  });

  test('takes along what arrives while it runs', async () => {
    let deposits = 3;
    await start({
      network: {
        landsAfter: 2,
        onCall: (call) => {
          if (call !== 'submitTransaction' || deposits-- <= 0) return;
          world.ledger.mint(mint, payer.address, 7n);
          world.ledger.fund(payer.address, 11n + FEE);
        },
      },
    });
    expect(await sweep()).toMatchObject({ status: 'COMPLETED' });
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(world.ledger.tokenBalanceOf(mint, HOME)).toBe(10n ** 9n + 21n);
  });

  test('counts towards no cap, no rate and no session', async () => {
    await start({ rules: {} });
    await world.setRules({ daily_max: '1000', token_limits: { [mint]: { ...UNLIMITED, daily_max: '1000' } } });
    await world.addPolicy({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 2 } });
    await sweep();
    expect(await world.storage.read.selectFrom('spend_ledger').selectAll().execute()).toEqual([]);
    const usage = (await findSession(world.storage.read, payer.sessionId))?.usage_stats;
    expect(JSON.parse(usage ?? '')).toMatchObject({ totalTx: 0, totalAmount: '0' });
    await world.resumeAgent(payer.agentId);
    world.ledger.fund(payer.address, 10n ** 9n);
    world.ledger.mint(mint, payer.address, 1000n);
    const paid = [
      world.pipeline.send(payer, bodyOf({ amount: 1000n }), { waitMs: 0 }),
      world.pipeline.send(payer, bodyOf({ amount: 1000n, tokenMint: mint }), { waitMs: 0 }),
    ];
    expect((await Promise.all(paid)).map(({ tier }) => tier)).toEqual(['INSTANT', 'INSTANT']);
    expect(await refusal(world.send(payer, 1n))).toBe('POLICY_DENIED 403');
  });

  test('is not among the payments an agent sees', async () => {
    await start();
    const { transactions } = await sweep();
    const list = await world.pipeline.list(payer.agentId, { order: 'desc', limit: 10 });
    expect(list.transactions).toEqual([]);
    const id = brandTransactionId(transactions[0]?.transactionId ?? '');
    expect(await refusal(world.pipeline.get(payer, id))).toBe('TX_NOT_FOUND 404');
  });

  test('waits for payments under way, and cancels what is queued', async () => {
    await start({ network: { landsAfter: 10 }, rules: {} });
    await world.setRules({ instant_max: '10', notify_max: '10', delay_max: '10', token_limits: {} });
    const queued = await world.pipeline.send(payer, bodyOf({ amount: 100n }), { waitMs: 0 });
    world.pipeline.send(payer, bodyOf({ amount: 5n }), { waitMs: 0 }).catch(() => undefined);
    await world.time.runUntil(() => world.ledger.accepted.size === 1);
    const done = await sweep({ includeUnlisted: true });
    expect(done).toMatchObject({ status: 'COMPLETED' });
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(5n);
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(await findTransaction(world.storage.read, queued.transactionId)).toMatchObject({
      ...{ status: 'CANCELLED', error: 'AGENT_RECALLED', reserved_amount: null },
    });
    const late = world.pipeline.approve(brandTransactionId(queued.transactionId), by(ALICE));
    expect(await refusal(late)).toBe('TX_ALREADY_PROCESSED 409');
  });

  test('does not race a payment: nobody resumes the agent before its end', async () => {
    await start({ network: { landsAfter: 5 } });
    const begun = await recall();
    expect(await refusal(world.resumeAgent(payer.agentId))).toBe('RECALL_IN_PROGRESS 409');
    await ended(begun);
    await world.resumeAgent(payer.agentId);
    expect((await agent()).status).toBe('ACTIVE');
  });

  test('moves nothing of an agent that somebody has let go on behind its back', async () => {
    await start({ network: { landsAfter: 5 } });
    const begun = await recall();
    await world.time.runUntil(() => world.ledger.accepted.size === 1);
    await world.storage.write(({ db }) =>
      sql`UPDATE agents SET status = 'ACTIVE', suspended_at = NULL, suspension_reason = NULL`.execute(db),
    );
    expect(await ended(begun)).toMatchObject({ status: 'PARTIAL', error: 'AGENT_NOT_SUSPENDED' });
    expect(sent()).toHaveLength(1);
  });

  test('of one agent runs alone: of twenty at once one is taken', async () => {
    await start();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(recall())));
    expect(outcomes.filter((outcome) => outcome === 'not refused')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'RECALL_IN_PROGRESS 409')).toHaveLength(19);
    const [begun] = await world.pipeline.recalls.list(payer.agentId);
    if (begun === undefined) throw new Error('There is a recall');
    await ended(begun);
    expect(sent()).toHaveLength(2);
  });

  test('outlasts an outage of the chain, and ends by itself when it lasts too long', async () => {
    let down = false;
    await start({ network: { faults: () => (down ? 'lost-request' : undefined) } });
    down = true;
    const first = await recall();
    await world.time.advance(600_000);
    expect((await see(first.recallId)).status).toBe('EXECUTING');
    down = false;
    expect(await ended(first)).toMatchObject({ status: 'COMPLETED' });
    world.ledger.fund(payer.address, 10n ** 9n);
    down = true;
    const second = await recall();
    await world.time.advance(1_900_000);
    expect(await see(second.recallId)).toMatchObject({ status: 'FAILED', error: 'CHAIN_ERROR' });
  });
});

describe('where funds may go', () => {
  const ELSEWHERE = 'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V';

  test('to the owner’s own address, which the operator may name as well', async () => {
    await start();
    expect(await sweep({}, OPERATOR)).toMatchObject({ status: 'COMPLETED', requestedBy: 'operator' });
  });

  test('nowhere else, whoever asks', async () => {
    await start();
    const other = await world.createPayer();
    for (const destination of [ELSEWHERE, payer.address, other.address, BOB.address.toLowerCase()]) {
      for (const origin of [OPERATOR, by(ALICE)]) {
        expect(await refusal(recall({ destination }, origin))).toMatch(/^(DESTINATION_REFUSED|INVALID_ADDRESS) 400$/);
      }
    }
    expect(await refusal(recall({}, by(BOB)))).toBe('OWNER_MISMATCH 403');
    expect(await world.pipeline.recalls.list(payer.agentId)).toEqual([]);
    expect((await agent()).status).toBe('ACTIVE');
  });

  test('nowhere while no owner is connected', async () => {
    await start();
    await world.owner.disconnect(by(ALICE));
    expect(await refusal(recall({}, OPERATOR))).toBe('DESTINATION_REFUSED 400');
    expect(await refusal(recall({}, by(ALICE)))).toBe('OWNER_NOT_CONNECTED 404');
  });

  test('to an address the owner registered a day before, by the owner’s signature', async () => {
    await start();
    const register = (address: string, origin = by(ALICE)) =>
      world.pipeline.recalls.setRecoveryAddress(payer.agentId, address, origin);
    expect(await refusal(register(ELSEWHERE, OPERATOR))).toBe('OWNER_AUTH_REQUIRED 403');
    expect(await refusal(register(payer.address))).toBe('DESTINATION_REFUSED 400');
    expect(await refusal(register('nonsense'))).toBe('INVALID_ADDRESS 400');
    expect(await register(ELSEWHERE)).toMatchObject({ address: null, next: { address: ELSEWHERE } });
    await world.time.advance(86_399_000);
    expect(await refusal(recall({ destination: ELSEWHERE }))).toBe('DESTINATION_REFUSED 400');
    await world.time.advance(1000);
    expect(await world.pipeline.recalls.recoveryAddress(payer.agentId)).toMatchObject({
      address: ELSEWHERE,
      next: null,
    });
    expect(await refusal(recall({ destination: ELSEWHERE }, OPERATOR))).toBe('OWNER_AUTH_REQUIRED 403');
    // A newer one does not count before its time, and the one before counts until then.
    await register(RECIPIENT);
    expect(await refusal(recall({ destination: RECIPIENT }))).toBe('DESTINATION_REFUSED 400');
    expect(await sweep({ destination: ELSEWHERE })).toMatchObject({ status: 'COMPLETED', destination: ELSEWHERE });
  });

  test('not to an address of which the chain knows that it cannot be paid: none such is registered', async () => {
    let says: ChainErrorCode | null = 'INVALID_ADDRESS';
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        async quoteSweep(sweep) {
          if (says === null) return adapter.quoteSweep(sweep);
          throw new ChainError({
            code: says,
            chain: 'solana',
            message: 'The recipient is a mint',
            mayHaveLanded: false,
          });
        },
      }),
    });
    const register = () => world.pipeline.recalls.setRecoveryAddress(payer.agentId, ELSEWHERE, by(ALICE));
    expect(await refusal(register())).toBe('DESTINATION_REFUSED 400');
    // Nobody can tell now: asked again later, it may be refused.
    says = 'NETWORK_ERROR';
    expect(await refusal(register())).toBe('CHAIN_ERROR 502');
    expect(await world.pipeline.recalls.recoveryAddress(payer.agentId)).toMatchObject({ address: null, next: null });
    // That there is nothing to be moved, or that it would be dear, is no matter of the address.
    says = 'BUILD_FAILED';
    expect(await register()).toMatchObject({ next: { address: ELSEWHERE } });
    says = null;
    world.ledger.fund(payer.address, -world.ledger.balanceOf(payer.address));
    expect(await register()).toMatchObject({ next: { address: ELSEWHERE } });
  });

  test('not to an address that another owner has registered', async () => {
    await start();
    await world.pipeline.recalls.setRecoveryAddress(payer.agentId, ELSEWHERE, by(ALICE));
    await world.time.advance(86_400_000);
    await world.owner.change(BOB, by(ALICE));
    expect(await refusal(recall({ destination: ELSEWHERE }, by(BOB)))).toBe('DESTINATION_REFUSED 400');
    expect(await world.pipeline.recalls.recoveryAddress(payer.agentId)).toMatchObject({ address: null, next: null });
    // An Ethereum wallet has no address on Solana: without a registered one there is nowhere to go.
    expect(await refusal(recall({ destination: HOME }, by(BOB)))).toBe('DESTINATION_REFUSED 400');
  });

  test('not on any longer once the owner is another one: what is under way lands, nothing more is sent', async () => {
    await start({ network: { landsAfter: 5 } });
    const begun = await recall();
    await world.time.runUntil(() => world.ledger.accepted.size === 1);
    await world.owner.change(BOB, by(ALICE));
    expect(await ended(begun)).toMatchObject({ status: 'PARTIAL', error: 'DESTINATION_REFUSED' });
    expect(sent()).toHaveLength(1);
    expect(held(payer.address)[0]).toBeGreaterThan(0n);
  });
});

describe('a recall that somebody has tampered with', () => {
  test('is not carried out: neither to another address nor under another rule', async () => {
    for (const change of [{ destination: RECIPIENT }, { include_unlisted: 1 }, { kind: 'TERMINATION' as const }]) {
      let forge = true;
      await start({
        network: {
          onCall: async (call) => {
            if (call !== 'listHoldings' || !forge) return;
            forge = false;
            await world.storage.write(async ({ db }) => {
              await sql`DROP TRIGGER recalls_fixed`.execute(db);
              await db.updateTable('recalls').set(change).execute();
            });
          },
        },
      });
      await recall();
      await world.time.runUntil(async () => (await audit()).includes('SEAL_BROKEN'));
      await world.time.advance(60_000);
      expect(sent()).toEqual([]);
      await world.stop();
      await world.remove();
    }
    await start();
  });

  test('does not begin again when its end was taken back', async () => {
    await start();
    const { recallId: id } = await sweep();
    world.ledger.fund(payer.address, 10n ** 9n);
    const before = world.ledger.accepted.size;
    await world.storage.write(async ({ db }) => {
      for (const trigger of ['recalls_stay_ended', 'recalls_move_on'])
        await sql`DROP TRIGGER ${sql.ref(trigger)}`.execute(db);
      await sql`UPDATE recalls SET status = 'EXECUTING', ended_at = NULL WHERE id = ${id}`.execute(db);
    });
    await world.pipeline.recover();
    await world.time.advance(60_000);
    expect(world.ledger.accepted.size).toBe(before);
    expect(await audit()).toContain('SEAL_BROKEN');
  });

  test('a waiting payment made into a recall, or pointed at the thief, is not signed', async () => {
    await start();
    await world.setRules({ instant_max: '0', notify_max: '0', delay_max: '5000', delay_seconds: 60 });
    const { transactionId } = await world.pipeline.send(payer, bodyOf({ amount: 100n }), { waitMs: 0 });
    const other = await recall({}, by(ALICE), (await world.createPayer()).agentId);
    await ended(other);
    const before = world.ledger.accepted.size;
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER transactions_recall_fixed`.execute(db);
      await sql`UPDATE transactions SET recall_id = ${other.recallId} WHERE id = ${transactionId}`.execute(db);
    });
    await world.time.advance(61_000);
    await world.pipeline.runDelayed();
    await world.time.advance(60_000);
    expect(world.ledger.accepted.size).toBe(before);
    expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({ status: 'QUEUED' });
    expect(await audit()).toContain('SEAL_BROKEN');
  });

  test.each([
    ['the intent of one that has ended', sql`UPDATE transactions SET intent = '{}' WHERE status = 'CONFIRMED'`],
    ['the amount of one that has ended', sql`UPDATE transactions SET amount = '1' WHERE status = 'CONFIRMED'`],
    [
      'the end of one, put back',
      sql`UPDATE transactions SET state_seal = 'another', state_version = state_version + 1 WHERE status = 'CONFIRMED'`,
    ],
  ])('ends at once and says so, and another one goes on: %s', async (_name, change) => {
    await start({ network: { landsAfter: 3 } });
    const begun = await recall();
    await world.time.runUntil(async () => {
      world.ledger.advance(1);
      return (await see(begun.recallId)).transactions[0]?.status === 'CONFIRMED';
    });
    await world.storage.write(async ({ db }) => {
      for (const trigger of FIXED) await sql`DROP TRIGGER ${sql.ref(trigger)}`.execute(db);
      await change.execute(db);
    });
    const since = world.time.passed();
    const done = await ended(begun);
    expect(done).toMatchObject({ error: 'INTENT_NOT_AUTHENTIC' });
    // What was under way by then came to its end; half an hour is how long a chain is waited for.
    expect(world.time.passed() - since).toBeLessThan(900_000);
    expect(await broken()).toEqual([done.transactions[0]?.transactionId]);
    const sentBefore = sent().length;
    expect(await sweep()).toMatchObject({ status: 'COMPLETED' });
    expect(sent().length - sentBefore).toBeLessThanOrEqual(1);
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('that is under way, in its own row, keeps no later one waiting for ever', async () => {
    let forge = true;
    await start({
      network: {
        landsAfter: 3,
        onCall: async (call) => {
          if (call !== 'simulateTransaction' || !forge) return;
          forge = false;
          await world.storage.write(async ({ db }) => {
            for (const trigger of FIXED) await sql`DROP TRIGGER ${sql.ref(trigger)}`.execute(db);
            await sql`UPDATE transactions SET state_seal = 'another', state_version = state_version + 1`.execute(db);
          });
        },
      },
    });
    expect(await sweep()).toMatchObject({ status: 'FAILED', error: 'INTENT_NOT_AUTHENTIC' });
    expect(await audit()).toContain('SEAL_BROKEN');
    expect(sent()).toEqual([]);
    expect(await sweep()).toMatchObject({ status: 'COMPLETED', left: [] });
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('a transaction of a recall pointed at the thief is not signed', async () => {
    await start({
      network: {
        onCall: async (call) => {
          // Between the claim and the signature.
          if (call !== 'buildTransaction') return;
          await world.storage.write(async ({ db }) => {
            await sql`DROP TRIGGER IF EXISTS transactions_intent_fixed`.execute(db);
            await sql`UPDATE transactions SET to_address = ${RECIPIENT}`.execute(db);
          });
        },
      },
    });
    await recall();
    await world.time.advance(60_000);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(0n);
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(0n);
  });
});

describe('the kill switch', () => {
  test('that is engaged refuses', async () => {
    await start();
    await world.storage.write(async ({ db }) => {
      await sql`UPDATE system_state SET value = '"ACTIVATED"' WHERE key = 'kill_switch_status'`.execute(db);
    });
    expect(await refusal(recall())).toBe('SYSTEM_LOCKED 401');
    expect((await agent()).status).toBe('ACTIVE');
  });
});
