import type { PipelineDependencies } from './dependencies.ts';

/**
 * Waits until all of some work has ended, well or badly, and for a while at most. What has not ended by then goes on.
 * @param graceMs how long, ms
 */
export async function withinGrace(
  { timers }: Pick<PipelineDependencies, 'timers'>,
  work: readonly (Promise<unknown> | undefined)[],
  graceMs: number,
): Promise<void> {
  const grace = new AbortController();
  const done = Promise.allSettled(work).then(() => grace.abort());
  await Promise.race([done, timers.sleep(graceMs, grace.signal)]);
}
