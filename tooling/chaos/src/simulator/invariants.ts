import { CLOCK_GAP_MS, isTerminal, nativeAssetId, tokenAssetId } from '@waiaas/core';
import { checkSpendLedger, hashesOf, type TransactionRow } from '@waiaas/storage';
import { z } from 'zod';
import { brokenCaps, mostFree, type Spend, since, strictEnough, type Taken } from './limits-model.ts';
import type { WantedPayment } from './payment.ts';
import { watchRecalls } from './recall-invariants.ts';
import { limitsFor, otherRulesFor } from './rulebook.ts';
import { brokenRate, isListed, isWithinHours } from './rules-model.ts';
import { createStoredRows } from './stored-rows.ts';
import type { SimulatedWorld } from './world.ts';

const ENDED_UNPAID: readonly TransactionRow['status'][] = ['FAILED', 'EXPIRED', 'CANCELLED'];
const UNDER_WAY: readonly TransactionRow['status'][] = ['EXECUTING', 'SUBMITTED', 'CONFIRMED'];

/** How long an approval may stay queued after its end, ms: a round of the worker, and the time that one takes. */
const EXPIRY_PATIENCE = 75_000;

/** How long a payment waits that came due while nobody could stop it, ms; a second less, for what is rounded. */
const VETO = 59_000;

/** How long somebody is awake before a delayed payment is carried out, ms: whatever the clock does, not much less than a minute. */
const AWAKE = 60_000 - CLOCK_GAP_MS;

/** The audit row that each state must have left, once. */
const TOLD_BY: Readonly<Partial<Record<TransactionRow['status'], string>>> = {
  CONFIRMED: 'TX_CONFIRMED',
  FAILED: 'TX_FAILED',
  EXPIRED: 'TX_FAILED',
  CANCELLED: 'TX_CANCELLED',
};

/** How a payment says that it was refused for a cap. */
const capRefusalSchema = z.looseObject({
  refusal: z.looseObject({
    details: z.looseObject({ cap: z.enum(['daily_max', 'weekly_max']), spent: z.string(), reserved: z.string() }),
  }),
});

/** What was true before a step, as far as the next check needs it. */
interface Before {
  readonly statuses: ReadonlyMap<string, TransactionRow['status']>;
  readonly suspended: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
  /** Transactions that had landed, by hash. */
  readonly landed: ReadonlySet<string>;
}

/** Checks the daemon against the truth of the ledger and of the simulation, after every step. */
export interface Watch {
  /** @param policiesChanged whether the step changed policies: then nothing is said about what it admitted */
  check(policiesChanged: boolean): Promise<void>;
  /** Once everything has come to rest. */
  checkEnd(): Promise<void>;
}

/** Begins to watch a world. */
export function watch(world: SimulatedWorld): Watch {
  const { ledger } = world;
  const read = createStoredRows(world);
  const recalls = watchRecalls(world, read);
  /** When a delayed payment may be carried out at the earliest, Unix seconds. */
  const due = new Map<string, number>();
  /** Since when it waits, Unix seconds. */
  const queued = new Map<string, number>();
  /** Time that had really passed when a delayed payment was not queued yet, ms. */
  const unqueued = new Map<string, number>();
  /** Time that had really passed at the last check, ms. */
  let checkedAt = 0;
  const tiers = new Map<string, { readonly id: string; readonly tier: string | null }>();
  /** Time that had passed when an approval was first seen to be overdue, by transaction, and in which life. */
  const overdue = new Map<string, { readonly since: number; readonly daemon: SimulatedWorld['daemon'] }>();
  let before: Before = { statuses: new Map(), suspended: new Set(), revoked: new Set(), landed: new Set() };
  /** What was being carried out when the machine fell asleep in the middle of this step. */
  let carriedOut: ReadonlySet<string> = new Set();

  const latestNow = (): number => Math.max(world.latest, Math.floor(world.daemon.clock.now() / 1000));

  /**
   * Whether a delayed payment came due while nobody could stop it, or at once after that, and has not had its minute since
   * (04 §20). One that was being carried out already when the machine fell asleep had had it.
   */
  function lacksVeto(id: string): boolean {
    const { clock } = world.daemon;
    if (before.statuses.get(id) === 'EXECUTING' || carriedOut.has(id)) return false;
    const wasDue = (due.get(id) ?? 0) * 1000;
    const hasWaited = (queued.get(id) ?? 0) * 1000 < clock.awakeSince - 1000;
    const lacks = wasDue <= clock.awakeSince || (hasWaited && wasDue < clock.awakeSince + VETO);
    return lacks && clock.now() - clock.awakeSince < VETO;
  }

  /**
   * Time that has really passed since a delayed payment was queued, ms, where that is too little for a veto: told by the time of the
   * simulation, and not by what the daemon takes for it.
   */
  function tooShort(id: string): number | null {
    const awake = world.time.passed() - (unqueued.get(id) ?? Number.NEGATIVE_INFINITY);
    // A thousandth is what a clock may be fast without that counting.
    return awake * 1.001 < AWAKE ? awake : null;
  }

  world.beforeSleep = async () => {
    if (world.daemon.isDead) return;
    const rows = await rowsNow();
    carriedOut = new Set(rows.flatMap(({ id, status }) => (status === 'EXECUTING' ? [id] : [])));
  };
  world.onSigned = (signed) => {
    const { to, amount, memo, mint, isReplacement } = signed;
    recalls.signed(signed);
    if (memo === null) return;
    const payment = world.payments.find((wanted) => wanted.memo === memo);
    if (payment === undefined) {
      world.violated(`a transaction was signed that nobody asked for: ${memo}`);
      return;
    }
    if (payment.to !== to || payment.amount !== amount || payment.mint !== mint) {
      world.violated(`${memo} was signed as another payment`);
    }
    if (world.isStopped) world.violated(`${memo} was signed after everything had been stopped`);
    const known = tiers.get(memo);
    if (known?.tier === 'DELAY' && latestNow() < (due.get(known.id) ?? 0))
      world.violated(`${memo} was signed before its time`);
    // What is signed again had its time before it was signed first.
    if (known?.tier === 'DELAY' && !isReplacement && lacksVeto(known.id))
      world.violated(`${memo} was signed although nobody could have stopped it`);
    const awake = known?.tier === 'DELAY' ? tooShort(known.id) : null;
    if (awake !== null)
      world.violated(`${memo} was signed ${awake} ms after it was queued: nobody could have stopped it`);
    if (known?.tier === 'APPROVAL' && !world.approvals.has(known.id))
      world.violated(`${memo} was signed without an approval`);
  };

  const rowsNow = (): Promise<readonly TransactionRow[]> => read.transactions();

  const landedFor = ({ memo }: WantedPayment): readonly string[] =>
    [...ledger.accepted].flatMap(([hash, transfer]) =>
      transfer.memo === memo && ledger.landing(hash)?.error === null ? [hash] : [],
    );

  /** How often it was paid, as far as the daemon can know: what it has signed since the backup that it goes on from is on no record. */
  const knownLandings = (payment: WantedPayment, row: TransactionRow): number =>
    landedFor(payment).filter((hash) => !world.abandoned.has(hash) || hashesOf(row).includes(hash)).length;

  const paymentOf = (row: TransactionRow): WantedPayment | undefined =>
    world.payments.find(({ memo }) => memo === row.memo);

  function checkRow(row: TransactionRow): void {
    const payment = paymentOf(row);
    if (payment === undefined) {
      world.violated(`row ${row.memo} is of no payment`);
      return;
    }
    const asset = payment.mint === null ? nativeAssetId('solana') : tokenAssetId('solana', payment.mint);
    const isSame = row.to_address === payment.to && BigInt(row.amount) === payment.amount && row.asset === asset;
    if (!isSame || row.agent_id !== payment.agentId) world.violated(`${row.memo} is stored as another payment`);
    const times = landedFor(payment).length;
    if (times > 1) world.violated(`${row.memo} was paid ${times} times`);
    const landed = knownLandings(payment, row);
    if (row.status === 'CONFIRMED' && landed !== 1) world.violated(`${row.memo} is CONFIRMED and not on the ledger`);
    if (ENDED_UNPAID.includes(row.status) && landed > 0) {
      world.violated(`${row.memo} is ${row.status} (${row.error}) and on the ledger`);
    }
  }

  /** What was admitted in the step, against limits and caps. */
  function checkAdmission(row: TransactionRow, rows: readonly TransactionRow[]): void {
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    if (agent === undefined || row.tier === null) return;
    const limits = limitsFor(world.policies, agent.id, paymentOf(row)?.mint ?? null);
    const amount = BigInt(row.amount);
    const reachable = world.channels >= world.daemon.minChannels;
    if (!strictEnough(limits, amount, row.tier, reachable)) {
      world.violated(`${row.memo} of ${amount} was given tier ${row.tier}`);
    }
    const { whitelist, rate, hours } = otherRulesFor(world.policies, agent.id);
    if (!isListed(whitelist, row.to_address)) world.violated(`${row.memo} goes to somebody who is not on the list`);
    if (!isWithinHours(hours, row.created_at)) world.violated(`${row.memo} was admitted outside of the hours`);
    const earlier = rows
      .filter(({ agent_id, id, status }) => agent_id === agent.id && id < row.id && counts(status))
      .map(({ created_at }) => created_at);
    const tooMany = brokenRate(rate, earlier, row.created_at);
    if (tooMany !== null) world.violated(`${row.memo} was admitted with ${tooMany}`);
    if (limits === null) return;
    if (row.tier === 'DELAY' && row.delay_seconds !== null && row.delay_seconds < limits.delaySeconds) {
      world.violated(`${row.memo} waits ${row.delay_seconds} s instead of ${limits.delaySeconds}`);
    }
    checkCaps(row, rows);
  }

  /**
   * What was admitted in the step without a signature, against the share of the balance: measured by what the ledger has, without
   * what was admitted before and has not ended unpaid (04 §10).
   */
  async function checkShare(row: TransactionRow, rows: readonly TransactionRow[]): Promise<void> {
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    const mint = paymentOf(row)?.mint ?? null;
    const share = agent === undefined ? null : (limitsFor(world.policies, agent.id, mint)?.share ?? null);
    if (agent === undefined || share === null || row.tier === null || row.tier === 'APPROVAL') return;
    const admissions = await world.daemon.storage.read
      .selectFrom('audit_log')
      .select(['id', 'tx_id'])
      .where('event_type', '=', 'TX_QUEUED')
      .where('agent_id', '=', agent.id)
      .execute();
    const placeOf = new Map(admissions.map(({ id, tx_id }) => [tx_id, id]));
    const taken: Taken[] = [];
    let others = 0n;
    const paid = new Set<string>();
    for (const each of rows) {
      if (each.agent_id !== agent.id || each.asset !== row.asset || each.id === row.id) continue;
      if (each.tier === null || ENDED_UNPAID.includes(each.status)) continue;
      const hash = hashesOf(each).find((known) => ledger.landing(known)?.error === null);
      if (hash !== undefined) paid.add(hash);
      const landed = hash === undefined ? null : before.landed.has(hash) ? 'before' : 'in the step';
      const isEarlier = (placeOf.get(each.id) ?? 0) < (placeOf.get(row.id) ?? 0);
      taken.push({ amount: BigInt(each.amount), landed, isEarlier });
    }
    for (const [hash, transfer] of ledger.accepted) {
      const landing = ledger.landing(hash);
      if (landing === undefined || before.landed.has(hash) || transfer.from !== agent.address) continue;
      if (mint === null) others += transfer.fee;
      if (landing.error === null && (transfer.token ?? null) === mint && !paid.has(hash)) others += transfer.amount;
    }
    const held = mint === null ? ledger.balanceOf(agent.address) : ledger.tokenBalanceOf(mint, agent.address);
    const free = mostFree(held, taken, others);
    if (BigInt(row.amount) * 1000n > free * BigInt(share)) {
      world.violated(
        `${row.memo} of ${row.amount} is more than ${share} ‰ of the ${free} that were free, as ${row.tier}`,
      );
    }
  }

  /** What was refused in the step for a cap: with nothing counted that is no spending, as what goes back to the owner is none. */
  async function checkRefusal(row: TransactionRow, rows: readonly TransactionRow[]): Promise<void> {
    if (row.status !== 'CANCELLED' || row.tier !== null || row.metadata === null) return;
    const { success, data } = capRefusalSchema.safeParse(JSON.parse(row.metadata));
    const payment = paymentOf(row);
    const limits = payment === undefined ? null : limitsFor(world.policies, payment.agentId, payment.mint);
    if (!success || limits === null) return;
    const { spent, reserved, cap } = data.refusal.details;
    const settled = await world.daemon.storage.read
      .selectFrom('spend_ledger')
      .select(['tx_id', 'settled_at'])
      .where('agent_id', '=', row.agent_id)
      .where('asset', '=', row.asset)
      .execute();
    const after = since(limits.window, cap === 'daily_max' ? 1 : 7, row.created_at);
    const most = rows
      .filter(
        ({ agent_id, asset, id, tier }) =>
          agent_id === row.agent_id && asset === row.asset && id !== row.id && tier !== null,
      )
      .filter(({ id, status }) => {
        const at = settled.find(({ tx_id }) => tx_id === id)?.settled_at;
        if (at !== undefined) return at >= after;
        return !ENDED_UNPAID.includes(status) || !ENDED_UNPAID.includes(before.statuses.get(id) ?? 'PENDING');
      })
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    if (BigInt(spent) + BigInt(reserved) > most) {
      world.violated(`${row.memo} was refused, for ${spent} spent and ${reserved} reserved instead of ${most} at most`);
    }
  }

  /** Payments that a rate counts, whatever became of them later. */
  const counts = (status: TransactionRow['status']): boolean => status !== 'CANCELLED' && status !== 'EXPIRED';

  function checkCaps(row: TransactionRow, rows: readonly TransactionRow[]): void {
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    const limits = agent === undefined ? null : limitsFor(world.policies, agent.id, paymentOf(row)?.mint ?? null);
    if (limits === null) return;
    const spends: Spend[] = rows
      .filter(({ agent_id, asset }) => agent_id === row.agent_id && asset === row.asset)
      .filter(({ status, tier }) => tier !== null && !ENDED_UNPAID.includes(status))
      .map((spend) => ({
        amount: BigInt(spend.amount),
        settledAt: spend.status === 'CONFIRMED' ? (spend.executed_at ?? 0) : null,
      }));
    for (const broken of brokenCaps(limits, spends, world.latest)) world.violated(`${row.memo}: ${broken}`);
  }

  /** What left the queue in the step, against the rules of today (04 §19). */
  function checkClaim(row: TransactionRow, rows: readonly TransactionRow[]): void {
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    if (agent === undefined || before.statuses.get(row.id) !== 'QUEUED' || !UNDER_WAY.includes(row.status)) return;
    const { whitelist } = otherRulesFor(world.policies, agent.id);
    if (!isListed(whitelist, row.to_address)) {
      world.violated(`${row.memo} was begun although its recipient is not on the list any more`);
    }
    checkCaps(row, rows);
  }

  /** What is under way has waited as long as its tier demands, also where both fell into one step. */
  function checkWaited(row: TransactionRow): void {
    if (!UNDER_WAY.includes(row.status)) return;
    const earliest = (row.queued_at ?? 0) + (row.delay_seconds ?? 0);
    if (row.tier === 'DELAY' && (row.queued_at === null || (row.claimed_at ?? 0) < earliest)) {
      world.violated(`${row.memo} was begun before its time`);
    }
    const awake = row.tier === 'DELAY' ? tooShort(row.id) : null;
    if (awake !== null) {
      world.violated(`${row.memo} was begun ${awake} ms after it was queued: nobody could have stopped it`);
    }
    if (row.tier === 'APPROVAL' && !world.approvals.has(row.id)) {
      world.violated(`${row.memo} was begun without an approval`);
    }
  }

  /** An approval ends at its deadline: not a round of the worker later. */
  function checkOverdue(row: TransactionRow): void {
    const isOverdue =
      row.status === 'QUEUED' &&
      row.tier === 'APPROVAL' &&
      Math.floor(world.time.now() / 1000) >= (row.approval_expires_at ?? 0);
    const seen = overdue.get(row.id);
    if (!isOverdue || !world.daemon.isReady) overdue.delete(row.id);
    else if (seen?.daemon !== world.daemon) overdue.set(row.id, { since: world.passed, daemon: world.daemon });
    else if (world.passed - seen.since > EXPIRY_PATIENCE) world.violated(`${row.memo} can be approved after its end`);
  }

  /** Every state has left its audit row, once; an approval was given before its deadline and ended not before it. */
  async function checkAudit(rows: readonly TransactionRow[]): Promise<void> {
    const told = await world.daemon.storage.read
      .selectFrom('audit_log')
      .select(['tx_id', 'event_type', 'timestamp'])
      .where('tx_id', 'is not', null)
      .execute();
    const alarm = await world.daemon.storage.read
      .selectFrom('audit_log')
      .select('details')
      .where('event_type', '=', 'SEAL_BROKEN')
      .limit(1)
      .executeTakeFirst();
    if (alarm !== undefined)
      world.violated(`the daemon thinks that somebody has changed its database: ${alarm.details}`);
    const byPayment = Map.groupBy(told, ({ tx_id }) => tx_id ?? '');
    for (const row of rows) {
      const events = byPayment.get(row.id) ?? [];
      const of = (event: string) => events.filter(({ event_type }) => event_type === event);
      const expected = ['TX_REQUESTED', TOLD_BY[row.status]].filter((event) => event !== undefined);
      for (const event of expected) {
        if (of(event).length !== 1) world.violated(`${row.memo} is ${row.status} with ${of(event).length} ${event}`);
      }
      if (row.tier !== 'APPROVAL') continue;
      const end = row.approval_expires_at ?? 0;
      if (of('TX_APPROVED').some(({ timestamp }) => timestamp >= end)) {
        world.violated(`${row.memo} was approved after its end`);
      }
      if (UNDER_WAY.includes(row.status) && of('TX_APPROVED').length !== 1) {
        world.violated(`${row.memo} is ${row.status} with ${of('TX_APPROVED').length} approvals`);
      }
      if (row.error === 'APPROVAL_TIMEOUT' && of('TX_FAILED').some(({ timestamp }) => timestamp < end)) {
        world.violated(`${row.memo} expired before its end`);
      }
    }
  }

  function checkSessions(rows: readonly TransactionRow[]): void {
    for (const { id, constraints } of world.sessions) {
      const counted = rows.filter(
        ({ session_id, status, tier }) => session_id === id && tier !== null && !ENDED_UNPAID.includes(status),
      );
      const natives = counted.filter((row) => paymentOf(row)?.mint === null);
      const total = natives.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
      const { maxTotalAmount, maxTransactions, maxAmountPerTx } = constraints;
      const { allowedDestinations: allowed, allowedOperations: operations } = constraints;
      if (allowed !== undefined && counted.some((row) => !allowed.includes(row.to_address))) {
        world.violated('a session has paid somebody whom it may not pay');
      }
      if (operations !== undefined && counted.some(({ type }) => !operations.some((each) => each === type))) {
        world.violated('a session has done what it may not do');
      }
      // What tokens are worth beside such limits, nobody can say (04 §9).
      if ((maxTotalAmount ?? maxAmountPerTx) !== undefined && natives.length < counted.length) {
        world.violated('a session with limits of the native asset has paid a token');
      }
      if (maxTotalAmount !== undefined && total > BigInt(maxTotalAmount)) {
        world.violated(`a session may spend ${maxTotalAmount} and has spent ${total}`);
      }
      if (maxTransactions !== undefined && counted.length > maxTransactions) {
        world.violated(`a session may pay ${maxTransactions} times and has paid ${counted.length} times`);
      }
      const most = maxAmountPerTx === undefined ? null : BigInt(maxAmountPerTx);
      if (most !== null && natives.some(({ amount }) => BigInt(amount) > most)) {
        world.violated(`a session may pay ${most} at once and has paid more`);
      }
    }
  }

  /** Who had been stopped before the step must not have had anything begun in it. */
  function checkStopped(row: TransactionRow): void {
    const was = before.statuses.get(row.id);
    if (!UNDER_WAY.includes(row.status) || (was !== 'QUEUED' && was !== undefined)) return;
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    const session = world.sessions.find(({ id }) => id === row.session_id);
    if (before.suspended.has(row.agent_id) && agent?.suspended === true) {
      world.violated(`${row.memo} was begun while its agent was suspended`);
    }
    if (session !== undefined && before.revoked.has(session.id)) {
      world.violated(`${row.memo} was begun after its session was revoked`);
    }
  }

  return {
    async check(policiesChanged) {
      if (world.daemon.isDead) return;
      const all = await rowsNow();
      const rows = all.filter(({ recall_id }) => recall_id === null);
      await recalls.check(all);
      const memos = new Set(rows.map(({ memo }) => memo));
      if (memos.size !== rows.length) world.violated('a payment has two rows');
      for (const row of rows) {
        if (row.tier === 'DELAY' && !unqueued.has(row.id)) {
          unqueued.set(row.id, checkedAt);
          queued.set(row.id, row.queued_at ?? 0);
          due.set(row.id, (row.queued_at ?? 0) + (row.delay_seconds ?? 0));
        }
        if (row.memo !== null) tiers.set(row.memo, { id: row.id, tier: row.tier });
        checkRow(row);
        checkStopped(row);
        checkWaited(row);
        checkOverdue(row);
        if (!policiesChanged) checkClaim(row, rows);
        // Postponed: the new time holds as the first one did.
        if (row.status === 'QUEUED' && due.has(row.id)) {
          due.set(row.id, Math.max(due.get(row.id) ?? 0, row.execute_after ?? 0));
        }
        if (before.statuses.has(row.id)) continue;
        if (!policiesChanged) checkAdmission(row, rows);
        if (!policiesChanged) await checkRefusal(row, rows);
        if (!policiesChanged) await checkShare(row, rows);
      }
      checkSessions(rows);
      if (world.isStopped) {
        for (const row of all) {
          const mayGoOn = isTerminal(row.status) || (UNDER_WAY.includes(row.status) && row.tx_hash !== null);
          if (!mayGoOn) world.violated(`${row.memo} is ${row.status} after everything had been stopped`);
        }
      }
      for (const [hash, transfer] of ledger.accepted) {
        if (!world.abandoned.has(hash) && !all.some((row) => hashesOf(row).includes(hash))) {
          world.violated(`the ledger took a transaction that no row knows: ${transfer.memo}`);
        }
      }
      carriedOut = new Set();
      checkedAt = world.time.passed();
      before = {
        statuses: new Map(all.map(({ id, status }) => [id, status])),
        suspended: new Set(world.agents.filter(({ suspended }) => suspended).map(({ id }) => id)),
        revoked: new Set(world.sessions.filter(({ revoked }) => revoked).map(({ id }) => id)),
        landed: new Set([...ledger.accepted.keys()].filter((hash) => ledger.landing(hash) !== undefined)),
      };
    },

    async checkEnd() {
      const rows = await rowsNow();
      for (const row of rows) {
        const waits = row.status === 'QUEUED' && (row.tier === 'DELAY' || row.tier === 'APPROVAL');
        if (!isTerminal(row.status) && !waits) world.violated(`${row.memo} is ${row.status} for ever`);
        if (isTerminal(row.status) && row.reserved_amount !== null) world.violated(`${row.memo} holds a reservation`);
        if (row.recall_id !== null) continue;
        const payment = paymentOf(row);
        const landed = payment === undefined ? 0 : knownLandings(payment, row);
        if ((row.status === 'CONFIRMED') !== (landed === 1)) {
          world.violated(`${row.memo} is ${row.status} and was paid ${landed} times`);
        }
      }
      await checkAudit(rows);
      await recalls.checkEnd(rows);
      world.counts.replaced = rows.filter(({ variants }) => variants !== null).length;
      for (const fault of await checkSpendLedger(world.daemon.storage.read)) {
        world.violated(`the spend ledger says ${fault.found} instead of ${fault.expected}`);
      }
      const { faultCount, faults } = await world.daemon.pipeline.decisions.replay();
      if (faultCount > 0) world.violated(`${faultCount} decisions come out otherwise: ${faults[0]?.what}`);
    },
  };
}
