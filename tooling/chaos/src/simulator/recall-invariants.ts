import { type LeftBehind, leftBehindSchema, nativeAssetId } from '@waiaas/core';
import { dearerThan, FAKE_FEE, FEE_PER_PRICE } from '@waiaas/fake-chain';
import { hashesOf, listLiveRecalls, type RecallRow, type TransactionRow } from '@waiaas/storage';
import { z } from 'zod';
import { HIGHEST_PRICE } from './ledger-kind.ts';
import { TOKEN } from './payment.ts';
import type { AskedRecall } from './recall-model.ts';
import type { Signed } from './simulated-chain.ts';
import type { StoredRows } from './stored-rows.ts';
import type { KnownAgent, SimulatedWorld } from './world.ts';

const NATIVE = nativeAssetId('solana');
const leftSchema = z.array(leftBehindSchema);
const detailsSchema = z.looseObject({ recallId: z.string().optional(), status: z.string().optional() });

/** How long before its end a recall has looked at a wallet for the last time, seconds, at most. */
const LAST_LOOK = 180;

/** What an agent does that it must not while its funds are taken back, as the audit log calls it. */
const OF_AGENTS_THAT_GO_ON = ['TX_REQUESTED', 'TX_QUEUED', 'TX_CLAIMED', 'TX_APPROVED', 'AGENT_ACTIVATED'] as const;
const OF_RECALLS = ['RECALL_REQUESTED', 'RECALL_STARTED', 'RECALL_ENDED'] as const;

/** Checks recalls against the ledger, and against what was asked for. */
export interface RecallWatch {
  /** Called for each signature, before it leaves. */
  signed(signed: Signed): void;
  /** @param all every transaction, those of payments and of recalls */
  check(all: readonly TransactionRow[]): Promise<void>;
  /** Once everything has come to rest. */
  checkEnd(all: readonly TransactionRow[]): Promise<void>;
}

/** Begins to watch the recalls of a world. */
export function watchRecalls(world: SimulatedWorld, read: StoredRows): RecallWatch {
  const { ledger, nonces } = world;
  /** Recalls of which it was looked what they have left. */
  const seen = new Set<string>();
  /** What was ever offered at most. */
  let dearest = HIGHEST_PRICE;
  /** When an agent was given something last, Unix seconds. */
  const deposits = new Map<string, number>();

  /** More than what may be too little to be moved, base units of the native asset. */
  const dustBound = (): bigint => (nonces === null ? FAKE_FEE : dearerThan(dearest) * FEE_PER_PRICE);

  /** What goes back to the owner: to nobody else, and from nobody who can pay meanwhile. */
  function checkSigned({ from, to }: Signed): void {
    const agent = world.agents.find(({ address }) => address === from);
    if (world.isStopped) world.violated('funds were taken back after everything had been stopped');
    const isNamed = world.askedRecalls.some(
      ({ agentId, destination, mayBe }) => agentId === agent?.id && destination === to && mayBe !== false,
    );
    if (!isNamed) world.violated(`funds were taken to ${to}, whom nobody has named`);
    if (agent?.suspended !== true) world.violated('the funds of an agent who can pay were taken back');
  }

  const isThat = (asked: AskedRecall, recall: RecallRow): boolean =>
    asked.agentId === recall.agent_id &&
    asked.destination === recall.destination &&
    asked.includeUnlisted === (recall.include_unlisted === 1) &&
    asked.keepGas === (recall.keep_gas === 1);

  /** Somebody has asked for each, who might, and for nothing twice that was asked for once. */
  function checkAsked(recall: RecallRow): void {
    if (world.askedRecalls.some(({ id }) => id === recall.id)) return;
    // Its answer got lost.
    const lost = world.askedRecalls.filter((each) => each.id === null && isThat(each, recall));
    const asked = lost.find(({ mayBe }) => mayBe !== false) ?? lost[0];
    if (asked === undefined) world.violated('funds are taken back that nobody has asked for');
    else asked.id = recall.id;
  }

  function checkGranted(): void {
    for (const { id, mayBe, destination } of world.askedRecalls) {
      if (id !== null && mayBe === false) world.violated(`funds are taken to ${destination}, and must not be`);
    }
  }

  /** One transaction of a recall, against the ledger. */
  function checkRow(row: TransactionRow, recall: RecallRow | undefined): void {
    const what = `a recall of ${row.amount} of ${row.asset}`;
    const landed = hashesOf(row).filter((hash) => ledger.landing(hash)?.error === null);
    if (recall?.destination !== row.to_address || recall.agent_id !== row.agent_id) {
      world.violated(`${what} goes to somebody who was not named`);
    }
    if (landed.length > 1) world.violated(`${what} was made ${landed.length} times`);
    if (row.status === 'CONFIRMED' && landed.length !== 1) world.violated(`${what} is CONFIRMED and not on the ledger`);
    const isUnpaid = row.status === 'FAILED' || row.status === 'EXPIRED' || row.status === 'CANCELLED';
    if (isUnpaid && landed.length > 0) world.violated(`${what} is ${row.status} (${row.error}) and on the ledger`);
  }

  /** What it says that it had to leave must be what it had to leave. */
  function checkReasons(left: readonly LeftBehind[], bound: bigint): void {
    for (const { asset, reason, balance } of left) {
      const isLittle = reason === 'DUST' || reason === 'KEPT_FOR_GAS';
      if (isLittle && asset !== NATIVE) world.violated(`a recall has left ${balance} of ${asset} as ${reason}`);
      const most = reason === 'DUST' ? bound : 2n * bound;
      if (isLittle && BigInt(balance) > most) world.violated(`a recall has left ${balance} as ${reason}`);
    }
  }

  /** COMPLETED: the wallet holds nothing that could have been moved. */
  function checkCompleted(recall: RecallRow, agent: KnownAgent, rows: readonly TransactionRow[], bound: bigint): void {
    const native = ledger.balanceOf(agent.address);
    if (native > bound) world.violated(`a recall is COMPLETED and has left ${native}`);
    const tokens = ledger.tokenBalanceOf(TOKEN.address, agent.address);
    // Of other tokens it is the policies of that moment that tell whether somebody chose to hold them; and of a payment that is
    // settled in the very second in which the recall ends, nobody can say which came first.
    const isListed = rows.some(
      ({ recall_id, status, asset, created_at, executed_at }) =>
        recall_id === null &&
        status === 'CONFIRMED' &&
        asset !== NATIVE &&
        created_at < recall.created_at &&
        (executed_at ?? 0) < (recall.ended_at ?? 0),
    );
    if (tokens > 0n && (recall.include_unlisted === 1 || isListed)) {
      world.violated(`a recall is COMPLETED and has left ${tokens} of a token`);
    }
  }

  /** What a recall has left, as long as nothing was added since. */
  function checkLeft(recall: RecallRow, all: readonly TransactionRow[]): void {
    if (recall.ended_at === null || seen.has(recall.id)) return;
    seen.add(recall.id);
    const agent = world.agents.find(({ id }) => id === recall.agent_id);
    if (agent === undefined) {
      world.violated('a recall is of no agent');
      return;
    }
    const rows = all.filter(({ agent_id }) => agent_id === agent.id);
    const bound = dustBound();
    checkReasons(leftSchema.parse(JSON.parse(recall.remaining ?? '[]')), bound);
    const wasGiven = (deposits.get(agent.id) ?? Number.NEGATIVE_INFINITY) > recall.ended_at - LAST_LOOK;
    if (recall.status === 'COMPLETED' && !wasGiven) checkCompleted(recall, agent, rows, bound);
    const hasMoved = rows.some(({ recall_id, status }) => recall_id === recall.id && status === 'CONFIRMED');
    if (recall.status === 'PARTIAL' && !hasMoved) world.violated('a recall is PARTIAL and has moved nothing');
  }

  /** None makes a further transaction after it was stopped. */
  function checkStopped(all: readonly TransactionRow[]): void {
    for (const [id, had] of world.stoppedRecalls) {
      const has = all.filter(({ recall_id }) => recall_id === id).length;
      if (has > had) world.violated('a recall went on that had been stopped');
    }
  }

  async function check(all: readonly TransactionRow[]): Promise<void> {
    checkStopped(all);
    const recalls = await read.recalls();
    for (const recall of recalls) {
      checkAsked(recall);
      checkLeft(recall, all);
    }
    checkGranted();
    for (const row of all) {
      if (row.recall_id !== null)
        checkRow(
          row,
          recalls.find(({ id }) => id === row.recall_id),
        );
    }
  }

  /** Each says once that it was asked for, that it began and how it ended; its agent does nothing in between. */
  async function checkAudit(recalls: readonly RecallRow[]): Promise<void> {
    const told = await world.daemon.storage.read
      .selectFrom('audit_log')
      .select(['event_type', 'agent_id', 'session_id', 'details'])
      .where('event_type', 'in', [...OF_AGENTS_THAT_GO_ON, ...OF_RECALLS])
      .orderBy('id')
      .execute();
    const live = new Map<string, string>();
    const counts = new Map<string, number>();
    for (const { event_type: event, agent_id, session_id, details } of told) {
      const agentId = agent_id ?? '';
      const { recallId, status } = detailsSchema.parse(JSON.parse(details ?? '{}'));
      const under = live.get(agentId);
      const key = `${event} ${recallId}${event === 'RECALL_ENDED' ? ` ${status}` : ''}`;
      if (recallId !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
      if (event === 'RECALL_REQUESTED') {
        if (under !== undefined) world.violated('two recalls of one agent at once');
        live.set(agentId, recallId ?? '');
      } else if (event === 'RECALL_ENDED') live.delete(agentId);
      else if (event === 'TX_REQUESTED' && session_id === null) {
        if (under !== recallId) world.violated('funds were taken back outside of a recall');
      } else if (event !== 'RECALL_STARTED' && under !== undefined) {
        world.violated(`${event} while the funds of its agent are taken back`);
      }
    }
    for (const { id, status, started_at } of recalls) {
      const began = started_at === null ? 0 : 1;
      const expected = { RECALL_REQUESTED: 1, RECALL_STARTED: began, [`RECALL_ENDED of ${status}`]: 1 };
      for (const [event, count] of Object.entries(expected)) {
        const [name, as] = event.split(' of ');
        const found = counts.get(`${name} ${id}${as === undefined ? '' : ` ${as}`}`) ?? 0;
        if (found !== count) world.violated(`a recall is ${status} with ${found} ${event}`);
      }
    }
  }

  world.beforeDeposit = async ({ id }) => {
    if (!world.daemon.isDead) {
      const all = await read.transactions();
      for (const recall of await read.recalls()) checkLeft(recall, all);
    }
    deposits.set(id, Math.floor(world.daemon.clock.now() / 1000));
  };

  return {
    signed(signed) {
      const price = signed.fee / FEE_PER_PRICE;
      if (price > dearest) dearest = price;
      if (signed.memo === null) checkSigned(signed);
    },
    check,

    async checkEnd(all) {
      await check(all);
      for (const { status } of await listLiveRecalls(world.daemon.storage.read)) {
        world.violated(`a recall is ${status} for ever`);
      }
      for (const row of all) {
        if (row.recall_id === null) continue;
        const hasLanded = hashesOf(row).some((hash) => ledger.landing(hash)?.error === null);
        if ((row.status === 'CONFIRMED') !== hasLanded) world.violated(`a recall's transaction is ${row.status}`);
      }
      const recalls = await read.recalls();
      world.counts.recalls = recalls.filter(({ status }) => status === 'COMPLETED' || status === 'PARTIAL').length;
      await checkAudit(recalls);
    },
  };
}
