import type { AgentId } from '@waiaas/core';
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { BalanceSamplesTable } from '../schema.ts';

/*
 * What wallets held over time, for people to look at. Nothing is decided by it, and so nothing of it is sealed: whoever can
 * write the database can draw another line, and moves nothing with it.
 */

/** A row of `balance_samples`. */
export type BalanceSample = Selectable<BalanceSamplesTable>;

const HOUR = 3600;
const DAY = 86_400;
/** For how long every hour is kept, and for how long one row of each day, seconds. */
export const HOURLY_FOR = 7 * DAY;
export const DAILY_FOR = 366 * DAY;

/** A balance as it was read. */
export type ReadBalance = Omit<BalanceSample, 'hour'>;

/** Keeps balances that were read; of one hour, the newest. Times are Unix seconds. */
export async function keepBalanceSamples(db: Db, balances: readonly ReadBalance[]): Promise<void> {
  for (const balance of balances) {
    await db
      .insertInto('balance_samples')
      .values({ ...balance, hour: balance.read_at - (balance.read_at % HOUR) })
      .onConflict((conflict) =>
        conflict
          .columns(['agent_id', 'asset', 'hour'])
          .doUpdateSet({
            read_at: (eb) => eb.ref('excluded.read_at'),
            balance: (eb) => eb.ref('excluded.balance'),
            decimals: (eb) => eb.ref('excluded.decimals'),
            symbol: (eb) => eb.ref('excluded.symbol'),
          })
          .whereRef('excluded.read_at', '>=', 'balance_samples.read_at'),
      )
      .execute();
  }
}

/** Whether a row is the last one of its day, UTC. */
const isLastOfDay = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`NOT EXISTS (SELECT 1 FROM balance_samples later WHERE later.agent_id = balance_samples.agent_id
    AND later.asset = balance_samples.asset AND later.hour > balance_samples.hour
    AND later.hour < balance_samples.hour - balance_samples.hour % ${sql.lit(DAY)} + ${sql.lit(DAY)})`;

/** What an agent held in a period, oldest first within each asset: every hour of it, or the last of each day. */
export const listBalanceSamples = (
  db: Db,
  agentId: AgentId,
  { from, to, each }: { readonly from: number; readonly to: number; readonly each: 'hour' | 'day' },
): Promise<BalanceSample[]> =>
  db
    .selectFrom('balance_samples')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('hour', '>=', from - (from % HOUR))
    .where('hour', '<=', to)
    .$if(each === 'day', (query) => query.where(isLastOfDay()))
    .orderBy('asset')
    .orderBy('hour')
    .execute();

/**
 * Forgets what is too old of one agent: hours after a week but the last of each day, days after a year; and what is dated a
 * day ahead, from before the clock was set back.
 */
export const thinBalanceSamples = (db: Db, agentId: AgentId, now: number): Promise<unknown> =>
  db
    .deleteFrom('balance_samples')
    .where('agent_id', '=', agentId)
    .where((eb) =>
      eb.or([
        eb('hour', '<', now - DAILY_FOR),
        eb('hour', '>', now + DAY),
        eb.and([eb('hour', '<', now - HOURLY_FOR), eb.not(isLastOfDay())]),
      ]),
    )
    .execute();
