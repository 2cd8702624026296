import type { Clock, Logger } from '@waiaas/core';
import type { Timers } from '@waiaas/pipeline';

/** A wallet to read. */
export interface Wallet {
  readonly id: string;
  /** Asks the chain, base units; rejects when it does not answer. */
  read(): Promise<bigint>;
}

/** What is known of the balance of a wallet. */
export interface KnownBalance {
  /** Base units; null before it was read once. */
  readonly balance: bigint | null;
  /** When it was read, epoch ms. */
  readonly at: number | null;
  /** Whether the last attempt has failed, or has not come to an end. */
  readonly stale: boolean;
}

/** Reads balances for a view: rarely, never for long, and never so that the view fails for it. */
export interface BalanceReader {
  /** What is known by then of each wallet, by its id. Resolves within `patienceMs`. */
  read(wallets: readonly Wallet[]): Promise<ReadonlyMap<string, KnownBalance>>;
}

/** Wallets that are asked for at a time. */
const PLACES = 8;

/**
 * Makes a reader. However many ask, the chain is asked by one round at a time, and at most once in `freshMs`; a round that takes
 * longer than anybody waits goes on, for those who ask later.
 */
export function createBalanceReader(options: {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly freshMs?: number;
  readonly patienceMs?: number;
}): BalanceReader {
  const { clock, timers, logger, freshMs = 10_000, patienceMs = 2000 } = options;
  const known = new Map<string, KnownBalance>();
  /** When each was asked for last, epoch ms: one that does not answer is not asked for more often than one that does. */
  const asked = new Map<string, number>();
  let round: Promise<void> | null = null;

  async function ask({ id, read }: Wallet): Promise<void> {
    const before = known.get(id) ?? { balance: null, at: null };
    known.set(id, { ...before, stale: true });
    asked.set(id, clock.now());
    try {
      known.set(id, { balance: await read(), at: clock.now(), stale: false });
    } catch (error) {
      logger.debug({ agentId: id, error: String(error) }, 'A balance could not be read; what was read before is shown');
    }
  }

  async function askAll(wallets: readonly Wallet[]): Promise<void> {
    const queue = [...wallets];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await ask(next);
    };
    await Promise.all(Array.from({ length: PLACES }, work));
  }

  const isDue = ({ id }: Wallet): boolean => {
    const last = asked.get(id);
    return last === undefined || Math.abs(clock.now() - last) >= freshMs;
  };

  return {
    async read(wallets) {
      const ids = new Set(wallets.map(({ id }) => id));
      for (const id of asked.keys()) {
        if (ids.has(id)) continue;
        asked.delete(id);
        known.delete(id);
      }
      const due = wallets.filter(isDue);
      if (due.length > 0 || round !== null) {
        round ??= askAll(due).finally(() => {
          round = null;
        });
        const enough = new AbortController();
        await Promise.race([round, timers.sleep(patienceMs, enough.signal)]);
        enough.abort();
      }
      return new Map(wallets.map(({ id }) => [id, known.get(id) ?? { balance: null, at: null, stale: true }] as const));
    },
  };
}
