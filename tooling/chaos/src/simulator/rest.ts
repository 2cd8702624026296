import { agentId as brandAgentId } from '@waiaas/core';
import { decodeSigned } from '@waiaas/fake-chain';
import { isWatchedOnly, listLiveRecalls, listSignedOf, nonceOf, type TransactionRow } from '@waiaas/storage';
import { CHAIN } from './incarnation.ts';
import { TOKEN } from './payment.ts';
import { recoverFromStop } from './stops.ts';
import type { SimulatedWorld } from './world.ts';

const HOUR = 3_600_000;
/** How often it is looked whether everything has ended, every 20 seconds. */
const ROUNDS = 200;
/** After so many rounds another hand uses the nonce that nobody uses. */
const PATIENCE = 10;
/** Hours within which every recall ends. */
const RECALL_ROUNDS = 20;

/** Payments that are under way. */
const openRows = ({ daemon }: SimulatedWorld): Promise<TransactionRow[]> =>
  daemon.storage.read
    .selectFrom('transactions')
    .selectAll()
    .where((row) =>
      row.or([
        row('status', 'in', ['PENDING', 'EXECUTING', 'SUBMITTED']),
        row.and([row('status', '=', 'QUEUED'), row('tier', 'in', ['INSTANT', 'NOTIFY'])]),
      ]),
    )
    .execute();

/** Nonces that were given to payments which a node has then refused, by agent: they are free again. */
async function refusedNonces({ daemon }: SimulatedWorld): Promise<ReadonlySet<string>> {
  const failed = await daemon.storage.read
    .selectFrom('transactions')
    .selectAll()
    .where('status', '=', 'FAILED')
    .execute();
  return new Set(failed.map((row) => `${row.agent_id} ${nonceOf(row)}`));
}

/**
 * Uses nonces of wallets that nothing will use, as payments that are asked for would: what a stop has left to itself waits until
 * something takes its place, and with it all that come after it. So does what was signed after something that no node took: unlike
 * the adapter of a real chain, that of this ledger does not wait until it knows.
 */
async function useFreeNonces(world: SimulatedWorld, rows: readonly TransactionRow[]): Promise<void> {
  const { nonces, daemon } = world;
  if (nonces === null) return;
  const refused = await refusedNonces(world);
  for (const { id, address } of world.agents) {
    const due = nonces.countOf(address);
    const own = rows.filter((row) => brandAgentId(row.agent_id) === id);
    const isFree = own.some(isWatchedOnly) || (own.length > 0 && refused.has(`${id} ${due}`));
    if (!isFree || nonces.pooledOf(address) > due) continue;
    const signed = await listSignedOf(daemon.storage.read, { ...CHAIN, address });
    if (signed.some(({ bytes }) => decodeSigned(bytes).nonce === due)) continue;
    world.log(`another hand uses nonce ${due}`);
    nonces.useNonceOf(address);
  }
}

/** Gives recalls the time that they wait for what is under way: they end without anybody's help. */
async function awaitRecalls(world: SimulatedWorld): Promise<void> {
  const { read } = world.daemon.storage;
  for (let round = 0; round < RECALL_ROUNDS && (await listLiveRecalls(read)).length > 0; round += 1) {
    await world.elapse(20_000);
    world.time.jumpTo(world.time.now() + HOUR);
    await world.elapse(20_000);
  }
  if ((await listLiveRecalls(read)).length > 0) world.violated('a recall does not end');
}

/** Sees to it that nothing waits for a lower price, nor for money that was spent before it. */
async function provide(world: SimulatedWorld): Promise<void> {
  if (world.nonces === null) return;
  world.nonces.price = 1n;
  for (const agent of world.agents) {
    await world.beforeDeposit(agent);
    world.ledger.fund(agent.address, 10n ** 26n);
    world.ledger.mint(TOKEN.address, agent.address, 10n ** 26n);
  }
}

/** Lets everything that is under way come to its end, once nothing goes wrong any more. */
export async function rest(world: SimulatedWorld): Promise<void> {
  world.weather = { faults: 0, crashes: 0, isDown: false };
  await world.reviveIfDead();
  for (let tries = 0; world.isStopped && tries < 20; tries += 1) await recoverFromStop(world);
  if (world.isStopped) world.violated('nobody could recover');
  await provide(world);
  await awaitRecalls(world);
  // A recall has taken all of it.
  await provide(world);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const open = await openRows(world);
    const recalls = await listLiveRecalls(world.daemon.storage.read);
    if (open.length + recalls.length === 0) return;
    if (round % PATIENCE === 0) await useFreeNonces(world, open);
    await world.elapse(20_000);
  }
}
