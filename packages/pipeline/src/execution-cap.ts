import type { SigningPermit } from '@waiaas/keystore';
import type { PipelineDependencies } from './dependencies.ts';

/** The time for an execution was up before it came to a signature. */
export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp';
}

/**
 * Gives work that ends in a signature its time and no more. Then the permit is taken back: the work may still come to an end,
 * but not to a signature. One that was just made is handed to `discard`, unsent, as nothing was recorded for it.
 *
 * @throws TimeIsUp, and whatever the work throws
 */
export type ExecutionCap = <Result>(
  work: Promise<Result>,
  permit: SigningPermit,
  discard: (late: Result) => void,
) => Promise<Result>;

/** Makes the cap of `settings.executionCapMs`. */
export function createExecutionCap({
  permits,
  timers,
  logger,
  settings,
}: Pick<PipelineDependencies, 'permits' | 'timers' | 'logger' | 'settings'>): ExecutionCap {
  return async (work, permit, discard) => {
    const cap = new AbortController();
    const expiry = timers.sleep(settings.executionCapMs, cap.signal).then(() => null);
    try {
      const first = await Promise.race([work.then((result) => ({ result })), expiry]);
      if (first !== null) return first.result;
      permits.revoke(permit);
      work.then(discard, (error: unknown) =>
        logger.debug({ error: String(error) }, 'An execution ended after its time'),
      );
      throw new TimeIsUp('The time for the execution is up');
    } finally {
      cap.abort('The execution is over');
    }
  };
}
