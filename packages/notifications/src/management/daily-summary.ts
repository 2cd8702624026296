import { type Clock, type NotificationEventOf, unixSeconds } from '@waiaas/core';
import { paymentInMessage } from '@waiaas/management';
import {
  countAgents,
  countFailedBetween,
  countWaitingApprovals,
  listPaidBetween,
  type Period,
  readState,
  type Storage,
  writeState,
} from '@waiaas/storage';

const DAY = 86_400;
/** Rows read at a time. */
const PAGE = 1000;
/** Assets that are told one by one. */
const ASSETS_TOLD = 10;

type Summary = NotificationEventOf<'DAILY_SUMMARY'>;
type Paid = Summary['paid'][number];

/** Tells the owner each day what happened the day before, UTC (05 §2.3). */
export interface DailySummary {
  /** Tells of yesterday unless that was done. Run every minute. */
  run(): Promise<void>;
}

/** Makes the daily summary. The first one is of the day on which it was switched on. */
export function createDailySummary(dependencies: { readonly storage: Storage; readonly clock: Clock }): DailySummary {
  const { storage, clock } = dependencies;

  async function paidIn(period: Period): Promise<{ readonly payments: number; readonly assets: readonly Paid[] }> {
    const assets = new Map<string, Paid>();
    let payments = 0;
    for (let after = 0; ; ) {
      const rows = await listPaidBetween(storage.read, period, after, PAGE);
      for (const row of rows) {
        const payment = paymentInMessage(row);
        // Somebody else has written it; it is counted, and what it says is not told.
        if (payment === null) continue;
        const { chain, network, asset, unit } = payment;
        const key = `${network} ${asset}`;
        const before = assets.get(key) ?? { chain, network, asset, unit, amount: '0', payments: 0 };
        const amount = (BigInt(before.amount) + BigInt(payment.amount)).toString();
        assets.set(key, { ...before, amount, payments: before.payments + 1 });
      }
      payments += rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = last.id;
    }
    return { payments, assets: [...assets.values()].sort((a, b) => b.payments - a.payments) };
  }

  async function summaryOf(day: number): Promise<Summary> {
    const period = { from: day * DAY, to: (day + 1) * DAY };
    const { payments, assets } = await paidIn(period);
    const agents = await countAgents(storage.read);
    return {
      event: 'DAILY_SUMMARY',
      day: new Date(day * DAY * 1000).toISOString().slice(0, 10),
      confirmed: payments,
      failed: await countFailedBetween(storage.read, period),
      paid: assets.slice(0, ASSETS_TOLD),
      morePaid: Math.max(0, assets.length - ASSETS_TOLD),
      waitingApprovals: await countWaitingApprovals(storage.read),
      suspendedAgents: agents.find(({ status }) => status === 'SUSPENDED')?.n ?? 0,
    };
  }

  return {
    async run() {
      const now = unixSeconds(clock);
      const today = Math.floor(now / DAY);
      const told = await readState(storage.read, 'daily_summary_day');
      if (told === today) return;
      // Before the first midnight there is no whole day to tell of; nor after a value that no daemon has written.
      const summary = typeof told === 'number' && told < today ? await summaryOf(today - 1) : null;
      await storage.write(async ({ db, notify }) => {
        await writeState(db, 'daily_summary_day', today, now);
        if (summary !== null) await notify(summary);
      });
    },
  };
}
