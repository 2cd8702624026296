import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AgentTerminate,
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  ChainError,
  isWaiaasError,
  type RecallRequest,
  recallId,
} from '@waiaas/core';
import { findAgent, findSession, findTransaction } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ALICE,
  bodyOf,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  type TokenAdapter,
  type World,
  type WorldOptions,
} from '../../test/world.ts';

/* The end of an agent (08 §2.1.4): nothing is stranded, nothing comes back, nothing is signed any more. */

const HOME = ALICE.address;
const UNLIMITED = { instant_max: '1000', notify_max: '1000', delay_max: '5000' };

let world: World;
let payer: Payer;
let mint: string;

async function start(options: WorldOptions & { owner?: boolean } = {}): Promise<void> {
  world = await createWorld(options);
  if (options.owner !== false) await world.owner.connect(ALICE, OPERATOR);
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
const terminate = (change: Partial<AgentTerminate> = {}, origin = OPERATOR) =>
  world.pipeline.terminations.request(payer.agentId, { waive: [], ...change }, origin);
const status = async () => (await findAgent(world.storage.read, payer.agentId))?.status;
const held = (address: string) => [world.ledger.balanceOf(address), world.ledger.tokenBalanceOf(mint, address)];
const keyFiles = (folder = '') =>
  readdirSync(join(world.folder, 'keystore', folder)).filter((name) => name.startsWith(payer.agentId));

/** Lets the worker come round until a condition holds. */
const untilThat = (condition: () => Promise<boolean>) =>
  world.time.runUntil(async () => {
    world.ledger.advance(1);
    await world.pipeline.terminations.run();
    return condition();
  });
const untilTerminated = () => untilThat(async () => (await status()) === 'TERMINATED');
const rounds = async (count: number) => {
  for (let round = 0; round < count; round++) {
    await world.pipeline.terminations.run();
    await world.time.advance(60_000);
    world.ledger.advance(40);
  }
};
const events = async (event: string) => {
  const rows = await world.storage.read
    .selectFrom('audit_log')
    .select(['details', 'severity'])
    .where('event_type', '=', event)
    .execute();
  return rows.map(({ details, severity }) => ({ severity, ...JSON.parse(details) }));
};

describe('a termination', () => {
  test('ends sessions and what waits in the step that begins it', async () => {
    await start();
    const queued = [3000n, 9000n].map((amount) =>
      world.pipeline.send(payer, bodyOf({ amount, tokenMint: mint }), { waitMs: 0 }),
    );
    const waiting = await Promise.all(queued);
    await terminate();
    expect(await status()).toBe('TERMINATING');
    expect((await findSession(world.storage.read, payer.sessionId))?.revoked_at).not.toBeNull();
    for (const { transactionId } of waiting) {
      expect(await findTransaction(world.storage.read, transactionId)).toMatchObject({
        ...{ status: 'CANCELLED', error: 'AGENT_TERMINATED', reserved_amount: null },
      });
    }
    expect(await events('AGENT_TERMINATING')).toMatchObject([
      { sessionsRevoked: 1, transactionsCancelled: 2, waived: [] },
    ]);
    expect(await refusal(world.send(payer, 1n))).toBe('AGENT_TERMINATED 410');
    expect(await refusal(world.resumeAgent(payer.agentId))).toBe('AGENT_TERMINATED 410');
    expect(await refusal(world.createSession(payer.agentId))).toBe('AGENT_TERMINATED 410');
    expect(await refusal(world.pipeline.approve(brandTransactionId(waiting[1]?.transactionId ?? ''), by(ALICE)))).toBe(
      'TX_ALREADY_PROCESSED 409',
    );
  });

  test('sweeps everything to the owner, then puts the key away, and only then is over', async () => {
    await start();
    await terminate();
    expect(keyFiles()).toHaveLength(1);
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(held(HOME)).toEqual([10n ** 15n - 10_000n, 10n ** 9n]);
    expect([keyFiles(), keyFiles('archived')]).toEqual([[], [`${payer.agentId}.json`]]);
    expect(world.keystoreParts.keystore.keyCount).toBe(0);
    expect(await world.pipeline.recalls.list(payer.agentId)).toMatchObject([
      { kind: 'TERMINATION', status: 'COMPLETED', requestedBy: 'system' },
    ]);
    expect(await events('AGENT_TERMINATED')).toHaveLength(1);
    expect(await refusal(terminate())).toBe('AGENT_TERMINATED 410');
  });

  test('of an agent without funds needs nobody to send anything to', async () => {
    await start({ owner: false });
    world.ledger.fund(payer.address, -world.ledger.balanceOf(payer.address));
    world.ledger.mint(mint, payer.address, -(10n ** 9n));
    await terminate();
    await untilTerminated();
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('without an owner waits, funds and key untouched, and goes on once there is one', async () => {
    await start({ owner: false });
    await terminate();
    await rounds(5);
    expect(await status()).toBe('TERMINATING');
    expect(world.ledger.accepted.size).toBe(0);
    await world.owner.connect(ALICE, OPERATOR);
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('waits for payments that are on their way', async () => {
    await start({ network: { landsAfter: 20 } });
    world.pipeline.send(payer, bodyOf({ amount: 500n }), { waitMs: 0 }).catch(() => undefined);
    await world.time.runUntil(() => world.ledger.accepted.size === 1);
    await terminate();
    await world.pipeline.terminations.run();
    expect(await world.pipeline.recalls.list(payer.agentId)).toEqual([]);
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('empties the wallet beside a payment of which nobody can say what becomes of it, does not end, and tells', async () => {
    await start({ network: { landsAfter: 20 } });
    world.pipeline.send(payer, bodyOf({ amount: 500n }), { waitMs: 0 }).catch(() => undefined);
    await world.time.runUntil(() => world.ledger.accepted.size === 1);
    await world.stop();
    const { folder, ledger, time } = world;
    world = await createWorld({ folder, ledger, time });
    // Somebody has changed it: it is not followed any more.
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER transactions_variants_move_on`.execute(db);
      await sql`UPDATE transactions SET variants = '[]'`.execute(db);
    });
    await world.pipeline.recover();
    await terminate();
    await rounds(10);
    expect(held(payer.address)).toEqual([0n, 0n]);
    await world.time.advance(86_400_000);
    await rounds(2);
    expect([await status(), keyFiles().length]).toEqual(['TERMINATING', 1]);
    const alerts = (await events('AGENT_TERMINATING')).filter(({ severity }) => severity === 'critical');
    expect(alerts).toMatchObject([{ problem: 'PAYMENTS_UNDER_WAY' }]);
  });

  test.each([
    ['holdings cannot be read', 'listHoldings'],
    ['fees cannot be told', 'quoteSweep'],
  ] as const)(
    'tells after a day, and once, that it hangs on a chain whose %s, and ends when it answers',
    async (_, call) => {
      let ill = true;
      await start({ network: { faults: (asked) => (ill && asked === call ? 'lost-request' : undefined) } });
      await terminate();
      await rounds(3);
      const alerts = async () => (await events('AGENT_TERMINATING')).filter(({ severity }) => severity === 'critical');
      expect(await alerts()).toEqual([]);
      await world.time.advance(86_400_000);
      await rounds(3);
      expect(await status()).toBe('TERMINATING');
      expect(await alerts()).toMatchObject([{ problem: 'CHAIN_ERROR' }]);
      ill = false;
      await untilTerminated();
      expect(held(payer.address)).toEqual([0n, 0n]);
    },
  );

  test('is over although the chain lets nobody move what is left: it would be too little for its recipient', async () => {
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        async quoteSweep(sweep) {
          const quoted = await adapter.quoteSweep(sweep);
          return quoted === null || quoted.amount < 890_880n ? null : quoted;
        },
      }),
    });
    world.ledger.fund(payer.address, 500_000n - world.ledger.balanceOf(payer.address));
    world.ledger.mint(mint, payer.address, -(10n ** 9n));
    await terminate();
    await untilTerminated();
    expect(held(payer.address)).toEqual([500_000n, 0n]);
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('goes on for as long as nobody can tell what there is of a token that somebody chose to hold', async () => {
    let isReadable = false;
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        async listHoldings(address, known) {
          const holdings = await adapter.listHoldings(address, known);
          if (isReadable) return holdings;
          const unread = { token: null, balance: 0n, obstacle: 'UNREADABLE' } as const;
          return holdings.map((holding) => (holding.mint === null ? holding : { ...holding, ...unread }));
        },
      }),
    });
    await terminate();
    await rounds(180);
    expect(await status()).toBe('TERMINATING');
    expect(keyFiles()).toHaveLength(1);
    expect(held(payer.address)[1]).toBe(10n ** 9n);

    isReadable = true;
    world.ledger.fund(payer.address, 10n ** 9n);
    // The next sweep comes within half an hour.
    await rounds(40);
    expect(await status()).toBe('TERMINATED');
    expect(held(payer.address)[1]).toBe(0n);
    expect(held(HOME)[1]).toBe(10n ** 9n);
  });

  test('waits for another destination where that of now turns out to be none, or for the owner to give it up', async () => {
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        quoteSweep: async () => {
          throw new ChainError({ code: 'INVALID_ADDRESS', chain: 'solana', message: 'It takes nothing' });
        },
      }),
    });
    world.ledger.mint(mint, payer.address, -(10n ** 9n));
    await terminate();
    await rounds(10);
    expect(await status()).toBe('TERMINATING');
    expect(await world.pipeline.recalls.list(payer.agentId)).toMatchObject([
      { status: 'FAILED', left: [{ asset: 'solana:native', reason: 'FAILED', detail: 'It takes nothing' }] },
      {},
      {},
    ]);
    await terminate({ waive: ['solana:native'] }, by(ALICE));
    await untilTerminated();
  });

  test('tells after a day that something else than the chain is in its way, and goes on once it is not', async () => {
    let ill = true;
    await start({
      decorateArchive: (archive) => ({
        ...archive,
        archiveKey: async (id) => {
          if (ill) throw new Error('The disk is full');
          await archive.archiveKey(id);
        },
      }),
    });
    world.ledger.fund(payer.address, -world.ledger.balanceOf(payer.address));
    world.ledger.mint(mint, payer.address, -(10n ** 9n));
    await terminate();
    await world.time.advance(86_400_000);
    await rounds(3);
    const alerts = (await events('AGENT_TERMINATING')).filter(({ severity }) => severity === 'critical');
    expect(alerts).toMatchObject([{ problem: 'INTERNAL_ERROR' }]);
    expect(keyFiles()).toHaveLength(1);
    ill = false;
    await untilTerminated();
  });

  test('does not begin beside a recall, and no recall begins beside it', async () => {
    await start({ network: { landsAfter: 5 } });
    const all: RecallRequest = { destination: HOME, includeUnlisted: false, keepGas: true };
    const recall = () => world.pipeline.recalls.request(brandAgentId(payer.agentId), all, by(ALICE));
    const { recallId: id } = await recall();
    expect(await refusal(terminate())).toBe('RECALL_IN_PROGRESS 409');
    await world.time.runUntil(async () => {
      world.ledger.advance(1);
      return (await world.pipeline.recalls.get(recallId(id))).status === 'COMPLETED';
    });
    await terminate();
    expect(await refusal(recall())).toBe('AGENT_TERMINATING 409');
  });

  test('is not stopped by tokens that strangers have sent', async () => {
    await start();
    world.createToken({ symbol: 'SPAM' }, payer);
    await terminate();
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('goes on while the kill switch is engaged only after it is not', async () => {
    await start();
    await terminate();
    world.keystoreParts.gate.close();
    await rounds(3);
    expect([await status(), world.ledger.accepted.size]).toEqual(['TERMINATING', 0]);
    world.keystoreParts.gate.open();
    await untilTerminated();
  });
});

describe('what cannot be moved', () => {
  const frozen = async () => {
    await start();
    world.ledger.freeze(mint, payer.address, true);
    await terminate();
  };

  test('keeps the agent from its end: three sweeps at once, then one every half hour, then word to the owner', async () => {
    await frozen();
    await rounds(29);
    expect(await world.pipeline.recalls.list(payer.agentId)).toHaveLength(3);
    await rounds(20);
    expect(await world.pipeline.recalls.list(payer.agentId)).toHaveLength(4);
    expect(await status()).toBe('TERMINATING');
    expect(keyFiles()).toHaveLength(1);
    await world.time.advance(86_400_000);
    await rounds(3);
    const alerts = (await events('AGENT_TERMINATING')).filter(({ severity }) => severity === 'critical');
    expect(alerts).toMatchObject([{ problem: 'ASSETS_LEFT', assets: [`solana:${mint}`] }]);
  });

  test('keeps it from its end where what is under way may take it, and may not', async () => {
    let isTaken = true;
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        quoteSweep: async (sweep) => {
          if (!isTaken) return adapter.quoteSweep(sweep);
          throw new ChainError({ code: 'INSUFFICIENT_BALANCE', chain: 'solana', message: 'It may be taken' });
        },
      }),
    });
    await terminate();
    await rounds(40);
    expect(await status()).toBe('TERMINATING');
    expect(keyFiles()).toHaveLength(1);
    await world.time.advance(86_400_000);
    await rounds(3);
    const alerts = (await events('AGENT_TERMINATING')).filter(({ severity }) => severity === 'critical');
    expect(alerts).toMatchObject([{ problem: 'ASSETS_LEFT', assets: ['solana:native'] }]);
    isTaken = false;
    await world.time.advance(1_800_000);
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('ends it as soon as it can be moved after all', async () => {
    await frozen();
    await rounds(10);
    world.ledger.freeze(mint, payer.address, false);
    await world.time.advance(1_800_000);
    await untilTerminated();
    expect(held(payer.address)).toEqual([0n, 0n]);
  });

  test('may be given up by the owner, and by nobody else once there is one', async () => {
    await frozen();
    await rounds(5);
    expect(await refusal(terminate({ waive: [`solana:${mint}`] }))).toBe('OWNER_AUTH_REQUIRED 403');
    expect(await refusal(terminate({ waive: ['USDC'] }, by(ALICE)))).toBe('VALIDATION_ERROR 400');
    await terminate({ waive: [`solana:${mint}`] }, by(ALICE));
    await world.time.advance(1_800_000);
    await untilTerminated();
    // What is left of the native asset is what moving it would cost.
    expect(held(payer.address)).toEqual([5000n, 10n ** 9n]);
    expect(keyFiles('archived')).toHaveLength(1);
  });

  test('a waiver that somebody wrote into the database is none', async () => {
    await frozen();
    await world.storage.write(async ({ db }) => {
      await sql`DROP TRIGGER terminations_waiver_versions`.execute(db);
      await sql`UPDATE terminations SET waived = ${JSON.stringify([`solana:${mint}`, 'solana:native'])}`.execute(db);
    });
    await rounds(40);
    expect(await status()).toBe('TERMINATING');
    expect(keyFiles()).toHaveLength(1);
  });
});

describe('after the end', () => {
  test('what could not be read for a while is no late deposit', async () => {
    let isReadable = true;
    await start({
      decorateAdapter: (adapter): TokenAdapter => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        async listHoldings(address, known) {
          const holdings = await adapter.listHoldings(address, known);
          const unread = { token: null, balance: 0n, obstacle: 'UNREADABLE' } as const;
          return isReadable ? holdings : holdings.map((held) => (held.mint === null ? held : { ...held, ...unread }));
        },
      }),
    });
    await terminate();
    await untilTerminated();
    world.ledger.mint(mint, payer.address, 5n);
    for (const readable of [true, false, true]) {
      isReadable = readable;
      await world.pipeline.terminations.watch();
    }
    expect(await events('LATE_DEPOSIT')).toHaveLength(1);
  });

  test('a late deposit is told once, and can be taken back; the key is put away again', async () => {
    await start();
    await terminate();
    await untilTerminated();
    await world.pipeline.terminations.watch();
    expect(await events('LATE_DEPOSIT')).toEqual([]);
    world.ledger.fund(payer.address, 10n ** 9n);
    world.ledger.mint(mint, payer.address, 5n);
    for (let look = 0; look < 3; look++) await world.pipeline.terminations.watch();
    expect(await events('LATE_DEPOSIT')).toMatchObject([
      { severity: 'warning', holds: { 'solana:native': `${10n ** 9n}`, [`solana:${mint}`]: '5' } },
    ]);
    const all: RecallRequest = { destination: HOME, includeUnlisted: false, keepGas: true };
    const { recallId: id } = await world.pipeline.recalls.request(payer.agentId, all, by(ALICE));
    await world.time.runUntil(async () => {
      world.ledger.advance(1);
      return (await world.pipeline.recalls.get(recallId(id))).status === 'COMPLETED';
    });
    expect(held(payer.address)).toEqual([0n, 0n]);
    expect(await status()).toBe('TERMINATED');
    await world.time.advance(1000);
    expect(world.keystoreParts.keystore.keyCount).toBe(0);
    expect(keyFiles('archived')).toHaveLength(1);
  });

  test('nobody brings an agent back, not even with SQL', async () => {
    await start();
    await terminate();
    for (const to of ['ACTIVE', 'CREATING']) {
      const attempt = world.storage.write(({ db }) => sql`UPDATE agents SET status = ${to}`.execute(db));
      await expect(attempt).rejects.toThrow('illegal state');
    }
    await untilTerminated();
    const attempt = world.storage.write(({ db }) => sql`UPDATE agents SET status = 'ACTIVE'`.execute(db));
    await expect(attempt).rejects.toThrow('illegal state');
  });
});
