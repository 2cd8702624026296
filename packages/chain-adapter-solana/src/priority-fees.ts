import { type Address, isAddress } from '@solana/kit';
import type { Clock, FeePriority, Logger } from '@waiaas/core';
import { createBatchLookup } from './batch-lookup.ts';
import { listOf, naturalOf, recordOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** What others recently paid to write to the same accounts, micro-lamports for each compute unit (02 §11). */
export type FeeLevels = Readonly<Record<FeePriority, bigint>>;

/**
 * Asks for the fee levels of a payment that writes to these accounts. Never fails: a node that does not tell costs priority,
 * not the payment.
 */
export type PriorityFees = (written: readonly Address[]) => Promise<FeeLevels>;

export const PRIORITY_FEE_CACHE_MS = 30_000;
/** Most accounts the method takes. */
const MAX_ACCOUNTS = 128;
/** Payments asked for together. */
const MAX_PAYMENTS = 64;
const WINDOW_MS = 1;
/** Sets of accounts that are remembered; the oldest is forgotten first. */
const MAX_CACHED = 2_048;

const NO_LEVELS: FeeLevels = { low: 0n, medium: 0n, high: 0n };

/**
 * Levels of a window of fees: minimum, median (upper one of an even count) and maximum; nothing is 0.
 * @example feeLevels([5n, 1n, 9n]) // { low: 1n, medium: 5n, high: 9n }
 */
export function feeLevels(fees: readonly bigint[]): FeeLevels {
  const ascending = fees.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    low: ascending.at(0) ?? 0n,
    medium: ascending.at(Math.floor(ascending.length / 2)) ?? 0n,
    high: ascending.at(-1) ?? 0n,
  };
}

const chunksOf = (accounts: readonly Address[]): readonly (readonly Address[])[] =>
  Array.from({ length: Math.ceil(accounts.length / MAX_ACCOUNTS) }, (_, index) =>
    accounts.slice(index * MAX_ACCOUNTS, (index + 1) * MAX_ACCOUNTS),
  );

const highest = (levels: readonly FeeLevels[]): FeeLevels => {
  const of = (priority: FeePriority): bigint => feeLevels(levels.map((level) => level[priority])).high;
  return { low: of('low'), medium: of('medium'), high: of('high') };
};

interface Entry {
  readonly since: number;
  readonly levels: Promise<FeeLevels>;
}

/**
 * Creates the source of priority fees. Payments asked for at the same moment share one call about all their accounts;
 * each may then bid what the busiest of them costs, within the cap of the adapter.
 */
export function createPriorityFees(session: RpcSession, clock: Clock, logger: Logger, timeoutMs: number): PriorityFees {
  const fetchLevels = async (accounts: readonly Address[]): Promise<FeeLevels> => {
    try {
      return await session.call({
        method: 'getRecentPrioritizationFees',
        timeoutMs,
        async request(rpc, abortSignal) {
          const window = await rpc.getRecentPrioritizationFees(accounts).send({ abortSignal });
          const fees = listOf(window, 'priority fees').map((slot) => recordOf(slot, 'priority fee').prioritizationFee);
          return feeLevels(fees.map((fee) => naturalOf(fee, 'priority fee')));
        },
      });
    } catch (error) {
      // Remembered like an answer: a node without the method would otherwise slow every payment down.
      logger.warn({ err: error, host: session.endpoint.host }, 'No priority fees from the node; bidding none');
      return NO_LEVELS;
    }
  };

  const lookUp = createBatchLookup<string, FeeLevels>({
    maxKeys: MAX_PAYMENTS,
    windowMs: WINDOW_MS,
    async load(payments) {
      const accounts = new Set(payments.flatMap((payment) => payment.split(' ')).filter(isAddress));
      const levels = highest(await Promise.all(chunksOf([...accounts]).map(fetchLevels)));
      return payments.map(() => levels);
    },
  });

  const cache = new Map<string, Entry>();
  return async (written) => {
    const payment = written.join(' ');
    const now = clock.now();
    const known = cache.get(payment);
    if (known !== undefined && now >= known.since && now - known.since <= PRIORITY_FEE_CACHE_MS) {
      return await known.levels;
    }
    const levels = lookUp(payment);
    cache.delete(payment);
    cache.set(payment, { since: now, levels });
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    return await levels;
  };
}
