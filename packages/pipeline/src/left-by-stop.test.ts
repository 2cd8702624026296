import { isTerminal } from '@waiaas/core';
import type { KillSwitch } from '@waiaas/safety';
import { checkSpendLedger, isWatchedOnly, listSignedOf, type TransactionRow } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killSwitchOf } from '../test/kill-switch.ts';
import { createNonceChain, type NonceChain } from '../test/nonce-chain.ts';
import {
  ALICE,
  by,
  createWorld,
  OPERATOR,
  PASSWORD,
  type Payer,
  RECIPIENT,
  type TokenAdapter,
  type World,
} from '../test/world.ts';

/*
 * The kill switch meets a payment that a node has been handed and has not answered for. When payments are let in again, it is
 * settled whether that one is still helped along: what is not keeps its nonce from nobody, and what is keeps it.
 */

const AMOUNT = 5n;
/** Of a payment after the stop. */
const LATER = 6n;

let chain: NonceChain;
let world: World;
let payer: Payer;
let killSwitch: KillSwitch;
/** Lets an answer through that is held back. */
let release = (): void => undefined;
/** What the next answer of a node waits for. */
let held: { isAsked: boolean; readonly answer: Promise<void> } | undefined;

function decorateAdapter(plain: TokenAdapter) {
  const adapter = chain.adapter(plain, (address) =>
    listSignedOf(world.storage.read, { chain: 'solana', network: 'localnet', address }),
  );
  return {
    ...adapter,
    isConnected: () => adapter.isConnected(),
    async submitTransaction(...args: Parameters<typeof adapter.submitTransaction>) {
      const waits = held;
      held = undefined;
      if (waits !== undefined) waits.isAsked = true;
      await waits?.answer;
      return adapter.submitTransaction(...args);
    },
  };
}

beforeEach(async () => {
  chain = createNonceChain();
  world = await createWorld({ decorateAdapter });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
  killSwitch = await killSwitchOf(world);
});
afterEach(async () => {
  release();
  await world.stop();
  await world.remove();
});

const rows = (): Promise<TransactionRow[]> =>
  world.storage.read.selectFrom('transactions').selectAll().orderBy('id').execute();
const nonces = () => [...chain.signed.values()].map(({ nonce }) => nonce);

const pay = () => world.send(payer, AMOUNT, { waitMs: 0 });
/** Begins something that a node is handed and does not answer, and engages the kill switch. */
async function handOver(begin: () => Promise<unknown> = pay): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waits = { isAsked: false, answer: promise };
  held = waits;
  release = resolve;
  begin().catch(() => undefined);
  await world.time.runUntil(() => waits.isAsked);
  await killSwitch.activate('drill', by(ALICE));
}

/** Lets what was held back come to its end. */
const settle = () => world.time.advance(10_000);

const reopen = () =>
  killSwitch.recover({
    password: PASSWORD,
    proveOwner: async () => by(ALICE),
    isLocalCommand: () => false,
    origin: OPERATOR,
  });
async function recover(): Promise<void> {
  await reopen();
  // The session has ended with all others.
  payer = { ...payer, sessionId: await world.createSession(payer.agentId) };
}

/** Asks for a payment and waits, no longer than it takes, until it is signed. */
async function payAtOnce(): Promise<void> {
  const before = chain.signed.size;
  world.send(payer, LATER, { waitMs: 0 }).catch(() => undefined);
  for (let turn = 0; turn < 1000 && chain.signed.size === before; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets blocks and time pass until all has ended. Answers how. */
async function ends() {
  await world.time.runUntil(async () => {
    chain.mine();
    return (await rows()).every(({ status }) => isTerminal(status));
  });
  expect(await checkSpendLedger(world.storage.read)).toEqual([]);
  return (await rows()).map(({ status, error }) => [status, error]);
}

describe('a payment that a node was handed when the kill switch was engaged, and that it never answered for', () => {
  beforeEach(() => {
    chain.answers = false;
    chain.loses = true;
  });

  test.each([
    ['and whose call has ended', true],
    ['and whose call still hangs', false],
  ])('%s: leaves its nonce to the next one, as soon as that is let in', async (_what, isOver) => {
    await handOver();
    if (isOver) {
      release();
      await settle();
    }
    await recover();
    const [row] = await rows();
    expect(row).toMatchObject({ status: 'SUBMITTED', reserved_amount: `${AMOUNT}` });
    expect(row === undefined ? null : isWatchedOnly(row)).toBe(true);

    chain.answers = true;
    chain.loses = false;
    await payAtOnce();
    expect(nonces()).toEqual([0, 0]);
    chain.loses = true;
    release();
    await settle();
    chain.loses = false;
    expect(await ends()).toEqual([
      ['EXPIRED', 'NONCE_USED'],
      ['CONFIRMED', null],
    ]);
    expect(chain.sent.filter((hash) => hash === row?.tx_hash)).toHaveLength(1);
    expect(chain.balanceOf(RECIPIENT)).toBe(LATER);
    expect(world.pipeline.underWay).toEqual({ executing: 0, confirming: 0 });
  });
});

test('one that it has answered for before the recovery keeps its nonce, and is helped along once all goes on', async () => {
  await handOver();
  release();
  await settle();
  chain.forget();
  await recover();
  const [row] = await rows();
  expect(row).toMatchObject({ status: 'SUBMITTED' });
  expect(row === undefined ? null : isWatchedOnly(row)).toBe(false);
  await payAtOnce();
  expect(nonces()).toEqual([0, 1]);
  expect(await ends()).toEqual([
    ['CONFIRMED', null],
    ['CONFIRMED', null],
  ]);
  expect(chain.balanceOf(RECIPIENT)).toBe(AMOUNT + LATER);
});

test('a step of a recall that still hangs does not hold the recall up: it ends, and another one takes its place', async () => {
  chain.answers = false;
  chain.loses = true;
  const home = { destination: ALICE.address, includeUnlisted: false, keepGas: false };
  const ask = () => world.pipeline.recalls.request(payer.agentId, home, by(ALICE));
  const newest = async () => (await world.pipeline.recalls.list(payer.agentId))[0];
  const isOver = async (): Promise<boolean> => (await newest())?.endedAt !== undefined;
  await handOver(ask);
  await reopen();
  await world.time.runUntil(isOver);
  expect(await newest()).toMatchObject({ status: 'FAILED', error: 'KILL_SWITCH' });

  chain.answers = true;
  chain.loses = false;
  await ask();
  await world.time.runUntil(async () => {
    chain.mine();
    return isOver();
  });
  expect(await newest()).toMatchObject({ status: 'COMPLETED' });
  expect(nonces()).toEqual([0, 0]);
  chain.loses = true;
  release();
  expect((await ends()).toSorted()).toEqual([
    ['CONFIRMED', null],
    ['EXPIRED', 'NONCE_USED'],
  ]);
});
