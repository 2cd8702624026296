import { isTerminal } from '@waiaas/core';
import { checkSpendLedger, type TransactionRow } from '@waiaas/storage';
import { brokenCaps, type Spend, strictEnough } from './limits-model.ts';
import { limitsFor } from './rulebook.ts';
import type { SimulatedWorld } from './world.ts';

const ENDED_UNPAID: readonly TransactionRow['status'][] = ['FAILED', 'EXPIRED', 'CANCELLED'];

/** What was true before a step, as far as the next check needs it. */
interface Before {
  readonly statuses: ReadonlyMap<string, TransactionRow['status']>;
  readonly suspended: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
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
  /** When a delayed payment may be carried out at the earliest, Unix seconds. */
  const due = new Map<string, number>();
  const tiers = new Map<string, { readonly id: string; readonly tier: string | null }>();
  let before: Before = { statuses: new Map(), suspended: new Set(), revoked: new Set() };

  const latestNow = (): number => Math.max(world.latest, Math.floor(world.time.now() / 1000));

  world.onSigned = ({ to, amount, memo }) => {
    const payment = world.payments.find((wanted) => wanted.memo === memo);
    if (payment === undefined) {
      world.violated(`a transaction was signed that nobody asked for: ${memo}`);
      return;
    }
    if (payment.to !== to || payment.amount !== amount) world.violated(`${memo} was signed as another payment`);
    const known = tiers.get(memo);
    if (known?.tier === 'DELAY' && latestNow() < (due.get(known.id) ?? 0))
      world.violated(`${memo} was signed before its time`);
    if (known?.tier === 'APPROVAL' && !world.approvals.has(known.id))
      world.violated(`${memo} was signed without an approval`);
  };

  const rowsNow = (): Promise<TransactionRow[]> =>
    world.daemon.storage.read.selectFrom('transactions').selectAll().orderBy('id').execute();

  function landedBy(memo: string): number {
    let landed = 0;
    for (const [hash, transfer] of ledger.accepted) {
      if (transfer.memo === memo && ledger.landing(hash)?.error === null) landed += 1;
    }
    return landed;
  }

  function checkRow(row: TransactionRow): void {
    const payment = world.payments.find(({ memo }) => memo === row.memo);
    if (payment === undefined) {
      world.violated(`row ${row.memo} is of no payment`);
      return;
    }
    if (row.to_address !== payment.to || BigInt(row.amount) !== payment.amount || row.agent_id !== payment.agentId) {
      world.violated(`${row.memo} is stored as another payment`);
    }
    const landed = landedBy(payment.memo);
    if (landed > 1) world.violated(`${row.memo} was paid ${landed} times`);
    if (row.status === 'CONFIRMED' && landed !== 1) world.violated(`${row.memo} is CONFIRMED and not on the ledger`);
    if (ENDED_UNPAID.includes(row.status) && landed > 0) {
      world.violated(`${row.memo} is ${row.status} (${row.error}) and on the ledger`);
    }
  }

  /** What was admitted in the step, against limits and caps. */
  function checkAdmission(row: TransactionRow, rows: readonly TransactionRow[]): void {
    const agent = world.agents.find(({ id }) => id === row.agent_id);
    if (agent === undefined || row.tier === null) return;
    const limits = limitsFor(world.policies, agent.id);
    const amount = BigInt(row.amount);
    if (!strictEnough(limits, amount, row.tier)) world.violated(`${row.memo} of ${amount} was given tier ${row.tier}`);
    if (limits === null) return;
    if (row.tier === 'DELAY' && row.delay_seconds !== null && row.delay_seconds < limits.delaySeconds) {
      world.violated(`${row.memo} waits ${row.delay_seconds} s instead of ${limits.delaySeconds}`);
    }
    const spends: Spend[] = rows
      .filter(({ agent_id, status, tier }) => agent_id === agent.id && tier !== null && !ENDED_UNPAID.includes(status))
      .map((spend) => ({
        amount: BigInt(spend.amount),
        settledAt: spend.status === 'CONFIRMED' ? (spend.executed_at ?? 0) : null,
      }));
    for (const broken of brokenCaps(limits, spends, world.latest)) world.violated(`${row.memo}: ${broken}`);
  }

  function checkSessions(rows: readonly TransactionRow[]): void {
    for (const { id, constraints } of world.sessions) {
      const counted = rows.filter(
        ({ session_id, status, tier }) => session_id === id && tier !== null && !ENDED_UNPAID.includes(status),
      );
      const total = counted.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
      const { maxTotalAmount, maxTransactions, maxAmountPerTx } = constraints;
      if (maxTotalAmount !== undefined && total > BigInt(maxTotalAmount)) {
        world.violated(`a session may spend ${maxTotalAmount} and has spent ${total}`);
      }
      if (maxTransactions !== undefined && counted.length > maxTransactions) {
        world.violated(`a session may pay ${maxTransactions} times and has paid ${counted.length} times`);
      }
      const most = maxAmountPerTx === undefined ? null : BigInt(maxAmountPerTx);
      if (most !== null && counted.some(({ amount }) => BigInt(amount) > most)) {
        world.violated(`a session may pay ${most} at once and has paid more`);
      }
    }
  }

  /** Who had been stopped before the step must not have had anything begun in it. */
  function checkStopped(row: TransactionRow): void {
    const was = before.statuses.get(row.id);
    const begun = row.status === 'EXECUTING' || row.status === 'SUBMITTED' || row.status === 'CONFIRMED';
    if (!begun || (was !== 'QUEUED' && was !== undefined)) return;
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
      const rows = await rowsNow();
      const memos = new Set(rows.map(({ memo }) => memo));
      if (memos.size !== rows.length) world.violated('a payment has two rows');
      for (const row of rows) {
        checkRow(row);
        checkStopped(row);
        if (before.statuses.has(row.id)) continue;
        if (row.tier === 'DELAY') due.set(row.id, (row.queued_at ?? 0) + (row.delay_seconds ?? 0));
        if (row.memo !== null) tiers.set(row.memo, { id: row.id, tier: row.tier });
        if (!policiesChanged) checkAdmission(row, rows);
      }
      checkSessions(rows);
      for (const [hash, transfer] of ledger.accepted) {
        if (!rows.some(({ tx_hash }) => tx_hash === hash)) {
          world.violated(`the ledger took a transaction that no row knows: ${transfer.memo}`);
        }
      }
      before = {
        statuses: new Map(rows.map(({ id, status }) => [id, status])),
        suspended: new Set(world.agents.filter(({ suspended }) => suspended).map(({ id }) => id)),
        revoked: new Set(world.sessions.filter(({ revoked }) => revoked).map(({ id }) => id)),
      };
    },

    async checkEnd() {
      const rows = await rowsNow();
      for (const row of rows) {
        const waits = row.status === 'QUEUED' && (row.tier === 'DELAY' || row.tier === 'APPROVAL');
        if (!isTerminal(row.status) && !waits) world.violated(`${row.memo} is ${row.status} for ever`);
        if (isTerminal(row.status) && row.reserved_amount !== null) world.violated(`${row.memo} holds a reservation`);
        const landed = row.memo === null ? 0 : landedBy(row.memo);
        if ((row.status === 'CONFIRMED') !== (landed === 1)) {
          world.violated(`${row.memo} is ${row.status} and was paid ${landed} times`);
        }
      }
      for (const fault of await checkSpendLedger(world.daemon.storage.read)) {
        world.violated(`the spend ledger says ${fault.found} instead of ${fault.expected}`);
      }
      const { faultCount, faults } = await world.daemon.pipeline.decisions.replay();
      if (faultCount > 0) world.violated(`${faultCount} decisions come out otherwise: ${faults[0]?.what}`);
    },
  };
}
