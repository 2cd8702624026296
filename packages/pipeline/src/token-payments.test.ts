import { paymentPurpose } from '@waiaas/auth';
import {
  baseUnits,
  transactionId as brandTransactionId,
  encodeIntent,
  type Intent,
  isWaiaasError,
  nativeAssetId,
  type TransactionId,
} from '@waiaas/core';
import {
  appendAudit,
  checkSpendLedger,
  findSession,
  findTransaction,
  insertPending,
  insertPendingApproval,
  intentContent,
  transition,
} from '@waiaas/storage';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ALICE,
  bodyOf,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  RECIPIENT,
  type TokenAdapter,
  type World,
  type WorldOptions,
} from '../test/world.ts';
import { intentHash, requestHash } from './intent-hash.ts';

/* Payments of tokens, from the request to the ledger (04 §9, §27 row 13). */

let world: World;
let payer: Payer;
let mint: string;

/** Limits under which a token is paid at once, in time, and with a signature. */
const LIMITS = { instant_max: '1000', notify_max: '1000', delay_max: '5000' };

async function start({ limits, ...options }: WorldOptions & { limits?: object } = {}): Promise<void> {
  world = await createWorld(options);
  payer = await world.createPayer();
  mint = world.createToken({}, payer);
  const token_limits = { [mint]: { ...LIMITS, ...limits } };
  await world.setRules({ token_limits, delay_seconds: 600, approval_timeout: 3600, ...options.rules });
}
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Answers what a payment came to, letting time and blocks pass. */
async function finish<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  settled.catch(() => undefined);
  await world.time.runUntil(() => {
    world.ledger.advance(1);
    return done;
  });
  return settled;
}
const refusal = async (work: Promise<unknown>) => {
  try {
    await finish(work);
  } catch (error) {
    if (isWaiaasError(error))
      return { ...error.details, code: error.code, status: error.status, message: error.message };
    throw error;
  }
  throw new Error('was not refused');
};
const pay = (amount: bigint, more: Parameters<World['send']>[2] = {}) =>
  finish(world.send(payer, amount, { tokenMint: mint, ...more }));
const row = async (id: string) => {
  const found = await findTransaction(world.storage.read, id);
  if (found === undefined) throw new Error('The row is gone');
  return found;
};
const untilConfirmed = (id: string) =>
  world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await row(id)).status === 'CONFIRMED';
  });
const rows = () => world.storage.read.selectFrom('transactions').selectAll().execute();
const sent = () => [...world.ledger.accepted.values()];

describe('a token payment', () => {
  test('moves that token to that wallet and nothing else', async () => {
    await start();
    const before = world.ledger.balanceOf(payer.address);
    const paid = await pay(250n);
    expect(paid).toMatchObject({
      ...{ status: 'CONFIRMED', tier: 'INSTANT', type: 'TOKEN_TRANSFER' },
      ...{ tokenMint: mint, amount: '250', toAddress: RECIPIENT, fee: '5000' },
    });
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(250n);
    expect(world.ledger.tokenBalanceOf(mint, payer.address)).toBe(10n ** 9n - 250n);
    expect(world.ledger.balanceOf(RECIPIENT)).toBe(0n);
    expect(world.ledger.balanceOf(payer.address)).toBe(before - 5000n);
    expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  });

  test('is described in the sealed intent and in the audit log', async () => {
    await start();
    const { transactionId } = await pay(250n, { memo: 'books' });
    expect(await world.pipeline.admitted(brandTransactionId(transactionId))).toMatchObject({
      ...{ version: 2, type: 'TOKEN_TRANSFER', asset: `solana:${mint}`, to: RECIPIENT, memo: 'books' },
      token: { address: mint, decimals: 6, symbol: 'USDC' },
    });
    const [requested] = await world.storage.read
      .selectFrom('audit_log')
      .select('details')
      .where('event_type', '=', 'TX_REQUESTED')
      .execute();
    expect(JSON.parse(requested?.details ?? '')).toMatchObject({
      token: { address: mint, symbol: 'USDC' },
      amount: '250',
    });
    expect(sent()).toMatchObject([{ memo: 'books', token: mint }]);
  });

  test('is no part of what a session has used of the native asset', async () => {
    await start();
    await pay(250n);
    const usage = JSON.parse((await findSession(world.storage.read, payer.sessionId))?.usage_stats ?? '');
    expect(usage).toMatchObject({ totalTx: 1, totalAmount: '0' });
  });

  test('is listed, and found, with its token', async () => {
    await start();
    const { transactionId } = await pay(1n);
    const query = { order: 'desc', limit: 10 } as const;
    const { transactions } = await world.pipeline.list(payer.agentId, query);
    expect(transactions).toMatchObject([{ transactionId, type: 'TOKEN_TRANSFER', tokenMint: mint }]);
    expect(await world.pipeline.get(payer, brandTransactionId(transactionId))).toMatchObject({
      tokenMint: mint,
    });
    await finish(world.send(payer, 1n));
    const [native] = (await world.pipeline.list(payer.agentId, query)).transactions;
    expect(native).not.toHaveProperty('tokenMint');
  });

  test.each([
    [0, 1n],
    [18, 10n ** 18n],
  ])('of a token with %d decimals is one whole unit, neither more nor less', async (decimals, unit) => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    mint = world.createToken({ decimals, symbol: 'WIDE' }, payer);
    world.ledger.mint(mint, payer.address, unit);
    const { transactionId } = await pay(unit);
    const [waiting] = (await world.pipeline.waiting({ order: 'desc', limit: 1 })).transactions;
    expect(waiting?.inWords).toBe(`pay 1 WIDE (token ${mint}) to ${RECIPIENT} on solana localnet`);
    expect(waiting?.token).toEqual({ address: mint, decimals, symbol: 'WIDE' });
    await world.pipeline.approve(brandTransactionId(transactionId), by(ALICE));
    await untilConfirmed(transactionId);
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(unit);
  });
});

describe('limits of a token', () => {
  test('1,000 USDC, ten to the ninth base units, are not judged as one SOL', async () => {
    await start();
    expect(await pay(10n ** 9n)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
    const other = world.createToken({ symbol: 'BONK' }, payer);
    expect(await pay(1n, { tokenMint: other })).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
    expect(await finish(world.send(payer, 10n ** 9n))).toMatchObject({ status: 'CONFIRMED', tier: 'INSTANT' });
  });

  test('each asset has caps of its own', async () => {
    await start({ limits: { daily_max: '1500' }, rules: {} });
    const limits = { ...LIMITS, daily_max: '1500' };
    const other = world.createToken({}, payer);
    await world.setRules({ daily_max: '700', token_limits: { [mint]: limits, [other]: limits } });
    await pay(1000n);
    expect(await refusal(world.send(payer, 501n, { tokenMint: mint }))).toMatchObject({
      ...{ code: 'SPENDING_LIMIT_EXCEEDED', asset: `solana:${mint}`, remaining: '500', spent: '1000' },
    });
    await pay(1000n, { tokenMint: other });
    await finish(world.send(payer, 700n));
    expect(await refusal(world.send(payer, 1n))).toMatchObject({ asset: 'solana:native', remaining: '0' });
    await pay(500n);
  });

  test('of 64 payments at once exactly as many are paid as fit', async () => {
    const landsAfter = 3;
    await start({ network: { landsAfter }, settings: { maxPendingTransactions: 100 } });
    await world.setRules({ token_limits: { [mint]: { ...LIMITS, daily_max: '1000' } } });
    const sessions = [payer.sessionId];
    for (let index = 0; index < 3; index++) sessions.push(await world.createSession(payer.agentId));
    const outcomes = await finish(
      Promise.allSettled(
        Array.from({ length: 64 }, (_, index) =>
          world.send({ ...payer, sessionId: sessions[index % 4] ?? payer.sessionId }, 30n, { tokenMint: mint }),
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(33);
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(990n);
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['SPENDING_LIMIT_EXCEEDED']));
    const reserved = (await rows()).filter(({ reserved_amount }) => reserved_amount !== null);
    expect(reserved).toEqual([]);
  });

  test('are exact beyond 2^64: sums of the largest amounts a chain has', async () => {
    const most = 2n ** 64n - 1n;
    await start();
    const cap = 2n * most + 5n;
    const top = `${most}`;
    await world.setRules({
      token_limits: { [mint]: { instant_max: top, notify_max: top, delay_max: top, daily_max: `${cap}` } },
    });
    world.ledger.mint(mint, payer.address, 4n * most);
    await pay(most);
    await pay(most);
    expect(await refusal(world.send(payer, 6n, { tokenMint: mint }))).toMatchObject({
      remaining: '5',
      spent: `${2n * most}`,
    });
    await pay(5n);
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(cap);
    expect(await refusal(world.send(payer, most + 1n, { tokenMint: mint }))).toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  });

  test('a share of the balance is one of the balance of the token', async () => {
    await start();
    await world.setRules({
      max_balance_share: 1,
      token_limits: { [mint]: { ...LIMITS, notify_max: '5000', instant_max: '5000' } },
    });
    world.ledger.mint(mint, payer.address, -(10n ** 9n) + 100_000n);
    expect(await pay(100n)).toMatchObject({ status: 'CONFIRMED' });
    expect(await pay(101n)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
  });

  test('a whitelist names wallets, for tokens as well', async () => {
    await start();
    await world.addPolicy({ type: 'WHITELIST', rules: { allowed_addresses: [ALICE.address] } });
    expect(await refusal(world.send(payer, 1n, { tokenMint: mint }))).toMatchObject({ code: 'WHITELIST_DENIED' });
    expect(await pay(1n, { to: ALICE.address })).toMatchObject({ status: 'CONFIRMED' });
  });

  test('a budget and a dry run are those of the token', async () => {
    await start();
    await world.setRules({ token_limits: { [mint]: { ...LIMITS, daily_max: '1500' } } });
    await pay(600n);
    expect(await world.pipeline.budget(payer, { tokenMint: mint })).toMatchObject({
      policy: {
        ...{ asset: `solana:${mint}`, symbol: 'USDC', decimals: 6 },
        dailyCap: { limit: '1500', used: '600', reserved: '0', remaining: '900' },
      },
      maxPayment: '900',
    });
    expect(await world.pipeline.budget(payer)).toMatchObject({ policy: { asset: 'solana:native' }, maxPayment: null });
    const before = await rows();
    const dry = (amount: bigint) => world.pipeline.dryRun(payer, bodyOf({ amount, tokenMint: mint }));
    expect(await dry(900n)).toMatchObject({ outcome: 'ALLOW', tier: 'INSTANT' });
    expect(await dry(901n)).toMatchObject({ outcome: 'DENY', code: 'SPENDING_LIMIT_EXCEEDED' });
    expect(await rows()).toEqual(before);
    expect(await pay(900n)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('a decision about a token is made again from its record', async () => {
    await start();
    const { transactionId } = await pay(600n);
    await refusal(world.send(payer, 1n, { tokenMint: mint, to: 'not an address' }));
    expect(await world.pipeline.decisions.get(brandTransactionId(transactionId))).toMatchObject({ replay: 'same' });
    expect(await world.pipeline.decisions.replay()).toMatchObject({ total: 1, same: 1, faultCount: 0 });
  });
});

describe('a session', () => {
  const withConstraints = async (constraints: Payer['constraints']) => {
    await start();
    payer = { ...payer, constraints, sessionId: await world.createSession(payer.agentId, constraints) };
  };

  test.each([{ maxAmountPerTx: '1000000000' }, { maxTotalAmount: '1000000000' }])(
    'limited to %j of the native asset pays no tokens, and is told so',
    async (constraints) => {
      await withConstraints(constraints);
      expect(await refusal(world.send(payer, 1n, { tokenMint: mint }))).toMatchObject({
        code: 'CONSTRAINT_VIOLATED',
        error: 'SESSION_ASSET_DENIED',
      });
      expect(await world.pipeline.budget(payer, { tokenMint: mint })).toMatchObject({ maxPayment: '0' });
      expect(await finish(world.send(payer, 5n))).toMatchObject({ status: 'CONFIRMED' });
    },
  );

  test('pays tokens only where that is among its operations', async () => {
    await withConstraints({ allowedOperations: ['TRANSFER'] });
    expect(await refusal(world.send(payer, 1n, { tokenMint: mint }))).toMatchObject({
      error: 'SESSION_OPERATION_DENIED',
    });
    expect(await world.pipeline.budget(payer, { tokenMint: mint })).toMatchObject({ maxPayment: '0' });
    const constraints: Payer['constraints'] = { allowedOperations: ['TOKEN_TRANSFER'] };
    payer = { ...payer, constraints, sessionId: await world.createSession(payer.agentId, constraints) };
    expect(await pay(1n)).toMatchObject({ status: 'CONFIRMED' });
    expect(await refusal(world.send(payer, 1n))).toMatchObject({ error: 'SESSION_OPERATION_DENIED' });
  });

  test('counts tokens as transactions and holds them to its destinations', async () => {
    await withConstraints({ maxTransactions: 1, allowedDestinations: [RECIPIENT] });
    expect(await refusal(world.send(payer, 1n, { tokenMint: mint, to: ALICE.address }))).toMatchObject({
      error: 'SESSION_DESTINATION_DENIED',
    });
    await pay(1n);
    expect(await refusal(world.send(payer, 1n, { tokenMint: mint }))).toMatchObject({
      error: 'SESSION_LIMIT_TX_COUNT',
    });
  });
});

describe('what cannot be paid with', () => {
  const refused = async (request: Parameters<World['send']>[2], change?: () => void) => {
    await start();
    change?.();
    const told = await refusal(world.send(payer, 5n, { tokenMint: mint, ...request }));
    expect(await rows()).toEqual([]);
    return told;
  };

  test.each(['native', 'USDC', '0xdAC17F958D2ee523a2206206994597C13D831ec7', '__proto__'])(
    '%s is refused at the door',
    async (tokenMint) =>
      expect(await refused({ tokenMint })).toMatchObject({ code: 'INVALID_TOKEN_MINT', status: 400 }),
  );

  test('an address without a token is refused at the door', async () => {
    expect(await refused({ tokenMint: RECIPIENT })).toMatchObject({ code: 'INVALID_TOKEN_MINT', tokenMint: RECIPIENT });
  });

  test.each([-1, 19, 255, 1.5])('a token of %d decimals is refused at the door', async (decimals) => {
    const told = await refused({}, () => world.ledger.setToken({ address: mint, decimals, symbol: 'USDC' }));
    expect(told).toMatchObject({ code: 'UNSUPPORTED_TOKEN', status: 400 });
  });

  test('a chain that cannot be asked leaves no row and the key free', async () => {
    const decorateAdapter = (adapter: TokenAdapter) => ({
      ...adapter,
      getToken: async (address: string) => {
        if (silent) throw new Error('never leaves an adapter');
        return adapter.getToken(address);
      },
    });
    let silent = false;
    let faulty = true;
    await start({
      decorateAdapter,
      network: { faults: (call) => (faulty && call === 'getToken' ? 'lost-request' : undefined) },
    });
    const first = await refusal(world.send(payer, 5n, { tokenMint: mint, idempotencyKey: 'one' }));
    expect(first).toMatchObject({ code: 'CHAIN_ERROR', status: 502 });
    expect(await rows()).toEqual([]);
    faulty = false;
    const paid = await pay(5n, { idempotencyKey: 'one' });
    // What is known already is answered whatever the state of the chain.
    faulty = true;
    expect(await pay(5n, { idempotencyKey: 'one' })).toMatchObject({ transactionId: paid.transactionId });
    expect(world.ledger.tokenBalanceOf(mint, RECIPIENT)).toBe(5n);
    silent = true;
    faulty = false;
    await expect(finish(world.send(payer, 5n, { tokenMint: mint }))).rejects.toThrow('never leaves');
  });

  test('an adapter that answers for another token is not believed', async () => {
    await start({
      decorateAdapter: (adapter) => ({ ...adapter, getToken: async () => adapter.getToken(ALICE.address) }),
    });
    world.ledger.setToken({ address: ALICE.address, decimals: 6, symbol: 'USDC' });
    expect(await refusal(world.send(payer, 5n, { tokenMint: mint }))).toMatchObject({ code: 'UNSUPPORTED_TOKEN' });
    expect(await rows()).toEqual([]);
  });

  test('an adapter that carries no tokens pays none', async () => {
    await start({
      decorateAdapter: ({ getToken: _1, getTokenBalance: _2, listAssets: _3, ...native }) => native,
    });
    expect(await refusal(world.send(payer, 5n, { tokenMint: mint }))).toMatchObject({ code: 'UNSUPPORTED_TOKEN' });
    expect(await finish(world.send(payer, 5n))).toMatchObject({ status: 'CONFIRMED' });
    expect((await world.pipeline.assets(payer.agentId)).assets).toMatchObject([{ asset: 'solana:native' }]);
  });

  test('the same key for another token, or for the same figure in SOL, is another request', async () => {
    await start();
    const other = world.createToken({}, payer);
    await pay(5n, { idempotencyKey: 'one' });
    for (const tokenMint of [other, undefined]) {
      const again = world.send(payer, 5n, { ...(tokenMint === undefined ? {} : { tokenMint }), idempotencyKey: 'one' });
      expect(await refusal(again)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    }
    expect(world.ledger.accepted.size).toBe(1);
  });

  test('too little of the token, and too little for the fee, are told apart', async () => {
    await start();
    world.ledger.mint(mint, payer.address, -(10n ** 9n) + 4n);
    expect(await refusal(world.send(payer, 5n, { tokenMint: mint }))).toMatchObject({
      ...{ code: 'INSUFFICIENT_TOKEN_BALANCE', status: 400 },
    });
    world.ledger.fund(payer.address, 4999n - world.ledger.balanceOf(payer.address));
    expect(await refusal(world.send(payer, 4n, { tokenMint: mint }))).toMatchObject({
      ...{ code: 'INSUFFICIENT_BALANCE', status: 400, asset: 'solana:native' },
      message: 'The wallet does not hold enough SOL for the network fee of a token payment.',
    });
    expect((await rows()).map(({ status, reserved_amount }) => [status, reserved_amount])).toEqual([
      ['FAILED', null],
      ['FAILED', null],
    ]);
    expect(world.ledger.accepted.size).toBe(0);
  });
});

describe('between admission and execution', () => {
  const admit = async (): Promise<TransactionId> => {
    await start();
    await world.owner.connect(ALICE, OPERATOR);
    return brandTransactionId((await pay(6000n)).transactionId);
  };
  const approve = async (id: TransactionId) => {
    await world.pipeline.approve(id, by(ALICE));
    await world.time.runUntil(async () => {
      world.ledger.advance(1);
      return ['FAILED', 'CONFIRMED'].includes((await row(id)).status);
    });
    return row(id);
  };

  test('a token whose decimals have changed is not paid: what was approved would be another amount', async () => {
    const id = await admit();
    world.ledger.setToken({ address: mint, decimals: 2, symbol: 'USDC' });
    expect(await approve(id)).toMatchObject({ status: 'FAILED', error: 'TOKEN_CHANGED', reserved_amount: null });
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('a token that only calls itself something else is paid as it was approved', async () => {
    const id = await admit();
    world.ledger.setToken({ address: mint, decimals: 6, symbol: 'SCAM' });
    const [waiting] = (await world.pipeline.waiting({ order: 'desc', limit: 1 })).transactions;
    expect(waiting?.inWords).toContain('pay 0.006 USDC (token');
    expect(await approve(id)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('a mint, a decimal or a symbol changed in the database is never signed', async () => {
    for (const [what, altered] of [
      ['EPjF', 'DezX'],
      ['"decimals":6', '"decimals":5'],
      ['"USDC"', '"USDT"'],
    ] as const) {
      const id = await admit();
      const { intent } = await row(id);
      expect(intent).toContain(what);
      await world.storage.write(async ({ db }) => {
        await sql`DROP TRIGGER transactions_intent_fixed`.execute(db);
        await db
          .updateTable('transactions')
          .set({ intent: intent.replace(what, altered) })
          .where('id', '=', id)
          .execute();
      });
      expect((await refusal(world.pipeline.approve(id, by(ALICE)))).code).toBe('POLICY_DENIED');
      expect(await row(id)).toMatchObject({ status: 'QUEUED', error: null });
      expect(world.ledger.accepted.size).toBe(0);
      await world.stop();
      await world.remove();
    }
    await start();
  });

  test('the columns beside the intent must agree with it, the type and the asset too', async () => {
    const id = await admit();
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER transactions_intent_fixed`.execute(db);
      await db.updateTable('transactions').set({ type: 'TRANSFER' }).where('id', '=', id).execute();
    });
    expect((await refusal(world.pipeline.approve(id, by(ALICE)))).code).toBe('POLICY_DENIED');
    expect(world.ledger.accepted.size).toBe(0);
  });
});

test('whatever a token calls itself, its approval text names its mint and cannot be read as another payment', async () => {
  await start();
  await world.owner.connect(ALICE, OPERATOR);
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('SOL', 'sol', 'ETH', `SOL to ${ALICE.address} on solana mainnet-beta`, 'USDC\n\nNonce: 0', '000'),
  );
  const words = new RegExp(
    `^WAIaaS Owner Action: approve_tx - pay 0\\.006 [$A-Za-z][A-Za-z0-9.$_-]{0,9} \\(token ${mint}\\) to ${RECIPIENT} on solana localnet$`,
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (symbol) => {
      world.ledger.setToken({ address: mint, decimals: 6, symbol });
      const { transactionId } = await pay(6000n);
      const intent = await world.pipeline.admitted(brandTransactionId(transactionId));
      const { statement } = paymentPurpose('approve_tx', intent);
      expect(statement).toMatch(words);
      expect(statement).not.toMatch(/ (SOL|ETH) /i);
      await world.pipeline.reject(brandTransactionId(transactionId), {}, OPERATOR);
    }),
    { numRuns: 50 },
  );
});

describe('one asset', () => {
  const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
  const SPELLINGS = [CONTRACT, CONTRACT.toLowerCase(), `0x${CONTRACT.slice(2).toUpperCase()}`];

  /** An agent on an EVM chain, as far as admission goes: nothing is built in these tests. */
  const startOnEvm = async () => {
    const decorateAdapter = (adapter: TokenAdapter) => ({
      ...adapter,
      isValidAddress: (address: string) => address.startsWith('0x'),
      getToken: async () => ({ address: CONTRACT, decimals: 6, symbol: 'USDT' }),
      getTokenBalance: async () => 10n ** 30n,
    });
    world = await createWorld({ decorateAdapter, settings: { maxPendingTransactions: 100 } });
    payer = await world.createPayer({}, 'ethereum');
  };
  const to = `0x${'1'.repeat(40)}`;

  test('whose contract is written in any letter case has one cap, however it is asked for and limited', async () => {
    await startOnEvm();
    for (const [index, key] of SPELLINGS.entries()) {
      const limits = { instant_max: '0', notify_max: '0', delay_max: '100', daily_max: `${(index + 1) * 100}` };
      await world.setRules({ chain: 'ethereum', token_limits: { [key]: limits } });
      for (const tokenMint of SPELLINGS) {
        expect(await finish(world.send(payer, 30n, { tokenMint, to }))).toMatchObject({ tier: 'DELAY' });
      }
      const told = await refusal(world.send(payer, 11n, { tokenMint: SPELLINGS[index] ?? CONTRACT, to }));
      expect(told).toMatchObject({ asset: `ethereum:${CONTRACT.toLowerCase()}`, remaining: '10' });
      await world.send(payer, 10n, { tokenMint: SPELLINGS[(index + 1) % 3] ?? CONTRACT, to });
    }
    expect(new Set((await rows()).map(({ asset }) => asset))).toEqual(new Set([`ethereum:${CONTRACT.toLowerCase()}`]));
  });

  test('is one request under one key, too', async () => {
    await startOnEvm();
    const answers = await finish(
      Promise.all(SPELLINGS.map((tokenMint) => world.send(payer, 30n, { tokenMint, to, idempotencyKey: 'one' }))),
    );
    expect(new Set(answers.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  test('amounts up to the largest an EVM chain has are summed to the base unit', async () => {
    await startOnEvm();
    const most = 2n ** 256n - 1n;
    const limits = { instant_max: '0', notify_max: '0', delay_max: `${most}`, daily_max: `${most}` };
    await world.setRules({ chain: 'ethereum', token_limits: { [CONTRACT]: limits } });
    await finish(world.send(payer, most - 1n, { tokenMint: CONTRACT, to }));
    expect(await refusal(world.send(payer, 2n, { tokenMint: CONTRACT, to }))).toMatchObject({ remaining: '1' });
    expect(await finish(world.send(payer, 1n, { tokenMint: CONTRACT, to }))).toMatchObject({ tier: 'DELAY' });
    expect(await refusal(world.send(payer, most + 1n, { tokenMint: CONTRACT, to }))).toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });

  test('a memo beside an ERC-20 payment is refused at the door, not dropped', async () => {
    await startOnEvm();
    expect(await refusal(world.send(payer, 2n, { tokenMint: CONTRACT, to, memo: 'hello' }))).toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    expect(await rows()).toEqual([]);
  });
});

describe('the message that is signed', () => {
  /** What was handed to the key, by transaction, without what makes two messages of one payment differ: its life span. */
  const signedMessages = () => {
    const messages: object[] = [];
    const decorateAdapter = (adapter: TokenAdapter): TokenAdapter => ({
      ...adapter,
      signTransaction: (transaction, sign) =>
        adapter.signTransaction(transaction, async (message) => {
          const {
            nonce: _nonce,
            lastValidBlockHeight: _bound,
            ...rest
          } = JSON.parse(new TextDecoder().decode(message));
          messages.push(rest);
          return sign(message);
        }),
    });
    return { messages, decorateAdapter };
  };

  test.each([
    ['TRANSFER', {}],
    ['TRANSFER', { memo: 'books' }],
    ['TOKEN_TRANSFER', { token: true }],
    ['TOKEN_TRANSFER', { token: true, memo: 'books' }],
  ])(
    'is the same for a %s with %j, paid at once, delayed and approved',
    async (_type, { token = false, memo }: { token?: boolean; memo?: string }) => {
      const { messages, decorateAdapter } = signedMessages();
      await start({ decorateAdapter });
      await world.owner.connect(ALICE, OPERATOR);
      const request = { ...(token ? { tokenMint: mint } : {}), ...(memo === undefined ? {} : { memo }) };
      const under = async (limits: { instant_max: string; notify_max: string; delay_max: string }) => {
        await world.setRules({ ...limits, delay_seconds: 600, token_limits: { [mint]: limits } });
        return finish(world.send(payer, 700n, request));
      };
      await under({ instant_max: '700', notify_max: '700', delay_max: '700' });
      const delayed = await under({ instant_max: '0', notify_max: '0', delay_max: '700' });
      world.ledger.advance(1000);
      await world.time.advance(600_000);
      await world.pipeline.runDelayed();
      await untilConfirmed(delayed.transactionId);
      const approved = await under({ instant_max: '0', notify_max: '0', delay_max: '0' });
      world.ledger.advance(1000);
      await world.pipeline.approve(brandTransactionId(approved.transactionId), by(ALICE));
      await untilConfirmed(approved.transactionId);
      expect(messages).toHaveLength(3);
      expect(messages[1]).toEqual(messages[0]);
      expect(messages[2]).toEqual(messages[0]);
      expect(messages[0]).toEqual({
        ...{ from: payer.address, to: RECIPIENT, amount: '700', memo: memo ?? null },
        token: token ? { mint, decimals: 6 } : null,
      });
    },
  );
});

test('what a wallet holds is told, native first', async () => {
  await start();
  const other = world.createToken({ decimals: 0, symbol: 'A to B' });
  world.ledger.mint(other, payer.address, 3n);
  expect(await world.pipeline.assets(payer.agentId)).toEqual({
    ...{ chain: 'solana', network: 'localnet' },
    assets: [
      { asset: 'solana:native', balance: `${10n ** 15n}`, decimals: 9, symbol: 'SOL', formatted: '1000000 SOL' },
      {
        asset: `solana:${mint}`,
        tokenMint: mint,
        balance: `${10n ** 9n}`,
        decimals: 6,
        symbol: 'USDC',
        formatted: '1000 USDC',
      },
      { asset: `solana:${other}`, tokenMint: other, balance: '3', decimals: 0, symbol: 'TOKEN', formatted: '3 TOKEN' },
    ],
  });
});

test('a payment that was admitted before there were tokens is still carried out as it was', async () => {
  await start();
  await world.owner.connect(ALICE, OPERATOR);
  const { keystore } = world.keystoreParts;
  const id = brandTransactionId('01936d3a-7f00-7abc-8def-0123456789ab');
  const intent: Intent = {
    ...{ version: 1, transactionId: id, agentId: payer.agentId, sessionId: payer.sessionId, token: null },
    ...{ chain: 'solana', network: 'localnet', type: 'TRANSFER', asset: nativeAssetId('solana') },
    ...{ from: payer.address, to: RECIPIENT, amount: baseUnits(5000n), memo: 'old', priority: 'medium', createdAt: 1 },
  };
  const encoded = encodeIntent(intent);
  await world.storage.write(async ({ db }) => {
    const now = Math.floor(world.time.now() / 1000);
    const pending = await insertPending(db, keystore.sealer, {
      ...{ id, agent_id: payer.agentId, session_id: payer.sessionId, chain: 'solana', type: 'TRANSFER' },
      ...{ asset: 'solana:native', amount: '5000', to_address: RECIPIENT, memo: 'old', fee_priority: 'medium' },
      ...{
        intent: encoded,
        intent_hash: intentHash(intent),
        idempotency_key: 'old',
        request_hash: requestHash(intent),
      },
      intent_seal: keystore.sealer.seal(intentContent({ id, intent: encoded })),
      created_at: 1,
    });
    const approval_expires_at = now + 3600;
    const fields = { tier: 'APPROVAL', reserved_amount: '5000', approval_expires_at } as const;
    await transition(db, keystore.sealer, pending, 'QUEUED', fields);
    await insertPendingApproval(db, {
      id: '01936d3a-7f00-7abc-8def-0123456789ac',
      txId: id,
      expiresAt: now + 3600,
      now,
    });
    await appendAudit(db, now, { event: 'TX_QUEUED', actor: 'system' });
  });
  expect((await world.pipeline.waiting({ order: 'desc', limit: 1 })).transactions).toMatchObject([
    { txId: id, inWords: `pay 0.000005 SOL to ${RECIPIENT} on solana localnet` },
  ]);
  // The key it was asked for with still answers for it.
  expect(await finish(world.send(payer, 5000n, { memo: 'old', idempotencyKey: 'old', waitMs: 0 }))).toMatchObject({
    transactionId: id,
  });
  await world.pipeline.approve(id, by(ALICE));
  await untilConfirmed(id);
  expect(sent()).toMatchObject([{ to: RECIPIENT, amount: 5000n, memo: 'old' }]);
});
