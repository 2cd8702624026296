import { transactionId as brandTransactionId, type TransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { createWorld, type Payer, RECIPIENT, type World } from '../test/world.ts';

const LIMITS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 300 };
const SILENT = '4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi';

let world: World;
let payer: Payer;
afterEach(() => world.remove());

async function ask(amount: bigint, to = RECIPIENT): Promise<TransactionId> {
  let id: string | undefined;
  void world.send(payer, amount, { waitMs: 1, to }).then(({ transactionId }) => {
    id = transactionId;
  });
  await world.time.runUntil(() => id !== undefined);
  return brandTransactionId(id ?? '');
}
const statusOf = async (id: TransactionId) => (await findTransaction(world.storage.read, id))?.status;

test.each(['buildTransaction', 'simulateTransaction'] as const)(
  'a delayed payment whose node says nothing at %s keeps neither others nor deadlines nor the end of the daemon waiting',
  async (call) => {
    const never = new Promise<never>(() => undefined);
    world = await createWorld({
      rules: LIMITS,
      decorateAdapter: (adapter) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        buildTransaction: (request) =>
          call === 'buildTransaction' && request.to === SILENT ? never : adapter.buildTransaction(request),
        simulateTransaction: (unsigned) =>
          call === 'simulateTransaction' && unsigned.request.to === SILENT
            ? never
            : adapter.simulateTransaction(unsigned),
      }),
    });
    payer = await world.createPayer();
    const hanging = await ask(500n, SILENT);
    const others = [await ask(500n), await ask(501n), await ask(502n)];
    const above = await ask(5000n);
    await world.time.advance(60_000);
    await world.pipeline.runDelayed();
    await world.time.advance(10_000);
    for (const id of others) expect(await statusOf(id)).toBe('CONFIRMED');
    expect(await statusOf(hanging)).toBe('EXECUTING');
    await world.time.advance(230_000);
    await world.pipeline.expireApprovals();
    expect(await statusOf(above)).toBe('EXPIRED');
    await ask(500n, SILENT);
    await world.time.advance(60_000);
    await world.pipeline.runDelayed();
    expect(world.pipeline.underWay.executing).toBe(1);
    const begun = world.time.passed();
    let stopped = false;
    void world.stop().then(() => {
      stopped = true;
    });
    await world.time.runUntil(() => stopped);
    expect(world.time.passed() - begun).toBeLessThanOrEqual(30_000);
  },
);
