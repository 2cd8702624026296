import type { Clock, Logger } from '@waiaas/core';

/** Work that is done again and again. */
export interface WorkerPlan {
  readonly name: string;
  readonly intervalMs: number;
  /** When the first round is, after the start; default: after an interval. For what would never come about where daemons live shorter. */
  readonly firstAfterMs?: number;
  run(): Promise<void>;
}

/** State of a worker. */
export interface WorkerState {
  readonly running: boolean;
  /** Epoch ms of the end of the last round; null before it. */
  readonly lastRun: number | null;
}

/** The background workers of a daemon (01 §4.5). */
export interface Workers {
  start(): void;
  /** Starts no more rounds and waits for those under way. */
  stop(): Promise<void>;
  states(): Readonly<Record<string, WorkerState>>;
}

/**
 * Runs workers at their intervals. A round that takes longer than its interval delays the next one: rounds of a worker
 * never overlap. A round that fails is logged and made again at its next time.
 */
export function createWorkers(plans: readonly WorkerPlan[], dependencies: { clock: Clock; logger: Logger }): Workers {
  const { clock, logger } = dependencies;
  const underWay = new Map<string, Promise<void>>();
  const lastRun = new Map<string, number>();
  const timers: NodeJS.Timeout[] = [];

  const round = async ({ name, run }: WorkerPlan): Promise<void> => {
    try {
      await run();
    } catch (error) {
      logger.error({ worker: name, error: String(error) }, 'A background round failed; it is made again');
    } finally {
      lastRun.set(name, clock.now());
      underWay.delete(name);
    }
  };

  return {
    start() {
      for (const plan of plans) {
        const begin = (): void => {
          if (!underWay.has(plan.name)) underWay.set(plan.name, round(plan));
        };
        timers.push(setInterval(begin, plan.intervalMs).unref());
        if (plan.firstAfterMs !== undefined) timers.push(setTimeout(begin, plan.firstAfterMs).unref());
      }
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      await Promise.allSettled([...underWay.values()]);
    },
    states: () =>
      Object.fromEntries(
        plans.map(({ name }) => [name, { running: underWay.has(name), lastRun: lastRun.get(name) ?? null }]),
      ),
  };
}
