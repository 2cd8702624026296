import type { FastifyReply } from 'fastify';

/** Runs work whose answer may take long, with a signal that ends the wait and nothing else. */
export type Waiting = <T>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/**
 * Waits end early when the client goes away, because nobody will read the answer, and when the daemon stops, so that
 * clients learn the state reached so far instead of a broken connection (04 §7, §20). One listener serves all waits.
 */
export function createWaiting(shutdown: AbortSignal): Waiting {
  const waits = new Set<AbortController>();
  shutdown.addEventListener(
    'abort',
    () => {
      for (const wait of waits) wait.abort();
    },
    { once: true },
  );
  return async (reply, work) => {
    const wait = new AbortController();
    const end = (): void => wait.abort();
    if (shutdown.aborted) end();
    waits.add(wait);
    reply.raw.once('close', end);
    try {
      return await work(wait.signal);
    } finally {
      reply.raw.off('close', end);
      waits.delete(wait);
    }
  };
}
