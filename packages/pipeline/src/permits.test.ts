import {
  transactionId as brandTransactionId,
  type IChainAdapter,
  isWaiaasError,
  type RowSealer,
  type TransactionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { appendAudit, authenticTransaction, findTransaction } from '@waiaas/storage';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, type Payer, type World, type WorldOptions } from '../test/world.ts';
import { permitClaimed } from './claimed-payment.ts';

/*
 * A signature needs a permit, and a permit is for one decision: what has been stopped meanwhile is not signed, however
 * late and however often the way to it is open again (00 §3, 04 §27 row 24).
 */

const TIERS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 3600 };

let world: World;
let payer: Payer;
/** Signatures the keystore has made. */
let signatures: number;
/** What happens while a call to the chain is under way. */
let during: { call: 'buildTransaction' | 'simulateTransaction'; what: () => Promise<void> | void } | undefined;

const watched = (adapter: IChainAdapter): IChainAdapter => ({
  ...adapter,
  isConnected: () => adapter.isConnected(),
  signTransaction: (transaction, sign) =>
    adapter.signTransaction(transaction, async (message) => {
      const signature = await sign(message);
      signatures += 1;
      return signature;
    }),
});

async function start(options: WorldOptions = {}): Promise<void> {
  signatures = 0;
  during = undefined;
  world = await createWorld({
    rules: TIERS,
    decorateAdapter: watched,
    network: { onCall: async (call) => (during?.call === call ? during.what() : undefined) },
    ...options,
  });
  payer = await world.createPayer();
}

afterEach(async () => {
  await world.stop();
  await world.remove();
});

const rowOf = (id: TransactionId) => findTransaction(world.storage.read, id);
const error = async (work: Promise<unknown>): Promise<unknown> => {
  let end: unknown;
  work.then(
    () => {
      end = 'paid';
    },
    (reason: unknown) => {
      end = isWaiaasError(reason) ? reason.code : reason;
    },
  );
  await world.time.runUntil(() => end !== undefined);
  return end;
};

const closeAndReopen = (): void => {
  world.keystoreParts.gate.close();
  world.keystoreParts.gate.open();
};

describe('a gate that was closed and opened again meanwhile', () => {
  test.each(['buildTransaction', 'simulateTransaction'] as const)('during %s: nothing is signed', async (call) => {
    await start();
    during = { call, what: closeAndReopen };
    expect(await error(world.send(payer, 5n))).toBe('SYSTEM_LOCKED');
    const [row] = await world.storage.read.selectFrom('transactions').selectAll().execute();
    expect(row).toMatchObject({ status: 'FAILED', error: 'KILL_SWITCH', reserved_amount: null, tx_hash: null });
    expect([signatures, world.ledger.accepted.size]).toEqual([0, 0]);
    during = undefined;
    expect(await error(world.send(payer, 5n))).toBe('paid');
  });

  test.each([
    ['an immediate payment', 5n],
    ['a delayed one', 500n],
    ['an approved one', 5000n],
  ])('between the decision about %s and its first step: nothing is signed', async (_what, amount) => {
    let closing = false;
    await start({
      decorateStorage: (storage) => ({
        ...storage,
        read: storage.read,
        write: async (unit) => {
          const result = await storage.write(unit);
          // The unit is committed; whoever asked for it has not been told yet.
          if (closing) closeAndReopen();
          return result;
        },
      }),
    });
    await world.owner.connect(ALICE, OPERATOR);
    if (amount === 5n) {
      closing = true;
      expect(await error(world.send(payer, amount))).toBe('SYSTEM_LOCKED');
    } else {
      const id = brandTransactionId((await world.send(payer, amount)).transactionId);
      await world.time.advance(60_000);
      closing = true;
      if (amount === 500n) await world.pipeline.runDelayed();
      else await world.pipeline.approve(id, by(ALICE));
      await world.time.runUntil(async () => (await rowOf(id))?.status === 'FAILED');
      expect(await rowOf(id)).toMatchObject({ error: 'KILL_SWITCH', reserved_amount: null, tx_hash: null });
    }
    expect([signatures, world.ledger.accepted.size]).toEqual([0, 0]);
  });

  test('after the signature: what was signed is on record and never sent', async () => {
    await start({
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        signTransaction: async (transaction, sign) => {
          const signed = await adapter.signTransaction(transaction, sign);
          closeAndReopen();
          return signed;
        },
      }),
    });
    expect(await error(world.send(payer, 5n))).toBe('SYSTEM_LOCKED');
    await world.time.advance(60_000);
    const [row] = await world.storage.read.selectFrom('transactions').selectAll().execute();
    expect(row).toMatchObject({ status: 'FAILED', error: 'KILL_SWITCH', tx_hash: expect.any(String) });
    expect(world.ledger.accepted.size).toBe(0);
  });

  test('between two attempts to send it: it is not sent again', async () => {
    let attempts = 0;
    await start({
      network: {
        faults: (call) => (call === 'submitTransaction' ? 'lost-request' : undefined),
        onCall: async (call) => {
          if (call !== 'submitTransaction') return;
          attempts += 1;
          if (attempts > 1) return;
          closeAndReopen();
          await world.storage.write(({ db }) =>
            appendAudit(db, unixSeconds(world.time), { event: 'KILL_SWITCH_ACTIVATED', actor: 'system' }),
          );
        },
      },
    });
    world.send(payer, 5n, { waitMs: 0 }).catch(() => undefined);
    await world.time.advance(60_000);
    const [row] = await world.storage.read.selectFrom('transactions').selectAll().execute();
    expect(row).toMatchObject({ status: 'SUBMITTED', reserved_amount: '5' });
    expect(attempts).toBe(1);
  });

  test('a gate that is closed leaves what waits in the queue', async () => {
    await start();
    const id = brandTransactionId((await world.send(payer, 500n)).transactionId);
    await world.time.advance(60_000);
    world.keystoreParts.gate.close();
    await world.pipeline.runDelayed();
    expect(await rowOf(id)).toMatchObject({ status: 'QUEUED', reserved_amount: '500' });
  });
});

test('a vault that was locked since the decision gives no permit, and says so by that alone', async () => {
  await start();
  const id = brandTransactionId((await world.send(payer, 500n)).transactionId);
  const { keystore, gate, permits } = world.keystoreParts;
  const found = await rowOf(id);
  const row = found === undefined ? null : await authenticTransaction(world.storage.read, keystore.sealer, found);
  if (row === null) throw new Error('The payment is there');
  const claim = { row, epoch: gate.epoch };
  expect(permitClaimed({ permits, gate, sealer: keystore.sealer }, claim).permit).not.toBeNull();
  const locked: RowSealer = {
    ...keystore.sealer,
    verify: () => {
      throw new WaiaasError('KEYSTORE_LOCKED');
    },
  };
  expect(permitClaimed({ permits, gate, sealer: locked }, claim)).toEqual({ row, permit: null });
});

describe('an execution whose time is up', () => {
  test.each(['buildTransaction', 'simulateTransaction'] as const)(
    'in %s: what it was waiting for comes too late to be signed',
    async (call) => {
      await start({ settings: { executionCapMs: 5000 } });
      const answer = Promise.withResolvers<void>();
      during = { call, what: () => answer.promise };
      expect(await error(world.send(payer, 5n))).toBe('CHAIN_ERROR');
      const [row] = await world.storage.read.selectFrom('transactions').selectAll().execute();
      expect(row).toMatchObject({ status: 'FAILED', error: 'EXECUTION_TIMEOUT', reserved_amount: null });
      during = undefined;
      answer.resolve();
      await world.time.advance(60_000);
      expect([signatures, world.ledger.accepted.size]).toEqual([0, 0]);
    },
  );
});
