import { ChainError, isWaiaasError } from '@waiaas/core';
import type { KillSwitch } from '@waiaas/safety';
import { checkSpendLedger, findSession, isWatchedOnly } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { killSwitchOf } from '../test/kill-switch.ts';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, RECIPIENT, type World, type WorldOptions } from '../test/world.ts';

/* A payment that the kill switch meets on its way ends with it: at once, with what it had reserved, and for good. */

let world: World;
let killSwitch: KillSwitch;
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Where the payment is when the kill switch is engaged. */
const PLACES = ['building', 'simulating', 'about to sign', 'signed', 'recorded'] as const;
type Place = (typeof PLACES)[number];

async function start(
  place: Place,
): Promise<{ reached: Promise<void>; goOn: () => void; engaged: () => Promise<unknown> }> {
  const there = Promise.withResolvers<void>();
  const pause = Promise.withResolvers<void>();
  let engaging: Promise<unknown> | null = null;
  const engage = (): Promise<unknown> => {
    engaging ??= killSwitch.activate('drill', by(ALICE));
    return engaging;
  };
  const at = async (here: Place): Promise<void> => {
    if (here !== place) return;
    there.resolve();
    await pause.promise;
  };
  world = await createWorld({
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      buildTransaction: async (request) => {
        await at('building');
        return adapter.buildTransaction(request);
      },
      simulateTransaction: async (transaction) => {
        await at('simulating');
        return adapter.simulateTransaction(transaction);
      },
      signTransaction: (transaction, sign) =>
        adapter.signTransaction(transaction, async (message) => {
          await at('about to sign');
          const signature = await sign(message);
          await at('signed');
          return signature;
        }),
    }),
    decorateStorage: (storage) => ({
      ...storage,
      async write(unit) {
        const result = await storage.write(unit);
        const isRecord = typeof result === 'object' && result !== null && 'recorded' in result;
        // With the record on disk and before anything else happens: the last moment before it is sent.
        if (place === 'recorded' && isRecord) {
          void engage();
          there.resolve();
        }
        return result;
      },
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  return { reached: there.promise, goOn: () => pause.resolve(), engaged: engage };
}

const payments = () =>
  world.storage.read.selectFrom('transactions').select(['status', 'error', 'reserved_amount', 'signed_tx']).execute();

test.each(PLACES)('one that is %s is over, nothing of it is ever sent, not even after a recovery', async (place) => {
  const { reached, goOn, engaged } = await start(place);
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n).catch((error: unknown) => (isWaiaasError(error) ? error.code : String(error)));
  await reached;
  await engaged();
  // Recorded ones end by themselves, in the step after.
  const over = { status: 'FAILED', error: 'KILL_SWITCH', reserved_amount: null, signed_tx: null };
  expect(await payments()).toEqual([over]);
  expect(world.keystoreParts.keystore.isUnlocked).toBe(false);
  goOn();
  await world.time.advance(60_000);
  expect(await answer).toMatch(/^(SYSTEM|KEYSTORE)_LOCKED$/);

  const recovered = await killSwitch.recover({
    password: PASSWORD,
    proveOwner: async () => by(ALICE),
    isLocalCommand: () => false,
    origin: OPERATOR,
  });
  expect(recovered).toMatchObject({ recovered: true, agentsReactivated: 1 });
  await world.time.advance(120_000);
  await world.pipeline.sweep();
  expect(await payments()).toEqual([over]);
  expect([world.ledger.accepted.size, world.ledger.balanceOf(RECIPIENT)]).toEqual([0, 0n]);
  expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  expect(world.pipeline.underWay).toEqual({ executing: 0, confirming: 0 });
});

/** A network that takes nothing and says nothing of it. Answers how often it was sent something. */
async function silentNetwork(onRecord: () => Promise<void>): Promise<{ sent: () => number; reached: Promise<void> }> {
  const there = Promise.withResolvers<void>();
  let sent = 0;
  world = await createWorld({
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async submitTransaction() {
        sent += 1;
        there.resolve();
        throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'Bad gateway', mayHaveLanded: true });
      },
    }),
    decorateStorage: (storage) => ({
      ...storage,
      async write(unit) {
        const result = await storage.write(unit);
        if (typeof result === 'object' && result !== null && 'recorded' in result) await onRecord();
        return result;
      },
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  return { sent: () => sent, reached: there.promise };
}

/** Recovers, and lets everything happen that follows. */
async function recoverAndWait(): Promise<void> {
  await killSwitch.recover({
    password: PASSWORD,
    proveOwner: async () => by(ALICE),
    isLocalCommand: () => false,
    origin: OPERATOR,
  });
  for (let minute = 0; minute < 20; minute += 1) {
    await world.time.advance(60_000);
    await world.pipeline.sweep();
  }
}

test('one that the network may or may not have is not sent again, not even after a recovery', async () => {
  const { sent, reached } = await silentNetwork(async () => undefined);
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n, { waitMs: 0 });
  await reached;
  await killSwitch.activate('drill', by(ALICE));
  await world.time.advance(60_000);
  await answer;
  expect(sent()).toBe(1);
  await recoverAndWait();
  expect(sent()).toBe(1);
});

test('one that the network has never given its word for is not sent again once it was stopped, not even after a recovery', async () => {
  const { sent } = await silentNetwork(async () => undefined);
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n, { waitMs: 0 });
  await world.time.advance(300_000);
  await answer;
  expect(await payments()).toMatchObject([{ status: 'SUBMITTED' }]);
  await killSwitch.activate('drill', by(ALICE));
  const before = sent();
  expect(before).toBeGreaterThan(2);
  await recoverAndWait();
  expect(sent()).toBe(before);
});

test('nor is it handed to another node where the first one has kept it waiting meanwhile', async () => {
  const mayGo: (boolean | undefined)[] = [];
  world = await createWorld({
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async submitTransaction(_signed, mayGoOn) {
        mayGo.push(mayGoOn?.());
        if (mayGo.length === 1) await killSwitch.activate('drill', by(ALICE));
        mayGo.push(mayGoOn?.());
        throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'Bad gateway', mayHaveLanded: true });
      },
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n, { waitMs: 0 });
  await world.time.advance(60_000);
  await answer.catch(() => undefined);
  expect(mayGo).toEqual([true, false]);
});

test('nor is it after a restart, and one that the network has taken is', async () => {
  let sent = 0;
  let isTaken = true;
  const silent: WorldOptions = {
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      waitForConfirmation: async () => ({ verdict: 'unknown' }),
      async submitTransaction({ txHash }) {
        sent += 1;
        if (isTaken) return { txHash, alreadyProcessed: false };
        throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'Bad gateway', mayHaveLanded: true });
      },
    }),
  };
  world = await createWorld(silent);
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  const payer = await world.createPayer();
  const send = async (amount: bigint) => {
    const answer = world.send(payer, amount, { waitMs: 0 });
    await world.time.advance(60_000);
    await answer;
  };
  await send(5n);
  isTaken = false;
  await send(6n);
  await killSwitch.activate('drill', by(ALICE));
  await recoverAndWait();
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ ...silent, folder, ledger, time });
  await world.pipeline.recover();
  sent = 0;
  await world.time.advance(60_000);
  expect(sent).toBeGreaterThan(0);
  const rows = await world.storage.read.selectFrom('transactions').selectAll().orderBy('id').execute();
  expect(rows.map((row) => [row.amount, row.status, isWatchedOnly(row)])).toEqual([
    ['5', 'SUBMITTED', false],
    ['6', 'SUBMITTED', true],
  ]);
});

test('one that was recorded and lost sight of before it was sent is never sent, not even after a recovery', async () => {
  const { sent } = await silentNetwork(async () => {
    await killSwitch.activate('drill', by(ALICE));
    // The commit succeeded and its answer was lost: whoever was to send it knows nothing of it.
    throw new Error('disk I/O error');
  });
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n, { waitMs: 0 }).catch((error: unknown) => String(error));
  await world.time.advance(60_000);
  await answer;
  expect(await payments()).toMatchObject([{ status: 'EXECUTING', signed_tx: expect.anything() }]);
  await recoverAndWait();
  expect(sent()).toBe(0);
  expect(await payments()).not.toMatchObject([{ status: 'EXECUTING' }]);
});

test('one that was sent before comes to its end while the kill switch is engaged, and is counted', async () => {
  world = await createWorld({ network: { landsAfter: 10 } });
  await world.owner.connect(ALICE, OPERATOR);
  killSwitch = await killSwitchOf(world);
  const payer = await world.createPayer();
  const answer = world.send(payer, 5n, { waitMs: 1000 });
  await world.time.advance(1000);
  expect(await answer).toMatchObject({ status: 'SUBMITTED' });
  await killSwitch.activate('drill', by(ALICE));
  expect(await payments()).toMatchObject([{ status: 'SUBMITTED', reserved_amount: '5' }]);
  world.ledger.advance(10);
  await world.time.advance(60_000);
  expect(world.keystoreParts.gate.isOpen).toBe(false);
  expect(await payments()).toEqual([{ status: 'CONFIRMED', error: null, reserved_amount: null, signed_tx: null }]);
  const session = await findSession(world.storage.read, payer.sessionId);
  expect(JSON.parse(session?.usage_stats ?? '{}')).toMatchObject({ totalTx: 1, totalAmount: '5' });
  expect(await checkSpendLedger(world.storage.read, world.keystoreParts.keystore.sealer)).toEqual([]);
});
