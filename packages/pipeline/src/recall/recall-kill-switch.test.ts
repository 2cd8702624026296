import type { RecallResponse } from '@waiaas/core';
import { createKillSwitch, type KillSwitch } from '@waiaas/safety';
import { afterEach, describe, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, PASSWORD, type Payer, silent, type World } from '../../test/world.ts';

/*
 * The kill switch meets a recall that is under way, at every commit and every call to the chain: nothing is signed once it has
 * answered, the recall says truly what it has moved and does not go on by itself, and another one takes the rest.
 */

const HOME = ALICE.address;
const FEE = 5000n;
const TOKENS = 10n ** 9n;
const LAMPORTS = 10n ** 15n;
const ALL = { destination: HOME, includeUnlisted: true, keepGas: true };

interface Scene {
  readonly world: World;
  readonly payer: Payer;
  readonly mint: string;
  readonly killSwitch: KillSwitch;
  readonly signatures: () => number;
  /** Calls this at the n-th boundary from now on, without waiting for it. */
  readonly arm: (at: number, call: () => void) => void;
  /** Names of the boundaries that were passed since, with how many signatures there were. */
  readonly passed: () => readonly string[];
}

let scene: Scene;

async function prepare(): Promise<Scene> {
  let [signatures, at] = [0, Number.POSITIVE_INFINITY];
  let call = (): void => undefined;
  let passed: string[] = [];
  const boundary = (name: string): void => {
    passed.push(`${name} ${signatures}`);
    if (passed.length === at) call();
  };
  const guarded =
    <Args extends unknown[], Result>(name: string, work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      boundary(`before ${name}`);
      const result = await work(...args);
      boundary(`after ${name}`);
      return result;
    };
  const world = await createWorld({
    network: { landsAfter: 3 },
    decorateStorage: (storage) => ({
      ...storage,
      async write(unit) {
        boundary('before a unit of work');
        const result = await storage.write(unit);
        boundary('after a unit of work');
        return result;
      },
    }),
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      listHoldings: guarded('listHoldings', (address: string, known?: readonly string[]) =>
        adapter.listHoldings(address, known),
      ),
      buildTransaction: guarded('buildTransaction', (request) => adapter.buildTransaction(request)),
      simulateTransaction: guarded('simulateTransaction', (transaction) => adapter.simulateTransaction(transaction)),
      signTransaction: guarded('signTransaction', (transaction, sign) =>
        adapter.signTransaction(transaction, async (message) => {
          const signature = await sign(message);
          signatures += 1;
          return signature;
        }),
      ),
      submitTransaction: guarded('submitTransaction', (transaction, mayGoOn) =>
        adapter.submitTransaction(transaction, mayGoOn),
      ),
      waitForConfirmation: guarded('waitForConfirmation', (hash, options) =>
        adapter.waitForConfirmation(hash, options),
      ),
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  const payer = await world.createPayer();
  const mint = world.createToken({}, payer);
  const { keystore, gate } = world.keystoreParts;
  const killSwitch = createKillSwitch({
    ...{ storage: world.storage, sealer: keystore.sealer, vault: keystore, gate },
    ...{ clock: { now: () => world.time.now() }, timers: world.time, logger: silent },
    endOperatorTokens: () => undefined,
    afterUnlock: async () => undefined,
    takeUpPayments: () => world.pipeline.sweep(),
    initial: { status: 'NORMAL', activatedAt: null, reason: null, actor: null },
  });
  return {
    ...{ world, payer, mint, killSwitch },
    signatures: () => signatures,
    arm(boundaryToCallAt, toCall) {
      [passed, at, call] = [[], boundaryToCallAt, toCall];
    },
    passed: () => passed,
  };
}

const begin = async (): Promise<RecallResponse> =>
  scene.world.pipeline.recalls.request(scene.payer.agentId, ALL, by(ALICE));
async function newest(): Promise<RecallResponse> {
  const [recall] = await scene.world.pipeline.recalls.list(scene.payer.agentId);
  if (recall === undefined) throw new Error('No recall was asked for');
  return recall;
}
const until = (isOver: () => boolean | Promise<boolean>) =>
  scene.world.time.runUntil(() => {
    // Fast, so that what has to be final soon is.
    scene.world.ledger.advance(8);
    return isOver();
  });
async function ended(): Promise<RecallResponse> {
  await until(async () => !['PENDING', 'EXECUTING'].includes((await newest()).status));
  return newest();
}
const recover = () =>
  scene.killSwitch.recover({
    password: PASSWORD,
    proveOwner: async () => by(ALICE),
    isLocalCommand: () => false,
    origin: OPERATOR,
  });

afterEach(async () => {
  await scene.world.stop();
  await scene.world.remove();
});

describe('a recall under way when the kill switch is engaged', () => {
  test('at whatever boundary: signs nothing more, ends truly, and can be asked for again', async () => {
    scene = await prepare();
    scene.arm(Number.POSITIVE_INFINITY, () => undefined);
    await begin();
    await ended();
    const names = scene.passed();
    const isWaiting = (name: string): boolean => /waitForConfirmation|submitTransaction/.test(name);
    // Of the rounds of waiting for the end of one transaction, the first.
    const boundaries = [...names.keys()].filter(
      (n) => !isWaiting(names[n] ?? '') || names.indexOf(names[n] ?? '') === n,
    );
    expect(boundaries.length).toBeGreaterThan(40);
    const ends = new Set<string>();
    // Each third: the first two are of the request itself.
    for (const n of boundaries.filter((_, index) => index % 3 === 2)) {
      await scene.world.stop();
      await scene.world.remove();
      scene = await prepare();
      const { world, payer, mint, killSwitch, signatures } = scene;
      let answered: Promise<unknown> | undefined;
      scene.arm(n + 1, () => {
        answered = killSwitch.activate('drill', OPERATOR);
      });
      await begin();
      await until(() => answered !== undefined);
      await answered;
      const [signed, where] = [signatures(), `${n}: ${names[n]}`];
      await world.time.advance(20_000);
      for (let block = 0; block < 10; block += 1) world.ledger.advance(1);
      expect(signatures(), where).toBe(signed);
      expect(world.ledger.accepted.size, where).toBeLessThanOrEqual(signed);

      await recover();
      const first = await ended();
      const moved = first.transactions.filter(({ status }) => status === 'CONFIRMED').length;
      ends.add(`${first.status} ${first.error ?? ''}`);
      if (first.status !== 'COMPLETED') {
        expect(first, where).toMatchObject({ status: moved > 0 ? 'PARTIAL' : 'FAILED', error: 'KILL_SWITCH' });
      }
      expect(first.transactions.every(({ status }) => ['CONFIRMED', 'FAILED', 'EXPIRED'].includes(status))).toBe(true);
      // Nothing goes on by itself.
      const sent = world.ledger.accepted.size;
      await world.time.advance(20_000);
      expect([signatures(), world.ledger.accepted.size], where).toEqual([signed, sent]);

      await begin();
      expect(await ended(), where).toMatchObject({ status: 'COMPLETED', left: [] });
      const fees = FEE * BigInt(world.ledger.accepted.size);
      expect([world.ledger.balanceOf(payer.address), world.ledger.tokenBalanceOf(mint, payer.address)]).toEqual([
        0n,
        0n,
      ]);
      expect(world.ledger.balanceOf(HOME), where).toBe(LAMPORTS - fees);
      expect(world.ledger.tokenBalanceOf(mint, HOME), where).toBe(TOKENS);
    }
    expect(ends).toEqual(new Set(['FAILED KILL_SWITCH', 'PARTIAL KILL_SWITCH', 'COMPLETED ']));
  }, 60_000);

  test('also across a restart: the mark is in the sealed record', async () => {
    scene = await prepare();
    await begin();
    await until(() => scene.world.ledger.accepted.size === 1);
    await scene.killSwitch.activate('drill', OPERATOR);
    const { folder, ledger, time } = scene.world;
    await scene.world.kill();
    const world = await createWorld({ folder, ledger, time, network: { landsAfter: 3 } });
    scene = { ...scene, world };
    await world.pipeline.recover();
    expect(await ended()).toMatchObject({ status: 'PARTIAL', error: 'KILL_SWITCH' });
    expect(ledger.accepted.size).toBe(1);
  });
});
